"""Like bans: no earnings are held, no sign-in ended and no candidate kept but by right, and each sign has its case.

Whoever owns the database can hold a payout, sign people out or take a case away with the guards off. What should have
followed is worked out again here from the rows.
"""

from collections.abc import Iterator

from django.db import connection

from coop.audit.findings import Finding, Tick, faults

HELD_ON = """
SELECT p.id, o.id AS payout, o.requested_at, p.ends_at FROM governance_pause p
JOIN payments_payout o ON p.scope = 'payout:' || o.id WHERE p.ends_at > o.requested_at + interval '72 hours'
"""
NOT_SENT = """
SELECT o.id, o.requested_at FROM payments_payout o LEFT JOIN payments_payrun r ON r.id = o.run_id
WHERE o.state = 'requested' AND r.released_at IS NULL AND o.requested_at <= coop_now() - interval '72 hours'
"""
# Clients' silence accepts an answer at `accept_by`, by the minute.
NOT_PAID = """
SELECT a.id, a.person_id, a.accept_by FROM tasks_assignment a
WHERE a.state = 'submitted' AND a.accept_by <= coop_now() - interval '72 hours'
"""
SIGNED_OUT = """
SELECT p.id, p.signed_out_at FROM people_person p WHERE p.signed_out_at IS NOT NULL AND NOT EXISTS (
    SELECT FROM governance_pause e
    WHERE e.person_id = p.id AND e.scope = 'session' AND e.starts_at = p.signed_out_at)
"""
NOT_SIGNED_OUT = """
SELECT e.id, e.person_id FROM governance_pause e JOIN people_person p ON p.id = e.person_id
WHERE e.scope = 'session' AND (p.signed_out_at >= e.starts_at) IS NOT TRUE
"""
# A candidate becomes a member by days or by paid hours, whichever is first; then it is too late.
OBJECTED_LATE = """
SELECT d.id, c.person_id, d.decided_at FROM governance_decision d
JOIN governance_motion m ON m.id = d.motion_id AND m.measure = 'objection' JOIN governance_case c ON c.id = d.case_id
LEFT JOIN LATERAL (
    -- Who had left, or came back (D1), is counted from the day before.
    SELECT s.status, CASE WHEN s.rule = 'D1' THEN (
        SELECT b.since FROM governance_standing b
        WHERE b.person_id = s.person_id AND b.status = s.status AND b.rule <> 'D1' AND b.id < s.id
        ORDER BY b.id DESC LIMIT 1
    ) ELSE s.since END AS since
    FROM governance_standing s WHERE s.person_id = c.person_id AND s.status <> 'left' AND s.since <= d.decided_at
    ORDER BY s.id DESC LIMIT 1
) stood ON true
WHERE (stood.status = 'candidate'
    AND d.decided_at < stood.since + governance_candidate_time(stood.since, d.decided_at)
    AND tasks_seconds_paid(c.person_id, d.decided_at) < 72000) IS NOT TRUE
"""
# Signs that stand now without a case of the last 14 days, of whom a case is about: candidates and members. The site
# looks every hour: where the rows say that it is more than a day, nobody had looked or the case was taken away.
SIGNS = """
SELECT DISTINCT s.person_id, s.ground, CASE s.ground
    WHEN 'held_payout' THEN EXISTS (SELECT FROM payments_payout o WHERE o.person_id = s.person_id
        AND o.state = 'requested' AND o.requested_at <= coop_now() - interval '96 hours')
    WHEN 'pressed_to_leave' THEN EXISTS (SELECT FROM governance_resignation r WHERE r.person_id = s.person_id
        AND r.pressure = 'pressed' AND r.given_at > coop_now() - interval '336 hours'
        AND r.given_at <= coop_now() - interval '24 hours' AND NOT EXISTS (
            SELECT FROM governance_case c WHERE c.person_id = s.person_id AND c.kind = 'equivalent'
                AND c.ground = s.ground AND c.opened_at > r.given_at - interval '336 hours'))
    WHEN 'muted' THEN EXISTS (SELECT FROM governance_turnedaway t WHERE t.person_id = s.person_id
        AND t.act = 'speak' AND t.ground = '' AND t.at > coop_now() - interval '336 hours'
        AND t.at <= coop_now() - interval '48 hours' AND NOT EXISTS (
            SELECT FROM governance_message m WHERE m.author_id = t.person_id AND m.written_at > t.at))
    ELSE false END AND stood.since <= coop_now() - interval '24 hours' AND NOT EXISTS (
        SELECT FROM governance_case c WHERE c.person_id = s.person_id AND c.kind = 'equivalent' AND c.ground = s.ground
            AND c.opened_at > coop_now() - interval '360 hours') AS certain
FROM governance_sign s
JOIN LATERAL (
    SELECT b.status, b.since FROM governance_standing b WHERE b.person_id = s.person_id ORDER BY b.id DESC LIMIT 1
) stood ON stood.status IN ('candidate', 'member')
WHERE NOT EXISTS (
    SELECT FROM governance_case c WHERE c.person_id = s.person_id AND c.kind = 'equivalent' AND c.ground = s.ground
        AND c.opened_at > coop_now() - interval '336 hours')
ORDER BY s.person_id, s.ground
"""
# What went out late had to be explained by then: a payout that was held without a case, whoever sent it in the end. It
# is asked of who was a candidate or a member when the 72 hours were over and a day later: no case is about others.
EXPLAINED_BY_NOBODY = """
SELECT o.id, o.person_id, o.requested_at, went.at FROM payments_payout o
LEFT JOIN payments_payrun r ON r.id = o.run_id
CROSS JOIN LATERAL (SELECT coalesce(least(o.sent_at, r.released_at), o.settled_at) AS at) went
JOIN LATERAL (
    SELECT s.status FROM governance_standing s
    WHERE s.person_id = o.person_id AND s.since <= o.requested_at + interval '72 hours' ORDER BY s.id DESC LIMIT 1
) stood ON stood.status IN ('candidate', 'member')
WHERE went.at > o.requested_at + interval '96 hours' AND NOT EXISTS (
    SELECT FROM governance_standing s WHERE s.person_id = o.person_id AND s.status IN ('left', 'expelled')
        AND s.since > o.requested_at + interval '72 hours' AND s.since <= o.requested_at + interval '96 hours'
) AND NOT EXISTS (
    SELECT FROM governance_case c WHERE c.person_id = o.person_id AND c.kind = 'equivalent' AND c.ground = 'held_payout'
        AND c.opened_at > o.requested_at + interval '72 hours' - interval '336 hours'
        AND c.opened_at <= went.at + interval '24 hours')
"""


