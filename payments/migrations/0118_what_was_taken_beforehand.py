"""What is said of a payout has its sum in its name, a dispute's fee a bound; purchases are turned down as moves are.

A word that is said of a payout once stood under a name that everybody knew beforehand: whoever wrote it first, with
whatever sum, kept the true one out. A move between two services has a number of its own at either.
"""

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
# How a payout ended is said once; what else is said of it, as a fee or a question, once of each sum.
OURS = "'WORKHALL-PAYOUT-' || NEW.payout_id || '/'"
NAMED = f"""(NEW.event !~ '^WORKHALL-PAYOUT-'
    OR (NEW.event = {OURS} || NEW.outcome AND NEW.outcome IN ('settled', 'failed', 'returned'))
    OR (NEW.event = {OURS} || 'verdict' AND NEW.outcome IN ('settled', 'failed'))
    OR (NEW.event = {OURS} || NEW.outcome || '/' || NEW.amount AND NEW.outcome IN ('fee', 'partial', 'repeated')))"""
# Turned down or confirmed, never both: the row is held, so whoever comes second reads what stands.
BY_TWO = "currency_is_bought_by_two_officers"
FIRST = "IF (\n        OLD.confirmed_at IS NULL AND"
NO = f"""IF OLD.turned_down_at IS NULL AND num_nonnulls(NEW.turned_down_by_id, NEW.turned_down_at) > 0 THEN
        IF (
            num_nonnulls(OLD.confirmed_by_id, NEW.confirmed_by_id, NEW.confirmed_at) = 0
            AND {in_office("NEW.turned_down_by_id")}
        ) IS NOT TRUE THEN
            {guards.refuse(BY_TWO, "An officer who handles money turns down a purchase that nobody confirmed.")}
        END IF;
        NEW.turned_down_at := public.coop_now();
        RETURN NEW;
    END IF;
    IF (
        OLD.turned_down_at IS NULL AND OLD.confirmed_at IS NULL AND"""
POSTED = "    IF (\n        SELECT count(*) FROM public.payments_transfer t WHERE t.ref = 'purchase:'"
# Stripe's price list has 15 US dollars for a dispute, and as much again for one that is contested; in micro-units.
MOST_FOR_A_DISPUTE = 50_000_000


class Migration(migrations.Migration):
    """Ask it of what is written from now on."""

    dependencies: ClassVar = [
        ("payments", "0117_how_tests_are_passed"),
        ("governance", "0041_officeacts_guards"),
    ]
    operations: ClassVar = [
        guards.Guard(
            "words_of_a_payout_are_its_own",
            table="payments_railevent",
            holds=NAMED,
            otherwise="What is written under the name of a payout is what a service says of that payout.",
        ),
        guards.Edited(
            "guard_fees_are_of_something",
            (
                "c.outcome = 'charged_back' OR NEW.amount <= c.amount",
                f"NEW.amount <= CASE c.outcome WHEN 'charged_back' THEN {MOST_FOR_A_DISPUTE} ELSE c.amount END",
            ),
        ),
        migrations.AddField("purchase", "turned_down_by", models.ForeignKey(null=True, **OFFICE)),
        migrations.AddField("purchase", "turned_down_at", models.DateTimeField(null=True)),
        migrations.RemoveConstraint("purchase", "a_purchase_is_noted_once"),
        migrations.AddConstraint(
            "purchase",
            models.UniqueConstraint(
                condition=Q(("turned_down_by", None)), fields=("reference",), name="a_purchase_is_noted_once"
            ),
        ),
        guards.Edited(
            "guard_currency_is_noted_in_office",
            (
                "num_nonnulls(NEW.confirmed_by_id, NEW.confirmed_at) = 0",
                """num_nonnulls(NEW.confirmed_by_id, NEW.confirmed_at, NEW.turned_down_by_id,
                NEW.turned_down_at) = 0""",
            ),
        ),
        guards.Edited(f"guard_{BY_TWO}", (FIRST, NO)),
        guards.Edited(
            "guard_purchases_are_posted",
            (POSTED, f"    IF NEW.confirmed_at IS NULL THEN RETURN NULL; END IF;\n{POSTED}"),
        ),
        guards.Grant(
            "payments_purchase",
            "INSERT (turned_down_by_id, turned_down_at)",
            "UPDATE (turned_down_by_id, turned_down_at)",
        ),
        migrations.AddField(
            "move",
            "arrived_as",
            models.CharField(
                blank=True, db_default="", default="", max_length=80,
                help_text="The other place's own reference, where it has another.",
            ),
        ),
        guards.Frozen(
            "payments_move",
            ["id", "source", "target", "amount", "currency", "reference", "arrived_as", "noted_by_id", "noted_at"],
            otherwise="What was moved stays as it was noted.",
        ),
        guards.Grant("payments_move", "INSERT (arrived_as)"),
        guards.Edited(
            "payments_at_services",
            (
                "v.reference,",
                """CASE v.target WHEN m.place THEN coalesce(nullif(v.arrived_as, ''), v.reference)
                    ELSE v.reference END,""",
            ),
        ),
    ]  # fmt: skip
