"""Where members' money goes, sealed; and by which rail each payout goes."""

from typing import ClassVar

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """Make the table, and let payouts name what they go by."""

    dependencies: ClassVar = [("payments", "0021_surplus_guards"), ("people", "0004_address_guards")]
    operations: ClassVar = [
        migrations.AddField("payout", "rail", models.CharField(default="by_hand", max_length=30)),
        migrations.AlterField(
            "payout",
            "method",
            models.CharField(help_text="Where to, as its person knows it: the details' hint.", max_length=80),
        ),
        migrations.CreateModel(
            name="PayoutDetails",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("rail", models.CharField(max_length=30)),
                ("version", models.PositiveIntegerField()),
                ("sealed", models.TextField(blank=True)),
                ("fingerprint", models.CharField(max_length=64)),
                (
                    "hint",
                    models.CharField(
                        blank=True, help_text="What its person knows it by, as M-Pesa …123.", max_length=80
                    ),
                ),
                ("given_at", models.DateTimeField()),
                ("told_at", models.DateTimeField(null=True)),
                ("effective_at", models.DateTimeField(null=True)),
                ("cancelled_at", models.DateTimeField(null=True)),
                ("erased_at", models.DateTimeField(null=True)),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="payout_details",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("person", "rail", "version"), name="one_row_per_version_of_details"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("erased_at", None), models.Q(("hint", ""), ("sealed", "")), _connector="OR"
                        ),
                        name="nothing_is_left_of_erased_details",
                    ),
                ],
            },
        ),
        migrations.AddField(
            "payout",
            "details",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="payouts",
                to="payments.payoutdetails",
            ),
        ),
    ]
