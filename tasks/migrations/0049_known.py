"""Known answers: given by the client while a job is a draft, and never after."""

from typing import ClassVar

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from coop.database import guards

GIVEN = f"""
    {guards.in_the_present("known_answers_come_before_the_work")}
    NEW.at := public.coop_now();
    PERFORM FROM public.tasks_job j JOIN public.tasks_task t ON t.job_id = j.id WHERE t.id = NEW.task_id
        FOR NO KEY UPDATE OF j;
    IF (NEW.why ~ '\\S' AND (TG_OP = 'INSERT' OR NEW.task_id = OLD.task_id) AND EXISTS (
        SELECT FROM public.tasks_task t JOIN public.tasks_job j ON j.id = t.job_id
        JOIN public.people_clientseat s ON s.client_id = j.client_id AND s.person_id = NEW.written_by_id
            AND s.accepted_at IS NOT NULL AND s.ended_at IS NULL
        WHERE t.id = NEW.task_id AND j.opened_at IS NULL AND j.closed_at IS NULL AND NOT j.is_onboarding)
    ) IS NOT TRUE THEN
        {
    guards.refuse("known_answers_come_before_the_work", "A client gives known answers, with why, before anybody works.")
}
    END IF;
    RETURN NEW;
"""


class Migration(migrations.Migration):
    """Make the table and watch it."""

    dependencies: ClassVar = [
        ("tasks", "0048_stages"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations: ClassVar = [
        migrations.CreateModel(
            name="KnownAnswer",
            fields=[
                ("task", models.OneToOneField(
                    on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name="known_answer",
                    serialize=False, to="tasks.task",
                )),
                ("value", models.JSONField()),
                ("why", models.TextField(max_length=2000)),
                ("at", models.DateTimeField(editable=False, null=True)),
                ("written_by", models.ForeignKey(
                    on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                )),
            ],
        ),
        guards.Procedure(
            "known_answers_come_before_the_work",
            table="tasks_knownanswer",
            on="INSERT OR UPDATE",
            body=GIVEN,
            definer=True,
        ),
        guards.NeverDeleted("tasks_knownanswer"),
        guards.Grant("tasks_knownanswer", "SELECT", "INSERT", "UPDATE (value, why, written_by_id, at)"),
    ]  # fmt: skip
