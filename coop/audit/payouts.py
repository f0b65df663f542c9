"""Payouts: each ended as its rail said or as two officers did, and what a rail said of one became of it."""

from collections.abc import Iterator

from coop.audit.findings import Finding, Tick, faults


def walk(tick: Tick) -> Iterator[Finding]:
    """Compare every payout with the words about it."""
    tick(1)
    yield from ended()
    yield from said()
    yield from decided()


# Whether an office had a part in what became of a payout at a moment: it handled money, or checked the books of whoever
# handled money then, or when the payout went out.
PART = """(governance_may({office}, 'handles_money', {at})
    OR governance_may({office}, 'checks_the_books', {at}) AND EXISTS (
        SELECT FROM governance_office payee WHERE payee.person_id = p.person_id AND (
        governance_may(payee.id, 'handles_money', {at}) OR governance_may(payee.id, 'handles_money', {went}))))"""


def ended() -> Iterator[Finding]:
    """Name payouts that ended without a rail's word or two officers with the right to it, neither of them the payee."""
    part = PART.format(office="two.id", at="p.settled_at", went="p.sent_at")
    yield from faults(
        f"""
        SELECT p.id, p.state FROM payments_payout p
        LEFT JOIN governance_office one ON one.id = p.sent_by_id
        LEFT JOIN governance_office two ON two.id = p.settled_by_id
        WHERE p.state IN ('settled', 'failed') AND NOT EXISTS (
            SELECT FROM payments_railevent e WHERE e.payout_id = p.id
            AND e.outcome IN (p.state, CASE p.state WHEN 'failed' THEN 'returned' END)
        ) AND (
            one.person_id <> two.person_id AND p.person_id NOT IN (one.person_id, two.person_id)
            AND governance_may(one.id, 'handles_money', p.sent_at) AND {part}
        ) IS NOT TRUE""",  # noqa: S608 - ours
        "payments_payout {id}",
        "is {state}",
        "neither its rail nor two officers with the right to it said so",
    )


def said() -> Iterator[Finding]:
    """Name words of rails that did not become of the payout, or are about another amount."""
    yield from faults(
        """
        SELECT e.id, e.outcome, e.amount / 1e6 AS amount, e.currency, p.id AS payout, p.state, p.amount / 1e6 AS whole
        FROM payments_railevent e JOIN payments_payout p ON p.id = e.payout_id
        WHERE e.outcome IN ('settled', 'failed', 'returned') AND (
            (e.amount, e.currency) <> (p.amount, p.currency) OR p.state <> CASE WHEN e.outcome = 'settled'
                AND NOT EXISTS (SELECT FROM payments_railevent b WHERE b.payout_id = p.id AND b.outcome = 'returned')
                THEN 'settled' ELSE 'failed' END)""",
        "payments_railevent {id}",
        "says {outcome} of {amount:f} {currency}",
        "payout {payout} of {whole:f} is {state}",
    )


def decided() -> Iterator[Finding]:
    """Name payouts that two officers are said to have ended for want of an answer, and did not both by their right."""
    part = PART.format(office="o.id", at="v.at", went="r.released_at")
    yield from faults(
        f"""
        SELECT e.id, e.payout_id, e.outcome,
            count(*) FILTER (WHERE v.part AND v.arrived = (e.outcome = 'settled')) AS agreed
        FROM payments_railevent e LEFT JOIN (
            SELECT DISTINCT ON (v.payout_id, o.person_id) v.payout_id, v.arrived,
                o.person_id <> p.person_id AND {part} AS part, governance_may(o.id, 'handles_money', v.at) AS handles
            FROM payments_verdict v JOIN governance_office o ON o.id = v.office_id
            JOIN payments_payout p ON p.id = v.payout_id LEFT JOIN payments_payrun r ON r.id = p.run_id
            ORDER BY v.payout_id, o.person_id, v.id DESC
        ) v ON v.payout_id = e.payout_id
        WHERE e.event LIKE '%/verdict' GROUP BY e.id
        HAVING count(*) FILTER (WHERE v.part AND v.arrived = (e.outcome = 'settled')) < 2
            OR bool_or(v.handles AND v.arrived = (e.outcome = 'settled')) IS NOT TRUE""",  # noqa: S608 - ours
        "payments_railevent {id}",
        "says {outcome} of payout {payout_id} by {agreed} officers",
        "two officers decide what a service never answered for, one of whom handles money",
    )
