"""Let a tip move from what a client has available to what a member has earned (kind 12)."""

from importlib import import_module
from typing import ClassVar

from django.db import migrations

changed = import_module("payments.migrations.0024_checking").changed

FIRST = "(13, 'member:payable', 'clearing:out', NULL, NULL)"
POSTINGS = changed(
    import_module("payments.migrations.0048_post_pay").POSTINGS,
    (FIRST, f"(12, 'client:available', 'member:payable', NULL, NULL),\n        {FIRST}"),
)


class Migration(migrations.Migration):
    """Open the kind; the work, above, says when it moves."""

    dependencies: ClassVar = [("payments", "0049_top_ups_are_pay")]
    operations: ClassVar = [migrations.RunSQL(POSTINGS)]
