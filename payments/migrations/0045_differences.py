"""What an answer is paid afterwards, to the floor, is the work's to compare (E4)."""

from importlib import import_module
from typing import ClassVar

from django.db import migrations

DEPOSITS = import_module("payments.migrations.0041_floor_deposits_guards")
SURPLUS = import_module("payments.migrations.0021_surplus_guards")


class Migration(migrations.Migration):
    """Leave it to `differences_are_paid_as_found`."""

    dependencies: ClassVar = [("payments", "0044_cards")]
    operations: ClassVar = [
        migrations.RunSQL(
            DEPOSITS.changed(
                SURPLUS.posted(
                    "top_ups_pay_what_lacks",
                    DEPOSITS.changed(
                        DEPOSITS.PAID,
                        ("WHERE p.kind = 11 AND (", "WHERE p.kind = 11 AND p.ref NOT LIKE 'difference:%' AND ("),
                    ),
                    "A job's deposit, or the floor fund, pays what a week lacked, to its member, once.",
                ),
                ("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"),
                ("CREATE TRIGGER", "CREATE OR REPLACE TRIGGER"),
            )
        )
    ]
