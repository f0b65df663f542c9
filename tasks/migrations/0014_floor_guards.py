"""No job opens and no task is taken below the floor of the region (E4)."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

OPENS = """NEW.opened_at IS NULL OR NEW.closed_at IS NOT NULL OR (TG_OP = 'UPDATE' AND OLD.opened_at IS NOT NULL)
    OR NEW.pay >= public.payments_least_by_floor(NEW.work_type_id, NULL, NULL)"""
CLAIMED = """(SELECT j.is_onboarding OR NEW.pay >= public.payments_least_by_floor(j.work_type_id, NULL, p.country)
    FROM public.tasks_job j, public.people_person p WHERE j.id = NEW.job_id AND p.id = NEW.person_id)"""


class Migration(migrations.Migration):
    """Watch the opening of jobs and the taking of tasks."""

    dependencies: ClassVar = [("tasks", "0013_work_paid"), ("payments", "0017_floor_guards")]
    operations: ClassVar = [
        guards.Guard(
            "job_opens_above_the_floor",
            table="tasks_job",
            on="INSERT OR UPDATE",
            holds=OPENS,
            otherwise="A job opens at a pay whose usual hour is above the floor of the region (E4).",
            definer=True,
        ),
        guards.Guard(
            "work_pays_the_floor_of_its_region",
            table="tasks_assignment",
            holds=CLAIMED,
            otherwise="Nobody works below the floor of the region they live in (E4).",
            definer=True,
        ),
    ]
