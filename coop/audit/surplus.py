"""Surpluses: each quarter's fees closed whole, and each division as its vote said, worked out again from the books."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from django.db import connection

from coop.audit.findings import Finding, Tick, faults
from payments.models import Allocation
from payments.money import from_micro, to_micro

# Fee income less expenses before a quarter's end, less what earlier quarters had of them.
CLOSED = """
WITH moved AS (
    SELECT t.posted_at, CASE WHEN c.kind = 'coop:fee' THEN t.amount ELSE 0 END AS fee,
        CASE WHEN d.kind = 'coop:expense' THEN t.amount ELSE 0 END AS spent
    FROM payments_transfer t JOIN payments_account c ON c.id = t.credit_id JOIN payments_account d ON d.id = t.debit_id
    WHERE t.kind <> 20 AND (c.kind = 'coop:fee' OR d.kind = 'coop:expense')
), known AS (
    SELECT q.*, sum(q.income) OVER (ORDER BY q.ends_at) AS income_so_far,
        sum(q.expenses) OVER (ORDER BY q.ends_at) AS spent_so_far
    FROM payments_close q
)
SELECT k.id, k.period, k.income / 1e6 AS income, k.expenses / 1e6 AS expenses,
    k.carried / 1e6 AS carried,
    (SELECT coalesce(sum(fee), 0) FROM moved m WHERE m.posted_at < k.ends_at) - k.income_so_far + k.income AS fees,
    (SELECT coalesce(sum(spent), 0) FROM moved m WHERE m.posted_at < k.ends_at) - k.spent_so_far + k.expenses AS spent
FROM known k
"""
# What each account of them held at a quarter's end, less what its close and earlier ones moved.
LEFT = """
WITH moved AS (
    SELECT a.code, date_trunc('quarter', t.posted_at, 'UTC') AS quarter, CASE t.kind WHEN 20 THEN t.ref END AS close,
        sum(CASE WHEN t.credit_id = a.id THEN t.amount ELSE -t.amount END) AS amount
    FROM payments_account a JOIN payments_transfer t ON a.id IN (t.credit_id, t.debit_id)
    WHERE a.kind IN ('coop:fee', 'coop:expense') AND a.currency = 'USD' GROUP BY 1, 2, 3
), held AS (
    SELECT k.id, k.period, k.carried, m.code, sum(m.amount) AS still
    FROM payments_close k JOIN moved m ON CASE WHEN m.close IS NULL THEN m.quarter < k.ends_at
        ELSE m.close IN (SELECT 'close:' || c.id FROM payments_close c WHERE c.ends_at <= k.ends_at) END
    GROUP BY k.id, m.code
), whole AS (
    SELECT h.*, sum(h.still) OVER (PARTITION BY h.id) AS in_all FROM held h
)
SELECT id, period, code, still / 1e6 AS still, carried / 1e6 AS carried FROM whole
WHERE still <> 0 AND code = 'coop:fee' OR still > 0 OR in_all <> -carried
"""
WORKED = """
WITH quarter AS (SELECT ends_at - interval '1 microsecond' AS last, ends_at AS after FROM payments_close WHERE id = %s)
SELECT split_part(c.code, ':', 2)::bigint AS person, sum(t.amount)
FROM quarter q
JOIN payments_transfer t ON t.posted_at < q.after AND t.posted_at >= date_trunc('quarter', q.last, 'UTC')
JOIN payments_account c ON c.id = t.credit_id AND c.kind = 'member:payable'
WHERE t.kind IN (5, 9, 10, 11, 24, 26, 28, 31) AND EXISTS (
    SELECT FROM governance_standing s WHERE s.person_id = split_part(c.code, ':', 2)::bigint AND s.status = 'member'
    AND s.since < q.after AND NOT EXISTS (SELECT FROM governance_standing n WHERE n.person_id = s.person_id
        AND n.id > s.id AND n.since <= date_trunc('quarter', q.last, 'UTC')))
GROUP BY 1 ORDER BY 1
"""

# A quarter of the voted yearly share of what somebody's capital was when the quarter began; all of them together.
INTERESTS = """
SELECT a.id, coalesce(i.person_id, 0) AS person, coalesce(i.amount, a.interest) / 1e6 AS paid,
    trunc(coalesce(i.due, i.sum)) / 1e6 AS due
