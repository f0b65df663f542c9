"""Reports of messages, their answers, and what two officers withhold."""

from datetime import timedelta

import django.db.models.deletion
import django.db.models.expressions
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """Make the tables."""

    dependencies = [
        ("governance", "0030_folds_guards"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="MessageReport",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "ground",
                    models.CharField(
                        choices=[
                            ("child_abuse", "Material of child abuse, or a way to it"),
                            ("threat", "A credible threat of violence"),
                            ("personal", "Somebody's private data"),
                            ("unlawful", "Something else that the law forbids"),
                        ],
                        max_length=11,
                    ),
                ),
                ("quote", models.CharField(max_length=500)),
                ("words", models.TextField(max_length=2000)),
                ("reported_at", models.DateTimeField()),
                (
                    "message",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="reports", to="governance.message"
                    ),
                ),
                (
                    "reporter",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reports_made",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ReportAnswer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("nothing", "Nothing follows: this is not forbidden"),
                            ("charge", "A member or officer may bring a charge: then a panel decides"),
                            ("authority", "Told to the authority that the law names"),
                            ("withhold", "Withheld for 72 hours, if a second officer confirms within a day"),
                        ],
                        max_length=9,
                    ),
                ),
                ("words", models.TextField(max_length=2000)),
                ("answered_at", models.DateTimeField()),
                (
                    "office",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="governance.office"
                    ),
                ),
                (
                    "report",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="answer",
                        to="governance.messagereport",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Withholding",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField()),
                (
                    "answer",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="withholding",
                        to="governance.reportanswer",
                    ),
                ),
                (
                    "message",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="withholding", to="governance.message"
                    ),
                ),
                (
                    "second_officer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="governance.office"
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="messagereport",
            constraint=models.UniqueConstraint(fields=("reporter", "message"), name="reported_once"),
        ),
        migrations.AddConstraint(
            model_name="messagereport",
            constraint=models.CheckConstraint(
                condition=models.Q(("ground__in", ["child_abuse", "threat", "personal", "unlawful"])),
                name="report_ground_is_on_the_list",
            ),
        ),
        migrations.AddConstraint(
            model_name="messagereport",
            constraint=models.CheckConstraint(
                condition=models.Q(("quote__regex", "\\S"), ("words__regex", "\\S")), name="report_says_what_and_why"
            ),
        ),
        migrations.AddConstraint(
            model_name="reportanswer",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("outcome__in", ["nothing", "charge", "authority", "withhold"]), ("words__regex", "\\S")
                ),
                name="report_answer_gives_reasons",
            ),
        ),
        migrations.AddConstraint(
            model_name="withholding",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("ends_at__gt", models.F("starts_at")),
                    (
                        "ends_at__lte",
                        django.db.models.expressions.CombinedExpression(
                            models.F("starts_at"), "+", models.Value(timedelta(days=3))
                        ),
                    ),
                ),
                name="withholding_ends_within_72_hours",
            ),
        ),
    ]
