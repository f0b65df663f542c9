"""A posting takes the key of no other: it stands for one posting of its kind about its thing.

Keys are made from words that everybody can read. Whoever could post anything at all, as a client's money set aside,
took the key of a wage that was still to come, and it could never be paid; of claims, and nobody could take a task.
"""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    """Let kind and thing stand beside the key."""

    dependencies: ClassVar = [("payments", "0105_bounds_asked_where_they_are_written")]
    operations: ClassVar = [
        migrations.AddConstraint(
            "transfer", models.UniqueConstraint(fields=["key", "kind", "ref"], name="keys_stand_for_one_posting")
        ),
        migrations.AlterField("transfer", "key", models.UUIDField()),
    ]
