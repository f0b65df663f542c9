"""Promises about time: a task's time is three times what the members say that it takes (L6)."""

from importlib import import_module
from typing import ClassVar

from django.db import migrations

from coop.database import guards

BEFORE = import_module("tasks.migrations.0006_instruments")

# Nobody loses at 99 per cent what others do in a third of the time.
KEEPS = BEFORE.KEEPS.replace(
    "AND NEW.review_days",
    """AND NEW.time_limit >= 3 * interval '1 second' * (
            SELECT r.estimated_seconds FROM public.payments_rate r
            WHERE r.work_type_id = NEW.work_type_id ORDER BY r.version DESC LIMIT 1
        )
        AND NEW.review_days""",
)


class Migration(migrations.Migration):
    """Install the guard anew."""

    dependencies: ClassVar = [("tasks", "0016_pilots_guards")]
    operations: ClassVar = [
        guards.Guard(
            "job_keeps_to_the_instruments",
            table="tasks_job",
            on="INSERT OR UPDATE",
            holds=KEEPS,
            otherwise="A job's time, its days of silence and its kind of work are within what the members voted.",
            definer=True,
        ),
    ]
