"""Jobs that are paused below the floor, and what is paid for what was done there."""

from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models

import payments.money

NUMBER = models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")


class Migration(migrations.Migration):
    """Make the tables."""

    dependencies: ClassVar = [("tasks", "0028_floor_deposits")]
    operations: ClassVar = [
        migrations.CreateModel(
            name="Shortfall",
            fields=[
                ("id", NUMBER),
                ("units", models.PositiveIntegerField()),
                ("people", models.PositiveIntegerField()),
                ("median_seconds", models.PositiveIntegerField()),
                ("floor", payments.money.MoneyField()),
                ("pay", payments.money.MoneyField()),
                ("least_pay", payments.money.MoneyField()),
                ("at", models.DateTimeField()),
                ("made_up_at", models.DateTimeField(null=True)),
                (
                    "job",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="shortfalls", to="tasks.job"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("made_up_at", None)), fields=("job",), name="one_shortfall_at_a_time"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("pay__lt", models.F("least_pay"))), name="shortfalls_fall_short"
                    ),
                ]
            },
        ),
        migrations.CreateModel(
            name="Difference",
            fields=[
                ("id", NUMBER.clone()),
                ("amount", payments.money.MoneyField()),
                (
                    "assignment",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="differences",
                        to="tasks.assignment",
                    ),
                ),
                (
                    "shortfall",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="differences", to="tasks.shortfall"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("assignment", "shortfall"), name="one_difference_for_each_answer"),
                    models.CheckConstraint(condition=models.Q(("amount__gt", 0)), name="differences_are_positive"),
                ]
            },
        ),
    ]
