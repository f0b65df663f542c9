"""What is written about a client's answers, before them and beside them is in its compartment, as the answers are.

Not here: who was drawn to look (the lot asks what else they look at, whoever's it is), time worked, shares and letters.
"""

from typing import ClassVar

from django.db import migrations

from coop.database import guards


def below(table: str, column: str, key: str = "id") -> str:
    """Return that a row is of whoever sees the row of `table` that its `column` names, by the compartment of that."""
    return f"EXISTS (SELECT FROM public.{table} above WHERE above.{key} = {column})"


MINE = {
    **dict.fromkeys(
        ("tasks_review", "tasks_check", "tasks_draft", "tasks_teamdraft", "tasks_teamnote"),
        below("tasks_assignment", "assignment_id"),
    ),
    **dict.fromkeys(("tasks_report", "tasks_apart"), below("tasks_task", "task_id")),
    "tasks_handover": below("tasks_stage", "stage_id", "job_id"),
    "tasks_settlement": below("tasks_dispute", "dispute_id"),
    "tasks_finding": """EXISTS (SELECT FROM public.tasks_peer p JOIN public.tasks_dispute d ON d.id = p.dispute_id
        WHERE p.id = peer_id)""",
    "tasks_call": below("people_apikey", "key_id"),
}  # fmt: skip


class Migration(migrations.Migration):
    """Put the second wall behind these queries, too."""

    dependencies: ClassVar = [("people", "0008_keys_by_compartment"), ("tasks", "0083_skips_came_back_too")]
    operations: ClassVar = [guards.Compartment(table, mine) for table, mine in MINE.items()]
