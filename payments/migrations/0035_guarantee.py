"""Weeks that were counted, what each lacked to the floor of an hour, and a fund that pays it."""

from typing import ClassVar

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import payments.money

NUMBER = models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")
FUNDS = [
    ("training", "Training"),
    ("hearing", "Hearings"),
    ("dispute", "Disputes"),
    ("floor", "The hourly floor"),
]
NAMED = models.CheckConstraint(
    condition=models.Q(("fund__in", ["", "training", "hearing", "dispute", "floor"])),
    name="deposits_name_a_fund",
)


class Migration(migrations.Migration):
    """Make the tables, and name the fund."""

    dependencies: ClassVar = [
        ("payments", "0034_paypal"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations: ClassVar = [
        migrations.CreateModel(
            name="Reckoning",
            fields=[
                ("id", NUMBER),
                ("week", models.DateField()),
                ("people", models.PositiveIntegerField(default=0)),
                ("complete", models.BooleanField(default=False)),
                ("at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("complete", True)),
                        fields=("week",),
                        name="weeks_are_completed_once",
                    )
                ]
            },
        ),
        migrations.CreateModel(
            name="TopUp",
            fields=[
                ("id", NUMBER.clone()),
                ("week", models.DateField()),
                ("seconds", models.PositiveIntegerField()),
                ("floor", payments.money.MoneyField()),
                ("earned", payments.money.MoneyField()),
                ("amount", payments.money.MoneyField()),
                ("at", models.DateTimeField()),
                (
                    "person",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="top_ups",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("amount__gt", 0)),
                        fields=["id"],
                        name="top_ups_that_are_owed",
                    )
                ],
                "constraints": [models.UniqueConstraint(fields=("person", "week"), name="one_top_up_for_each_week")],
            },
        ),
        migrations.RemoveConstraint(model_name="deposit", name="deposits_name_a_fund"),
        migrations.AlterField(
            "deposit",
            "fund",
            models.CharField(blank=True, choices=FUNDS, default="", max_length=8),
        ),
        migrations.AddConstraint(model_name="deposit", constraint=NAMED),
    ]
