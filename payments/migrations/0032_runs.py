"""Payouts that go together, the bank's statements, and what the rails said."""

from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models

import payments.money


class Migration(migrations.Migration):
    """Make the tables, and let a payout name its run."""

    dependencies: ClassVar = [
        ("governance", "0046_working_days"),
        ("payments", "0031_checks_are_work"),
    ]

    operations: ClassVar = [
        migrations.AlterField(
            model_name="payout",
            name="state",
            field=models.CharField(
                choices=[
                    ("requested", "Asked for"),
                    ("sending", "Being sent"),
                    ("sent", "Sent"),
                    ("settled", "Received"),
                    ("failed", "Came back"),
                ],
                default="requested",
                max_length=9,
            ),
        ),
        migrations.CreateModel(
            name="BankStatement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.CharField(help_text="The bank's own, after the account.", max_length=80)),
                ("digest", models.CharField(help_text="SHA-256 of the file.", max_length=64)),
                ("currency", models.CharField(max_length=3)),
                ("opening", payments.money.MoneyField()),
                ("closing", payments.money.MoneyField()),
                ("read_at", models.DateTimeField()),
                (
                    "read_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="governance.office"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="PayRun",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("rail", models.CharField(max_length=30)),
                ("made_at", models.DateTimeField()),
                ("checked_at", models.DateTimeField(null=True)),
                ("released_at", models.DateTimeField(null=True)),
                ("handed_over_at", models.DateTimeField(help_text="When the rail had all of it.", null=True)),
                (
                    "checked_by",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="governance.office"
                    ),
                ),
                (
                    "released_by",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="governance.office"
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="payout",
            name="run",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="payouts", to="payments.payrun"
            ),
        ),
        migrations.CreateModel(
            name="RailEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("rail", models.CharField(max_length=30)),
                ("event", models.CharField(max_length=120)),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("settled", "Arrived"),
                            ("failed", "Came back"),
                            ("returned", "Came back after it had arrived"),
                            ("deposit", "Money in"),
                            ("fee", "A fee of the rail"),
                            ("partial", "Another amount than was ordered"),
                            ("repeated", "Said a second time, or against what was said before"),
                            ("unknown", "Belongs to nothing we know"),
                        ],
                        max_length=8,
                    ),
                ),
                ("amount", payments.money.MoneyField()),
                ("currency", models.CharField(max_length=3)),
                (
                    "words",
                    models.CharField(blank=True, help_text="A reason code, or what the payer wrote.", max_length=140),
                ),
                ("occurred_at", models.DateTimeField()),
                ("noted_at", models.DateTimeField()),
                (
                    "payout",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="events",
                        to="payments.payout",
                    ),
                ),
                (
                    "statement",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="events",
                        to="payments.bankstatement",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="bankstatement",
            constraint=models.UniqueConstraint(fields=("number",), name="a_statement_is_read_once"),
        ),
        migrations.AddConstraint(
            model_name="payrun",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("released_by", None),
                    models.Q(("released_by", models.F("checked_by")), _negated=True),
                    _connector="OR",
                ),
                name="two_officers_release_a_run",
            ),
        ),
        migrations.AddConstraint(
            model_name="payrun",
            constraint=models.UniqueConstraint(
                condition=models.Q(("checked_at", None)), fields=("rail",), name="one_run_is_open_at_once"
            ),
        ),
        migrations.AddIndex(
            model_name="railevent",
            index=models.Index(fields=["outcome", "-id"], name="what_waits_for_an_officer"),
        ),
        migrations.AddConstraint(
            model_name="railevent",
            constraint=models.UniqueConstraint(fields=("rail", "event"), name="a_rail_says_a_thing_once"),
        ),
        migrations.AddConstraint(
            model_name="railevent",
            constraint=models.UniqueConstraint(
                condition=models.Q(("outcome__in", ["settled", "failed", "returned"])),
                fields=("payout", "outcome"),
                name="each_end_of_a_payout_is_said_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="railevent",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "outcome__in",
                        ["settled", "failed", "returned", "deposit", "fee", "partial", "repeated", "unknown"],
                    )
                ),
                name="rails_say_what_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="railevent",
            constraint=models.CheckConstraint(condition=models.Q(("amount__gt", 0)), name="rails_move_amounts"),
        ),
    ]
