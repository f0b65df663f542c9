"""Leases, silence and what counts as lately are the same whatever zone a session says that it is in."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards


class Migration(migrations.Migration):
    """Pin what counts days or names a zone; views count hours."""

    dependencies: ClassVar = [("tasks", "0088_stages_name_what_they_show"), ("payments", "0094_days_in_utc")]
    operations: ClassVar = [
        guards.InUtc(
            "guard_assignment_is_claimed_at_the_voted_rate",
            "guard_assignment_moves_forward",
            "guard_extensions_are_given_once",
            "guard_paid_skips_are_few",
            "guard_rejections_are_made_in_time_by_others",
            "guard_seats_shut_nobody_out_of_work",
            "guard_work_is_piloted_before_it_grows",
            "payments_week_jobs",
            "payments_week_worked",
            "tasks_deposit_is_free",
            "tasks_forget_calls",
            "tasks_forget_messages",
            "tasks_former_jobs",
            "tasks_least_pay",
            "tasks_next_peer",
            "tasks_of_one_hand",
            "tasks_share_out",
            "tasks_wants_to_hear",
        ),
        guards.ViewsInHours(
            "governance_qualified",
            "payments_jobs_opened",
            "payments_measured_time",
            "payments_recent_units",
            "payments_replay_units",
            "payments_units_held",
            "payments_units_of_clients",
            "tasks_had_mass_returns",
            "tasks_had_no_offers",
            "tasks_lost_a_kind",
            "tasks_turned_away_since",
            "tasks_usual_pay",
        ),
    ]
