"""Access: nobody was turned away from work or from speaking but by a row that stood in the way then (7.8, A9).

The site keeps each refusal where it is given, and the database what stood there; both are asked again here, from the
rows alone. Without a valid decision the answer is allowed.
"""

from collections.abc import Iterator

from django.db import connection

from coop.audit.findings import Finding, Tick, faults

# A refusal is noted a moment after it was given, while others come and go; the same one again within 14 days, in
# another hour, is no accident.
WITHOUT_A_GROUND = """
SELECT t.id, t.person_id, t.act, t.job, count(*) OVER (PARTITION BY t.person_id, t.act, t.job ORDER BY t.at
    RANGE BETWEEN interval '336 hours' PRECEDING AND interval '336 hours' FOLLOWING) > 1 AS certain
FROM governance_turnedaway t WHERE t.ground = '' ORDER BY t.id
"""
PAUSED = """
SELECT t.id, t.person_id, t.row FROM governance_turnedaway t WHERE t.ground = 'pause' AND NOT EXISTS (
    SELECT FROM governance_pause p WHERE p.id = t.row AND p.person_id = t.person_id
        AND (p.scope = 'work' OR p.scope = ANY (governance_scopes_of(t.job)))
        AND t.at >= p.starts_at AND t.at < p.ends_at + interval '1 minute')
"""
RESTRICTED = """
SELECT t.id, t.person_id, t.row FROM governance_turnedaway t LEFT JOIN tasks_job j ON j.id = t.job
LEFT JOIN payments_worktype k ON k.id = j.work_type_id
WHERE t.ground = 'restriction' AND NOT EXISTS (
    SELECT FROM governance_restriction r LEFT JOIN governance_appeal a ON a.decision_id = r.decision_id
    WHERE r.id = t.row AND r.person_id = t.person_id
        AND CASE t.act WHEN 'speak' THEN r.scope = 'mute'
            ELSE r.scope IN ('work', 'client:' || j.client_id, 'tier:' || k.tier)
                OR r.scope = ANY (governance_scopes_of(t.job)) END
        AND t.at >= r.starts_at AND t.at < least(r.ends_at, a.appealed_at) + interval '1 minute')
"""
# A vote closed the region, asked for units that the person had not done, or shared out fewer a day than they took.
RULED = """
SELECT t.id, t.person_id, t.row FROM governance_turnedaway t JOIN tasks_job j ON j.id = t.job
WHERE t.ground = 'instrument' AND NOT EXISTS (
    SELECT FROM payments_instrument i WHERE i.id = t.row AND i.since <= t.at
        AND NOT EXISTS (SELECT FROM payments_instrument n
            WHERE n.kind = i.kind AND n.key = i.key AND n.version > i.version AND n.since <= t.at)
        AND CASE i.kind
            WHEN 'region' THEN i.key LIKE 'country:%' AND i.value::jsonb ->> 'open' = 'false'
            WHEN 'qualification' THEN i.key IN ('', 'work_type:' || j.work_type_id) AND (
                SELECT count(*) FROM tasks_assignment a JOIN tasks_job o ON o.id = a.job_id
                WHERE a.person_id = t.person_id AND o.work_type_id = (i.value::jsonb ->> 'of')::bigint
                    AND a.state = 'accepted' AND a.decided_at <= t.at) < (i.value::jsonb ->> 'units')::bigint
            WHEN 'allocation' THEN i.key IN ('', 'work_type:' || j.work_type_id) AND (
                SELECT count(*) FROM tasks_assignment a JOIN tasks_job o ON o.id = a.job_id
                WHERE a.person_id = t.person_id AND o.work_type_id = j.work_type_id
                    AND a.claimed_at > t.at - interval '24 hours' AND a.claimed_at <= t.at
            ) >= (i.value::jsonb ->> 'most_a_day')::bigint
            ELSE false END)
"""
# Who did a kind of work in the 90 days before and took nothing for 14, while others did and a job was open for a day.
TOOK_NOTHING = """
WITH did AS (
    SELECT a.person_id, j.work_type_id, max(a.claimed_at) AS last_at
    FROM tasks_assignment a JOIN tasks_job j ON j.id = a.job_id
    WHERE NOT j.is_onboarding AND a.claimed_at > coop_now() - interval '90 days' GROUP BY a.person_id, j.work_type_id
), quiet AS (
    SELECT d.person_id, max(d.last_at) AS last_at FROM did d GROUP BY d.person_id
    HAVING max(d.last_at) <= coop_now() - interval '14 days'
)
SELECT count(*), string_agg(q.person_id::text, ', ' ORDER BY q.person_id) FROM quiet q
WHERE governance_status(q.person_id) IN ('candidate', 'member')
AND NOT EXISTS (SELECT FROM governance_restriction r WHERE r.person_id = q.person_id
    AND r.ends_at > coop_now() - interval '14 days')
AND EXISTS (
    SELECT FROM did mine JOIN did theirs ON theirs.work_type_id = mine.work_type_id
        AND theirs.last_at > coop_now() - interval '14 days'
    JOIN tasks_job j ON j.work_type_id = mine.work_type_id AND NOT j.is_onboarding
        AND least(coalesce(j.closed_at, coop_now()), coop_now())
            > greatest(j.opened_at, coop_now() - interval '14 days') + interval '24 hours'
    WHERE mine.person_id = q.person_id)
"""


def walk(tick: Tick) -> Iterator[Finding]:
    """Ask each refusal again whether its ground stood, then who took nothing while others had such work."""
    tick(1)
    yield from _without_a_ground()
    yield from _grounds()
    yield from _took_nothing()


def _without_a_ground() -> Iterator[Finding]:
    with connection.cursor() as cursor:
        cursor.execute(WITHOUT_A_GROUND)
        for number, person, act, job, certain in cursor.fetchall():
            about = f"{act} job {job}" if job else act
            yield Finding(
                f"governance_turnedaway {number}",
                f"turned person {person} away ({about}), and no row stood in the way",
                "without a valid decision the answer is allowed (7.8)",
                certain=certain,
            )


def _grounds() -> Iterator[Finding]:
    for query, ground in ((PAUSED, "pause"), (RESTRICTED, "restriction"), (RULED, "instrument")):
        yield from faults(
            query,
            "governance_turnedaway {id}",
            f"turned person {{person_id}} away by {ground} {{row}}, which did not stand in the way then",
            "a refusal names the row that barred this person from this at that moment",
        )


def _took_nothing() -> Iterator[Finding]:
    """Name those who may have been offered nothing: leave has the same look, so that it is told and fails nothing."""
    with connection.cursor() as cursor:
        cursor.execute(TOOK_NOTHING)
        many, who = cursor.fetchone()
    if many:
        yield Finding(
            "tasks_assignment",
            f"{many} who did such work before took nothing for 14 days while others did (person {who})",
            "ask them whether they were shown the work",
            certain=False,
        )
