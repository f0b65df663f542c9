"""A job opens and closes, and work is decided on, at the moment at which it is: whole months hang on these days.

Comparable work is remembered for a year from the day on which a job closed (D5): closed three years ago, the same work
opened lower at once. What was accepted on a day long past was in no impact that a ballot shows (D4), and whoever did it
in no lot of peers.
"""

from typing import ClassVar

from django.db import migrations

from coop.database import guards


def now_or_as_it_was(column: str) -> str:
    """Return that a moment is of the last hour, or none, or stays."""
    return (
        f"(NEW.{column} IS NULL OR NEW.{column} IS NOT DISTINCT FROM OLD.{column}"
        f" OR NEW.{column} BETWEEN public.coop_now() - interval '1 hour' AND public.coop_now())"
    )


class Migration(migrations.Migration):
    """Ask for the hour, as of claims and answers."""

    dependencies: ClassVar = [("tasks", "0109_checks_are_seen")]
    operations: ClassVar = [
        guards.Guard(
            "jobs_open_and_close_now",
            table="tasks_job",
            on="INSERT OR UPDATE",
            holds=f"{now_or_as_it_was('opened_at')} AND {now_or_as_it_was('closed_at')}",
            otherwise="A job opens and closes when it does: comparable work is remembered from that day (N5).",
        ),
        guards.Edited(
            "guard_assignment_moves_forward",
            (
                "unmoved AND isfinite(NEW.decided_at)",
                "unmoved AND NEW.decided_at BETWEEN public.coop_now() - interval '1 hour' AND public.coop_now()",
            ),
        ),
    ]
