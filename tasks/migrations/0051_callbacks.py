"""A callback goes where the order or the batch that it tells of says, and nowhere else."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

WHERE_IT_SAYS = """NEW.webhook_id IS NOT NULL
    OR EXISTS (SELECT FROM public.tasks_order o
        WHERE o.id = substring(NEW.subject FROM '^order:([0-9]{1,18})$')::bigint AND o.client_id = NEW.client_id
        AND o.callback_url = NEW.url AND NEW.kind = CASE WHEN o.test THEN 'callback.test' ELSE 'callback' END)
    OR EXISTS (SELECT FROM public.tasks_batch b
        WHERE b.id = substring(NEW.subject FROM '^batch:([0-9]{1,18})$')::bigint AND b.client_id = NEW.client_id
        AND b.callback = NEW.url AND NEW.kind = CASE WHEN b.test THEN 'callback.test' ELSE 'callback' END)"""


class Migration(migrations.Migration):
    """Install the guards."""

    dependencies: ClassVar = [("tasks", "0050_calls")]
    operations: ClassVar = [
        guards.Guard(
            "callbacks_go_where_an_order_says",
            table="tasks_message",
            holds=WHERE_IT_SAYS,
            otherwise="A callback goes to the address that came with the task or the batch it tells of.",
            definer=True,
        ),
        guards.Frozen(
            "tasks_batch",
            ["callback"],
            name="batch_callbacks_are_frozen",
            otherwise="Where a batch's end is told stays as it was said.",
        ),
    ]
