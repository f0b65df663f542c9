"""Quarters that are closed, how each surplus was divided, and every member's share."""

import django.db.models.deletion
import django.db.models.expressions
from django.conf import settings
from django.db import migrations, models

import payments.money


class Migration(migrations.Migration):
    """Add them."""

    dependencies = [
        ("governance", "0042_election_of"),
        ("payments", "0019_payouts_told"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Close",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("period", models.CharField(max_length=7, unique=True)),
                ("ends_at", models.DateTimeField()),
                ("income", payments.money.MoneyField(default=0)),
                ("expenses", payments.money.MoneyField(default=0)),
                ("at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("expenses__gte", 0), ("income__gte", models.F("expenses"))),
                        name="closes_leave_no_debt",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Allocation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reserve", payments.money.MoneyField(default=0)),
                ("education", payments.money.MoneyField(default=0)),
                ("members", payments.money.MoneyField(default=0)),
                ("at", models.DateTimeField()),
                (
                    "mandate",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="governance.mandate"
                    ),
                ),
                (
                    "close",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="allocation", to="payments.close"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Share",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("worked", payments.money.MoneyField(help_text="What the person's work of the quarter was paid.")),
                ("cash", payments.money.MoneyField()),
                ("capital", payments.money.MoneyField()),
                (
                    "allocation",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="shares",
                        to="payments.allocation",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="surplus_shares",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("allocation", "person"), name="one_share_each"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("capital__gte", 0),
                            ("cash__gt", 0),
                            ("worked__gt", 0),
                            (
                                "capital__lte",
                                django.db.models.expressions.CombinedExpression(models.F("cash"), "*", models.Value(4)),
                            ),
                        ),
                        name="shares_are_paid_in_part",
                    ),
                ],
            },
        ),
    ]
