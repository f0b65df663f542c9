"""Tables of what programs written for Scale AI keep here."""

import uuid
from typing import ClassVar

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import payments.money


class Migration(migrations.Migration):
    """Make the tables."""

    dependencies: ClassVar = [
        ("payments", "0056_verdicts"),
        ("people", "0004_address_guards"),
        ("tasks", "0039_guides"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations: ClassVar = [
        migrations.CreateModel(
            name="Sandbox",
            fields=[
                (
                    "client",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="sandbox",
                        serialize=False,
                        to="people.client",
                    ),
                ),
                (
                    "teammates",
                    models.JSONField(default=dict, help_text="E-mail to role."),
                ),
                (
                    "assignments",
                    models.JSONField(default=dict, help_text="E-mail to names of projects."),
                ),
                (
                    "groups",
                    models.JSONField(
                        default=dict,
                        help_text="Name of a project to groups by name, each e-mails.",
                    ),
                ),
                (
                    "batches",
                    models.JSONField(default=dict, help_text="Name of a batch to its groups."),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Batch",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("key", models.UUIDField(default=uuid.uuid4, unique=True)),
                ("test", models.BooleanField()),
                ("name", models.CharField(max_length=200)),
                (
                    "callback",
                    models.CharField(
                        blank=True,
                        help_text="An address or an e-mail to tell of its end.",
                        max_length=2000,
                    ),
                ),
                (
                    "options",
                    models.JSONField(
                        default=dict,
                        help_text="What else was said when it was made, as calibration_batch.",
                    ),
                ),
                ("created_at", models.DateTimeField()),
                ("metadata", models.JSONField(default=dict)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("staging", "Being filled"),
                            ("in_progress", "In work"),
                            ("paused", "Paused"),
                            ("cancelled", "Cancelled"),
                        ],
                        max_length=11,
                    ),
                ),
                ("priority", models.PositiveSmallIntegerField(null=True)),
                ("finalized_at", models.DateTimeField(null=True)),
                (
                    "client",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="batches",
                        to="people.client",
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Project",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("key", models.UUIDField(default=uuid.uuid4, unique=True)),
                ("test", models.BooleanField()),
                ("name", models.CharField(max_length=200)),
                (
                    "kind",
                    models.CharField(
                        help_text="One of the interface's own, as imageannotation.",
                        max_length=40,
                    ),
                ),
                (
                    "options",
                    models.JSONField(
                        default=dict,
                        help_text="What else was said when it was made, as rapid or studio.",
                    ),
                ),
                ("created_at", models.DateTimeField()),
                (
                    "client",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="projects",
                        to="people.client",
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Lot",
            fields=[
                (
                    "job",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="lot",
                        serialize=False,
                        to="tasks.job",
                    ),
                ),
                (
                    "digest",
                    models.CharField(
                        help_text="SHA-256 of what they ask, at which pay.",
                        max_length=64,
                    ),
                ),
                (
                    "batch",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="lots",
                        to="tasks.batch",
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="lots",
                        to="tasks.project",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="batch",
            name="project",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="batches",
                to="tasks.project",
            ),
        ),
        migrations.CreateModel(
            name="ProjectVersion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                ("params", models.JSONField(default=dict)),
                (
                    "pay",
                    payments.money.MoneyField(
                        help_text="At least the voted rate; empty: the voted rate.",
                        null=True,
                    ),
                ),
                ("created_at", models.DateTimeField()),
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
                    "project",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="versions",
                        to="tasks.project",
                    ),
                ),
                (
                    "work_type",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="payments.worktype",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Order",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("key", models.UUIDField(default=uuid.uuid4, unique=True)),
                ("test", models.BooleanField()),
                ("kind", models.CharField(max_length=40)),
                ("params", models.JSONField()),
                ("instruction", models.TextField(blank=True)),
                (
                    "callback_url",
                    models.CharField(
                        blank=True,
                        help_text="An address or an e-mail.",
                        max_length=2000,
                    ),
                ),
                (
                    "role",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "Work"),
                            ("evaluation", "Its answer is known to the client"),
                            (
                                "training",
                                "Practice with an answer that the client knows",
                            ),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "expected",
                    models.JSONField(
                        help_text="The answer that the client knows; no member sees it.",
                        null=True,
                    ),
                ),
                (
                    "initial",
                    models.JSONField(help_text="The answer to be reviewed.", null=True),
                ),
                ("created_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
                ("metadata", models.JSONField(default=dict)),
                ("tags", models.JSONField(default=list)),
                ("unique_id", models.CharField(max_length=200, null=True)),
                ("priority", models.PositiveSmallIntegerField(null=True)),
                ("canceled_at", models.DateTimeField(null=True)),
                (
                    "audit",
                    models.CharField(
                        choices=[
                            ("pending", "Nothing yet"),
                            ("accepted", "Accepted"),
                            ("fixed", "Fixed by the client"),
                            ("commented", "Commented on"),
                            ("rejected", "Rejected; members look at it"),
                        ],
                        default="pending",
                        max_length=9,
                    ),
                ),
                ("audit_words", models.TextField(blank=True)),
                (
                    "batch",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="orders",
                        to="tasks.batch",
                    ),
                ),
                (
                    "client",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="orders",
                        to="people.client",
                    ),
                ),
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
                    "task",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="order",
                        to="tasks.task",
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="orders",
                        to="tasks.project",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="orders",
                        to="tasks.projectversion",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Asset",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("key", models.UUIDField(default=uuid.uuid4, unique=True)),
                ("test", models.BooleanField()),
                ("name", models.CharField(max_length=200)),
                ("project_name", models.CharField(blank=True, max_length=200)),
                ("reference", models.CharField(max_length=200, null=True)),
                ("metadata", models.JSONField(default=dict)),
                (
                    "address",
                    models.CharField(
                        blank=True,
                        help_text="Where it lies; empty: it was handed in.",
                        max_length=2000,
                    ),
                ),
                ("created_at", models.DateTimeField()),
                (
                    "file",
                    models.FileField(blank=True, max_length=200, upload_to="assets/"),
                ),
                ("content_type", models.CharField(blank=True, max_length=100)),
                ("bytes", models.PositiveIntegerField(default=0)),
                (
                    "client",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="assets",
                        to="people.client",
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("client", "test", "reference"),
                        name="one_asset_per_reference",
                    )
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="project",
            constraint=models.UniqueConstraint(fields=("client", "test", "name"), name="one_project_per_name"),
        ),
        migrations.AddIndex(
            model_name="batch",
            index=models.Index(fields=["client", "test", "-id"], name="batches_of_a_client"),
        ),
        migrations.AddConstraint(
            model_name="batch",
            constraint=models.UniqueConstraint(fields=("client", "test", "name"), name="one_batch_per_name"),
        ),
        migrations.AddConstraint(
            model_name="projectversion",
            constraint=models.UniqueConstraint(fields=("project", "number"), name="one_version_per_number"),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(fields=["client", "test", "-id"], name="orders_of_a_client"),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.UniqueConstraint(fields=("client", "test", "unique_id"), name="one_order_per_unique_id"),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(("test", False), ("task", None), _connector="OR"),
                name="tests_order_no_work",
            ),
        ),
    ]
