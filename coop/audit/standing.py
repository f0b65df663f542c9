"""People: nobody's standing fell, no post was filled and no pause began but by the door that the rules open."""

from collections.abc import Iterator

from coop.audit.findings import Finding, Tick, faults


def walk(tick: Tick) -> Iterator[Finding]:
    """Walk standings, offices, pauses, and what panels decided."""
    tick(1)
    yield from _standings()
    yield from _standings_on_record()
    yield from _left()
    yield from _admitted()
    yield from _offices()
    yield from _pauses()
    yield from _decisions()
    yield from _restrictions()


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


def _left() -> Iterator[Finding]:
    """Find who left without a notice in the record a week before, where they and everybody could read it.

    It is one of since they last became what they were, as an older one has no effect, and was not taken back.
    """
    yield from faults(
        """
        SELECT s.id, s.person_id FROM governance_standing s WHERE s.status = 'left' AND NOT EXISTS (
            SELECT FROM record_event e WHERE e.kind = 'standing.notice' AND e.subject = 'person:' || s.person_id
                AND e.at < s.since - interval '166 hours' AND e.at >= coalesce((
                    SELECT max(b.since) - interval '2 minutes' FROM governance_standing b
                    WHERE b.person_id = s.person_id AND b.id < s.id), '-infinity')
                AND NOT EXISTS (
                    SELECT FROM record_event t WHERE t.kind = 'standing.notice_taken_back' AND t.subject = e.subject
                        AND t.at > e.at AND t.at < s.since))""",
        "governance_standing {id}",
        "says that person {person_id} left",
        "no notice of theirs stood in the record seven days before",
    )


def _admitted() -> Iterator[Finding]:
    """Find who became a member although a panel's objection stood against it (R2)."""
    yield from faults(
        """
        SELECT s.id, s.person_id, r.decision_id FROM governance_standing s
        JOIN governance_restriction r ON r.person_id = s.person_id AND s.since >= r.starts_at AND s.since < r.ends_at
        JOIN governance_decision d ON d.id = r.decision_id
        JOIN governance_motion m ON m.id = d.motion_id AND m.measure = 'objection'
        LEFT JOIN governance_appeal a ON a.decision_id = r.decision_id
        WHERE s.status = 'member' AND (a.appealed_at IS NULL OR a.appealed_at > s.since)""",
        "governance_standing {id}",
        "makes person {person_id} a member while decision {decision_id} objected to it",
        "an objection stands until it ends or is appealed",
    )


def _offices() -> Iterator[Finding]:
    yield from faults(
        """
        SELECT o.id, o.post, o.mandate_id FROM governance_office o JOIN governance_mandate m ON m.id = o.mandate_id
        LEFT JOIN governance_proposal p ON p.id = m.proposal_id LEFT JOIN governance_tally t ON t.proposal_id = p.id
        -- A vote that went on is due later than its call could know.
        WHERE o.starts_at < m.due_at - coalesce(t.closed_at - p.closes_at, interval '0')""",
        "governance_office {id}",
        "has {post} begin before mandate {mandate_id} was due",
        "posts begin by a due mandate",
    )
    yield from faults(
        """
        SELECT o.id, o.post, o.seat, o.mandate_id FROM governance_office o
        JOIN governance_mandate m ON m.id = o.mandate_id AND m.proposal_id IS NOT NULL
        WHERE NOT EXISTS (
            SELECT FROM governance_proposal p JOIN governance_tally t ON t.proposal_id = p.id AND t.passed
            JOIN governance_option won ON won.proposal_id = p.id AND won.position = t.winner
            JOIN governance_call c ON to_jsonb(c.id) = p.payload::jsonb -> 'call'
            WHERE p.id = m.proposal_id AND p.policy = 'election' AND won.person_id = o.person_id
                AND ROW(c.post, c.seat, c.starts_at, c.ends_at) = ROW(o.post, o.seat, o.starts_at, o.ends_at))""",
        "governance_office {id}",
        "gives seat {seat} of {post} to somebody who did not win it",
        "mandate {mandate_id} says who did, for what and until when",
    )


def _pauses() -> Iterator[Finding]:
    yield from faults(
        """
        SELECT p.id, p.person_id FROM governance_pause p JOIN governance_pauserequest a ON a.id = p.request_id
        JOIN governance_office f ON f.id = p.first_officer_id JOIN governance_office s ON s.id = p.second_officer_id
        WHERE (f.post <> s.post AND f.person_id <> s.person_id AND p.person_id NOT IN (f.person_id, s.person_id)
            AND f.starts_at <= p.starts_at AND f.ends_at > p.starts_at
            AND s.starts_at <= p.starts_at AND s.ends_at > p.starts_at
            AND p.ends_at <= p.starts_at + interval '1 hour' * (SELECT n.value FROM governance_parameter n
                WHERE n.name = 'emergency_hours' AND n.applies_from <= p.starts_at ORDER BY n.version DESC LIMIT 1)
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


def _decisions() -> Iterator[Finding]:
    yield from faults(
        """
        SELECT d.id, d.agreed, said.agreed AS votes, p.size FROM governance_decision d
        JOIN governance_panel p ON p.id = d.panel_id
        CROSS JOIN LATERAL (
            SELECT count(*) AS agreed FROM governance_panelvote v WHERE v.motion_id = d.motion_id AND v.agrees) said
        WHERE said.agreed <> d.agreed OR 2 * said.agreed <= p.size OR d.case_id <> p.case_id
            OR (d.decided_at < p.decide_by) IS NOT TRUE""",
        "governance_decision {id}",
        "says that {agreed} agreed, and {votes} of {size} did",
        "a panel decides with more than half, in time",
    )
    yield from faults(
        """
        SELECT d.id, d.case_id FROM governance_decision d WHERE NOT EXISTS (
            SELECT FROM record_event e WHERE e.kind = 'decisions.made' AND e.subject = 'case:' || d.case_id
                AND abs(extract(epoch FROM e.at - d.decided_at)) < 120)""",
        "governance_decision {id}",
        "decides case {case_id}",
        "no event of that day says so",
    )


def _restrictions() -> Iterator[Finding]:
    """Compare each restriction with the decision that it stands on (7.8): whose, of what kind, from when, how long."""
    yield from faults(
        """
        SELECT r.id, r.person_id, r.decision_id FROM governance_restriction r WHERE NOT EXISTS (
            SELECT FROM governance_decision d JOIN governance_motion m ON m.id = d.motion_id AND m.panel_id = d.panel_id
            JOIN governance_panel p ON p.id = d.panel_id JOIN governance_case c ON c.id = d.case_id
            WHERE d.id = r.decision_id AND c.person_id = r.person_id
                AND m.measure IN ('limit', 'pause', 'prolong', 'objection')
                AND r.starts_at = d.decided_at + CASE WHEN p.stage = 'first' THEN interval '7 days' ELSE '0' END
                AND r.ends_at <= r.starts_at + make_interval(hours => 24 * m.days))""",
        "governance_restriction {id}",
        "keeps person {person_id} from something that decision {decision_id} does not say, or for longer",
        "a restriction is what a panel decided, and no more",
    )
