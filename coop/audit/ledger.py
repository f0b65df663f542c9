"""The books: they balance, and what they paid is what was taken, accepted, deposited and asked for."""

from collections.abc import Iterator

from coop import clock
from coop.audit.findings import Finding, Tick, faults
from payments import invariants, sealed_statements, sealing


def walk(tick: Tick) -> Iterator[Finding]:
    """Ask each invariant, compare the transfers with the facts they speak of, and the months with what was sealed."""
    for name, broken in invariants.broken().items():
        tick(1)
        says = next(str(known.says) for known in invariants.ALL if known.name == name)
        for row in broken:
            yield Finding(f"payments {row[0]}", f"breaks {name} ({', '.join(map(str, row[1:]))})", says.rstrip("."))
    yield from facts(tick)
    yield from _months()


def facts(tick: Tick) -> Iterator[Finding]:
    """Compare the transfers with the facts they speak of."""
    tick(1)
    yield from wages()
    yield from behind_claims()
    yield from entitled()
    yield from _statements()
    for number, subject in sealing.unreadable():
        yield Finding(f"record_event {number}", f"seals {subject!r}", "a seal names a month, its transfers and root")
    yield from faults(
        """
        SELECT t.id, t.amount / 1e6 AS moved, coalesce(d.amount, e.amount) / 1e6 AS arrived FROM payments_transfer t
        LEFT JOIN payments_deposit d ON t.ref = 'deposit:' || d.id
        LEFT JOIN payments_cardevent e ON t.ref = 'card_event:' || e.id AND e.outcome = 'settled'
        WHERE t.kind = 1 AND t.amount IS DISTINCT FROM coalesce(d.amount, e.amount)""",
        "payments_transfer {id}",
        "moves {moved:f}",
        "the deposit it names says {arrived}",
    )


def _months() -> Iterator[Finding]:
    """Compute the root of every sealed month again (I15)."""
    for month, said, head in sealing.sealed():
        size, root = sealing.root(month)
        if (size, root) != (said, head):
            what = f"its {size} transfers have the root {root[:16]}…"
            yield Finding(f"ledger {month}", what, f"the record sealed {said} with {head[:16]}…")


def _statements() -> Iterator[Finding]:
    """Compare the hashes of members' statements with the root that was sealed for each month."""
    for month in sealed_statements.unlike():
        says = "the record sealed another root (decision 0206)"
        yield Finding(f"payments_sealedstatement {month}", "the hashes of its statements have another root", says)
    for month in sealed_statements.left_out(clock.now()):
        what = "a member's statement of it was not sealed a day after its books were"
        yield Finding(
            f"payments_sealedstatement {month}", what, "all of a month's statements are sealed with its books"
        )


def wages() -> Iterator[Finding]:
    """Compare what each accepted task was paid with the pay it was taken at (E1)."""
    yield from faults(
        """
        SELECT a.id, a.pay / 1e6 AS pay, coalesce(t.amount, 0) / 1e6 AS paid FROM tasks_assignment a
        LEFT JOIN (SELECT ref, sum(amount) AS amount FROM payments_transfer WHERE kind IN (5, 10, 28) GROUP BY ref) t
            ON t.ref = 'assignment:' || a.id
        WHERE a.state IN ('accepted', 'disputed', 'rejected') AND coalesce(t.amount, 0) <> a.pay""",
        "tasks_assignment {id}",
        "was accepted and paid {paid:f}",
        "it was taken at {pay:f}",
    )


def entitled() -> Iterator[Finding]:
    """Compare what the hearing fund paid with the facts that it names, and back pay with its sum (7.10).

    What was paid before the sum became what it is now has a sum of its own, that stands nowhere any more.
    """
    yield from faults(
        """
        SELECT e.id, e.person_id, e.source, e.amount / 1e6 AS amount FROM payments_entitlement e
        WHERE NOT (CASE split_part(e.source, ':', 1)
            WHEN 'pause' THEN EXISTS (SELECT FROM governance_pause p
                WHERE 'pause:' || p.id = e.source AND p.person_id = e.person_id)
            WHEN 'restriction' THEN EXISTS (SELECT FROM governance_restriction r
                WHERE 'restriction:' || r.id = e.source AND r.person_id = e.person_id)
            WHEN 'seat' THEN EXISTS (SELECT FROM governance_panelseat s
                WHERE 'seat:' || s.id = e.source AND s.person_id = e.person_id)
            WHEN 'case' THEN EXISTS (SELECT FROM governance_case c JOIN governance_decision d ON d.case_id = c.id
                JOIN governance_motion m ON m.id = d.motion_id AND m.measure = 'repair'
                WHERE 'case:' || c.id = e.source AND c.person_id = e.person_id)
            ELSE false END AND e.amount IS NOT DISTINCT FROM (
                SELECT sum(t.amount) FROM payments_transfer t JOIN payments_account c ON c.id = t.credit_id
                WHERE t.ref = 'entitlement:' || e.id AND t.kind = e.kind
                    AND c.code = 'member:' || e.person_id || ':payable'))""",
        "payments_entitlement {id}",
        "entitles person {person_id} to {amount:f} for {source}",
        "the fact it names is that person's, and so much was paid to them",
    )
    yield from faults(
        """
        SELECT e.id, e.source, e.amount / 1e6 AS paid, coalesce(p.amount, u.due, 0) / 1e6 AS lost
        FROM payments_entitlement e LEFT JOIN LATERAL payments_back_pay_parts(e.source) p ON true
        LEFT JOIN LATERAL (
            SELECT CASE e.edition WHEN 2 THEN r.without_skips ELSE r.amount END AS due
            FROM payments_returned_unpaid r WHERE r.source = e.source
        ) u ON true
        WHERE e.kind = 27 AND e.edition >= 2 AND e.amount IS DISTINCT FROM coalesce(p.amount, u.due)""",
        "payments_entitlement {id}",
        "paid {paid:f} back for {source}",
        "one and a half times what was lost is {lost:f} (payments/repairs.py)",
    )


def behind_claims() -> Iterator[Finding]:
    """Compare what is locked for each person in each job with their open claims and checks (I4)."""
    yield from faults(
        """
        SELECT coalesce(a.code, o.code) AS code,
            coalesce(a.balance, 0) / 1e6 AS locked, coalesce(o.sum, 0) / 1e6 AS owed
        FROM (
            SELECT 'job:' || job_id || ':commit:' || person_id AS code, sum(amount) AS sum FROM (
                SELECT job_id, person_id, pay + fee AS amount FROM tasks_assignment
                WHERE state IN ('claimed', 'submitted', 'sent_back', 'disputed')
                UNION ALL SELECT b.job_id, k.person_id, k.pay FROM tasks_check k
                JOIN tasks_assignment b ON b.id = k.assignment_id WHERE k.state = 'open'
            ) open GROUP BY 1
        ) o FULL JOIN (SELECT code, balance FROM payments_account WHERE code LIKE 'job:%:commit:%') a ON a.code = o.code
        WHERE coalesce(a.balance, 0) <> coalesce(o.sum, 0)""",
        "payments_account {code}",
        "holds {locked:f}",
        "the claims and checks that are open ask for {owed:f}",
    )
