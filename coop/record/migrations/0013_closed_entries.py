"""What is done at single tasks and inside a client's compartment is not read by everybody (decision 0283).

Entries that stand have no nonce and keep their text; the constraint asks it of those to come.
"""

from typing import ClassVar

from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models
from django.db.models import Q

CLOSED = (
    r"^((answers|checks|claims|clients|datasets|disputes|endpoints|extensions|files|keys|known|machines|quality|reviews"
    r"|skips|tips|webhooks)\.|(guides\.(asked|read)|jobs\.drafted|releases\.(asked|withdrawn)|reports\.made"
    r"|teams\.(letter|said|wrote))$)"
)


class Migration(migrations.Migration):
    """Tell closed entries from open ones, list the open ones quickly, and let no closed one be guessed."""

    dependencies: ClassVar = [("record", "0012_moves_are_the_databases")]
    operations: ClassVar = [
        migrations.AlterModelOptions("event", {"required_db_vendor": "postgresql"}),
        migrations.AddField(
            "event",
            "closed",
            models.GeneratedField(
                expression=models.ExpressionWrapper(Q(kind__regex=CLOSED), output_field=models.BooleanField()),
                output_field=models.BooleanField(),
                db_persist=True,
            ),
        ),
        migrations.AddIndex(
            "event", models.Index(fields=["id"], condition=Q(closed=False), name="events_that_all_read")
        ),
        AddConstraintNotValid(
            "event",
            models.CheckConstraint(
                condition=Q(closed=False) | Q(data__has_key="nonce"), name="closed_entries_are_not_guessed"
            ),
        ),
    ]
