"""The fund for the hourly floor receives a share of the fee, as the vote on the fee says."""

from importlib import import_module
from typing import ClassVar

from django.db import migrations, models
from django.db.models import F, Q

from coop.database import guards

FEES = import_module("payments.migrations.0013_fee_votes")
GUARANTEE = import_module("payments.migrations.0036_guarantee_guards")
changed = import_module("payments.migrations.0024_checking").changed

LEVY = "(7, 'job:commit', 'fund:care', NULL, NULL),"
POSTINGS = changed(GUARANTEE.POSTINGS, (LEVY, f"{LEVY}\n        (7, 'job:commit', 'fund:floor', NULL, NULL),"))
# A vote from before says nothing of this share: none.
FEE = changed(
    FEES.FEE,
    ("IF (voted.payload::jsonb = ", "IF (jsonb_build_object('floor', 0) || voted.payload::jsonb = "),
    ("'care', NEW.care,", "'care', NEW.care, 'floor', NEW.floor,"),
)


class Migration(migrations.Migration):
    """Add the share; what stands keeps giving none."""

    dependencies: ClassVar = [("payments", "0037_who_left_is_paid")]
    operations: ClassVar = [
        migrations.RemoveConstraint(model_name="fee", name="levies_within_the_fee"),
        migrations.AddField(
            model_name="fee",
            name="floor",
            field=models.PositiveIntegerField(
                db_default=0, default=0, help_text="Basis points of the fee to the fund for the hourly floor."
            ),
        ),
        migrations.AddConstraint(
            model_name="fee",
            constraint=models.CheckConstraint(
                condition=Q(training__lte=10000 - F("care") - F("floor")), name="levies_within_the_fee"
            ),
        ),
        guards.Grant("payments_fee", "INSERT (floor)"),
        guards.Procedure(
            "fee_is_what_the_vote_said",
            table="payments_fee",
            declare="voted record; latest integer;",
            body=FEE,
            definer=True,
        ),
        migrations.RunSQL(POSTINGS),
    ]
