"""A close leaves nothing in fees, and in no account of expenses more than was spent of it.

The sum alone said nothing of which account was closed: one that was given more than it bore let no later quarter close.
"""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

FEES = "FILTER (WHERE t.code = 'coop:fee')"
FEES_OR_MORE_THAN_SPENT = "FILTER (WHERE t.code = 'coop:fee' OR t.amount > 0)"


class Migration(migrations.Migration):
    """Ask of each account what was asked of their sum."""

    dependencies: ClassVar = [("payments", "0124_losses_are_carried_over")]
    operations: ClassVar = [guards.Edited("guard_close_leaves_nothing", (FEES, FEES_OR_MORE_THAN_SPENT))]
