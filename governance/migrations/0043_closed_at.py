"""When a vote really closed."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    """Add the column; what was counted before closed as published, or 72 hours later."""

    dependencies: ClassVar = [("governance", "0042_election_of"), ("record", "0005_checkpoints_guards")]
    operations: ClassVar = [
        migrations.AddField(
            model_name="tally",
            name="closed_at",
            field=models.DateTimeField(editable=False, help_text="Set by the database: when it closed.", null=True),
        ),
    ]
