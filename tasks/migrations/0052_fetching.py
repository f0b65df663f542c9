"""What orders name by address is fetched for them, and an order fails where it never comes."""

from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models

from coop.database import guards

ITS_OWN = """NEW.order_id IS NULL OR EXISTS (SELECT FROM public.tasks_order o WHERE o.id = NEW.order_id
    AND o.client_id = NEW.client_id AND o.test = NEW.test)"""
# Who saw that it failed is not told later that it did not; what is done did not fail.
ONCE = """OLD.failed_at IS NULL OR (NEW.failed_at = OLD.failed_at AND NEW.error = OLD.error)"""


class Migration(migrations.Migration):
    """Add the columns, and their guards."""

    dependencies: ClassVar = [
        ("tasks", "0051_callbacks"),
    ]

    operations: ClassVar = [
        migrations.AddField(
            model_name="asset",
            name="next_at",
            field=models.DateTimeField(
                help_text="When it is fetched; empty: it is here, or never comes.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="asset",
            name="order",
            field=models.ForeignKey(
                help_text="Whose attachment it is; empty: any order's.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="assets",
                to="tasks.order",
            ),
        ),
        migrations.AddField(
            model_name="asset",
            name="problem",
            field=models.JSONField(
                help_text="Why it never comes: a key of PROBLEMS in tasks.scale.fetching.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="asset",
            name="tries",
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="order",
            name="error",
            field=models.TextField(
                blank=True,
                help_text="Why it failed: a file that never came, or no money when it had.",
            ),
        ),
        migrations.AddField(
            model_name="order",
            name="failed_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddIndex(
            model_name="asset",
            index=models.Index(
                condition=models.Q(("next_at__isnull", False)),
                fields=["client", "next_at"],
                name="assets_to_be_fetched",
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("error", ""), ("failed_at", None)),
                    models.Q(
                        ("failed_at__isnull", False),
                        ("task", None),
                        models.Q(("error", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="what_failed_says_why_and_is_not_done",
            ),
        ),
        guards.Guard(
            "assets_stay_with_their_order",
            table="tasks_asset",
            holds=ITS_OWN,
            otherwise="What is fetched for an order is its own client's.",
        ),
        guards.Guard(
            "orders_fail_for_good",
            table="tasks_order",
            on="UPDATE",
            holds=ONCE,
            otherwise="An order that failed stays so: order it again.",
        ),
        guards.Frozen(
            "tasks_asset",
            ["order_id"],
            name="asset_orders_are_frozen",
            otherwise="What was fetched for an order stays with it.",
        ),
        guards.Grant("tasks_asset", "INSERT (order_id, next_at, tries, problem)", "UPDATE (next_at, tries, problem)"),
        guards.Grant("tasks_order", "INSERT (failed_at, error)", "UPDATE (failed_at, error)"),
    ]