FROM payments_allocation a CROSS JOIN LATERAL (
    SELECT i.person_id, i.amount, NULL::numeric AS sum, coalesce((
        SELECT sum(CASE WHEN t.credit_id = c.id THEN t.amount ELSE -t.amount END)
        FROM payments_account c JOIN payments_transfer t ON c.id IN (t.credit_id, t.debit_id)
        WHERE c.code = 'member:' || i.person_id || ':capital'
        AND t.posted_at < date_trunc('quarter', q.ends_at - interval '1 microsecond', 'UTC')
    ) * coalesce((p.payload::jsonb ->> 'interest')::integer, 0), 0) / 40000 AS due
    FROM payments_interest i JOIN payments_close q ON q.id = a.close_id
    JOIN governance_mandate m ON m.id = a.mandate_id JOIN governance_proposal p ON p.id = m.proposal_id
    WHERE i.allocation_id = a.id
    UNION ALL SELECT NULL, NULL, coalesce(sum(i.amount), 0), NULL FROM payments_interest i WHERE i.allocation_id = a.id
) i
"""


def walk(tick: Tick) -> Iterator[Finding]:
    """Add up the fees of every closed quarter, and divide every divided surplus again."""
    tick(1)
    yield from faults(
        f"SELECT * FROM ({CLOSED}) q WHERE q.fees <> q.income * 1e6 OR q.spent <> (q.expenses + q.carried) * 1e6"  # noqa: S608 - ours
        " OR q.carried * 1e6 <> greatest(q.spent - q.fees, 0)",
        "payments_close {id}",
        "closed {income:f} of fees and {expenses:f} of expenses for {period}, and carried {carried:f} over",
        "the books had {fees} and {spent} micro-units",
    )
    yield from faults(
        LEFT,
        "payments_close {id}",
        "leaves {still:f} in {code} for {period}",
        "nothing stays in fees, nothing beyond what was spent elsewhere, and {carried:f} less than nothing in all",
    )
    yield from faults(
        f"SELECT * FROM ({INTERESTS}) i WHERE i.paid <> i.due",  # noqa: S608 - ours
        "payments_allocation {id}",
        "pays interest of {paid:f} (person {person}, 0 for all)",
        "the vote and the capital make it {due:f}",
    )
    for one in Allocation.objects.select_related("close", "mandate__proposal").order_by("pk"):
        tick(1)
        yield from _divided(one)


def _divided(one: Allocation) -> Iterator[Finding]:
    row, proposal = f"payments_allocation {one.pk}", one.mandate.proposal
    if proposal is None or proposal.policy != "surplus":
        yield Finding(row, f"stands on {one.mandate}", "a vote on the surplus divides it")
        return
    said = json.loads(proposal.payload)
    if said["key"] != f"quarter:{one.close.period}":
        yield Finding(row, f"divides {one.close.period}", f"vote {proposal.pk} was about {said['key']}")
        return
    worked = _worked(one)
    shares = [said["reserve"], said["education"], said["members"]]
    reserve, education, members = apportion(to_micro(one.close.surplus - one.interest), shares)
    parts = (reserve, education, members) if worked else (reserve + members, education, 0)
    written = tuple(to_micro(part) for part in (one.reserve, one.education, one.members))
    if written != parts:
        yield Finding(row, f"says {written}", f"vote {proposal.pk} makes it {parts} micro-units")
    yield from _shares(one, worked)


def _shares(one: Allocation, worked: Sequence[tuple[int, int]]) -> Iterator[Finding]:
    parts = apportion(to_micro(one.members), [paid for _person, paid in worked])
    due = {person: part for (person, _paid), part in zip(worked, parts, strict=True) if part}
    have = {share.person_id: to_micro(share.cash + share.capital) for share in one.shares.all()}
    for person in sorted(due.keys() | have.keys()):
        if due.get(person, 0) != have.get(person, 0):
            has, is_due = (from_micro(found.get(person, 0)) for found in (have, due))
            yield Finding(
                f"payments_allocation {one.pk}", f"gives person {person} {has:f}", f"their work makes it {is_due:f}"
            )


def _worked(one: Allocation) -> list[tuple[int, int]]:
    """Return each member's number and what their work of the quarter was paid, in micro-units."""
    with connection.cursor() as cursor:
        cursor.execute(WORKED, [one.close_id])
        return [(person, int(paid)) for person, paid in cursor.fetchall()]


def apportion(pool: int, weights: Sequence[int]) -> list[int]:
    """Divide whole units by weights: the floors, then one each to the largest fractions, the first of equals."""
    whole = sum(weights)
    if not whole:
        return [0 for _weight in weights]
    parts = [pool * weight // whole for weight in weights]
    by_fraction: list[Any] = sorted(range(len(weights)), key=lambda n: (-(pool * weights[n] % whole), n))
    for n in by_fraction[: pool - sum(parts)]:
        parts[n] += 1
    return parts
