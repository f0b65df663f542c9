"""What is paid on top of work, to the floor, is pay for work: in averages of 13 weeks and in shares of a surplus."""

from importlib import import_module
from typing import ClassVar

from django.db import migrations

CHECKING = import_module("payments.migrations.0024_checking")
ASKED = import_module("payments.migrations.0029_surplus_asked_once")
changed, part = CHECKING.changed, CHECKING.part

EARNED = ("t.kind IN (5, 10,", "t.kind IN (5, 9, 10, 11,")
# Where only a job is paused, what its deposit paid is of that job.
IN_PAUSE = (
    "d.code = me.scope || ':commit:' || me.person_id",
    "d.code IN (me.scope || ':commit:' || me.person_id, me.scope || ':floor')",
)
LOST = (
    "d.code = l.scope || ':commit:' || l.person_id",
    "d.code IN (l.scope || ':commit:' || l.person_id, l.scope || ':floor')",
)


class Migration(migrations.Migration):
    """Count kind 11."""

    dependencies: ClassVar = [("payments", "0048_post_pay")]
    operations: ClassVar = [
        migrations.RunSQL(sql)
        for sql in (
            changed(part(CHECKING.PAUSES.PAUSE_PAY, "payments_pause_pay"), EARNED, IN_PAUSE),
            changed(part(CHECKING.HEARINGS.BACK_PAY, "payments_back_pay"), EARNED, LOST),
            changed(part(CHECKING.SURPLUS.DIVISION, "payments_worked"), EARNED),
            changed(part(ASKED.ANYBODY, "payments_anybody_worked"), EARNED),
        )
    ]
