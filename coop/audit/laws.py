"""Rules, numbers, rules of conduct, posts and ended offices that votes made: each is what its vote said."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass

from coop.audit.findings import Finding, Tick, faults


@dataclass(frozen=True, slots=True)
class Law:
    """A table of versions that votes write: how a row `x` is named, and what policy, rule, vote and record say of it.

    `row` is the payload that makes such a row, `rule` the rule that it takes, `beside` what holds of it beyond its
    vote, `event` and `subject` how the record calls it. All are SQL, but for the names.
    """

    table: str
    name: str
    since: str
    policy: str
    rule: str
    row: str
    event: str
    subject: str
    beside: str = "true"


PUBLIC_FIRST = "x.applies_from = x.published_at + interval '15 days'"
SENTENCE = "SELECT FROM governance_rule f WHERE f.key = x.key AND f.version = 1 AND f.decision = x.decision"
LAWS = (
    Law(
        "governance_rule", "key", "published_at", "rule_change", "'N15'",
        """jsonb_build_object('key', x.key, 'replaces', x.version - 1, 'deliberation_days', x.deliberation_days,
        'frozen_days', x.frozen_days, 'voting_days', x.voting_days, 'lock_days', x.lock_days,
        'affected_yes', x.affected_yes, 'affected_floor', x.affected_floor, 'whole_yes', x.whole_yes,
        'whole_floor', x.whole_floor, 'turnout_floor', x.turnout_floor, 'readings', x.readings,
        'seniors_too', x.seniors_too)""",
        "rules.changed", "'rule:' || x.key",
        # A vote changes the numbers of a rule; what it is about stays.
        f"{PUBLIC_FIRST} AND EXISTS ({SENTENCE})",
    ),
    Law(
        "governance_parameter", "name", "published_at", "parameter_change", "'N15'",
        "jsonb_build_object('name', x.name, 'value', x.value, 'replaces', x.version - 1)",
        "rules.changed", "'parameter:' || x.name", PUBLIC_FIRST,
    ),
    Law(
        "governance_bylaw", "key", "published_at", "bylaw_change", "'N14'",
        "jsonb_build_object('key', x.key, 'title', x.title, 'text', x.text, 'replaces', x.version - 1)",
        "bylaws.changed", "'bylaw:' || x.key",
    ),
    Law(
        "governance_post", "name", "since", "post_change",
        # How many share a post and for how long is a bylaw's matter; rights, separation, coming and going are not (D8).
        """CASE WHEN EXISTS (SELECT FROM governance_post o WHERE o.name = x.name AND o.version = x.version - 1
        AND NOT o.abolished AND NOT x.abolished AND o.rights @> x.rights AND o.rights <@ x.rights
        AND o.excludes @> x.excludes AND o.excludes <@ x.excludes) THEN 'N14' ELSE 'N15' END""",
        """jsonb_build_object('post', x.name, 'rights', x.rights, 'excludes', x.excludes, 'seats', x.seats,
        'term_days', x.term_days, 'abolished', x.abolished, 'replaces', x.version - 1)""",
        "posts.changed", "'post:' || replace(x.name, ' ', '_')",
    ),
)  # fmt: skip
AS_VOTED = """
SELECT x.id, x.{name} AS named, x.version, p.id AS vote, p.payload AS said, u.key AS by FROM {table} x
JOIN governance_mandate m ON m.id = x.mandate_id LEFT JOIN governance_proposal p ON p.id = m.proposal_id
LEFT JOIN governance_rule u ON u.id = p.rule_id
WHERE CASE WHEN p.id IS NULL THEN x.version > 1
    ELSE (p.policy = '{policy}' AND u.key = {rule} AND p.payload::jsonb = {row} AND {beside}
        AND x.{since} >= m.due_at AND x.{since} < m.expires_at) IS NOT TRUE END
    OR x.version <> (SELECT count(*) FROM {table} b WHERE b.{name} = x.{name} AND b.version <= x.version)
ORDER BY x.id
"""
SAME = """e.kind = '{event}' AND e.subject = {subject} AND (e.data ->> 'version')::integer = x.version
    AND abs(extract(epoch FROM e.at - x.{since})) < 120"""
UNSAID = """
SELECT x.id, x.{name} AS named, x.version FROM {table} x JOIN governance_mandate m ON m.id = x.mandate_id
WHERE m.proposal_id IS NOT NULL AND NOT EXISTS (SELECT FROM record_event e WHERE {same}) ORDER BY x.id
"""
GONE = """
SELECT e.id, e.subject, e.data ->> 'version' AS version FROM record_event e
WHERE e.kind = '{event}' AND e.subject LIKE split_part('{table}', '_', 2) || ':%'
    AND NOT EXISTS (SELECT FROM {table} x WHERE {same}) ORDER BY e.id
"""
RECALLED = """
SELECT x.id, x.office_id, x.mandate_id FROM governance_officeend x
JOIN governance_mandate m ON m.id = x.mandate_id LEFT JOIN governance_proposal p ON p.id = m.proposal_id
LEFT JOIN governance_rule u ON u.id = p.rule_id
WHERE (p.policy = 'recall' AND u.key = 'N13' AND p.payload::jsonb = jsonb_build_object('office', x.office_id)
    AND x.at >= m.due_at AND x.at < m.expires_at AND EXISTS (
        SELECT FROM record_event e WHERE e.kind = 'offices.ended' AND e.subject = 'office:' || x.office_id
            AND abs(extract(epoch FROM e.at - x.at)) < 120)) IS NOT TRUE
"""
SEATED_AGAIN = """
SELECT e.id, e.subject FROM record_event e WHERE e.kind = 'offices.ended' AND NOT EXISTS (
    SELECT FROM governance_officeend x WHERE e.subject = 'office:' || x.office_id)
"""


def walk(tick: Tick) -> Iterator[Finding]:
    """Compare every version with its vote and with the record, then the offices that ended early (N13)."""
    for law in LAWS:
        tick(1)
        yield from _as_voted(law)
        yield from _on_record(law)
    yield from faults(
        RECALLED,
        "governance_officeend {id}",
        "ends office {office_id} by mandate {mandate_id}, which did not recall it then",
        "an office ends early by its recall alone, and on record",
    )
    yield from faults(
        SEATED_AGAIN, "record_event {id}", "says that {subject} ended", "an office that ended stays ended"
    )


def _as_voted(law: Law) -> Iterator[Finding]:
    """Say that a row is not what its vote said; those of the founding are hashed by their own walk."""
    yield from faults(
        AS_VOTED.format(**asdict(law)),
        f"{law.table} {{id}}",
        "version {version} of {named} is not what was voted",
        "vote {vote} by {by} said {said}",
    )


def _on_record(law: Law) -> Iterator[Finding]:
    facts = asdict(law) | {"same": SAME.format(**asdict(law))}
    yield from faults(
        UNSAID.format(**facts),
        f"{law.table} {{id}}",
        "is version {version} of {named}",
        "no event of that time says so",
    )
    yield from faults(
        GONE.format(**facts),
        "record_event {id}",
        "says that {subject} has version {version}, and no such row stands",
        "what was voted stays on its table",
    )
