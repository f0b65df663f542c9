"""Promises about recounting: what is published is what was counted, sealed with the tally, and nobody's ballot."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

# A file is told as its lines and how often each comes, sorted by what they say: neither the place on the roll nor the
# order of casting is in it. Parts of the roll are told apart only where the rule asks them and the counts show them.
LINES = """
CREATE FUNCTION public.governance_recount_base(counts jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE
BEGIN ATOMIC
    SELECT coalesce(counts -> 'whole', counts -> 'affected');
END;

CREATE FUNCTION public.governance_recount_parts(vote bigint, counts jsonb)
RETURNS TABLE (affected boolean, senior boolean, affected_told boolean, senior_told boolean) LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT asked.affected, asked.senior, asked.affected AND told.apart, asked.senior AND told.apart
    FROM (
        SELECT r.whole_yes IS NOT NULL AND r.affected_yes IS NOT NULL AND p.method <> 'ranked' AS affected,
            r.seniors_too AND p.method <> 'ranked' AS senior
        FROM public.governance_proposal p JOIN public.governance_rule r ON r.id = p.rule_id WHERE p.id = vote
    ) asked CROSS JOIN (
        SELECT coalesce(bool_and(part.value ? 'abstain'), false) AS apart FROM jsonb_each(counts) part
    ) told;
END;

CREATE FUNCTION public.governance_recount_roll(vote bigint, counts jsonb)
RETURNS TABLE (line text, times bigint) LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT concat_ws(',', 'member',
        CASE WHEN p.affected THEN l.affected::integer END, CASE WHEN p.senior THEN l.senior::integer END), count(*)
    FROM public.governance_rollentry l CROSS JOIN public.governance_recount_parts(vote, counts) p
    WHERE l.proposal_id = vote GROUP BY 1;
END;

-- By yes or no a line is a ballot. By approval a ballot is a line for each option, so that no rare set of options is
-- somebody's; only the winner's says whether the same ballot would leave things as they are, as that is counted.
CREATE FUNCTION public.governance_recount_said(vote bigint, counts jsonb)
RETURNS TABLE (line text, times bigint) LANGUAGE sql STABLE
BEGIN ATOMIC
    WITH box AS MATERIALIZED (
        SELECT b.choice, CASE WHEN p.affected_told THEN b.affected::integer END AS affected,
            CASE WHEN p.senior_told THEN b.senior::integer END AS senior, count(*) AS times
        FROM public.governance_box(vote) b CROSS JOIN public.governance_recount_parts(vote, counts) p
        WHERE b.choice IS NOT NULL GROUP BY 1, 2, 3
    ), asked AS (
        SELECT public.governance_method(vote) AS method,
            coalesce((public.governance_recount_base(counts) ->> 'option')::integer,
                public.governance_winner(counts)) AS winner
    ), options AS (
        SELECT each.position FROM asked CROSS JOIN public.governance_positions(vote) AS each(position)
        WHERE asked.method = 'approval'
        UNION ALL SELECT NULL FROM asked WHERE asked.method = 'yes_no'
    )
    SELECT concat_ws(',', o.position, CASE
        WHEN o.position IS NULL OR b.choice = 'abstain' THEN b.choice
        WHEN o.position::text <> ALL (string_to_array(b.choice, ',')) THEN 'no'
        WHEN o.position = a.winner AND '0' = ANY (string_to_array(b.choice, ',')) THEN 'both'
        ELSE 'yes' END, b.affected, b.senior), sum(b.times)::bigint
    FROM box b CROSS JOIN options o CROSS JOIN asked a GROUP BY 1;
END;

-- In order of preference a line names those for whom the ballot was counted, one after another, and nobody whom it
-- never reached: of an order that one elector alone could have written, less is left.
CREATE FUNCTION public.governance_recount_orders(vote bigint, counts jsonb)
RETURNS TABLE (line text, times bigint) LANGUAGE sql STABLE
BEGIN ATOMIC
    WITH outs AS (
        SELECT (turn.value ->> 'out')::integer AS position, turn.nth
        FROM jsonb_array_elements(public.governance_recount_base(counts) -> 'rounds')
            WITH ORDINALITY AS turn(value, nth) WHERE turn.value ? 'out'
    ), named AS (
        SELECT o.choice, o.ballots, said.name, said.rank, coalesce(outs.nth, 1000) AS until
        FROM public.governance_ranked_box(vote) o
        CROSS JOIN LATERAL string_to_table(o.choice, ',') WITH ORDINALITY AS said(name, rank)
        LEFT JOIN outs ON outs.position = said.name::integer
    ), reached AS (
        SELECT n.*, coalesce(max(n.until) OVER (
            PARTITION BY n.choice ORDER BY n.rank ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS before
        FROM named n
    ), orders AS (
        SELECT string_agg(r.name, ' ' ORDER BY r.rank) AS line, r.ballots FROM reached r
        WHERE r.until > r.before GROUP BY r.choice, r.ballots
    )
    SELECT o.line, sum(o.ballots)::bigint FROM orders o GROUP BY o.line
    UNION ALL SELECT b.choice, count(*) FROM public.governance_box(vote) b WHERE b.choice = 'abstain' GROUP BY b.choice;
END;

CREATE FUNCTION public.governance_recount_head(vote bigint, counts jsonb, file text) RETURNS text LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT CASE file
        WHEN 'receipts.csv' THEN 'receipt'
        WHEN 'roll.csv' THEN concat_ws(',', 'elector',
            CASE WHEN p.affected THEN 'affected' END, CASE WHEN p.senior THEN 'senior' END)
        ELSE concat_ws(',', CASE m.method WHEN 'ranked' THEN 'order' WHEN 'approval' THEN 'option,says' ELSE 'says' END,
            CASE WHEN p.affected_told THEN 'affected' END, CASE WHEN p.senior_told THEN 'senior' END)
        END
    FROM public.governance_recount_parts(vote, counts) p
    CROSS JOIN (SELECT public.governance_method(vote) AS method) m;
END;

-- Of fewer than ten ballots none is told, nor where the result itself is not (3.4).
CREATE FUNCTION public.governance_recount_tells(vote bigint, counts jsonb) RETURNS boolean LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT public.governance_recount_base(counts) ? 'abstain' AND public.governance_turnout(vote) >= 10;
END;

CREATE FUNCTION public.governance_recount_lines(vote bigint, counts jsonb, file text)
RETURNS TABLE (line text, times bigint) LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT * FROM (
        SELECT r.line, r.times FROM public.governance_recount_roll(vote, counts) r WHERE file = 'roll.csv'
        UNION ALL SELECT b.receipt, 1 FROM public.governance_box(vote) b
            WHERE file = 'receipts.csv' AND b.receipt IS NOT NULL
        UNION ALL SELECT s.line, s.times FROM public.governance_recount_said(vote, counts) s
            WHERE file = 'ballots.csv' AND public.governance_method(vote) <> 'ranked'
                AND public.governance_recount_tells(vote, counts)
        UNION ALL SELECT o.line, o.times FROM public.governance_recount_orders(vote, counts) o
            WHERE file = 'ballots.csv' AND public.governance_method(vote) = 'ranked'
                AND public.governance_recount_tells(vote, counts)
    ) told ORDER BY told.line COLLATE "C";
END;
"""

FILES = """
CREATE FUNCTION public.governance_recount_sums(vote bigint, counts jsonb) RETURNS jsonb LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT jsonb_object_agg(file.name, encode(sha256(convert_to(
        public.governance_recount_head(vote, counts, file.name) || E'\\n' || coalesce((
            SELECT string_agg(repeat(l.line || E'\\n', l.times::integer), '' ORDER BY l.line COLLATE "C")
            FROM public.governance_recount_lines(vote, counts, file.name) l
        ), ''), 'UTF8')), 'hex'))
    FROM (VALUES ('roll.csv'), ('ballots.csv'), ('receipts.csv')) AS file(name);
END;
-- What the site may publish: of a counted vote only.
CREATE FUNCTION public.governance_recount(vote bigint, file text)
RETURNS TABLE (line text, times bigint) LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $recount$
    SELECT public.governance_recount_head(t.proposal_id, t.counts, file), 1::bigint
    FROM public.governance_tally t WHERE t.proposal_id = vote
    UNION ALL SELECT told.* FROM public.governance_tally t
    CROSS JOIN LATERAL (
        SELECT l.line, l.times FROM public.governance_recount_lines(t.proposal_id, t.counts, file) l
    ) told WHERE t.proposal_id = vote;
$recount$;
"""

SEALING = f"""
    IF NEW.files IS NOT NULL THEN
        {guards.refuse("tally_seals_its_files", "The files of a recount are hashed by the database alone.")}
    END IF;
    NEW.files := public.governance_recount_sums(NEW.proposal_id, NEW.counts);
    RETURN NEW;
"""


class Migration(migrations.Migration):
    """Install the files, their seal, and the right of the site to publish them."""

    dependencies: ClassVar = [("governance", "0038_recount")]
    operations: ClassVar = [
        *(migrations.RunSQL(sql, migrations.RunSQL.noop) for sql in (LINES, FILES)),
        guards.Allow("governance_recount(bigint, text)"),
        guards.Grant("governance_tally", "INSERT (files)"),
        # After tally_is_what_the_ballots_say in the alphabet: the counts are the ballots' own by then.
        guards.Procedure("tally_seals_its_files", table="governance_tally", definer=True, body=SEALING),
    ]
