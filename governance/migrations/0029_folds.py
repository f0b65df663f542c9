"""Messages that a panel's motion folds."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Make the table."""

    dependencies = [("governance", "0028_proposal_words")]

    operations = [
        migrations.CreateModel(
            name="Fold",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "message",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="folds", to="governance.message"
                    ),
                ),
                (
                    "motion",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="folds", to="governance.motion"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("motion", "message"), name="folded_once")],
            },
        ),
    ]
