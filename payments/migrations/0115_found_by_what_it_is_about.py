"""A posting's key is found by what it is about, and reversals by an index of their own rows alone.

Keys are random: an index that begins with them is written at another place for each of the five transfers of an answer.
With two million transfers that was a third of what accepting one took, and half of what was logged (decision 0268).
"""

from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Let what is written together lie together."""

    dependencies: ClassVar = [("payments", "0114_moves_asked_once_they_moved")]
    operations: ClassVar = [
        migrations.RemoveConstraint("transfer", "keys_stand_for_one_posting"),
        migrations.AddConstraint(
            "transfer", models.UniqueConstraint(fields=["ref", "kind", "key"], name="keys_stand_for_one_posting")
        ),
        migrations.AlterField(
            "transfer",
            "reverses",
            models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="reversed_by",
                to="payments.transfer",
            ),
        ),
        migrations.AddConstraint(
            "transfer",
            models.UniqueConstraint(
                condition=models.Q(("reverses__isnull", False)),
                fields=("reverses",),
                name="a_transfer_is_reversed_once",
            ),
        ),
    ]
