"""Files that clients hand in with a job, read once, and then as they are."""

from typing import ClassVar

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from coop.database import guards


class Migration(migrations.Migration):
    """Make the tables and say what never changes."""

    dependencies: ClassVar = [
        ("tasks", "0033_quality"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations: ClassVar = [
        migrations.AddField(
            model_name="job",
            name="task_bytes",
            field=models.PositiveIntegerField(default=0, help_text="Of the files a task shows, on average."),
        ),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("digest", models.CharField(help_text="SHA-256 of what came, names and contents.", max_length=64)),
                ("created_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(null=True)),
                ("problem_count", models.PositiveIntegerField(default=0)),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "job",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="deliveries", to="tasks.job"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="JobFile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=200)),
                ("key", models.UUIDField(unique=True)),
                ("source", models.FileField(blank=True, max_length=200, upload_to="deliveries/")),
                (
                    "kind",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "Not read yet"),
                            ("image", "Image"),
                            ("sound", "Recording"),
                            ("cloud", "Point cloud"),
                            ("archive", "Archive"),
                        ],
                        max_length=7,
                    ),
                ),
                ("file", models.FileField(blank=True, max_length=200, upload_to="files/")),
                (
                    "small",
                    models.FileField(blank=True, help_text="An image for phones.", max_length=200, upload_to="files/"),
                ),
                ("content_type", models.CharField(blank=True, max_length=40)),
                ("bytes", models.PositiveIntegerField(default=0, help_text="Of `file`.")),
                ("facts", models.JSONField(default=dict, help_text="Its measures, as tasks.media says for each kind.")),
                (
                    "problem",
                    models.JSONField(
                        help_text="Why it is not taken: a key of tasks.files.PROBLEMS, and facts.", null=True
                    ),
                ),
                ("done_at", models.DateTimeField(help_text="When it was read.", null=True)),
                (
                    "usable",
                    models.BooleanField(default=False, help_text="Its delivery came in whole: tasks may name it."),
                ),
                (
                    "delivery",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="files", to="tasks.delivery"
                    ),
                ),
                (
                    "job",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="files",
                        to="tasks.job",
                    ),
                ),
                (
                    "packed_in",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="members",
                        to="tasks.jobfile",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("usable", True)), fields=("job", "name"), name="one_usable_file_per_name"
                    )
                ],
            },
        ),
        guards.Frozen(
            "tasks_delivery",
            ["id", "job_id", "digest", "created_by_id", "created_at"],
            otherwise="What a client handed in stays what it was.",
        ),
        guards.NeverDeleted("tasks_delivery"),
        guards.Grant("tasks_delivery", "SELECT", "INSERT", "UPDATE (finished_at, problem_count)"),
        guards.Frozen(
            "tasks_jobfile",
            ["id", "delivery_id", "job_id", "packed_in_id", "name", "key"],
            otherwise="What a client handed in stays what it was.",
        ),
        guards.Guard(
            "files_that_are_shown_stay",
            table="tasks_jobfile",
            on="UPDATE",
            holds="NOT OLD.usable",
            otherwise="A file that tasks may name stays as it is.",
        ),
        guards.Guard(
            "files_come_to_drafts",
            table="tasks_jobfile",
            on="INSERT OR UPDATE",
            holds="""NOT NEW.usable OR (NEW.done_at IS NOT NULL AND NEW.problem IS NULL AND NEW.file <> ''
                AND EXISTS (SELECT FROM public.tasks_job j WHERE j.id = NEW.job_id
                    AND j.opened_at IS NULL AND j.closed_at IS NULL)
                AND EXISTS (SELECT FROM public.tasks_delivery d WHERE d.id = NEW.delivery_id
                    AND d.job_id = NEW.job_id))""",
            otherwise="Files are added to a draft, once they were read and written again.",
        ),
        guards.NeverDeleted("tasks_jobfile"),
        guards.Grant(
            "tasks_jobfile",
            "SELECT",
            "INSERT",
            "UPDATE (source, kind, file, small, content_type, bytes, facts, problem, done_at, usable)",
        ),
        guards.Grant("tasks_job", "INSERT (task_bytes)", "UPDATE (task_bytes)"),
    ]
