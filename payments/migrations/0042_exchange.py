"""What foreign money was bought for, what a member was told it becomes, and which payout came of it."""

from typing import ClassVar

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import payments.money


class Migration(migrations.Migration):
    """Make the tables, and let a payout name its quote."""

    dependencies: ClassVar = [
        ("governance", "0053_turns_among_options"),
        ("payments", "0041_floor_deposits_guards"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations: ClassVar = [
        migrations.CreateModel(
            name="ExchangeQuote",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("rail", models.CharField(max_length=30)),
                ("currency", models.CharField(max_length=3)),
                ("asked", payments.money.MoneyField()),
                ("rate", models.DecimalField(decimal_places=8, max_digits=20)),
                ("source", models.CharField(max_length=80)),
                ("arrives", payments.money.MoneyField(default=0)),
                ("costs", payments.money.MoneyField(default=0)),
                ("made_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="exchange_quotes",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="payout",
            name="quote",
            field=models.OneToOneField(
                help_text="What it was exchanged by, for another currency than US$.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                to="payments.exchangequote",
            ),
        ),
        migrations.CreateModel(
            name="Purchase",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("currency", models.CharField(max_length=3)),
                ("bought", payments.money.MoneyField()),
                ("paid", payments.money.MoneyField()),
                ("reference", models.CharField(help_text="The bank's own reference.", max_length=80)),
                ("noted_at", models.DateTimeField()),
                ("confirmed_at", models.DateTimeField(null=True)),
                (
                    "confirmed_by",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="governance.office"
                    ),
                ),
                (
                    "noted_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="governance.office"
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="exchangequote",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("arrives__gt", 0), ("costs__gt", 0), ("costs__lte", models.F("asked")), ("rate__gt", 0)
                ),
                name="quotes_cost_no_more_than_was_asked",
            ),
        ),
        migrations.AddConstraint(
            model_name="purchase",
            constraint=models.UniqueConstraint(fields=("reference",), name="a_purchase_is_noted_once"),
        ),
        migrations.AddConstraint(
            model_name="purchase",
            constraint=models.CheckConstraint(
                condition=models.Q(("bought__gt", 0), ("paid__gt", 0)), name="purchases_are_positive"
            ),
        ),
        migrations.AddConstraint(
            model_name="purchase",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("confirmed_by", None),
                    models.Q(("confirmed_by", models.F("noted_by")), _negated=True),
                    _connector="OR",
                ),
                name="two_officers_buy_currency",
            ),
        ),
    ]
