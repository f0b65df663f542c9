"""A callback names its order or batch as the client knows it: by its key, not by our number."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

WHERE_IT_SAYS = """NEW.webhook_id IS NOT NULL
    OR EXISTS (SELECT FROM public.tasks_order o
        WHERE o.key = substring(NEW.subject FROM '^order:([0-9a-f]{32})$')::uuid AND o.client_id = NEW.client_id
        AND o.callback_url = NEW.url AND NEW.kind = CASE WHEN o.test THEN 'callback.test' ELSE 'callback' END)
    OR EXISTS (SELECT FROM public.tasks_batch b
        WHERE b.key = substring(NEW.subject FROM '^batch:([0-9a-f]{32})$')::uuid AND b.client_id = NEW.client_id
        AND b.callback = NEW.url AND NEW.kind = CASE WHEN b.test THEN 'callback.test' ELSE 'callback' END)"""


class Migration(migrations.Migration):
    """Put the guard in the place of the one before."""

    dependencies: ClassVar = [("tasks", "0055_team_guards")]
    operations: ClassVar = [
        guards.Guard(
            "callbacks_go_where_an_order_says",
            table="tasks_message",
            holds=WHERE_IT_SAYS,
            otherwise="A callback goes to the address that came with the task or the batch it tells of.",
            definer=True,
        ),
    ]
