"""Work that a client changed, and what its pilot showed."""

import django.db.models.deletion
from django.db import migrations, models

import payments.money


class Migration(migrations.Migration):
    """Make the tables."""

    dependencies = [
        ("tasks", "0014_floor_guards"),
    ]

    operations = [
        migrations.CreateModel(
            name="Rescoping",
            fields=[
                (
                    "job",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="rescoping",
                        serialize=False,
                        to="tasks.job",
                    ),
                ),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Pilot",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("units", models.PositiveIntegerField()),
                ("people", models.PositiveIntegerField()),
                ("median_seconds", models.PositiveIntegerField()),
                (
                    "least_pay",
                    payments.money.MoneyField(help_text="At which an hour pays what the client's former work paid."),
                ),
                ("measured_at", models.DateTimeField()),
                (
                    "job",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="pilots", to="tasks.job"
                    ),
                ),
            ],
        ),
    ]
