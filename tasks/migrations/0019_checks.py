"""The table of checks: an answer taken by a member to be checked, at a known pay."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import payments.money


class Migration(migrations.Migration):
    """Make the table."""

    dependencies = [
        ("tasks", "0018_seats_guards"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Check",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("pay", payments.money.MoneyField(editable=False, null=True)),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "Open"), ("done", "Done and paid"), ("lapsed", "Time ran out")],
                        default="open",
                        max_length=6,
                    ),
                ),
                ("taken_at", models.DateTimeField(editable=False, null=True)),
                (
                    "until",
                    models.DateTimeField(
                        editable=False, help_text="Until when nobody else decides the answer.", null=True
                    ),
                ),
                ("ended_at", models.DateTimeField(editable=False, null=True)),
                (
                    "assignment",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="checks",
                        to="tasks.assignment",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["person", "-id"], name="checks_of_a_person"),
                    models.Index(condition=models.Q(("state", "open")), fields=["until"], name="checks_by_their_end"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("assignment", "person"), name="one_check_per_person_and_answer"),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "open")), fields=("assignment",), name="one_open_check_per_answer"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "open")), fields=("person",), name="one_open_check_per_person"
                    ),
                ],
            },
        ),
    ]