def walk(tick: Tick) -> Iterator[Finding]:
    """Look for what was held, whose sign-ins ended, who was objected to too late, and which sign has no case."""
    tick(1)
    yield from _held()
    yield from _sign_ins()
    yield from faults(
        OBJECTED_LATE,
        "governance_decision {id}",
        "objects to person {person_id} at {decided_at}, when their days or paid hours were over",
        "a panel objects while somebody is a candidate (R2)",
    )
    yield from _signs()


def _held() -> Iterator[Finding]:
    yield from faults(
        HELD_ON,
        "governance_pause {id}",
        "holds payout {payout}, asked for at {requested_at}, until {ends_at}",
        "earnings are held for 72 hours from then at most (E3)",
    )
    yield from faults(
        NOT_SENT,
        "payments_payout {id}",
        "was asked for at {requested_at} and has not gone out",
        "earnings are held for 72 hours at most (E3)",
    )
    yield from faults(
        NOT_PAID,
        "tasks_assignment {id}",
        "of person {person_id} is not paid, and nobody decided about it by {accept_by}",
        "silence accepts an answer, and its pay is nobody's to hold (E3)",
    )
    yield from faults(
        EXPLAINED_BY_NOBODY,
        "payments_payout {id}",
        "of person {person_id} was asked for at {requested_at}, went out at {at}, and no case says why",
        "a payout held for more than 72 hours opens a case by itself (7.11)",
    )


def _sign_ins() -> Iterator[Finding]:
    yield from faults(
        SIGNED_OUT,
        "people_person {id}",
        "had every sign-in ended at {signed_out_at}, and no pause of that moment says so",
        "two officers end sign-ins in an emergency (part 6)",
    )
    yield from faults(
        NOT_SIGNED_OUT,
        "governance_pause {id}",
        "ended the sign-ins of person {person_id}, and they go on",
        "they end in the same act (part 6)",
    )


def _signs() -> Iterator[Finding]:
    """Name each sign without its case; where it may have come up within the hour, it is told and fails nothing."""
    with connection.cursor() as cursor:
        cursor.execute(SIGNS)
        for person, ground, certain in cursor.fetchall():
            yield Finding(
                f"governance_case of person {person}",
                f"there is none for {ground}, to which the rows point",
                "what works like a ban opens a case by itself (7.11)",
                certain=certain,
            )
