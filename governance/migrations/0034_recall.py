"""What an officer answers to a petition; the bounds that keep a recall possible."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import F, Q

POSSIBLE = ~Q(key="N13") | Q(
    deliberation_days__lte=27 - F("voting_days") - F("lock_days"),
    readings=1, affected_yes=None, whole_yes=15_000, whole_floor=0, turnout_floor__lte=4_500, seniors_too=False,
)  # fmt: skip


class Migration(migrations.Migration):
    """Add them."""

    dependencies = [("governance", "0033_counting_once")]

    operations = [
        migrations.CreateModel(
            name="Answer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("text", models.TextField(max_length=1200)),
                ("written_at", models.DateTimeField()),
                (
                    "petition",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="answers", to="governance.petition"
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="rule",
            constraint=models.CheckConstraint(condition=POSSIBLE, name="recall_stays_possible"),
        ),
    ]
