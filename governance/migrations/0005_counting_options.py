"""Promises about votes among options: they stand once published, ballots name nothing else, the database counts."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

# The canonical JSON of a proposal, with its method and the options on its ballot.
DIGEST = """
CREATE FUNCTION public.governance_canonical_options(vote bigint) RETURNS text LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT concat('[', string_agg(concat(
        '{"payload":', coalesce(nullif(o.payload, ''), 'null'),
        ',"person":', coalesce(o.person_id::text, 'null'),
        ',"position":', o.position,
        ',"text":', to_json(o.text),
        ',"title":', to_json(o.title::text), '}'
    ), ',' ORDER BY o.position), ']') FROM public.governance_option o WHERE o.proposal_id = vote;
END;
CREATE OR REPLACE FUNCTION public.governance_canonical(p public.governance_proposal)
RETURNS text LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT concat(
        '{"closes_at":', public.governance_moment(p.closes_at),
        ',"first_reading":', coalesce(p.first_reading_id::text, 'null'),
        ',"frozen_at":', public.governance_moment(p.frozen_at),
        ',"impact":', p.impact,
        ',"locked_until":', public.governance_moment(p.locked_until),
        ',"method":"', p.method,
        '","opens_at":', public.governance_moment(p.opens_at),
        ',"options":', public.governance_canonical_options(p.id),
        ',"payload":', p.payload,
        ',"policy":', to_json(p.policy::text),
        ',"proposed_by":', p.proposed_by_id,
        ',"published_at":', public.governance_moment(p.published_at),
        ',"roll_root":"', p.roll_root,
        '","rule":"', r.key, '/', r.version,
        '","subject":', to_json(p.subject::text),
        ',"text":', to_json(p.text),
        ',"title":', to_json(p.title::text), '}'
    ) FROM public.governance_rule r WHERE r.id = p.rule_id;
END;
"""

OPTION_WRITTEN = f"""
    {guards.in_the_present("option_is_written_with_the_draft")}
    -- Waits for a publication under way, and then finds the proposal published.
    PERFORM FROM public.governance_proposal p WHERE p.id = NEW.proposal_id AND p.published_at IS NULL
        AND p.method <> 'yes_no' FOR SHARE;
    IF NOT FOUND OR NOT (NEW.payload = '' OR NEW.payload IS JSON OBJECT WITH UNIQUE KEYS) THEN
        {
    guards.refuse("option_is_written_with_the_draft", "Options are written while a proposal is a draft, never after.")
}
    END IF;
    RETURN NEW;
"""

OFFERED = f"""
    IF OLD.published_at IS NULL AND NEW.published_at IS NOT NULL AND (
        SELECT CASE WHEN NEW.method = 'yes_no' THEN count(*) = 0
            ELSE count(*) >= 1 AND min(o.position) = 1 AND max(o.position) = count(*) END
        FROM public.governance_option o WHERE o.proposal_id = NEW.id
    ) IS NOT TRUE THEN
        {guards.refuse("proposal_offers_its_options", "A vote among options offers some, numbered without gaps.")}
    END IF;
    RETURN NEW;
"""

# The positions a ballot may name; 0 leaves things as they are and stands on every ballot by approval.
CHOOSING = """
CREATE FUNCTION public.governance_method(vote bigint) RETURNS text LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT p.method::text FROM public.governance_proposal p WHERE p.id = vote;
END;
CREATE FUNCTION public.governance_positions(vote bigint) RETURNS SETOF integer LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT 0 WHERE public.governance_method(vote) = 'approval'
    UNION ALL SELECT o.position::integer FROM public.governance_option o WHERE o.proposal_id = vote;
END;
CREATE FUNCTION public.governance_may_say(vote bigint, choice text) RETURNS boolean LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT CASE
        WHEN choice = 'abstain' THEN true
        WHEN public.governance_method(vote) = 'yes_no' THEN choice IN ('yes', 'no')
        WHEN choice ~ '^(0|[1-9][0-9]?)(,(0|[1-9][0-9]?))*$' THEN (
            SELECT count(*) = count(DISTINCT named.position)
                AND bool_and(named.position IN (SELECT public.governance_positions(vote)))
                AND (public.governance_method(vote) = 'ranked'
                    OR array_agg(named.position ORDER BY named.position) = array_agg(named.position ORDER BY named.nth))
            FROM (
                SELECT said.name::integer AS position, said.nth
                FROM string_to_table(choice, ',') WITH ORDINALITY AS said(name, nth)
            ) named
        )
        ELSE false
    END;
END;
"""

BOX = """
CREATE FUNCTION public.governance_box(vote bigint)
RETURNS TABLE (person_id bigint, affected boolean, senior boolean, choice text, receipt text) LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT l.person_id, l.affected, l.senior, b.choice::text, b.receipt::text
    FROM public.governance_rollentry l
    LEFT JOIN LATERAL (
        SELECT c.choice, c.receipt FROM public.governance_ballot c
        WHERE c.proposal_id = l.proposal_id AND c.person_id = l.person_id ORDER BY c.number DESC LIMIT 1
    ) b ON true
    WHERE l.proposal_id = vote;
