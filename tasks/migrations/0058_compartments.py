"""Each client is a compartment: a request in a client's name sees that client's rows alone, whatever it forgot to ask.

Not here: seats and keys, by which the request finds out whose it is; money, which the ledger tells everybody; what a
member keeps for themselves (drafts, spans of work); what drawn peers find, which is read by way of its dispute.
"""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

THEIRS = "client_id = {served}"
OF_JOB = "EXISTS (SELECT FROM public.tasks_job j WHERE j.id = job_id AND j.client_id = {served})"


def below(table: str, column: str) -> str:
    """Return that a row is of whoever sees the row of `table` that its `column` names, by the compartment of that."""
    return f"EXISTS (SELECT FROM public.{table} above WHERE above.id = {column})"


MINE = {
    **dict.fromkeys(
        ("tasks_job", "tasks_webhook", "tasks_message", "tasks_project", "tasks_batch", "tasks_order", "tasks_asset",
         "tasks_sandbox", "tasks_sketch"),
        THEIRS,
    ),
    **dict.fromkeys(
        ("tasks_task", "tasks_upload", "tasks_delivery", "tasks_jobfile", "tasks_assignment", "tasks_guideversion",
         "tasks_release", "tasks_estimate", "tasks_reliability", "tasks_machine", "tasks_stage", "tasks_lot"),
        OF_JOB,
    ),
    **dict.fromkeys(
        ("tasks_answer", "tasks_question", "tasks_dispute"), below("tasks_assignment", "assignment_id")
    ),
    **dict.fromkeys(("tasks_knownanswer", "tasks_withdrawal"), below("tasks_task", "task_id")),
    "tasks_reply": below("tasks_question", "question_id"),
    "tasks_attempt": below("tasks_message", "message_id"),
    "tasks_projectversion": below("tasks_project", "project_id"),
}  # fmt: skip


class Migration(migrations.Migration):
    """Put the second wall behind the queries."""

    dependencies: ClassVar = [("tasks", "0057_few_returns")]
    operations: ClassVar = [guards.Compartment(table, mine) for table, mine in MINE.items()]
