"""What officers did that concerns somebody."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

ACTS = [
    ("asked_pause", "asked for an emergency pause of your work"),
    ("began_pause", "confirmed an emergency pause of your work"),
    ("opened_case", "brought a case about you"),
    ("sent_payout", "sent your payout"),
    ("settled_payout", "confirmed what became of your payout"),
    ("looked", "looked at it"),
]
RIGHTS = [
    ("handles_money", "records deposits, sends payouts and confirms them"),
    ("asks_for_pauses", "asks for an emergency pause, or confirms one"),
    ("reads_reports", "reads what members report about content"),
    ("checks_the_books", "looks at every account and transfer"),
    ("keeps_panels", "prepares panels and keeps their files"),
]


class Migration(migrations.Migration):
    """Add the table."""

    dependencies = [
        ("governance", "0039_recount_guards"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="OfficeAct",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("act", models.CharField(choices=ACTS, max_length=14)),
                ("duty", models.CharField(blank=True, choices=RIGHTS, max_length=20)),
                ("subject", models.CharField(help_text="As payout:12.", max_length=80)),
                ("at", models.DateTimeField()),
                (
                    "office",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="acts",
                        to="governance.office",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        help_text="Whom it concerns.", on_delete=django.db.models.deletion.PROTECT,
                        related_name="acts_of_officers", to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("act__in", [act for act, _words in ACTS])),
                        name="officers_acts_are_on_the_list",
                    )
                ],
            },
        ),
    ]  # fmt: skip
