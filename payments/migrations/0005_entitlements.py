"""A table of what the hearing fund owes people."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import payments.money


class Migration(migrations.Migration):
    """Add it."""

    dependencies = [
        ("payments", "0004_funds"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Entitlement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.PositiveSmallIntegerField(
                        choices=[
                            (24, "Pay while paused"),
                            (25, "Paid double: the pause was unfounded"),
                            (26, "Service on a panel"),
                            (27, "Back pay, one and a half times"),
                        ]
                    ),
                ),
                ("source", models.CharField(help_text="The fact it follows from, as pause:5.", max_length=40)),
                ("since", models.DateTimeField(help_text="Pauses are paid as time passes: from here …", null=True)),
                ("until", models.DateTimeField(help_text="… to here, in whole hours.", null=True)),
                ("amount", payments.money.MoneyField(default=0)),
                ("at", models.DateTimeField()),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="entitlements",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("source", "kind", "since"), name="entitled_once_for_each_span", nulls_distinct=False
                    ),
                    models.CheckConstraint(condition=models.Q(("kind__in", [24, 25, 26, 27])), name="owing_is_known"),
                    models.CheckConstraint(condition=models.Q(("amount__gt", 0)), name="entitlements_are_positive"),
                ],
            },
        ),
    ]
