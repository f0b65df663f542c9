"""What is frozen of an account is asked of statements that write it, and of no other (decision 0240).

A condition over all of it was read and compiled by each statement that moves a balance. No other trigger changes a row
on its way, so that a column which a statement does not write stays as it is.
"""

from typing import ClassVar

from django.db import migrations

from coop.database import guards


class Migration(migrations.Migration):
    """Ask the same."""

    dependencies: ClassVar = [("payments", "0104_no_month_before_the_books")]
    operations: ClassVar = [
        guards.WhenWritten(
            "payments_account_is_frozen",
            "payments_account",
            ["code", "kind", "currency", "floor", "ceiling", "tracked"],
        ),
    ]
