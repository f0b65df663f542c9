"""The times of votes, pauses and orders are the same whatever zone a session says that it is in."""

from typing import ClassVar

from django.db import migrations, models
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Cast

from coop.database import guards

UTC = ("AT TIME ZONE 'UTC'::text", "AT TIME ZONE interval '0'")
HOURS = Cast(models.Value("72 hours"), models.DurationField())
WITHIN = models.Q(ends_at__lte=CombinedExpression(models.F("starts_at"), "+", HOURS))


class Migration(migrations.Migration):
    """Pin what counts days or names a zone; 72 hours are no three days."""

    dependencies: ClassVar = [("governance", "0072_back_for_a_week")]
    operations: ClassVar = [
        guards.Edited("governance_moment", UTC),
        guards.Edited("governance_voting_days", UTC),
        guards.InUtc("guard_legal_order_was_published", "guard_pause_needs_two_officers"),
        migrations.RemoveConstraint("pause", "pause_ends_within_72_hours"),
        migrations.AddConstraint("pause", models.CheckConstraint(condition=WITHIN, name="pause_ends_within_72_hours")),
        migrations.RemoveConstraint("withholding", "withholding_ends_within_72_hours"),
        migrations.AddConstraint(
            "withholding",
            models.CheckConstraint(
                condition=WITHIN & models.Q(ends_at__gt=models.F("starts_at")), name="withholding_ends_within_72_hours"
            ),
        ),
    ]
