"""What a task that joins asks of its job is found by index, however few rows the planner takes the tables for."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

FUNCTIONS = (
    "tasks_join(bigint, text[], text[], text[], uuid, bigint, timestamptz)", "tasks_room(bigint)",
    "tasks_spare(bigint, bigint)",
)  # fmt: skip


class Migration(migrations.Migration):
    """Leave the planner nothing else; a statement that joins a task reads a job's rows one by one."""

    dependencies: ClassVar = [("tasks", "0067_asked_apart")]
    operations: ClassVar = [
        guards.Edited("tasks_room", (
            "max(t.position) FROM public.tasks_task t WHERE t.job_id = job)",
            "t.position FROM public.tasks_task t WHERE t.job_id = job ORDER BY t.position DESC LIMIT 1)",
        )),
        *(migrations.RunSQL(f"ALTER FUNCTION public.{function} {guards.BY_INDEX}") for function in FUNCTIONS),
    ]  # fmt: skip
