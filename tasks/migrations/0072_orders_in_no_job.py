"""Orders of a batch that are in no job yet are found by index: the worker looks for them each minute."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    """Make the index."""

    dependencies: ClassVar = [("tasks", "0071_taken_by_programs")]
    operations: ClassVar = [
        migrations.AddIndex(
            "order",
            models.Index(
                fields=["batch"],
                condition=models.Q(test=False, task=None, canceled_at=None, failed_at=None),
                name="orders_in_no_job",
            ),
        ),
    ]
