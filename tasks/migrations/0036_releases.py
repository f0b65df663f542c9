"""Versions of what a job's answers came to, and what later ones leave out."""

from typing import ClassVar

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from coop.database import guards

STAYS = f"""
    IF (OLD.finished_at IS NULL AND ROW(NEW.job_id, NEW.number, NEW.splits, NEW.asked_at, NEW.tasks, NEW.folder)
        IS NOT DISTINCT FROM ROW(OLD.job_id, OLD.number, OLD.splits, OLD.asked_at, OLD.tasks, OLD.folder)
        AND NEW.place >= OLD.place AND jsonb_array_length(NEW.parts) >= jsonb_array_length(OLD.parts)) IS NOT TRUE
    THEN
        {guards.refuse("releases_stay_as_made", "A version that is written never changes.")}
    END IF;
    RETURN NEW;
"""


class Migration(migrations.Migration):
    """Make both tables, and keep what is written as it is."""

    dependencies: ClassVar = [
        ("tasks", "0035_asked_by_kind"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations: ClassVar = [
        migrations.CreateModel(
            name="Withdrawal",
            fields=[
                ("task", models.OneToOneField(
                    on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name="withdrawal",
                    serialize=False, to="tasks.task"
                )),
                ("reason", models.CharField(max_length=500)),
                ("at", models.DateTimeField()),
                ("by", models.ForeignKey(
                    null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+",
                    to=settings.AUTH_USER_MODEL
                )),
            ],
        ),
        migrations.CreateModel(
            name="Release",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                ("splits", models.JSONField(default=dict, help_text='{"train": 80, "test": 20}')),
                ("asked_at", models.DateTimeField()),
                ("tasks", models.PositiveIntegerField(help_text="How many tasks there are to write.")),
                ("place", models.PositiveIntegerField(
                    default=0, help_text="The position of the last task that is written."
                )),
                ("items", models.PositiveIntegerField(default=0)),
                ("answers", models.PositiveIntegerField(default=0)),
                ("parts", models.JSONField(default=list, help_text="The SHA-256 of each part.")),
                ("folder", models.UUIDField(unique=True)),
                ("added", models.PositiveIntegerField(default=0)),
                ("changed", models.PositiveIntegerField(default=0)),
                ("removed", models.PositiveIntegerField(default=0)),
                ("digest", models.CharField(blank=True, max_length=64)),
                ("certificate", models.TextField(blank=True, help_text="What was paid for it: canonical JSON.")),
                ("signature", models.CharField(
                    blank=True, help_text="Ed25519 over the certificate, hexadecimal.", max_length=128
                )),
                ("finished_at", models.DateTimeField(null=True)),
                ("asked_by", models.ForeignKey(
                    null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+",
                    to=settings.AUTH_USER_MODEL
                )),
                ("job", models.ForeignKey(
                    db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="releases",
                    to="tasks.job"
                )),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("job", "number"), name="one_release_per_number"),
                    models.CheckConstraint(
                        name="finished_releases_have_a_digest",
                        condition=models.Q(
                            models.Q(("digest", ""), ("finished_at", None)),
                            models.Q(("digest__regex", "^[0-9a-f]{64}$"), ("finished_at__isnull", False)),
                            _connector="OR",
                        ),
                    ),
                ],
            },
        ),
        guards.Procedure("releases_stay_as_made", table="tasks_release", on="UPDATE", body=STAYS),
        guards.NeverDeleted("tasks_release", otherwise="A version is kept."),
        guards.AppendOnly("tasks_withdrawal", otherwise="What was left out stays left out."),
        guards.Grant(
            "tasks_release", "SELECT", "INSERT",
            "UPDATE (place, items, answers, parts, added, changed, removed, digest, certificate, signature,"
            " finished_at)",
        ),
        guards.Grant("tasks_withdrawal", "SELECT", "INSERT"),
    ]  # fmt: skip
