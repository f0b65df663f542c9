"""Nothing in the books hides behind another sum of the same name; whose names are, and what a fee may come to.

Sums under one name cancelled: a made-up payment by card and a made-up fee of the same amount differed from no list.
"""

from typing import ClassVar

from django.db import migrations, models
from django.db.models import Q

from coop.database import guards

SAYS = "processors_say_what_was_paid"
# One payment's alone: `pi_1/paid`. Whoever is second to say a name waits, and then sees whose it is.
STEM = "split_part(NEW.event, '/', 1)"
FIRST = "SELECT coalesce(array_agg(e.outcome)"
MINE = f"""NEW.event ~ '^[^/]' AND NEW.event = {STEM} || '/' || NEW.outcome AND NOT EXISTS (
        SELECT FROM public.payments_cardevent e WHERE e.payment_id <> NEW.payment_id AND e.event = ANY (ARRAY[
            {STEM} || '/paid', {STEM} || '/settled', {STEM} || '/expired', {STEM} || '/charged_back', {STEM} || '/won'
        ])) AND CASE"""

FEES = "fees_are_of_something"
NO = guards.refuse(
    FEES, "A fee is of a payout or a payment by card and within its bound, or on a statement that two officers saw."
)
# In micro-units. Services say how much they take for a payout or a payment by card: a few in a hundred, and some cents.
A_TENTH = "{0}.amount / 10 + 1000000"
# Stripe's price list has 15 US dollars for a dispute, and as much again for one that is contested.
FOR_DISPUTES = 50_000_000
# Under the name of a card's fee stands a fee, so that no other word keeps it out. All disputes of a payment have one
# bound: two that are told at once wait for each other.
OF = f"""IF NEW.rail = 'stripe' AND NEW.event ~ '/fee$' AND NEW.outcome <> 'fee' THEN {NO} END IF;
    IF NEW.outcome <> 'fee' OR NEW.statement_id IS NOT NULL THEN
        RETURN NEW;
    END IF;
    {guards.in_the_present(FEES)}
    IF NEW.payout_id IS NOT NULL THEN
        SELECT {A_TENTH.format("p")} INTO most FROM public.payments_payout p WHERE p.id = NEW.payout_id
            AND p.currency = NEW.currency
            AND NEW.event = 'WORKHALL-PAYOUT-' || p.id || '/fee/' || NEW.amount;
    ELSIF NEW.rail = 'stripe' AND NEW.event ~ '^[^/]+/fee$' THEN
        SELECT * INTO card FROM public.payments_cardevent c
            WHERE c.event IN (left(NEW.event, -3) || 'settled', left(NEW.event, -3) || 'charged_back')
            ORDER BY c.outcome DESC LIMIT 1;
        IF card.outcome = 'settled' THEN
            most := least(card.amount, {A_TENTH.format("card")});
        ELSIF card.outcome = 'charged_back' THEN
            PERFORM FROM public.payments_cardpayment b WHERE b.id = card.payment_id FOR NO KEY UPDATE;
            SELECT {FOR_DISPUTES} - coalesce(sum(e.amount), 0) INTO most FROM public.payments_cardevent c
                JOIN public.payments_railevent e ON e.rail = 'stripe' AND e.outcome = 'fee'
                AND e.event = left(c.event, -length('charged_back')) || 'fee'
                WHERE c.payment_id = card.payment_id AND c.outcome = 'charged_back';
        END IF;
    END IF;
    IF (NEW.amount <= most) IS NOT TRUE THEN {NO} END IF;
    RETURN NEW;"""

# What was taken back counts for nothing, but it is a moment after which earlier words are of another time.
MOVED = (
    (
        "s.until, t.ref, t.posted_at, t.posted_at::date AS day,",
        """s.until, t.ref, coalesce(r.posted_at, t.posted_at) AS posted_at,
            coalesce(r.posted_at, t.posted_at)::date AS day,""",
    ),
    (
        "CASE t.debit_id WHEN a.id THEN t.amount ELSE -t.amount END AS amount",
        "CASE WHEN r.id IS NOT NULL THEN 0 WHEN t.debit_id = a.id THEN t.amount ELSE -t.amount END AS amount",
    ),
    (
        " AND NOT EXISTS (SELECT FROM public.payments_transfer r WHERE r.reverses_id = t.id)",
        "",
    ),
    (
        "t ON a.id IN (t.debit_id, t.credit_id)\n",
        """t ON a.id IN (t.debit_id, t.credit_id)
        LEFT JOIN public.payments_transfer r ON r.reverses_id = t.id
""",
    ),
)
# What a service took from a payment by card comes off what came of it, as the service lists it.
CAME = (
    (
        "AS key\n        FROM moved m",
        """AS key,
            CASE WHEN m.day < m.since THEN 0 WHEN r.outcome = 'fee' AND EXISTS (SELECT FROM public.payments_cardevent f
                WHERE f.event = left(r.event, -3) || 'settled' AND r.event ~ '/fee$' AND r.rail = 'stripe')
                THEN m.amount ELSE greatest(m.amount, 0) END AS came
        FROM moved m""",
    ),
    (
        "SELECT place, currency, key, day, posted_at, amount,",
        "SELECT place, currency, key, day, posted_at, amount, came,",
    ),
    (
        "amount AS said, 0 AS booked FROM line",
        "amount AS said, 0 AS booked, -greatest(amount, 0) AS more_came FROM line",
    ),
    ("since, read_at, opening, 0 FROM span", "since, read_at, opening, 0, 0 FROM span"),
    ("posted_at, 0, amount FROM booked", "posted_at, 0, amount, came FROM booked"),
    (
        "ORDER BY day) AS more\n",
        """ORDER BY day) AS more,
            sum(sum(more_came)) OVER (PARTITION BY place, currency, key ORDER BY day) AS beyond,
            sum(more_came) AS more_came
""",
    ),
    ("FILTER (WHERE more = 0)", "FILTER (WHERE more = 0 AND beyond <= 0)"),
    ("HAVING sum(said) <> sum(booked)", "HAVING sum(said) <> sum(booked) OR sum(more_came) > 0"),
)


class Migration(migrations.Migration):
    """Ask it of what is written from now on, and compare anew what ever moved."""

    dependencies: ClassVar = [("payments", "0118_what_was_taken_beforehand")]
    operations: ClassVar = [
        guards.Edited(
            f"guard_{SAYS}",
            (
                FIRST,
                f"PERFORM pg_advisory_xact_lock(hashtextextended('payments_cardevent ' || {STEM}, 0));\n    {FIRST}",
            ),
            ("NEW.event <> '' AND CASE", MINE),
        ),
        guards.Procedure(FEES, table="payments_railevent", declare="card record; most bigint;", body=OF, definer=True),
        migrations.AddConstraint(
            "railevent",
            models.UniqueConstraint(
                condition=Q(("outcome", "fee"), ("statement", None)), fields=("payout",), name="a_payout_costs_once"
            ),
        ),
        guards.Edited(
            "guard_words_of_a_payout_are_its_own",
            (
                "(NEW.event !~ '^WORKHALL-PAYOUT-'",
                """(NEW.event !~ '^WORKHALL-PAYOUT-'
    OR (NEW.event = 'WORKHALL-PAYOUT-' || NEW.payout_id || '/asked/' || NEW.amount AND NEW.outcome = 'partial')""",
            ),
        ),
        guards.Edited("payments_at_services", *MOVED, *CAME),
    ]
