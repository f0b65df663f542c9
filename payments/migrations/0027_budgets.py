"""What the members let the house spend in a quarter, the bills put forward, and those that were paid."""

import django.db.models.deletion
from django.db import migrations, models

import payments.money


class Migration(migrations.Migration):
    """Add them."""

    dependencies = [
        ("governance", "0048_voted_guards"),
        ("payments", "0026_capital"),
    ]

    operations = [
        migrations.CreateModel(
            name="Expense",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "purpose",
                    models.CharField(
                        choices=[
                            ("hosting", "Machines and hosting"),
                            ("banks", "Banks and payment services"),
                            ("advice", "Audit and advice"),
                        ],
                        max_length=10,
                    ),
                ),
                ("amount", payments.money.MoneyField()),
                ("payee", models.CharField(help_text="Whom it goes to, and for what.", max_length=80)),
                ("at", models.DateTimeField()),
                (
                    "asked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="governance.office"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Outlay",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("period", models.CharField(max_length=7)),
                ("reference", models.CharField(help_text="The bank's own reference.", max_length=80, unique=True)),
                ("at", models.DateTimeField()),
                (
                    "expense",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="outlay", to="payments.expense"
                    ),
                ),
                (
                    "paid_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="governance.office"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Budget",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("period", models.CharField(help_text='A calendar quarter in UTC, "2026-Q4".', max_length=7)),
                ("version", models.PositiveIntegerField()),
                ("hosting", payments.money.MoneyField()),
                ("banks", payments.money.MoneyField()),
                ("advice", payments.money.MoneyField()),
                ("training", payments.money.MoneyField()),
                ("hearing", payments.money.MoneyField()),
                ("dispute", payments.money.MoneyField()),
                ("care", payments.money.MoneyField()),
                ("at", models.DateTimeField()),
                (
                    "mandate",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="governance.mandate"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("period", "version"), name="one_budget_per_version")],
            },
        ),
        migrations.AddConstraint(
            model_name="expense",
            constraint=models.CheckConstraint(condition=models.Q(("amount__gt", 0)), name="expenses_are_positive"),
        ),
        migrations.AddConstraint(
            model_name="expense",
            constraint=models.CheckConstraint(
                condition=models.Q(("purpose__in", ["hosting", "banks", "advice"])), name="expenses_name_a_purpose"
            ),
        ),
    ]
