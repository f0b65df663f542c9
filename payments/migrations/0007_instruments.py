"""The table of the registry of instruments."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Make the table."""

    dependencies = [
        ("governance", "0003_votes"),
        ("payments", "0006_entitlement_guards"),
    ]

    operations = [
        migrations.CreateModel(
            name="Instrument",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
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
                        ],
                        max_length=20,
                    ),
                ),
                ("key", models.CharField(blank=True, max_length=80)),
                ("version", models.PositiveIntegerField()),
                ("value", models.TextField()),
                ("since", models.DateTimeField()),
                (
                    "mandate",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="governance.mandate"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("kind", "key", "version"), name="one_instrument_per_version"),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "kind__in",
                                [
                                    "rounding",
                                    "currency",
                                    "bonus",
                                    "time_limit",
                                    "acceptance",
                                    "allocation",
                                    "qualification",
                                    "region",
                                    "client_block",
                                    "payout_minimum",
                                    "payout_delay",
                                    "floor",
                                    "rail",
                                    "opening",
                                    "reopening",
                                ],
                            )
                        ),
                        name="instrument_kind_is_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("version__gt", 0)), name="instruments_are_numbered_from_one"
                    ),
                ],
            },
        ),
    ]
