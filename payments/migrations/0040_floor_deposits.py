"""A client's deposit for the floor, a voted share of a job's wages; and of what each top-up is made of."""

from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models

import payments.money

KINDS = [
    ("rounding", "rounding"),
    ("currency", "currency"),
    ("bonus", "bonus"),
    ("time_limit", "time limit"),
    ("acceptance", "acceptance"),
    ("allocation", "allocation"),
    ("qualification", "qualification"),
    ("region", "region"),
    ("client_block", "client block"),
    ("payout_minimum", "payout minimum"),
    ("payout_delay", "payout delay"),
    ("floor", "floor by region"),
    ("rail", "way to be paid"),
    ("opening", "kind of work open"),
    ("reopening", "reopening for less"),
    ("checking", "pay of a check"),
    ("deposit", "deposit for the floor"),
]
# What was found before came from the fund, whole; each part has the number of its top-up, by which it was paid.
BEFORE = """
INSERT INTO public.payments_topuppart (id, topup_id, amount)
SELECT t.id, t.id, t.amount FROM public.payments_topup t WHERE t.amount > 0;
SELECT setval(pg_get_serial_sequence('public.payments_topuppart', 'id'), coalesce(max(t.id), 0) + 1, false)
FROM public.payments_topup t;
"""


class Migration(migrations.Migration):
    """Name the instrument, and make the table."""

    dependencies: ClassVar = [("payments", "0039_stripe")]
    operations: ClassVar = [
        migrations.AlterField("instrument", "kind", models.CharField(choices=KINDS, max_length=20)),
        migrations.RemoveConstraint("instrument", "instrument_kind_is_known"),
        migrations.AddConstraint(
            "instrument",
            models.CheckConstraint(
                condition=models.Q(("kind__in", [kind for kind, _label in KINDS])), name="instrument_kind_is_known"
            ),
        ),
        migrations.CreateModel(
            name="TopUpPart",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("job", models.BigIntegerField(null=True)),
                ("amount", payments.money.MoneyField()),
                (
                    "topup",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="parts",
                        to="payments.topup",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("topup", "job"), name="one_part_from_each"),
                    models.UniqueConstraint(
                        condition=models.Q(("job", None)), fields=("topup",), name="one_part_from_the_fund"
                    ),
                    models.CheckConstraint(condition=models.Q(("amount__gt", 0)), name="parts_are_positive"),
                ],
                "indexes": [
                    models.Index(condition=models.Q(("job__isnull", False)), fields=["job"], name="parts_of_deposits")
                ],
            },
        ),
        migrations.RunSQL(BEFORE),
        migrations.RemoveIndex("topup", "top_ups_that_are_owed"),
    ]
