"""Guards over transfers are asked of their own kinds only; what every transfer owes is asked in one question."""

import re
from importlib import import_module
from typing import ClassVar

from django.db import migrations

from coop.database import guards

changed = import_module("payments.migrations.0024_checking").changed
SURPLUS = import_module("payments.migrations.0021_surplus_guards")
CARDS = import_module("payments.migrations.0044_cards")
RAISED = import_module("payments.migrations.0051_raises")

BOTH = re.compile(
    r"    IF (kinds && ARRAY\[[\d, ]+\]|\d+ = ANY \(kinds\)) AND ((?:EXISTS )?\(\n.*?\n    \)(?: IS NOT TRUE)?) THEN\n"
    r"(.*?;\n)    END IF;\n",
    re.DOTALL,
)


def apart(text: str) -> str:
    """Return a guard that asks after the kinds first, and puts the question itself only then.

    In one condition both are one statement to PostgreSQL. It is planned anew each time, as a plan for no matching kind
    looks cheaper than one for all.
    """
    return BOTH.sub(r"    IF \1 THEN\n    IF \2 THEN\n\3    END IF;\n    END IF;\n", text)


# The bounds of the books were asked one after the other, and accounts were locked before they were written: a
# question more each. Writing them in the order of their ids locks them in that order.
ASKED_AT_ONCE = changed(
    CARDS.BOOKKEEPING,
    (
        """    dated boolean;
BEGIN
    SELECT array_agg(DISTINCT kind::integer), bool_and(isfinite(occurred_at)) INTO kinds, dated FROM posted;
""",
        """    dated boolean;
    allowed boolean;
    moved record;
BEGIN
    SELECT array_agg(DISTINCT p.kind::integer), bool_and(isfinite(p.occurred_at)), bool_and(p.kind = 99 OR (
            route.kind IS NOT NULL AND d.currency = c.currency AND d.id <> c.id AND p.reverses_id IS NULL
            AND (route.debit_part IS NULL OR
                split_part(d.code, ':', route.debit_part) = split_part(c.code, ':', route.credit_part))
        ) IS TRUE) INTO kinds, dated, allowed
    FROM posted p
    LEFT JOIN public.payments_account d ON d.id = p.debit_id
    LEFT JOIN public.payments_account c ON c.id = p.credit_id
    LEFT JOIN public.payments_postings() route
        ON route.kind = p.kind AND route.debit = d.kind AND route.credit = c.kind;
""",
    ),
    (
        """    IF EXISTS (
        SELECT FROM posted p
        LEFT JOIN public.payments_account d ON d.id = p.debit_id
        LEFT JOIN public.payments_account c ON c.id = p.credit_id
        LEFT JOIN public.payments_postings() allowed
            ON allowed.kind = p.kind AND allowed.debit = d.kind AND allowed.credit = c.kind
        WHERE p.kind <> 99 AND (
            allowed.kind IS NOT NULL AND d.currency = c.currency AND d.id <> c.id AND p.reverses_id IS NULL
            AND (allowed.debit_part IS NULL OR
                split_part(d.code, ':', allowed.debit_part) = split_part(c.code, ':', allowed.credit_part))
        ) IS NOT TRUE
    ) THEN
""",
        "    IF allowed IS NOT TRUE THEN\n",
    ),
    (
        """    PERFORM FROM public.payments_account a
        WHERE a.tracked AND a.id IN (SELECT debit_id FROM posted UNION ALL SELECT credit_id FROM posted)
        ORDER BY a.id FOR NO KEY UPDATE;
    UPDATE public.payments_account a SET balance = a.balance + moved.amount
    FROM (
        SELECT side.account, sum(side.amount)::bigint AS amount FROM (
            SELECT debit_id AS account, -amount AS amount FROM posted
            UNION ALL SELECT credit_id, amount FROM posted
        ) side GROUP BY side.account
    ) moved
    WHERE a.id = moved.account AND a.tracked AND moved.amount <> 0;
""",
        """    FOR moved IN
        SELECT side.account, sum(side.amount)::bigint AS amount FROM (
            SELECT debit_id AS account, -amount AS amount FROM posted
            UNION ALL SELECT credit_id, amount FROM posted
        ) side GROUP BY side.account ORDER BY side.account
    LOOP
        UPDATE public.payments_account a SET balance = a.balance + moved.amount
            WHERE a.id = moved.account AND a.tracked AND moved.amount <> 0;
    END LOOP;
""",
    ),
)
BOOKKEEPING = apart(ASKED_AT_ONCE)
# A raise is paid in one statement and looked at whole: its guard stays with statements, and looks away at once.
RAISES = changed(
    SURPLUS.posted(
        "raises_move_as_voted",
        RAISED.MOVES,
        "A raise is set aside as it was voted, and paid whole when its quarter is over.",
    ),
    ("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"),
    ("CREATE TRIGGER", "CREATE OR REPLACE TRIGGER"),
    (
        "BEGIN\n",
        """BEGIN
    IF NOT EXISTS (SELECT FROM posted p WHERE p.kind IN (37, 38)) THEN
        RETURN NULL;
    END IF;
""",
    ),
)


class Migration(migrations.Migration):
    """Ask less often, and nothing else."""

    dependencies: ClassVar = [("payments", "0052_shapes")]
    operations: ClassVar = [
        migrations.RunSQL(BOOKKEEPING),
        migrations.RunSQL(RAISES),
        guards.OfKinds("bills_are_paid_as_put_forward", 17),
        guards.OfKinds("capital_goes_to_its_member", 22),
        guards.OfKinds("card_money_moves_as_was_said", 1, 19, 33, 34, 36),
        guards.OfKinds("closes_move_what_was_closed", 20),
        guards.OfKinds("entitlements_are_paid_as_found", 24, 25, 26, 27),
        guards.OfKinds("exchanges_are_as_quoted", 23),
        guards.OfKinds("funds_are_filled_as_voted", 32),
        guards.OfKinds("posts_are_paid_as_voted", 40),
        guards.OfKinds("surplus_goes_where_it_was_voted", 21),
        guards.OfKinds("top_ups_pay_what_lacks", 11),
    ]
