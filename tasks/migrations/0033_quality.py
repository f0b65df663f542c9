"""What answers come to, how far they agree, and how each person's compare."""

from typing import ClassVar

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from coop.database import guards


class Migration(migrations.Migration):
    """Make both tables; what is compared anew takes the place of what was found before."""

    dependencies: ClassVar = [("tasks", "0032_tips"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]
    operations: ClassVar = [
        migrations.CreateModel(
            name="Estimate",
            fields=[
                ("job", models.OneToOneField(
                    on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name="estimate",
                    serialize=False, to="tasks.job",
                )),
                ("way", models.CharField(max_length=11, choices=[
                    ("majority", "Each answer counts alike"),
                    ("dawid-skene", "By what each person takes for what (Dawid and Skene, 1979)"),
                    ("mace", "By how often each person guesses (MACE, 2013)"),
                ])),
                ("answers", models.PositiveIntegerField()),
                ("people", models.PositiveIntegerField()),
                ("priors", models.JSONField(default=dict)),
                ("usual", models.JSONField(default=dict)),
                ("alpha", models.FloatField(
                    help_text="Krippendorff's alpha; nothing where chance could not be told.", null=True
                )),
                ("alpha_low", models.FloatField(help_text="95 of 100 times it lies above this.", null=True)),
                ("alpha_high", models.FloatField(help_text="And below this.", null=True)),
                ("doubtful", models.JSONField(
                    default=list, help_text="[[task, confidence from 0 to 1], …], the least certain first."
                )),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Reliability",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("answers", models.PositiveIntegerField()),
                ("agreed", models.PositiveIntegerField(help_text="How many say what all answers came to.")),
                ("errors", models.JSONField(default=dict, help_text="{said: {true: chance}}.")),
                ("job", models.ForeignKey(
                    db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="reliabilities",
                    to="tasks.job",
                )),
                ("person", models.ForeignKey(
                    on_delete=django.db.models.deletion.PROTECT, related_name="reliabilities",
                    to=settings.AUTH_USER_MODEL,
                )),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("job", "person"), name="one_reliability_per_person_and_job")
                ],
            },
        ),
        guards.Grant(
            "tasks_estimate", "SELECT", "INSERT",
            "UPDATE (way, answers, people, priors, usual, alpha, alpha_low, alpha_high, doubtful, at)",
        ),
        guards.Grant("tasks_reliability", "SELECT", "INSERT", "UPDATE (answers, agreed, errors)"),
    ]  # fmt: skip
