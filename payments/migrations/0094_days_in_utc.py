"""What is paid for a week, a month or 28 days is the same whatever zone a session says that it is in."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards


class Migration(migrations.Migration):
    """Pin what counts days or names a zone."""

    dependencies: ClassVar = [("payments", "0093_bounds_seldom_asked")]
    operations: ClassVar = [
        guards.InUtc(
            "guard_close_is_of_a_quarter_that_is_over",
            "guard_statements_are_sealed_as_a_whole",
            "guard_statements_are_sealed_when_a_month_is_over",
            "guard_verdicts_come_after_72_hours",
            "payments_average_before",
            "payments_first_week",
            "payments_floor_of_week",
            "payments_impact_in_full",
            "payments_kept_of_kinds",
            "payments_kept_shares",
            "payments_last_week",
            "payments_monday",
            "payments_pause_pay",
            "payments_pay_at",
            "payments_period_of",
            "payments_post_pay",
            "payments_post_pay_owed",
            "payments_quarter",
            "payments_raise_impact",
            "payments_support_left",
            "payments_worst_of_deposit",
            "payments_with_a_statement",
            "payments_worst_of_floor",
        ),
    ]
