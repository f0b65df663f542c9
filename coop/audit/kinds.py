"""New kinds of work: each is what its vote said, by the rule that comparable work asked for (D5, N5)."""

from collections.abc import Iterator

from coop.audit.findings import Finding, faults

# A kind of work as it stands, in the words of the vote that opened it.
AS_VOTED = """
SELECT r.id, w.slug, r.amount / 1e6 AS pay, r.estimated_seconds AS seconds, p.id AS vote, p.payload AS said
FROM payments_rate r JOIN payments_worktype w ON w.id = r.work_type_id
JOIN governance_mandate m ON m.id = r.mandate_id JOIN governance_proposal p ON p.id = m.proposal_id
WHERE p.policy = 'new_kind' AND r.version = 1 AND (p.payload::jsonb - 'amount' = jsonb_build_object(
        'slug', w.slug, 'name', w.name, 'unit', w.unit, 'shape', w.shape, 'tier', w.tier, 'language', w.language,
        'currency', r.currency, 'estimated_seconds', r.estimated_seconds)
    AND (p.payload::jsonb ->> 'amount')::numeric * 1000000 = r.amount) IS NOT TRUE
"""

# Kinds are comparable that share three of their parts, whatever letters these are written with; a first rate is
# compared with what each paid by the hour in the twelve months before it.
TOO_MILD = """
WITH folded AS (
    SELECT id, payments_fold(shape) AS shape, payments_fold(tier) AS tier, payments_fold(language) AS language,
        payments_fold(name) AS name FROM payments_worktype
), first AS (
    SELECT r.*, u.key AS voted, (
        SELECT n.value FROM governance_parameter n WHERE n.name = 'cuts_in_a_year' AND n.applies_from <= p.published_at
        ORDER BY n.version DESC LIMIT 1) AS most
    FROM payments_rate r JOIN governance_mandate m ON m.id = r.mandate_id
    JOIN governance_proposal p ON p.id = m.proposal_id AND p.policy = 'new_kind'
    JOIN governance_rule u ON u.id = p.rule_id WHERE r.version = 1
), kept AS (
    SELECT f.id, f.amount::numeric * o.estimated_seconds AS num, o.amount::numeric * f.estimated_seconds AS den
    FROM first f JOIN folded a ON a.id = f.work_type_id JOIN folded b ON b.id <> a.id
        AND 3 <= (a.shape = b.shape)::integer + (a.tier = b.tier)::integer + (a.language = b.language)::integer
            + (a.name = b.name)::integer
    JOIN payments_rate o ON o.work_type_id = b.id AND o.since <= f.since
    WHERE NOT EXISTS (SELECT FROM payments_rate later WHERE later.work_type_id = b.id
        AND later.version > o.version AND later.since <= f.since - interval '12 months')
), asked AS (
    SELECT f.id, f.voted, CASE WHEN coalesce(bool_and(num >= den), true) THEN 'N14'
        WHEN NOT bool_and(30000 * num >= (30000 - most) * den) THEN 'N3'
        WHEN bool_and(100 * num >= 95 * den) THEN 'N1' ELSE 'N2' END AS needed
    FROM first f LEFT JOIN kept k ON k.id = f.id GROUP BY f.id, f.voted, f.most
)
SELECT id, voted, needed FROM asked, (SELECT ARRAY['N14', 'N1', 'N2', 'N3'] AS milder_first) strict
WHERE (array_position(milder_first, voted) >= array_position(milder_first, needed)) IS NOT TRUE
"""


def opened() -> Iterator[Finding]:
    """Compare kinds of work that a vote opened, and their first rates, with its words and with comparable work."""
    yield from faults(
        AS_VOTED, "payments_rate {id}", "opens {slug} with {pay:f} for {seconds} s", "vote {vote} said {said}"
    )
    yield from faults(
        TOO_MILD, "payments_rate {id}", "was decided by {voted}", "beside comparable work it is a change by {needed}"
    )
    yield from faults(
        """
        SELECT w.id, w.slug FROM payments_worktype w
        WHERE NOT EXISTS (SELECT FROM payments_rate r WHERE r.work_type_id = w.id)""",
        "payments_worktype {id}",
        "{slug} has no rate",
        "a kind of work opens with one",
    )
