"""Uses of data about people, as versions (N8)."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Make the table."""

    dependencies = [
        ("governance", "0048_voted_guards"),
    ]

    operations = [
        migrations.CreateModel(
            name="DataUse",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(help_text="As engaged_time.", max_length=40)),
                ("version", models.PositiveIntegerField()),
                ("title", models.CharField(max_length=120)),
                ("data", models.CharField(help_text="Which data.", max_length=600)),
                (
                    "whose",
                    models.CharField(
                        choices=[
                            ("members", "Members and those who want to become one"),
                            ("clients", "Clients and those who act for them"),
                            ("everybody", "Everybody with an account"),
                        ],
                        max_length=9,
                    ),
                ),
                ("purpose", models.CharField(help_text="What for.", max_length=600)),
                ("seen_by", models.CharField(max_length=80)),
                ("kept", models.CharField(help_text="How long.", max_length=300)),
                (
                    "decides",
                    models.CharField(
                        choices=[
                            ("nothing", "Nothing"),
                            ("count", "How a vote came out, by its ballots"),
                            ("accept", "That an answer stands and is paid once the time to find otherwise is over"),
                            (
                                "expire",
                                "That a task whose time ran out is free again, after what was saved is handed in",
                            ),
                            ("score", "Whether onboarding was passed; it is paid whether or not"),
                            ("open", "Which kinds of work are open to a person, by rules that votes set"),
                            ("pay", "How much is paid, by numbers that votes set"),
                            ("admit", "That a candidate is a member once the days or hours are there"),
                            ("due", "That what a person asked for happens when its days are over"),
                            ("lot", "Who is drawn by lot"),
                            ("open_case", "That the cooperative must explain something to a member"),
                            ("write", "When a letter is sent"),
                            ("slow", "That after many tries the next one waits some minutes"),
                        ],
                        max_length=9,
                    ),
                ),
                ("in_use", models.BooleanField()),
                ("published_at", models.DateTimeField()),
                ("applies_from", models.DateTimeField(help_text="15 days after publication at the earliest (E9).")),
                (
                    "mandate",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="data_uses", to="governance.mandate"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("key", "version"), name="one_data_use_per_version"),
                    models.CheckConstraint(
                        condition=models.Q(("key__regex", "^[a-z][a-z_]{1,38}$")), name="data_use_key_is_a_word"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("whose__in", ["members", "clients", "everybody"])),
                        name="data_use_says_whose",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "seen_by__regex",
                                "^(public|members|client|parties|self|officers|nobody)(,(public|members|client|parties|self|officers|nobody))*$",
                            )
                        ),
                        name="data_use_names_who_sees",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("whose", "clients"),
                            models.Q(("seen_by__regex", "(^|,)client(,|$)"), _negated=True),
                            _connector="OR",
                        ),
                        name="clients_see_nothing_about_members",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "decides__in",
                                [
                                    "nothing",
                                    "count",
                                    "accept",
                                    "expire",
                                    "score",
                                    "open",
                                    "pay",
                                    "admit",
                                    "due",
                                    "lot",
                                    "open_case",
                                    "write",
                                    "slow",
                                ],
                            )
                        ),
                        name="no_machine_shuts_anybody_out",
                    ),
                ],
            },
        ),
    ]
