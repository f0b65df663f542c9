"""A bank has five days from when it has the file, not from when the run was released."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards


class Migration(migrations.Migration):
    """Let nobody decide about what no bank was told."""

    dependencies: ClassVar = [("payments", "0081_proved_by_strangers")]
    operations: ClassVar = [
        guards.Edited(
            "guard_verdicts_come_after_72_hours",
            (
                "r.released_at + CASE p.rail WHEN 'bank' THEN interval '5 days' ELSE interval '72 hours' END",
                """CASE p.rail WHEN 'bank' THEN r.handed_over_at + interval '5 days'
            ELSE r.released_at + interval '72 hours' END""",
            ),
        ),
    ]
