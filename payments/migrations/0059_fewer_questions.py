"""The books ask a posting in one question, and move the two accounts of one transfer without collecting them first."""

from importlib import import_module
from typing import ClassVar

from django.db import migrations

from coop.database import guards

ASKED = import_module("payments.migrations.0053_asked_by_kind")

ONE_CLIENT = f"""    IF of_its_client IS NOT TRUE THEN
        {guards.refuse("jobs_are_one_clients", "A job's money comes from its client and goes back to nobody else.")}
    END IF;
"""
# What stood apart, a join of all movements that are allowed and a question about funding, is a part of the first
# question: each posting looks through a list of sixty instead of joining it.
QUESTION = """    SELECT array_agg(DISTINCT p.kind::integer), bool_and(isfinite(p.occurred_at)),
        bool_and(p.kind = 99 OR (
            d.currency = c.currency AND d.id <> c.id AND p.reverses_id IS NULL AND EXISTS (
                SELECT FROM public.payments_postings() route
                WHERE route.kind = p.kind AND route.debit = d.kind AND route.credit = c.kind
                AND (route.debit_part IS NULL OR
                    split_part(d.code, ':', route.debit_part) = split_part(c.code, ':', route.credit_part))
            )) IS TRUE),
        -- A job has one client: whoever funded it first. Nobody else pays for it or is given its money.
        bool_and(p.kind NOT IN (2, 18) OR (
            SELECT first.debit_id FROM public.payments_transfer first
            WHERE first.kind = 2 AND first.credit_id = CASE p.kind WHEN 2 THEN p.credit_id ELSE p.debit_id END
            ORDER BY first.id LIMIT 1
        ) IS NOT DISTINCT FROM CASE p.kind WHEN 2 THEN p.debit_id ELSE p.credit_id END),
        CASE count(*) WHEN 1 THEN min(p.amount) END, min(p.debit_id), min(p.credit_id)
        INTO kinds, dated, allowed, of_its_client, alone, out_of, into_it
    FROM posted p
    LEFT JOIN public.payments_account d ON d.id = p.debit_id
    LEFT JOIN public.payments_account c ON c.id = p.credit_id;
"""
ALONE = """    IF alone IS NOT NULL THEN
        UPDATE public.payments_account a
            SET balance = a.balance + CASE WHEN out_of < into_it THEN -alone ELSE alone END
            WHERE a.id = least(out_of, into_it) AND a.tracked;
        UPDATE public.payments_account a
            SET balance = a.balance + CASE WHEN out_of < into_it THEN alone ELSE -alone END
            WHERE a.id = greatest(out_of, into_it) AND a.tracked;
        RETURN NULL;
    END IF;
    FOR moved IN
"""


def between(text: str, first: str, last: str, becomes: str) -> str:
    """Return a text with what stands from `first` up to `last` replaced; both must be there."""
    before, found, rest = text.partition(first)
    _gone, again, after = rest.partition(last)
    if not (found and again):
        raise ValueError(first)
    return before + becomes + last + after


BOOKKEEPING = ASKED.BOOKKEEPING
BOOKKEEPING = between(BOOKKEEPING, "    SELECT array_agg(DISTINCT", "    IF kinds IS NULL THEN", QUESTION)
BOOKKEEPING = between(
    BOOKKEEPING, "    IF kinds && ARRAY[2, 18] THEN", "    IF kinds && ARRAY[13, 14, 15, 16]", ONE_CLIENT
)
BOOKKEEPING = ASKED.changed(
    BOOKKEEPING,
    (
        "    moved record;\n",
        "    moved record;\n    of_its_client boolean;\n    alone bigint;\n    out_of bigint;\n    into_it bigint;\n",
    ),
    ("    FOR moved IN\n", ALONE),
)


class Migration(migrations.Migration):
    """Ask the same in fewer questions."""

    dependencies: ClassVar = [("payments", "0058_support_voted")]
    operations: ClassVar = [migrations.RunSQL(BOOKKEEPING)]
