"""Where a job's own model answers: named before the work by people of its client, heard before it."""

from typing import ClassVar

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from coop.database import guards

UNASKED = "A machine guesses before anybody was offered the task, as its client chose."
GUESSING = f"""
    {guards.in_the_present("predictions_come_before_work")}
    IF (
        (NEW.turn IS NOT DISTINCT FROM OLD.turn OR EXISTS (
            SELECT FROM public.tasks_machine m WHERE m.job_id = NEW.job_id AND (m.orders OR NEW.turn IS NULL)))
        AND (NEW.prediction IS NOT DISTINCT FROM OLD.prediction OR (
            NOT EXISTS (SELECT FROM public.tasks_assignment a WHERE a.task_id = NEW.id)
            AND ((
                EXISTS (SELECT FROM public.tasks_machine m WHERE m.job_id = NEW.job_id AND m.shows)
                AND NEW.prediction ->> 'model' = 'Workhall baseline'
                AND (OLD.prediction IS NULL OR OLD.prediction ->> 'model' = 'Workhall baseline')
            ) OR (
                OLD.prediction IS NULL
                AND EXISTS (SELECT FROM public.tasks_endpoint e WHERE e.job_id = NEW.job_id AND e.ended_at IS NULL)
            ))))
    ) IS NOT TRUE THEN
        {guards.refuse("predictions_come_before_work", UNASKED)}
    END IF;
    RETURN NEW;
"""
ITS_OWN = """EXISTS (SELECT FROM public.people_clientseat s JOIN public.tasks_job j ON j.client_id = s.client_id
    WHERE j.id = NEW.job_id AND s.person_id = NEW.named_by_id AND s.accepted_at IS NOT NULL AND s.ended_at IS NULL)"""
NAMING = f"""
    {guards.in_the_present("endpoints_are_named_before_work")}
    IF NOT EXISTS (
        SELECT FROM public.tasks_job j WHERE j.id = NEW.job_id AND j.closed_at IS NULL AND NOT j.is_onboarding
            AND (TG_OP = 'UPDATE' OR j.opened_at IS NULL)
    ) THEN
        {guards.refuse("endpoints_are_named_before_work", "That a model is asked is said before a job opens.")}
    END IF;
    RETURN NEW;
"""
NAMED = "url, sealed, fingerprint, named_by_id, named_at"
ASKED = "version, at_once, after, tries, next_at, at, problem, status, predicted, refused, problems"


class Migration(migrations.Migration):
    """Make the table with its guards, and let what a model says stand before anybody is offered the task."""

    dependencies: ClassVar = [
        ("people", "0005_key_use"), ("tasks", "0060_access"), migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]  # fmt: skip
    operations: ClassVar = [
        migrations.CreateModel(
            name="Endpoint",
            fields=[
                ("job", models.OneToOneField(
                    on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name="endpoint",
                    serialize=False, to="tasks.job",
                )),
                ("url", models.CharField(max_length=2000)),
                ("sealed", models.TextField(blank=True)),
                ("fingerprint", models.CharField(blank=True, max_length=64)),
                ("named_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                ("version", models.CharField(blank=True, help_text="What the model calls itself.", max_length=120)),
                ("at_once", models.PositiveSmallIntegerField(
                    help_text="Tasks in one call; fewer after one that failed."
                )),
                ("after", models.PositiveIntegerField(
                    default=0, help_text="The place of the last task it was asked about."
                )),
                ("tries", models.PositiveSmallIntegerField(
                    default=0, help_text="Calls that failed, one after another."
                )),
                ("next_at", models.DateTimeField(
                    help_text="When it is asked again at the soonest; null for never.", null=True
                )),
                ("at", models.DateTimeField(help_text="When it was asked last.", null=True)),
                ("problem", models.CharField(blank=True, help_text="Why the last call failed.", max_length=20)),
                ("status", models.PositiveSmallIntegerField(
                    help_text="The status that came back instead of an answer.", null=True
                )),
                ("predicted", models.PositiveIntegerField(default=0)),
                ("refused", models.PositiveIntegerField(default=0)),
                ("problems", models.JSONField(
                    default=list, help_text="[{task, problem}] of the first that were refused."
                )),
                ("named_by", models.ForeignKey(
                    on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                )),
            ],
            options={
                "constraints": [models.CheckConstraint(
                    condition=models.Q(("ended_at", None), ("next_at", None), _connector="OR"),
                    name="endpoints_that_ended_are_not_asked",
                )],
                "indexes": [models.Index(
                    condition=models.Q(("next_at__isnull", False)), fields=["next_at"], name="endpoints_that_are_due"
                )],
            },
        ),
        guards.Guard(
            "endpoints_are_named_by_their_client", table="tasks_endpoint", on=f"INSERT OR UPDATE OF {NAMED}",
            holds=ITS_OWN, otherwise="A model's server is named by somebody with a seat in the organisation.",
            definer=True,
        ),
        guards.Procedure(
            "endpoints_are_named_before_work", table="tasks_endpoint", on=f"INSERT OR UPDATE OF {NAMED}", body=NAMING,
            definer=True,
        ),
        guards.Frozen("tasks_endpoint", ["job_id"], otherwise="A model's server stays with its job."),
        guards.NeverDeleted("tasks_endpoint"),
        guards.Procedure(
            "predictions_come_before_work", table="tasks_task", body=GUESSING, on="UPDATE OF turn, prediction",
            definer=True,
        ),
        guards.Grant("tasks_endpoint", "SELECT", "INSERT", f"UPDATE ({NAMED}, ended_at, {ASKED})"),
        guards.Compartment(
            "tasks_endpoint",
            "EXISTS (SELECT FROM public.tasks_job j WHERE j.id = job_id AND j.client_id = {served})",
        ),
    ]  # fmt: skip
