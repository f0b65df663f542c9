"""A limit to a tier that a panel decided reaches the work of that tier, and nothing else does (7.5, 7.8)."""

from importlib import import_module
from typing import ClassVar

from django.db import migrations

RESTRICTIONS = import_module("tasks.migrations.0007_restrictions")
CHECKS = import_module("tasks.migrations.0020_checks_guards")
SCOPES = "'client:' || j.client_id]"
TIERED = """'client:' || j.client_id,
        'tier:' || (SELECT t.tier FROM public.payments_worktype t WHERE t.id = j.work_type_id)]"""

MAY_WORK = CHECKS.changed(RESTRICTIONS.MAY_WORK, (SCOPES, TIERED))
MAY_CHECK = CHECKS.changed(
    CHECKS.MAY_CHECK, (SCOPES, TIERED), ("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
)  # fmt: skip


class Migration(migrations.Migration):
    """Ask for the tier too, wherever work is offered and taken."""

    dependencies: ClassVar = [("tasks", "0020_checks_guards")]
    operations: ClassVar = [migrations.RunSQL(MAY_WORK), migrations.RunSQL(MAY_CHECK)]