END;
"""

# The groups that decide a closed vote, with what each of them needs; the base is the one that is always shown.
GROUPS = """
CREATE FUNCTION public.governance_groups(vote bigint)
RETURNS TABLE (name text, only_affected boolean, only_senior boolean, share bigint, floor bigint, turnout bigint,
    base boolean) LANGUAGE sql VOLATILE
BEGIN ATOMIC
    WITH rule AS (
        SELECT r.* FROM public.governance_rule r JOIN public.governance_proposal p ON p.rule_id = r.id
        WHERE p.id = vote AND public.governance_closed(vote)
    )
    SELECT 'whole', false, false, rule.whole_yes, rule.whole_floor, rule.turnout_floor, true
    FROM rule WHERE rule.whole_yes IS NOT NULL
    UNION ALL SELECT 'whole_senior', false, true, rule.whole_yes, rule.whole_floor, 0, false
    FROM rule WHERE rule.whole_yes IS NOT NULL AND rule.seniors_too
    UNION ALL SELECT 'affected', true, false, rule.affected_yes, rule.affected_floor, rule.turnout_floor,
        rule.whole_yes IS NULL
    FROM rule WHERE rule.affected_yes IS NOT NULL
    UNION ALL SELECT 'affected_senior', true, true, rule.affected_yes, rule.affected_floor, 0, false
    FROM rule WHERE rule.affected_yes IS NOT NULL AND rule.seniors_too;
END;
CREATE FUNCTION public.governance_small(vote bigint) RETURNS boolean LANGUAGE sql STABLE
BEGIN ATOMIC
    -- Whether a part of the roll that a result could tell apart has 1 to 9 ballots (3.4).
    SELECT coalesce(bool_or(cell.ballots BETWEEN 1 AND 9), false) FROM (
        SELECT count(b.choice) AS ballots
        FROM public.governance_box(vote) b
        CROSS JOIN public.governance_proposal p JOIN public.governance_rule r ON r.id = p.rule_id
        WHERE p.id = vote GROUP BY b.affected, b.senior AND r.seniors_too
    ) cell;
END;
"""

COUNTING = """
CREATE FUNCTION public.governance_count_yes_no(vote bigint) RETURNS jsonb LANGUAGE sql VOLATILE
BEGIN ATOMIC
    WITH box AS MATERIALIZED (
        SELECT b.* FROM public.governance_box(vote) b
    ), sums AS (
        SELECT g.name, g.share, g.floor, g.turnout, g.only_senior, g.base,
            count(b.person_id) AS roll,
            count(b.choice) AS ballots,
            count(*) FILTER (WHERE b.choice = 'yes') AS yes,
            count(*) FILTER (WHERE b.choice = 'no') AS no,
            count(*) FILTER (WHERE b.choice = 'abstain') AS abstain
        FROM public.governance_groups(vote) g
        LEFT JOIN box b ON (b.affected OR NOT g.only_affected) AND (b.senior OR NOT g.only_senior)
        GROUP BY g.name, g.share, g.floor, g.turnout, g.only_senior, g.base
    )
    SELECT jsonb_object_agg(s.name,
        jsonb_build_object(
            'roll', s.roll,
            -- Where nobody is senior yet, there is nobody to ask (R3).
            'met', (s.only_senior AND s.roll = 0) OR (s.ballots * 30000 >= s.turnout * s.roll
                AND public.governance_meets(s.yes, s.no, s.roll, s.share, s.floor))
        ) || CASE WHEN s.base OR NOT public.governance_small(vote)
            THEN jsonb_build_object('yes', s.yes, 'no', s.no, 'abstain', s.abstain) ELSE '{}'::jsonb END
    ) FROM sums s;
END;

