"""Count the pay of checks (kind 9) as work when a surplus asks whether anybody worked, as its shares do."""

from importlib import import_module
from typing import ClassVar

from django.db import migrations

CHECKING = import_module("payments.migrations.0024_checking")
ASKED = import_module("payments.migrations.0029_surplus_asked_once")


class Migration(migrations.Migration):
    """Ask it anew."""

    dependencies: ClassVar = [("payments", "0030_statements")]
    operations: ClassVar = [
        migrations.RunSQL(CHECKING.changed(CHECKING.part(ASKED.ANYBODY, "payments_anybody_worked"), CHECKING.EARNED))
    ]
