"""A span between two moments has days in it, and added to a third it is as long as the zone of the session says."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards


class Migration(migrations.Migration):
    """Reckon in UTC how long somebody worked."""

    dependencies: ClassVar = [("tasks", "0092_strings_as_written")]
    operations: ClassVar = [guards.InUtc("tasks_stretches", "tasks_stretches_of")]