-- Whatever most approve wins if it meets the rule against every ballot that leaves it out or approves of leaving
-- things as they are: so a rival more never makes the bar lower. Of two that are level, the one that came first.
CREATE FUNCTION public.governance_count_approval(vote bigint) RETURNS jsonb LANGUAGE sql VOLATILE
BEGIN ATOMIC
    WITH box AS MATERIALIZED (
        SELECT b.person_id, b.affected, b.senior, b.choice,
            CASE WHEN b.choice <> 'abstain' THEN string_to_array(b.choice, ',')::integer[] END AS approved
        FROM public.governance_box(vote) b
    ), sums AS (
        SELECT g.name, g.share, g.floor, g.turnout, g.only_senior, g.base, o.position,
            count(b.person_id) AS roll,
            count(b.choice) AS ballots,
            count(*) FILTER (WHERE b.choice = 'abstain') AS abstain,
            count(*) FILTER (WHERE o.position = ANY (b.approved)) AS approvals,
            count(*) FILTER (WHERE o.position <> ALL (b.approved) OR 0 = ANY (b.approved)) AS against
        FROM public.governance_groups(vote) g CROSS JOIN public.governance_positions(vote) AS o(position)
        LEFT JOIN box b ON (b.affected OR NOT g.only_affected) AND (b.senior OR NOT g.only_senior)
        GROUP BY g.name, g.share, g.floor, g.turnout, g.only_senior, g.base, o.position
    ), winner AS (
        SELECT s.position FROM sums s WHERE s.base AND s.position > 0 ORDER BY s.approvals DESC, s.position LIMIT 1
    ), said AS (
        SELECT s.name, jsonb_object_agg(s.position, s.approvals) AS approvals FROM sums s GROUP BY s.name
    )
    SELECT jsonb_object_agg(s.name,
        jsonb_build_object(
            'roll', s.roll,
            'met', (s.only_senior AND s.roll = 0) OR (s.ballots * 30000 >= s.turnout * s.roll
                AND public.governance_meets(s.approvals, s.against, s.roll, s.share, s.floor))
        ) || CASE WHEN s.base OR NOT public.governance_small(vote) THEN jsonb_build_object(
            'ballots', s.ballots, 'abstain', s.abstain, 'approvals', said.approvals,
            'winner', s.position, 'against', s.against
        ) ELSE '{}'::jsonb END
    ) FROM sums s JOIN winner USING (position) JOIN said USING (name);
END;

-- Nobody counts ballots in order yet: without a count there is no tally.
CREATE FUNCTION public.governance_count_ranked(vote bigint) RETURNS jsonb LANGUAGE sql VOLATILE
BEGIN ATOMIC
    SELECT NULL::jsonb WHERE public.governance_closed(vote);
END;

CREATE OR REPLACE FUNCTION public.governance_count(vote bigint) RETURNS jsonb LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $count$
    SELECT CASE public.governance_method(vote)
        WHEN 'approval' THEN public.governance_count_approval(vote)
        WHEN 'ranked' THEN public.governance_count_ranked(vote)
        ELSE public.governance_count_yes_no(vote)
    END;
$count$;

-- Which option a count names; nobody knows one in a vote by yes or no.
CREATE FUNCTION public.governance_winner(counts jsonb) RETURNS integer LANGUAGE sql IMMUTABLE
BEGIN ATOMIC
    SELECT (coalesce(counts -> 'whole', counts -> 'affected') ->> 'winner')::integer;
END;
"""

NAMING = f"""
    -- The locks on the proposal are held: what it offers has stood since it was published.
    IF public.governance_may_say(NEW.proposal_id, NEW.choice) IS NOT TRUE THEN
        {guards.refuse("ballot_names_the_options", "A ballot says what this vote asks, and nothing else.")}
    END IF;
    RETURN NEW;
"""

TALLYING = f"""
    {guards.in_the_present("tally_is_what_the_ballots_say")}
    PERFORM FROM public.governance_proposal p WHERE p.id = NEW.proposal_id FOR UPDATE;
    NEW.counted_at := public.coop_now();
    counted := public.governance_count(NEW.proposal_id);
    NEW.winner := public.governance_winner(counted);
    IF (
        NEW.counts = counted
        AND NEW.passed = (SELECT bool_and((part.value ->> 'met')::boolean) FROM jsonb_each(counted) part)
    ) IS NOT TRUE THEN
        {guards.refuse("tally_is_what_the_ballots_say", "This is not what the ballots of a closed vote say.")}
    END IF;
    RETURN NEW;
"""


class Migration(migrations.Migration):
    """Install the guards, the counts, and the rights of the site."""

    dependencies: ClassVar = [("governance", "0004_ballot_methods")]
    operations: ClassVar = [
        *(migrations.RunSQL(sql, migrations.RunSQL.noop) for sql in (DIGEST, CHOOSING, BOX, GROUPS, COUNTING)),
        guards.Grant("governance_proposal", "INSERT (method)"),
        guards.Procedure(
            "option_is_written_with_the_draft", table="governance_option", definer=True, body=OPTION_WRITTEN
        ),
        guards.AppendOnly("governance_option", otherwise="What a vote offers is never changed."),
        guards.Grant("governance_option", "SELECT", "INSERT"),
        # Before proposal_stands_once_published, which hashes the options.
        guards.Procedure(
            "proposal_offers_its_options", table="governance_proposal", on="UPDATE", definer=True, body=OFFERED
        ),
        guards.Procedure("ballot_names_the_options", table="governance_ballot", definer=True, body=NAMING),
        guards.Procedure(
            "tally_is_what_the_ballots_say",
            table="governance_tally",
            definer=True,
            body=TALLYING,
            declare="counted jsonb;",
        ),
        guards.Grant("governance_tally", "INSERT (winner)"),
    ]
