"""Payouts: each ended as its rail said or as two officers did, and what a rail said of one became of it."""

from collections.abc import Iterator

from coop.audit.findings import Finding, Tick, faults


def walk(tick: Tick) -> Iterator[Finding]:
    """Compare every payout with the words about it."""
    tick(1)
    yield from ended()
    yield from said()
    yield from decided()


# The posts held at a moment that have a right then, worked out from the rows: an auditor's role runs no function.
HAS = """EXISTS (SELECT FROM governance_office h WHERE h.{whose} AND h.starts_at <= {at} AND h.ends_at > {at}
    AND NOT EXISTS (SELECT FROM governance_officeend x WHERE x.office_id = h.id AND x.at <= {at})
    AND (SELECT n.rights @> '"{right}"' FROM governance_post n WHERE n.name = h.post AND n.since <= {at}
        ORDER BY n.version DESC LIMIT 1))"""


def _handles(whose: str, at: str) -> str:
    return HAS.format(whose=whose, at=at, right="handles_money")


def _part(office: str, at: str, went: str) -> str:
    """Return who ends a payout: who handles money, or checks the books of a payee who does or did when it went out."""
    books, payee = HAS.format(whose=f"id = {office}", at=at, right="checks_the_books"), "person_id = p.person_id"
    return f"({_handles(f'id = {office}', at)} OR {books} AND ({_handles(payee, at)} OR {_handles(payee, went)}))"


def ended() -> Iterator[Finding]:
    """Name payouts that ended without a rail's word or two officers with the right to it, neither of them the payee."""
    part = _part("two.id", "p.settled_at", "p.sent_at")
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
            AND {_handles("id = one.id", "p.sent_at")} AND {part}
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
    part = _part("o.id", "v.at", "r.released_at")
    yield from faults(
        f"""
        SELECT e.id, e.payout_id, e.outcome,
            count(*) FILTER (WHERE v.part AND v.arrived = (e.outcome = 'settled')) AS agreed
        FROM payments_railevent e LEFT JOIN (
            SELECT DISTINCT ON (v.payout_id, o.person_id) v.payout_id, v.arrived,
                o.person_id <> p.person_id AND {part} AS part, {_handles("id = o.id", "v.at")} AS handles
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
