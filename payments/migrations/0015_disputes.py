"""How money moves when an answer is rejected: advanced by the dispute fund, then paid by the client or given back."""

from importlib import import_module
from typing import ClassVar

from django.db import migrations

# 28 the pay of a rejected answer, advanced; 29 the client pays it after all; 30 the client has it back; 31 a peer's
# look.
LAST = "(27, 'fund:hearing', 'member:payable', NULL, NULL)"
POSTINGS = import_module("payments.migrations.0006_entitlement_guards").POSTINGS.replace(
    LAST,
    f"""{LAST},
        (28, 'fund:dispute', 'member:payable', NULL, NULL),
        (29, 'job:commit', 'fund:dispute', NULL, NULL),
        (30, 'job:commit', 'job:escrow', 2, 2),
        (31, 'fund:dispute', 'member:payable', NULL, NULL)""",
)


class Migration(migrations.Migration):
    """Allow the movements; what may move when is a promise of the work, above the books."""

    dependencies: ClassVar = [("payments", "0014_hearings_paid")]
    operations: ClassVar = [migrations.RunSQL(POSTINGS)]
