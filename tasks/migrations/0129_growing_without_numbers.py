"""That an open job grew is read by all; by how much is its client's business (decision 0283)."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards


class Migration(migrations.Migration):
    """Tell no number of what joins."""

    dependencies: ClassVar = [("tasks", "0128_engaged_hours")]
    operations: ClassVar = [
        guards.Edited("tasks_join", ("jsonb_build_object('tasks', cardinality(names))", "'{}'::jsonb")),
    ]
