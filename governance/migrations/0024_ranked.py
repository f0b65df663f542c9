"""Ballots in order of preference are counted by instant run-off, round by round, by the database itself."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

# One option leaves in each round: the one with the fewest ballots; of those level, the one that had fewer in the round
# before, and before that; of those level in every round, the one whose SHA-256 of "digest:position" comes first, a lot
# that nobody chose and everybody can draw again. Whoever has more than half of the ballots that still name somebody
# wins.
RUNOFF = """
CREATE FUNCTION public.governance_runoff(orders integer[], ballots bigint[], positions integer[], seed text)
RETURNS jsonb LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, public, pg_temp AS $runoff$
DECLARE
    standing integer[] := positions;
    history jsonb := '[]';
    turn jsonb;
    total bigint := (SELECT coalesce(sum(n), 0) FROM unnest(ballots) AS each(n));
    active bigint;
    first integer;
    most bigint;
    loser integer;
    level bigint;
BEGIN
    LOOP
        WITH said AS (
            SELECT each.nth, each.n, orders[each.nth:each.nth] AS choice
            FROM unnest(ballots) WITH ORDINALITY AS each(n, nth)
        ), tops AS (
            SELECT s.n, (
                SELECT named.position FROM unnest(s.choice) WITH ORDINALITY AS named(position, rank)
                WHERE named.position = ANY (standing) ORDER BY named.rank LIMIT 1
            ) AS top FROM said s
        ), sums AS (
            SELECT left_in.position, coalesce(sum(t.n), 0)::bigint AS n
            FROM unnest(standing) AS left_in(position) LEFT JOIN tops t ON t.top = left_in.position
            GROUP BY left_in.position
        )
        SELECT jsonb_object_agg(s.position, s.n), sum(s.n), max(s.n),
            (array_agg(s.position ORDER BY s.n DESC, s.position))[1]
        INTO turn, active, most, first FROM sums s;
        turn := jsonb_build_object('counts', turn, 'exhausted', total - active);
        history := history || turn;
        IF active = 0 THEN
            RETURN jsonb_build_object('rounds', history, 'winner', NULL);
        END IF;
        IF 2 * most > active OR cardinality(standing) = 1 THEN
            RETURN jsonb_build_object('rounds', history, 'winner', first);
        END IF;
        WITH tracks AS (
            SELECT left_in.position, ARRAY(
                SELECT (r.value -> 'counts' ->> left_in.position::text)::bigint
                FROM jsonb_array_elements(history) WITH ORDINALITY AS r(value, nth) ORDER BY r.nth DESC
            ) AS track FROM unnest(standing) AS left_in(position)
        ), placed AS (
            SELECT t.position, t.track, count(*) OVER (PARTITION BY t.track) AS alike,
                count(*) OVER (PARTITION BY t.track[1]) AS alike_now
            FROM tracks t
        )
        SELECT p.position, CASE WHEN p.alike > 1 THEN 2 WHEN p.alike_now > 1 THEN 1 ELSE 0 END
        INTO loser, level FROM placed p
        ORDER BY p.track, sha256(convert_to(seed || ':' || p.position, 'UTF8')) LIMIT 1;
        history := jsonb_set(history, ARRAY[(jsonb_array_length(history) - 1)::text], turn || jsonb_build_object(
            'out', loser, 'by', (ARRAY['votes', 'earlier', 'lot'])[level + 1]
        ));
        standing := array_remove(standing, loser);
    END LOOP;
END $runoff$;
"""

# Of a closed vote: each order that was given, and how often. Not told of fewer than ten ballots (3.4).
ORDERS = """
CREATE FUNCTION public.governance_ranked_box(vote bigint)
RETURNS TABLE (choice text, ballots bigint) LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT b.choice, count(*) FROM public.governance_box(vote) b
    WHERE b.choice IS NOT NULL AND b.choice <> 'abstain' GROUP BY b.choice ORDER BY b.choice;
END;
CREATE FUNCTION public.governance_orders(vote bigint)
RETURNS TABLE (choice text, ballots bigint) LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $orders$
    SELECT o.choice, o.ballots FROM public.governance_ranked_box(vote) o
    WHERE public.governance_closed(vote) AND public.governance_method(vote) = 'ranked'
        AND 10 <= (SELECT count(b.choice) FROM public.governance_box(vote) b)
    ORDER BY o.choice;
$orders$;
"""

COUNTING = """
CREATE OR REPLACE FUNCTION public.governance_count_ranked(vote bigint) RETURNS jsonb LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, public, pg_temp AS $ranked$
DECLARE
    base record;
    run jsonb;
    winner integer;
    for_it bigint;
    against bigint;
    cast_in_all bigint;
    met boolean;
BEGIN
    SELECT g.*, (SELECT count(*) FROM public.governance_box(vote)) AS roll INTO base
    FROM public.governance_groups(vote) g WHERE g.base;
    IF base.name IS NULL THEN
        RETURN NULL;
    END IF;
    SELECT public.governance_runoff(
        coalesce(array_agg(padded.places ORDER BY padded.choice), '{}'),
        coalesce(array_agg(padded.ballots ORDER BY padded.choice), '{}'),
        ARRAY(SELECT p FROM public.governance_positions(vote) AS each(p) ORDER BY p),
        (SELECT p.digest FROM public.governance_proposal p WHERE p.id = vote)
    ) INTO run
    FROM (
        -- Rows of one length, as arrays of arrays must be: 0 is nobody's position.
        SELECT o.choice, o.ballots, string_to_array(o.choice, ',')::integer[] || array_fill(0, ARRAY[
            (SELECT count(*)::integer FROM public.governance_positions(vote))
            - cardinality(string_to_array(o.choice, ','))
        ]) AS places
        FROM public.governance_ranked_box(vote) o
    ) padded;
    winner := (run ->> 'winner')::integer;
    SELECT (run -> 'rounds' -> -1 -> 'counts' ->> winner::text)::bigint INTO for_it;
    SELECT coalesce(sum(c.value::bigint), 0) - for_it INTO against
    FROM jsonb_each_text(run -> 'rounds' -> -1 -> 'counts') c;
    SELECT count(b.choice) INTO cast_in_all FROM public.governance_box(vote) b;
    -- Whoever wins has the ballots that the rule asks for and is a candidate: "nobody of these" elects nobody.
    met := coalesce(
        cast_in_all * 30000 >= base.turnout * base.roll
        AND public.governance_meets(for_it, against, base.roll, base.share, base.floor)
        AND EXISTS (
            SELECT FROM public.governance_option o
            WHERE o.proposal_id = vote AND o.position = winner AND o.person_id IS NOT NULL
        ), false);
    RETURN jsonb_build_object(base.name, jsonb_build_object('roll', base.roll, 'met', met, 'winner', winner)
        || CASE WHEN cast_in_all BETWEEN 1 AND 9 THEN '{}'::jsonb ELSE jsonb_build_object(
            'ballots', cast_in_all, 'rounds', run -> 'rounds',
            'abstain', cast_in_all - (SELECT coalesce(sum(n), 0) FROM public.governance_ranked_box(vote) AS o(c, n))
        ) END);
END $ranked$;
"""


class Migration(migrations.Migration):
    """Install the count, and open to the site what it may publish of a box."""

    dependencies: ClassVar = [("governance", "0023_protected_petitions")]
    operations: ClassVar = [
        *(migrations.RunSQL(sql, migrations.RunSQL.noop) for sql in (RUNOFF, ORDERS, COUNTING)),
        guards.Allow("governance_orders(bigint)"),
    ]
