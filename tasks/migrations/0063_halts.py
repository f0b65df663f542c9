"""A client offers an open job no more for a while: what is taken goes on, and nobody takes more."""

from typing import ClassVar

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from coop.database import guards

BEGINS = "halts_begin_by_the_client"
BEGIN = f"""
    {guards.in_the_present(BEGINS)}
    SELECT j.* INTO work FROM public.tasks_job j WHERE j.id = NEW.job_id FOR NO KEY UPDATE;
    NEW.at := public.coop_now();
    IF (work.opened_at IS NOT NULL AND work.closed_at IS NULL AND NOT work.is_onboarding AND NEW.ended_at IS NULL
        AND length(regexp_replace(NEW.reason, '\\s', '', 'g')) BETWEEN 10 AND 500
        AND EXISTS (SELECT FROM public.people_clientseat s WHERE s.client_id = work.client_id
            AND s.person_id = NEW.asked_by_id AND s.accepted_at IS NOT NULL AND s.ended_at IS NULL)
        AND NOT EXISTS (SELECT FROM public.tasks_reserve r WHERE r.job_id = work.id AND r.until > NEW.at)
        AND NOT EXISTS (SELECT FROM public.tasks_halt h WHERE h.job_id = work.id
            AND h.at > NEW.at - interval '24 hours')
    ) IS NOT TRUE THEN
        {guards.refuse(BEGINS, "A client halts its own open job, with a reason, once a day, while no share is kept.")}
    END IF;
    RETURN NEW;
"""
END = f"""
    IF OLD.ended_at IS NOT NULL THEN
        {guards.refuse("halts_end_once", "A halt ends once.")}
    END IF;
    NEW.ended_at := public.coop_now();
    RETURN NEW;
"""
BELOW = "AND NOT EXISTS (SELECT FROM public.tasks_shortfall s WHERE s.job_id = j.id AND s.made_up_at IS NULL)"
HALTED = "AND NOT EXISTS (SELECT FROM public.tasks_halt h WHERE h.job_id = j.id AND h.ended_at IS NULL)"


class Migration(migrations.Migration):
    """Make the table with its guards, and write to nobody about a halted job."""

    dependencies: ClassVar = [
        ("governance", "0055_hidden"),
        ("tasks", "0062_growing"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations: ClassVar = [
        migrations.CreateModel(
            name="Halt",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reason", models.TextField(max_length=500)),
                ("at", models.DateTimeField(editable=False, null=True)),
                ("ended_at", models.DateTimeField(editable=False, null=True)),
                ("asked_by", models.ForeignKey(
                    db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+",
                    to=settings.AUTH_USER_MODEL,
                )),
                ("job", models.ForeignKey(
                    on_delete=django.db.models.deletion.PROTECT, related_name="halts", to="tasks.job"
                )),
            ],
            options={"constraints": [models.UniqueConstraint(
                condition=models.Q(("ended_at", None)), fields=("job",), name="one_halt_at_a_time"
            )]},
        ),
        guards.Procedure(BEGINS, table="tasks_halt", declare="work record;", body=BEGIN, definer=True),
        guards.Frozen(
            "tasks_halt", ["id", "job_id", "reason", "asked_by_id", "at"], otherwise="What was said of a halt stands."
        ),
        guards.Procedure("halts_end_once", table="tasks_halt", on="UPDATE", body=END),
        guards.NeverDeleted("tasks_halt"),
        guards.Grant("tasks_halt", "SELECT", "INSERT", "UPDATE (ended_at)"),
        guards.Guard(
            "nobody_takes_what_is_halted",
            table="tasks_assignment",
            holds="NOT EXISTS (SELECT FROM public.tasks_halt h WHERE h.job_id = NEW.job_id AND h.ended_at IS NULL)",
            otherwise="The client of this job has paused it.",
        ),
        guards.Edited("tasks_wants_to_hear", (BELOW, f"{BELOW}\n        {HALTED}")),
    ]  # fmt: skip
