"""People: nobody's standing fell, no post was filled and no pause began but by the door that the rules open."""

from collections.abc import Iterator

from coop.audit.findings import Finding, Tick, faults


def walk(tick: Tick) -> Iterator[Finding]:
    """Walk standings, offices and pauses."""
    tick(1)
    yield from _standings()
    yield from _standings_on_record()
    yield from _offices()
    yield from _pauses()


def _standings() -> Iterator[Finding]:
    yield from faults(
        """
        SELECT s.id, s.status, s.person_id FROM governance_standing s
        LEFT JOIN governance_mandate m ON m.id = s.mandate_id WHERE m.id IS NOT NULL AND m.proposal_id IS NULL IS FALSE
        AND NOT EXISTS (SELECT FROM governance_proposal p WHERE p.id = m.proposal_id AND p.policy IN ('expulsion')
            AND p.payload::jsonb -> 'person' = to_jsonb(s.person_id))""",
        "governance_standing {id}",
        "is {status} by a vote that was not about person {person_id}",
        "its vote names them",
    )
    yield from faults(
        """
        SELECT s.id, s.status, s.person_id FROM governance_standing s
        WHERE (s.status = 'expelled' AND s.mandate_id IS NULL)
            OR (s.status = 'left' AND s.recorded_by_id IS DISTINCT FROM s.person_id)""",
        "governance_standing {id}",
        "says that person {person_id} is {status}, by nobody who may",
        "only a vote expels, and people leave by their own word",
    )


def _standings_on_record() -> Iterator[Finding]:
    yield from faults(
        """
        SELECT s.id, s.status, s.person_id FROM governance_standing s
        LEFT JOIN governance_mandate m ON m.id = s.mandate_id
        WHERE (m.id IS NULL OR m.proposal_id IS NOT NULL) AND NOT EXISTS (
            SELECT FROM record_event e WHERE e.kind = 'standing.' || s.status AND e.subject = 'person:' || s.person_id
                AND abs(extract(epoch FROM e.at - s.since)) < 120)""",
        "governance_standing {id}",
        "says that person {person_id} is {status}",
        "no event of that day says so",
    )
    yield from faults(
        """
        SELECT e.id, e.kind, e.subject FROM record_event e
        WHERE e.kind ~ '^standing[.](applicant|candidate|member|left|expelled)$' AND NOT EXISTS (
            SELECT FROM governance_standing s WHERE e.subject = 'person:' || s.person_id
                AND e.kind = 'standing.' || s.status AND abs(extract(epoch FROM e.at - s.since)) < 120)""",
        "record_event {id}",
        "says {kind} of {subject}, and no such row stands",
        "standing is only added to",
    )


def _offices() -> Iterator[Finding]:
    yield from faults(
        """
        SELECT o.id, o.post, o.mandate_id FROM governance_office o JOIN governance_mandate m ON m.id = o.mandate_id
        WHERE o.starts_at < m.due_at""",
        "governance_office {id}",
        "has {post} begin before mandate {mandate_id} was due",
        "posts begin by a due mandate",
    )


def _pauses() -> Iterator[Finding]:
    yield from faults(
        """
        SELECT p.id, p.person_id FROM governance_pause p JOIN governance_pauserequest a ON a.id = p.request_id
        JOIN governance_office f ON f.id = p.first_officer_id JOIN governance_office s ON s.id = p.second_officer_id
        WHERE (f.post <> s.post AND f.person_id <> s.person_id AND p.person_id NOT IN (f.person_id, s.person_id)
            AND f.starts_at <= p.starts_at AND f.ends_at > p.starts_at
            AND s.starts_at <= p.starts_at AND s.ends_at > p.starts_at
            AND p.ends_at <= p.starts_at + interval '72 hours'
            AND p.person_id = a.person_id AND p.ends_at = p.starts_at + make_interval(hours => a.hours)) IS NOT TRUE""",
        "governance_pause {id}",
        "pauses person {person_id} without two officers in office",
        "part 6 asks for them",
    )
    yield from faults(
        """
        SELECT p.id, p.person_id FROM governance_pause p JOIN governance_pauserequest a ON a.id = p.request_id
        WHERE NOT EXISTS (
            SELECT FROM record_event e WHERE e.kind = 'pauses.began' AND e.data ->> 'evidence' = a.evidence)""",
        "governance_pause {id}",
        "pauses person {person_id}",
        "no event says that it began",
    )
