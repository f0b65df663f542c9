"""P7 among options and rivals: each ballot of the last 48 hours is laid down in its order, as for yes and no."""

from typing import ClassVar

from django.db import migrations

# As governance_swings: what was said before is summed up; after each later ballot it is asked who leads, and whether
# the leader reaches the floor of its rule. 0 leaves things as they are and needs no floor.
TURNS = """
CREATE FUNCTION public.governance_turns(vote bigint) RETURNS boolean LANGUAGE sql VOLATILE
BEGIN ATOMIC
    WITH about AS MATERIALIZED (
        SELECT e.first AS closes_at, e.first - interval '48 hours' AS since, r.many,
            public.governance_first(vote) AS box, public.governance_method(vote) = 'approval' AS any_number
        FROM (SELECT public.governance_first_end(vote) AS first) e,
            (SELECT public.governance_has_rivals(vote) AS many) r
    ), late AS MATERIALIZED (
        SELECT b.id, b.cast_at, b.person_id, b.number, b.choice FROM public.governance_ballot b CROSS JOIN about a
        WHERE b.proposal_id = a.box AND b.cast_at >= a.since AND b.cast_at < a.closes_at
    ), early AS MATERIALIZED (
        SELECT DISTINCT ON (b.person_id) b.person_id, b.choice FROM public.governance_ballot b CROSS JOIN about a
        WHERE b.proposal_id = a.box AND b.cast_at < a.since AND EXISTS (SELECT FROM late)
        ORDER BY b.person_id, b.number DESC
    ), places AS (
        SELECT s.place, s.proposal_id FROM public.governance_set(vote) s CROSS JOIN about a WHERE a.many
        UNION ALL SELECT o.place, vote FROM public.governance_positions(vote) AS o(place) CROSS JOIN about a
        WHERE NOT a.many
    ), sides AS MATERIALIZED (
        SELECT s.place, s.proposal_id, r.whole_yes IS NULL AS only_affected,
            CASE WHEN s.place = 0 THEN 0 WHEN r.whole_yes IS NULL THEN r.affected_floor ELSE r.whole_floor END AS floor
        FROM places s JOIN public.governance_proposal p ON p.id = s.proposal_id
        JOIN public.governance_rule r ON r.id = p.rule_id
    ), voters AS MATERIALIZED (
        SELECT s.place, l.person_id FROM sides s JOIN public.governance_rollentry l ON l.proposal_id = s.proposal_id
        WHERE (l.affected OR NOT s.only_affected) AND EXISTS (SELECT FROM late)
    ), steps AS (
        SELECT l.id, l.person_id, l.choice, coalesce(
            lag(l.choice) OVER (PARTITION BY l.person_id ORDER BY l.number), e.choice, 'abstain'
        ) AS before
        FROM late l LEFT JOIN early e ON e.person_id = l.person_id
    ), words AS (
        SELECT NULL::bigint AS id, e.person_id, e.choice, 1 AS more FROM early e
        UNION ALL SELECT s.id, s.person_id, s.choice, 1 FROM steps s
        UNION ALL SELECT s.id, s.person_id, s.before, -1 FROM steps s
    ), marks AS MATERIALIZED (
        SELECT w.id, v.place, sum(w.more) AS more FROM words w CROSS JOIN about a
        CROSS JOIN LATERAL string_to_table(nullif(w.choice, 'abstain'), ',') WITH ORDINALITY AS said(name, nth)
        JOIN voters v ON v.person_id = w.person_id AND v.place = said.name::integer
        WHERE said.nth = 1 OR a.any_number GROUP BY w.id, v.place
    ), begun AS MATERIALIZED (
        SELECT s.place, s.floor, (SELECT count(*) FROM voters v WHERE v.place = s.place) AS roll,
            coalesce((SELECT m.more FROM marks m WHERE m.id IS NULL AND m.place = s.place), 0) AS approvals
        FROM sides s
    ), laid AS (
        SELECT t.id, b.place, b.floor, b.roll, b.approvals + sum(coalesce(m.more, 0)) OVER (
            PARTITION BY b.place ORDER BY t.cast_at, t.id ROWS UNBOUNDED PRECEDING
        ) AS approvals
        FROM begun b CROSS JOIN late t LEFT JOIN marks m ON m.id = t.id AND m.place = b.place
    ), leaders AS (
        SELECT DISTINCT ON (l.id) l.id, l.place, l.approvals * 30000 >= l.floor * l.roll AS enough
        FROM laid l WHERE l.approvals > 0 ORDER BY l.id, l.approvals DESC, l.place
    ), first AS (
        SELECT b.place, b.approvals * 30000 >= b.floor * b.roll AS enough
        FROM begun b WHERE b.approvals > 0 ORDER BY b.approvals DESC, b.place LIMIT 1
    )
    SELECT EXISTS (
        SELECT FROM late t LEFT JOIN leaders n ON n.id = t.id LEFT JOIN first f ON true
        WHERE n.place IS DISTINCT FROM f.place OR n.enough IS DISTINCT FROM f.enough
    );
END;
CREATE OR REPLACE FUNCTION public.governance_extended(vote bigint) RETURNS boolean LANGUAGE sql VOLATILE
BEGIN ATOMIC
    SELECT coalesce((
        SELECT public.coop_now() >= e.first AND CASE
            WHEN public.governance_has_rivals(vote) THEN
                public.governance_turns(vote)
                -- Who meets all that each rule asks is worked out from all ballots anew, so it is asked twice only.
                OR public.governance_set_winner(vote, e.first)
                    IS DISTINCT FROM public.governance_set_winner(vote, e.first - interval '48 hours')
            WHEN public.governance_method(vote) = 'yes_no' THEN public.governance_swings(vote)
            ELSE public.governance_turns(vote)
        END FROM (SELECT public.governance_first_end(vote) AS first) e
    ), false);
END;
DROP FUNCTION public.governance_leader(bigint, timestamptz);
DROP FUNCTION public.governance_set_leader(bigint, timestamptz);
"""


class Migration(migrations.Migration):
    """Ask anew."""

    dependencies: ClassVar = [("governance", "0052_candidacies_stand")]
    operations: ClassVar = [migrations.RunSQL(TURNS, migrations.RunSQL.noop)]
