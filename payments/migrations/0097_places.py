"""Each place where the cooperative's money lies has an account of its own, and money moves between them by two."""

from importlib import import_module
from typing import Any, ClassVar

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import F, Q

import payments.money
from coop.database import guards

SURPLUS = import_module("payments.migrations.0021_surplus_guards")
in_office = import_module("payments.migrations.0009_offices").in_office

PLACES = ["main", "stripe", "paypal", "wise", "mpesa"]
CHOICES = [
    ("main", "The bank"), ("stripe", "Stripe"), ("paypal", "PayPal"), ("wise", "Wise"), ("mpesa", "M-Pesa"),
]  # fmt: skip
OFFICE: dict[str, Any] = {
    "on_delete": django.db.models.deletion.PROTECT, "related_name": "+", "to": "governance.office",
}  # fmt: skip
MAIN = "('bank:main'::text,'^bank:main$'::text,NULL::bigint,(0)::bigint,true)"
# Payers' banks take money back from the card service that went on from there: below nothing is what we owe it.
CHART = ", ".join([
    MAIN,
    "('bank:stripe'::text,'^bank:stripe$'::text,NULL::bigint,NULL::bigint,true)",
    *(
        f"('bank:{place}'::text,'^bank:{place}$'::text,NULL::bigint,(0)::bigint,true)"
        for place in ("paypal", "wise", "mpesa")
    ),
])  # fmt: skip


def route(kind: int, debit: str, credit: str) -> str:
    """Return what a kind of posting may move, as the list of all such has it."""
    return f"({kind},'{debit}'::text,'{credit}'::text,NULL::integer,NULL::integer)"


BACK = route(44, "clearing:out", "bank:main")
MOVES = ", ".join([
    BACK,
    *(route(46, f"bank:{to}", f"bank:{place}") for place in PLACES for to in PLACES if to != place),
])  # fmt: skip
SAYS = "Money moves between two places of the cooperative as two officers say."
MOVED = """
        SELECT FROM posted p JOIN public.payments_account d ON d.id = p.debit_id
        JOIN public.payments_account c ON c.id = p.credit_id
        LEFT JOIN public.payments_move m ON p.ref = 'move:' || m.id
        WHERE p.kind = 46 AND (m.confirmed_at IS NOT NULL AND p.amount = m.amount AND d.currency = m.currency
            AND d.code = 'bank:' || m.target AND c.code = 'bank:' || m.source) IS NOT TRUE
"""
CONFIRMED = f"""
    IF (
        OLD.confirmed_at IS NULL AND NEW.confirmed_at IS NOT NULL AND {
    in_office(
        "NEW.confirmed_by_id",
        "o.person_id <> (SELECT person_id FROM public.governance_office WHERE id = NEW.noted_by_id)",
    )
}
    ) IS NOT TRUE THEN
        {guards.refuse("own_money_moves_by_two_officers", SAYS)}
    END IF;
    NEW.confirmed_at := public.coop_now();
    RETURN NEW;
"""
WHOLE = f"""
CREATE FUNCTION public.guard_moves_are_posted() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $guard$
BEGIN
    IF NOT EXISTS (SELECT FROM public.payments_transfer t WHERE t.ref = 'move:' || NEW.id AND t.kind = 46) THEN
        {guards.refuse("moves_are_posted", "What was moved is posted in the same act.")}
    END IF;
    RETURN NULL;
END $guard$;
CREATE CONSTRAINT TRIGGER moves_are_posted AFTER UPDATE ON public.payments_move
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.guard_moves_are_posted();
ALTER TABLE public.payments_move ENABLE ALWAYS TRIGGER moves_are_posted;
"""


class Migration(migrations.Migration):
    """Open the accounts, keep what was moved, and watch it."""

    dependencies: ClassVar = [
        ("payments", "0096_strings_as_written"),
        ("governance", "0041_officeacts_guards"),
    ]
    operations: ClassVar = [
        migrations.CreateModel(
            name="Move",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("source", models.CharField(choices=CHOICES, max_length=8)),
                ("target", models.CharField(choices=CHOICES, max_length=8)),
                ("amount", payments.money.MoneyField()),
                ("currency", models.CharField(max_length=3)),
                ("reference", models.CharField(
                    help_text="The bank's or the service's own reference.", max_length=80
                )),
                ("noted_at", models.DateTimeField()),
                ("confirmed_at", models.DateTimeField(null=True)),
                ("confirmed_by", models.ForeignKey(null=True, **OFFICE)),
                ("noted_by", models.ForeignKey(**OFFICE)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("reference",), name="a_move_is_noted_once"),
                    models.CheckConstraint(condition=Q(("amount__gt", 0)), name="moves_are_positive"),
                    models.CheckConstraint(
                        condition=Q(
                            ("source__in", PLACES), ("target__in", PLACES), Q(("source", F("target")), _negated=True)
                        ),
                        name="moves_are_between_two_places",
                    ),
                    models.CheckConstraint(
                        condition=Q(
                            ("confirmed_by", None), Q(("confirmed_by", F("noted_by")), _negated=True), _connector="OR"
                        ),
                        name="two_officers_move_money",
                    ),
                ],
            },
        ),
        guards.Edited("payments_chart", (MAIN, CHART)),
        guards.Edited("payments_postings", (BACK, MOVES)),
        migrations.RunSQL(WHOLE),
        migrations.RunSQL(SURPLUS.posted("own_money_moves_as_confirmed", MOVED, SAYS)),
        guards.OfKinds("own_money_moves_as_confirmed", 46),
        guards.Guard(
            "moves_are_noted_in_office",
            table="payments_move",
            holds=f"""num_nonnulls(NEW.confirmed_by_id, NEW.confirmed_at) = 0 AND isfinite(NEW.noted_at)
                AND NEW.currency ~ '^[A-Z]{{3}}$' AND NEW.reference ~ '[^[:space:]]'
                AND {in_office("NEW.noted_by_id")}""",
            otherwise=SAYS,
            definer=True,
        ),
        guards.Frozen(
            "payments_move",
            ["id", "source", "target", "amount", "currency", "reference", "noted_by_id", "noted_at"],
            otherwise="What was moved stays as it was noted.",
        ),
        guards.Procedure(
            "own_money_moves_by_two_officers",
            table="payments_move",
            on="UPDATE",
            body=CONFIRMED,
            definer=True,
        ),
        guards.NeverDeleted("payments_move"),
        guards.Grant("payments_move", "SELECT", "INSERT", "UPDATE (confirmed_by_id, confirmed_at)"),
    ]  # fmt: skip
