"""What goes out and comes in moves at the place that its way pays from; what stands in the books stays as it is."""

from importlib import import_module
from typing import ClassVar

from django.db import migrations, models
from django.db.models import Q

from coop.database import guards

route = import_module("payments.migrations.0097_places").route

# Which account each way to be paid pays from, and where payouts in a currency are made from. As `payments.places`.
WHERE = """
CREATE FUNCTION public.payments_place(rail text) RETURNS text LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, public, pg_temp AS $place$
    SELECT 'bank:' || CASE WHEN rail IN ('stripe', 'paypal', 'mpesa') THEN rail
        WHEN rail ~ '^wise_' THEN 'wise' ELSE 'main' END
$place$;

CREATE FUNCTION public.payments_kept_at(currency text) RETURNS text LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, public, pg_temp AS $kept$
    SELECT 'bank:' || CASE WHEN currency = 'KES' THEN 'mpesa'
        WHEN currency IN ('EUR', 'GBP', 'INR') THEN 'wise' ELSE 'main' END
$kept$;
"""
SERVICES = ("stripe", "paypal", "wise", "mpesa")
BACK = route(44, "clearing:out", "bank:main")
CHARGED = route(19, "client:receivable", "bank:main")
WON = route(36, "bank:main", "client:available")
MORE = ", ".join([
    BACK,
    route(44, "clearing:out", "bank:stripe"),
    route(1, "bank:stripe", "client:available"),
    *(route(14, "clearing:out", f"bank:{place}") for place in SERVICES),
    *(route(16, f"bank:{place}", "member:payable") for place in SERVICES),
    *(route(17, "coop:expense", f"bank:{place}") for place in SERVICES),
    *(route(23, f"bank:{place}", "fx") for place in ("wise", "mpesa")),
])  # fmt: skip


class Migration(migrations.Migration):
    """Let each kind of posting move what lies where it happened, and nothing else."""

    dependencies: ClassVar = [("payments", "0097_places")]
    operations: ClassVar = [
        migrations.RunSQL(WHERE),
        guards.Allow("payments_place(text)"),
        guards.Allow("payments_kept_at(text)"),
        guards.Edited(
            "payments_postings",
            (BACK, MORE),
            (CHARGED, route(19, "client:receivable", "bank:stripe")),
            (WON, route(36, "bank:stripe", "client:available")),
        ),
        guards.Edited(
            "guard_transfers_move_balances",
            (
                "WHERE p.kind = 1 AND p.ref !~ '^card_event:' AND (",
                """JOIN public.payments_account d ON d.id = p.debit_id
        WHERE p.kind = 1 AND p.ref !~ '^card_event:' AND (
            d.code = 'bank:main' AND""",
            ),
            (
                "WHEN 14 THEN o.state = 'settled'",
                "WHEN 14 THEN o.state = 'settled' AND c.code = public.payments_place(o.rail)",
            ),
            (
                "WHEN 16 THEN o.state = 'failed' AND c.code = 'member:' || o.person_id || ':payable'",
                """WHEN 16 THEN o.state = 'failed' AND c.code = 'member:' || o.person_id || ':payable'
                    AND d.code = public.payments_place(o.rail)""",
            ),
            (
                """JOIN public.payments_account d ON d.id = p.debit_id
        LEFT JOIN public.payments_railevent e""",
                """JOIN public.payments_account d ON d.id = p.debit_id
        JOIN public.payments_account c ON c.id = p.credit_id
        LEFT JOIN public.payments_railevent e""",
            ),
            (
                "AND (e.outcome = 'fee' AND p.amount = e.amount AND d.code = 'coop:expense:banks') IS NOT TRUE",
                """AND (e.outcome = 'fee' AND p.amount = e.amount AND d.code = 'coop:expense:banks'
            AND c.code = public.payments_place(e.rail)) IS NOT TRUE""",
            ),
        ),
        guards.Edited(
            "guard_card_money_moves_as_was_said",
            (
                "WHEN 19 THEN e.outcome = 'charged_back' AND",
                "WHEN 19 THEN e.outcome = 'charged_back' AND c.code = 'bank:stripe' AND",
            ),
            (
                "WHEN 36 THEN e.outcome = 'won' AND",
                "WHEN 36 THEN e.outcome = 'won' AND d.code = 'bank:stripe' AND",
            ),
            (
                "WHEN 1 THEN e.outcome = 'settled' AND",
                "WHEN 1 THEN e.outcome = 'settled' AND d.code = 'bank:stripe' AND",
            ),
        ),
        guards.Edited(
            "guard_bills_are_paid_as_put_forward",
            (
                "AND d.code = 'coop:expense:' || e.purpose)",
                """AND d.code = 'coop:expense:' || e.purpose
            AND (SELECT c.code FROM public.payments_account c WHERE c.id = p.credit_id) = 'bank:main')""",
            ),
        ),
        guards.Edited(
            "guard_exchanges_are_as_quoted",
            (
                "('bank:main', 'fx:' || b.currency, b.currency, b.bought))",
                "(public.payments_kept_at(b.currency), 'fx:' || b.currency, b.currency, b.bought))",
            ),
        ),
        guards.Edited(
            "guard_money_goes_back_as_was_asked",
            (
                "WHEN 44 THEN p.amount = b.amount AND b.state = 'settled' AND c.currency = 'USD'",
                """WHEN 44 THEN p.amount = b.amount AND b.state = 'settled' AND c.currency = 'USD'
                AND c.code = CASE WHEN b.card_id IS NULL THEN 'bank:main' ELSE 'bank:stripe' END""",
            ),
        ),
        guards.Edited("guard_processors_say_what_was_paid", ("a.code IN ('bank:main',", "a.code IN ('bank:stripe',")),
        guards.Edited(
            "payments_held",
            ("IN ('bank:main', 'clearing:out')", "IN (public.payments_kept_at(wanted), 'clearing:out')"),
        ),
        migrations.AddConstraint(
            "transfer",
            models.UniqueConstraint(
                fields=("ref", "kind"), condition=Q(("kind__in", [17, 19, 44, 46])), name="what_leaves_us_leaves_once"
            ),
        ),
    ]  # fmt: skip
