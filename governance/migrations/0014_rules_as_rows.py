"""When a rule applies from, the bounds of part 8, and the numbers that are no rule's own."""

from datetime import UTC, datetime

import django.db.models.deletion
from django.db import migrations, models

# For rows that were there before: none, as every cooperative is founded after its tables are made.
EARLIEST = datetime(2026, 1, 1, tzinfo=UTC)


class Migration(migrations.Migration):
    """Add them."""

    dependencies = [
        ("governance", "0013_decisions_and_restrictions"),
    ]

    operations = [
        migrations.CreateModel(
            name="Parameter",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "name",
                    models.CharField(
                        choices=[
                            ("petition_share", "petition_share"),
                            ("petition_most", "petition_most"),
                            ("support_share", "support_share"),
                            ("support_most", "support_most"),
                            ("panel_size", "panel_size"),
                            ("reply_days", "reply_days"),
                            ("candidate_days", "candidate_days"),
                            ("emergency_hours", "emergency_hours"),
                            ("cuts_in_a_year", "cuts_in_a_year"),
                        ],
                        max_length=20,
                    ),
                ),
                ("version", models.PositiveIntegerField()),
                ("value", models.PositiveIntegerField()),
                ("published_at", models.DateTimeField()),
                ("applies_from", models.DateTimeField(help_text="15 days after publication at the earliest (E9).")),
            ],
        ),
        migrations.AddField(
            model_name="rule",
            name="applies_from",
            field=models.DateTimeField(help_text="15 days after publication at the earliest (E9).", default=EARLIEST),
            preserve_default=False,
        ),
        migrations.AlterField(
            model_name="rule",
            name="key",
            field=models.CharField(help_text="N1 to N15, or 3.2 for the vote that stops a decision.", max_length=4),
        ),
        migrations.AddConstraint(
            model_name="rule",
            constraint=models.CheckConstraint(
                condition=models.Q(("key__regex", "^(N([1-9]|1[0-5])|3\\.2)$")), name="rule_key_is_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="rule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("deliberation_days__lte", 60),
                    ("frozen_days__lte", models.F("deliberation_days")),
                    ("lock_days__lte", 60),
                ),
                name="timing_within_bounds",
            ),
        ),
        migrations.AddConstraint(
            model_name="rule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("affected_floor__lte", 18000),
                    ("turnout_floor__lte", 15000),
                    ("whole_floor__lte", 15000),
                    models.Q(("affected_yes", None), ("affected_yes__lte", 27000), _connector="OR"),
                    models.Q(("whole_yes", None), ("whole_yes__lte", 27000), _connector="OR"),
                ),
                name="nothing_is_made_impossible",
            ),
        ),
        migrations.AddConstraint(
            model_name="rule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("key__in", ("N2", "N3")), _negated=True), ("whole_yes__isnull", False), _connector="OR"
                ),
                name="deep_cuts_ask_everybody",
            ),
        ),
        migrations.AddConstraint(
            model_name="rule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("key__in", ("N3", "N15")), _negated=True), ("readings", 2), _connector="OR"
                ),
                name="the_deepest_is_read_twice",
            ),
        ),
        migrations.AddConstraint(
            model_name="rule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("key__in", ("N6", "N15")), _negated=True), ("seniors_too", True), _connector="OR"
                ),
                name="seniors_are_asked_too",
            ),
        ),
        migrations.AddConstraint(
            model_name="rule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("key", "N15"), _negated=True),
                    models.Q(
                        ("deliberation_days__gte", 30),
                        ("lock_days__gte", 30),
                        ("whole_floor__gte", 10000),
                        ("whole_yes__gte", 22500),
                    ),
                    _connector="OR",
                ),
                name="the_constitution_is_not_loosened",
            ),
        ),
        migrations.AddConstraint(
            model_name="rule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("key", "3.2"), _negated=True),
                    models.Q(
                        ("deliberation_days", 0),
                        ("lock_days", 0),
                        ("turnout_floor", 0),
                        ("voting_days", 7),
                        ("whole_floor", 0),
                        ("whole_yes", 15000),
                    ),
                    _connector="OR",
                ),
                name="stopping_stays_easy",
            ),
        ),
        migrations.AddField(
            model_name="parameter",
            name="mandate",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="parameters", to="governance.mandate"
            ),
        ),
        migrations.AddConstraint(
            model_name="parameter",
            constraint=models.UniqueConstraint(fields=("name", "version"), name="one_parameter_per_version"),
        ),
        migrations.AddConstraint(
            model_name="parameter",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("name", "petition_share"), ("value__range", (300, 3000))),
                    models.Q(("name", "petition_most"), ("value__range", (10, 500))),
                    models.Q(("name", "support_share"), ("value__range", (0, 300))),
                    models.Q(("name", "support_most"), ("value__range", (5, 200))),
                    models.Q(("name", "panel_size"), ("value__range", (5, 11))),
                    models.Q(("name", "reply_days"), ("value__range", (15, 60))),
                    models.Q(("name", "candidate_days"), ("value__range", (0, 90))),
                    models.Q(("name", "emergency_hours"), ("value__range", (1, 72))),
                    models.Q(("name", "cuts_in_a_year"), ("value__range", (0, 4500))),
                    _connector="OR",
                ),
                name="parameter_within_bounds",
            ),
        ),
    ]
