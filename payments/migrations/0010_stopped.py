"""The promise that pay does not move while members vote on stopping the decision, nor after they stopped it (3.2)."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

OTHERWISE = "Nothing about pay changes by a decision that members stopped, or may still stop."


class Migration(migrations.Migration):
    """Watch what a mandate can write."""

    dependencies: ClassVar = [("payments", "0009_offices"), ("governance", "0018_petition_guards")]
    operations: ClassVar = [
        guards.Guard(
            f"{name}_is_not_stopped",
            table=table,
            holds="NOT public.governance_is_stopped(NEW.mandate_id)",
            otherwise=OTHERWISE,
            definer=True,
        )
        for name, table in (("rate", "payments_rate"), ("fee", "payments_fee"), ("instrument", "payments_instrument"))
    ]
