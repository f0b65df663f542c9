"""An estimate keeps how many answers of its job were counted, and up to which: none is counted twice."""

from typing import ClassVar

from django.db import migrations, models

from coop.database import guards


class Migration(migrations.Migration):
    """Begin with none: the first look counts all of them once more."""

    dependencies: ClassVar = [("tasks", "0129_growing_without_numbers")]
    operations: ClassVar = [
        migrations.AddField("estimate", "counted", models.PositiveIntegerField(default=0)),
        migrations.AddField("estimate", "counted_to", models.BigIntegerField(default=0)),
        guards.Grant("tasks_estimate", "INSERT (counted, counted_to)", "UPDATE (counted, counted_to)"),
    ]
