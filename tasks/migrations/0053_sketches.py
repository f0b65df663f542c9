"""Jobs as far as they are written, by whoever has a seat, until a job is made of them."""

from typing import ClassVar

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q

from coop.database import guards

WRITTEN = f"""
    {guards.in_the_present("sketches_are_their_clients")}
    IF TG_OP = 'INSERT' THEN
        NEW.begun_at := public.coop_now();
    END IF;
    NEW.at := public.coop_now();
    IF (octet_length(NEW.said::text) <= 400000
        AND (TG_OP = 'INSERT' OR (OLD.job_id IS NULL AND OLD.dropped_at IS NULL
            AND (NEW.id, NEW.client_id, NEW.begun_at) = (OLD.id, OLD.client_id, OLD.begun_at)))
        AND EXISTS (SELECT FROM public.people_clientseat s WHERE s.client_id = NEW.client_id
            AND s.person_id = NEW.written_by_id AND s.accepted_at IS NOT NULL AND s.ended_at IS NULL)
        AND NOT EXISTS (SELECT FROM public.tasks_job j
            WHERE j.id IN (NEW.job_id, NEW.pilot_id) AND j.client_id <> NEW.client_id)
    ) IS NOT TRUE THEN
        {guards.refuse("sketches_are_their_clients", "A job is written by its own client, until it is made.")}
    END IF;
    RETURN NEW;
"""


class Migration(migrations.Migration):
    """Make the table and watch it."""

    dependencies: ClassVar = [
        ("tasks", "0052_fetching"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations: ClassVar = [
        migrations.CreateModel(
            name="Sketch",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("said", models.JSONField(default=dict)),
                ("file", models.FileField(blank=True, max_length=200, upload_to="sketches/")),
                ("file_name", models.CharField(blank=True, max_length=200)),
                ("rows", models.PositiveIntegerField(default=0)),
                ("bytes", models.PositiveBigIntegerField(default=0)),
                ("piloted", models.PositiveIntegerField(default=0)),
                ("begun_at", models.DateTimeField(editable=False, null=True)),
                ("at", models.DateTimeField(editable=False, null=True)),
                ("dropped_at", models.DateTimeField(null=True)),
                ("client", models.ForeignKey(
                    on_delete=django.db.models.deletion.PROTECT, related_name="sketches", to="people.client"
                )),
                ("work_type", models.ForeignKey(
                    on_delete=django.db.models.deletion.PROTECT, related_name="+", to="payments.worktype"
                )),
                ("pilot", models.OneToOneField(
                    null=True, on_delete=django.db.models.deletion.PROTECT, related_name="piloted_by", to="tasks.job"
                )),
                ("job", models.OneToOneField(
                    null=True, on_delete=django.db.models.deletion.PROTECT, related_name="sketch", to="tasks.job"
                )),
                ("written_by", models.ForeignKey(
                    on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                )),
            ],
            options={
                "constraints": [models.CheckConstraint(
                    condition=Q(("job", None), ("dropped_at", None), _connector="OR"), name="sketches_end_in_one_way"
                )],
                "indexes": [models.Index(
                    fields=["client", "-at"], condition=Q(("dropped_at", None), ("job", None)),
                    name="sketches_under_way",
                )],
            },
        ),
        guards.Procedure(
            "sketches_are_their_clients", table="tasks_sketch", on="INSERT OR UPDATE", body=WRITTEN, definer=True
        ),
        guards.NeverDeleted("tasks_sketch"),
        guards.Grant(
            "tasks_sketch", "SELECT", "INSERT",
            "UPDATE (work_type_id, said, file, file_name, rows, bytes, piloted, pilot_id, job_id, written_by_id, at,"
            " dropped_at)",
        ),
    ]  # fmt: skip
