"""An accepted answer pays each fund its share of the fee, as voted in the version locked when the task was taken."""

from importlib import import_module
from typing import ClassVar

from django.db import migrations

CHECKS = import_module("tasks.migrations.0020_checks_guards")
PROMISED = CHECKS.changed(
    CHECKS.PROMISED,
    ("- a.fee * f.care / 10000", "- a.fee * f.care / 10000 - a.fee * f.floor / 10000"),
    (
        "WHEN 'fund:care' THEN a.fee * f.care / 10000 END",
        (
            "WHEN 'fund:care' THEN a.fee * f.care / 10000\n"
            "                        WHEN 'fund:floor' THEN a.fee * f.floor / 10000 END"
        ),
    ),
)


class Migration(migrations.Migration):
    """Let the guard on wages know the third share."""

    dependencies: ClassVar = [("tasks", "0026_weeks"), ("payments", "0038_shares")]
    operations: ClassVar = [migrations.RunSQL(PROMISED)]
