"""A move that one officer noted wrong is turned down by whoever handles money, and its reference is free again."""

from importlib import import_module
from typing import Any, ClassVar

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q

from coop.database import guards

in_office = import_module("payments.migrations.0009_offices").in_office
OFFICE: dict[str, Any] = {
    "on_delete": django.db.models.deletion.PROTECT, "related_name": "+", "to": "governance.office",
}  # fmt: skip
FIRST = "IF (\n        OLD.confirmed_at IS NULL AND"
# Turned down or confirmed, never both: the row is held, so whoever comes second reads what stands.
NO = f"""IF OLD.turned_down_at IS NULL AND num_nonnulls(NEW.turned_down_by_id, NEW.turned_down_at) > 0 THEN
        IF (
            num_nonnulls(OLD.confirmed_by_id, NEW.confirmed_by_id, NEW.confirmed_at) = 0
            AND {in_office("NEW.turned_down_by_id")}
        ) IS NOT TRUE THEN
            {
    guards.refuse(
        "own_money_moves_by_two_officers", "An officer who handles money turns down a move that nobody confirmed."
    )
}
        END IF;
        NEW.turned_down_at := public.coop_now();
        RETURN NEW;
    END IF;
    IF (
        OLD.turned_down_at IS NULL AND OLD.confirmed_at IS NULL AND"""
POSTED = "    IF NOT EXISTS (SELECT FROM public.payments_transfer t WHERE t.ref = 'move:'"


class Migration(migrations.Migration):
    """Let it be said, once, of what nobody confirmed."""

    dependencies: ClassVar = [
        ("payments", "0108_what_is_seldom_posted"),
        ("governance", "0041_officeacts_guards"),
    ]
    operations: ClassVar = [
        migrations.AddField("move", "turned_down_by", models.ForeignKey(null=True, **OFFICE)),
        migrations.AddField("move", "turned_down_at", models.DateTimeField(null=True)),
        migrations.RemoveConstraint("move", "a_move_is_noted_once"),
        migrations.AddConstraint(
            "move",
            models.UniqueConstraint(
                condition=Q(("turned_down_by", None)), fields=("reference",), name="a_move_is_noted_once"
            ),
        ),
        guards.Edited(
            "guard_moves_are_noted_in_office",
            (
                "num_nonnulls(NEW.confirmed_by_id, NEW.confirmed_at) = 0",
                """num_nonnulls(NEW.confirmed_by_id, NEW.confirmed_at, NEW.turned_down_by_id,
                NEW.turned_down_at) = 0""",
            ),
        ),
        guards.Edited("guard_own_money_moves_by_two_officers", (FIRST, NO)),
        guards.Edited(
            "guard_moves_are_posted", (POSTED, f"    IF NEW.confirmed_at IS NULL THEN RETURN NULL; END IF;\n{POSTED}")
        ),
        guards.Grant(
            "payments_move", "INSERT (turned_down_by_id, turned_down_at)", "UPDATE (turned_down_by_id, turned_down_at)"
        ),
    ]
