"""What members were turned away from, with the row that stood in the way."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

ACTS = [
    ("claim", "A job was refused to you"),
    ("board", "Jobs that were open to you were not on the list of jobs"),
    ("speak", "You could not write in the assembly"),
    ("heard", "What you wrote in the assembly was not shown to somebody who read there"),
]
GROUNDS = [
    ("pause", "an emergency pause"),
    ("restriction", "a panel's decision"),
    ("instrument", "a voted rule on regions, qualifications or shares"),
]


class Migration(migrations.Migration):
    """Add the table."""

    dependencies = [
        ("governance", "0061_objections"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="TurnedAway",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("act", models.CharField(choices=ACTS, max_length=5)),
                ("job", models.BigIntegerField(help_text="The number of the job, where it is one.", null=True)),
                ("rule", models.CharField(blank=True, max_length=20)),
                (
                    "ground",
                    models.CharField(blank=True, choices=GROUNDS, db_default="", editable=False, max_length=11),
                ),
                ("row", models.BigIntegerField(editable=False, null=True)),
                ("at", models.DateTimeField()),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["person", "-at"], name="turned_away_by_person")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("act", "claim"), ("job__isnull", False))
                        | models.Q(("act__in", ["board", "heard", "speak"]), ("job", None)),
                        name="turned_away_from_what_is_known",
                    )
                ],
            },
        ),
    ]
