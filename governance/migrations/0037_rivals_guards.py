"""Promises about rival proposals (P10): filed in time, about the same, voted on one ballot, each by its own rule."""

from importlib import import_module
from typing import ClassVar

from django.db import migrations

from coop.database import guards

VOTES = import_module("governance.migrations.0003_votes")
OPTIONS = import_module("governance.migrations.0005_counting_options")
RULES = import_module("governance.migrations.0015_rule_guards")
PETITIONS = import_module("governance.migrations.0018_petition_guards")
ONCE = import_module("governance.migrations.0033_counting_once")

# What stands together on one ballot: the first proposal, and the rivals published beside it, in that order.
SET = r"""
CREATE FUNCTION public.governance_first(vote bigint) RETURNS bigint LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT coalesce(p.rival_of_id, p.id) FROM public.governance_proposal p WHERE p.id = vote;
END;
CREATE FUNCTION public.governance_set(vote bigint)
RETURNS TABLE (place integer, proposal_id bigint) LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT row_number() OVER (ORDER BY p.rival_of_id IS NOT NULL, p.published_at, p.id)::integer, p.id
    FROM (SELECT public.governance_first(vote) AS id) first
    JOIN public.governance_proposal p
        ON p.id = first.id OR (p.rival_of_id = first.id AND p.published_at IS NOT NULL);
END;
CREATE FUNCTION public.governance_has_rivals(vote bigint) RETURNS boolean LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT count(*) > 1 FROM public.governance_set(vote);
END;
-- What a payload is about, beside the values it would set.
CREATE FUNCTION public.governance_target(payload jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE
BEGIN ATOMIC
    SELECT coalesce(jsonb_object_agg(part.key, part.value), '{}') FROM jsonb_each(payload) part
    WHERE part.key IN ('work_type', 'key', 'name', 'replaces');
END;
-- A payload with its amounts in the shortest way of writing them, to be compared and never to be hashed.
CREATE FUNCTION public.governance_plainly(payload text) RETURNS text LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, public, pg_temp AS $plainly$
    SELECT regexp_replace(regexp_replace(regexp_replace(payload,
        '("[0-9]+[.][0-9]*[1-9])0+"', '\1"', 'g'), '("[0-9]+)[.]0*"', '\1"', 'g'), '"0+([0-9][0-9.]*")', '"\1', 'g')
$plainly$;
-- Until when rivals of a proposal are published: before its text is frozen, and three days before the vote opens.
CREATE FUNCTION public.governance_rivals_until(p public.governance_proposal) RETURNS timestamptz LANGUAGE sql IMMUTABLE
BEGIN ATOMIC
    SELECT least(p.frozen_at, p.opens_at - interval '72 hours');
END;
"""

# A rival carries the identity of the first on whose ballot it stands.
DIGEST = OPTIONS.DIGEST.split("END;\n", 1)[1].replace(
    """',"roll_root":"',""",
    """CASE WHEN p.rival_of_id IS NULL THEN '' ELSE concat(',"rival_of":"', (
            SELECT f.digest FROM public.governance_proposal f WHERE f.id = p.rival_of_id
        ), '"') END,
        ',"roll_root":"',""",
)

RHYTHM = VOTES.RHYTHM.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION").replace(
    "AND other.id <> p.id",
    """AND other.id <> p.id
            -- What stands on the same ballot is one question.
            AND public.governance_first(other.id) IS DISTINCT FROM p.rival_of_id""",
)

# As voted by, and timed as, the first; who is on the roll of the first is on that of a rival by the same facts.
PUBLISHING = (
    RULES.PUBLISHING.replace(
        "NEW.opens_at := moment + make_interval(hours => 24 * rule.deliberation_days);",
        """SELECT * INTO first FROM public.governance_proposal f WHERE f.id = NEW.rival_of_id;
    SELECT * INTO first_rule FROM public.governance_rule r WHERE r.id = first.rule_id;
    NEW.opens_at := coalesce(first.opens_at, moment + make_interval(hours => 24 * rule.deliberation_days));""",
    )
    .replace(
        "NEW.frozen_at := greatest(moment, NEW.opens_at - make_interval(hours => 24 * rule.frozen_days));",
        """NEW.frozen_at := coalesce(first.frozen_at,
        greatest(moment, NEW.opens_at - make_interval(hours => 24 * rule.frozen_days)));""",
    )
    .replace(
        "NEW.closes_at := NEW.opens_at + make_interval(hours => 24 * rule.voting_days);",
        """NEW.closes_at := coalesce(first.closes_at,
        NEW.opens_at + make_interval(hours => 24 * rule.voting_days));""",
    )
    .replace(
        """SELECT NEW.id, e.person_id, row_number() OVER (ORDER BY e.person_id), e.affected, e.senior
        FROM public.governance_electors(NEW.subject, rule, moment) e ORDER BY e.person_id;""",
        """SELECT NEW.id, e.person_id, row_number() OVER (ORDER BY e.person_id),
            CASE WHEN first_rule.affected_yes IS NOT NULL AND rule.affected_yes IS NOT NULL
                THEN coalesce(l.affected, e.affected) ELSE e.affected END,
            coalesce(l.senior, e.senior)
        FROM public.governance_electors(NEW.subject, rule, coalesce(first.published_at, moment)) e
        LEFT JOIN public.governance_rollentry l ON l.proposal_id = NEW.rival_of_id AND l.person_id = e.person_id
        WHERE first.id IS NULL OR l.id IS NOT NULL
            OR (first_rule.whole_yes IS NULL AND rule.whole_yes IS NOT NULL)
        ORDER BY e.person_id;""",
    )
)

MOST_RIVALS = 4
FILING = f"""
    IF NEW.rival_of_id IS NULL OR OLD.published_at IS NOT NULL OR NEW.published_at IS NULL THEN
        RETURN NEW;
    END IF;
    {guards.in_the_present("rival_stands_beside_the_first")}
    -- Publications take turns (cuts_keep_their_rhythm); ballots and counts of the first wait here.
    SELECT * INTO first FROM public.governance_proposal f WHERE f.id = NEW.rival_of_id FOR NO KEY UPDATE;
    SELECT * INTO rule FROM public.governance_rule r WHERE r.id = NEW.rule_id;
    IF (
        first.published_at IS NOT NULL AND first.rival_of_id IS NULL
        AND num_nonnulls(first.first_reading_id, first.petition_id, NEW.first_reading_id, NEW.petition_id) = 0
        AND first.method = 'yes_no' AND NEW.method = 'yes_no'
        AND NEW.policy = first.policy AND NEW.subject = first.subject AND NEW.payload::jsonb ? 'replaces'
        AND public.governance_target(NEW.payload::jsonb) = public.governance_target(first.payload::jsonb)
    ) IS NOT TRUE THEN
        {
    guards.refuse(
        "rival_stands_beside_the_first", "A rival changes the very thing that the first would change, in another way."
    )
}
    END IF;
    IF (
        public.coop_now() < public.governance_rivals_until(first)
        -- Nobody has less time for what is decided than its own rule gives them.
        AND first.opens_at - first.published_at >= make_interval(hours => 24 * rule.deliberation_days)
        AND first.opens_at - first.frozen_at >= make_interval(hours => 24 * rule.frozen_days)
        AND first.closes_at - first.opens_at >= make_interval(hours => 24 * rule.voting_days)
    ) IS NOT TRUE THEN
        {
    guards.refuse(
        "rival_stands_beside_the_first",
        "A rival is published before the text is frozen, where its own rule asks for no more time than the first.",
    )
}
    END IF;
    IF (SELECT count(*) > {MOST_RIVALS} FROM public.governance_set(first.id)) OR EXISTS (
        SELECT FROM public.governance_set(first.id) s JOIN public.governance_proposal p ON p.id = s.proposal_id
        WHERE public.governance_plainly(p.payload) = public.governance_plainly(NEW.payload)
            OR p.proposed_by_id = NEW.proposed_by_id
    ) THEN
        {
    guards.refuse(
        "rival_stands_beside_the_first", "A ballot has four rivals at most, each another change and by another member."
    )
}
    END IF;
    RETURN NEW;
"""

# Whoever backed one published rival backs no second one of the same ballot: or a few could fill it.
BACKERS = PETITIONS.SUPPORT.split("CREATE FUNCTION public.governance_backers", 1)[1].split("CREATE FUNCTION", 1)[0]
SUPPORT = "CREATE OR REPLACE FUNCTION public.governance_backers" + BACKERS.replace(
    "AND public.governance_is_member(said.person_id);",
    """AND public.governance_is_member(said.person_id)
        AND NOT EXISTS (
            SELECT FROM public.governance_proposal other
            CROSS JOIN LATERAL (
                SELECT b.backs FROM public.governance_support b
                WHERE b.draft_id = other.id AND b.person_id = said.person_id ORDER BY b.number DESC LIMIT 1
            ) word
            WHERE other.rival_of_id = p.rival_of_id AND other.id <> p.id AND other.published_at IS NOT NULL
                AND word.backs
        );""",
)

# Each option is counted on its own roll, in the groups of its own rule; 0 leaves things as they are. Nothing of 1 to 9
# ballots is told apart (3.4), nor by comparing the options of two electorates.
SUMS = """
CREATE FUNCTION public.governance_set_sums(vote bigint, moment timestamptz)
RETURNS TABLE (place integer, proposal_id bigint, name text, base boolean, shown boolean, roll bigint,
    ballots bigint, abstain bigint, approvals jsonb, yes bigint, no bigint, met boolean) LANGUAGE sql STABLE
BEGIN ATOMIC
    WITH sides AS MATERIALIZED (
        SELECT s.place, s.proposal_id, r.whole_yes, r.whole_floor, r.affected_yes, r.affected_floor,
            r.turnout_floor, r.seniors_too
        FROM public.governance_set(vote) s
        JOIN public.governance_proposal p ON p.id = s.proposal_id JOIN public.governance_rule r ON r.id = p.rule_id
    ), said AS MATERIALIZED (
        SELECT DISTINCT ON (b.person_id) b.person_id,
            CASE WHEN b.choice <> 'abstain' THEN string_to_array(b.choice, ',')::integer[] END AS approved
        FROM public.governance_ballot b
        WHERE b.proposal_id = (SELECT public.governance_first(vote)) AND b.cast_at < moment
        ORDER BY b.person_id, b.number DESC
    ), box AS MATERIALIZED (
        SELECT s.place, l.affected, l.senior, v.person_id IS NOT NULL AS voted, v.approved
        FROM sides s JOIN public.governance_rollentry l ON l.proposal_id = s.proposal_id
        LEFT JOIN said v ON v.person_id = l.person_id
    ), small AS MATERIALIZED (
        SELECT cell.place, bool_or(cell.ballots BETWEEN 1 AND 9) AS inside,
            (SELECT count(*) FROM said) - sum(cell.ballots) BETWEEN 1 AND 9 AS outside
        FROM (
            SELECT s.place, count(*) FILTER (WHERE b.voted) AS ballots
            FROM box b JOIN sides s USING (place)
            GROUP BY s.place, b.affected, b.senior AND s.seniors_too
        ) cell GROUP BY cell.place
    ), parts AS (
        SELECT s.place, s.proposal_id, g.* FROM sides s CROSS JOIN LATERAL (VALUES
            ('whole', false, false, s.whole_yes, s.whole_floor, s.turnout_floor, true, true),
            ('whole_senior', false, true, s.whole_yes, s.whole_floor, 0, false, s.seniors_too),
            ('affected', true, false, s.affected_yes, s.affected_floor, s.turnout_floor, s.whole_yes IS NULL, true),
            ('affected_senior', true, true, s.affected_yes, s.affected_floor, 0, false, s.seniors_too)
        ) AS g(name, only_affected, only_senior, share, floor, turnout, base, asked)
        WHERE g.share IS NOT NULL AND g.asked
    ), lines AS (
        SELECT g.place, g.name, o.option, count(*) FILTER (WHERE o.option = ANY (b.approved)) AS approvals
        FROM parts g CROSS JOIN (SELECT 0 AS option UNION ALL SELECT s.place FROM sides s) o
        LEFT JOIN box b ON b.place = g.place
            AND (b.affected OR NOT g.only_affected) AND (b.senior OR NOT g.only_senior)
        GROUP BY g.place, g.name, o.option
    ), told AS (
        SELECT l.place, l.name, jsonb_object_agg(l.option, l.approvals) AS approvals FROM lines l
        GROUP BY l.place, l.name
    ), sums AS (
        SELECT g.place, g.proposal_id, g.name, g.share, g.floor, g.turnout, g.only_senior, g.base,
            count(b.place) AS roll,
            count(*) FILTER (WHERE b.voted) AS ballots,
            count(*) FILTER (WHERE b.voted AND b.approved IS NULL) AS abstain,
            count(*) FILTER (WHERE g.place = ANY (b.approved)) AS yes,
            count(*) FILTER (WHERE g.place <> ALL (b.approved) OR 0 = ANY (b.approved)) AS no
        FROM parts g LEFT JOIN box b ON b.place = g.place
            AND (b.affected OR NOT g.only_affected) AND (b.senior OR NOT g.only_senior)
        GROUP BY g.place, g.proposal_id, g.name, g.share, g.floor, g.turnout, g.only_senior, g.base
    )
    SELECT s.place, s.proposal_id, s.name, s.base, NOT m.outside AND (s.base OR NOT m.inside), s.roll, s.ballots,
        s.abstain, t.approvals, s.yes, s.no,
        -- Where nobody is senior yet, there is nobody to ask (R3).
        (s.only_senior AND s.roll = 0) OR (s.ballots * 30000 >= s.turnout * s.roll
            AND public.governance_meets(s.yes, s.no, s.roll, s.share, s.floor))
    FROM sums s JOIN small m ON m.place = s.place JOIN told t ON t.place = s.place AND t.name = s.name;
END;
-- Which option wins: of those that meet all their own rule asks, the one most approve of; of two level, the earlier.
CREATE FUNCTION public.governance_set_winner(vote bigint, moment timestamptz) RETURNS integer LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT s.place FROM public.governance_set_sums(vote, moment) s GROUP BY s.place
    HAVING bool_and(s.met) ORDER BY max(s.yes) FILTER (WHERE s.base) DESC, s.place LIMIT 1;
END;
CREATE FUNCTION public.governance_set_leader(vote bigint, moment timestamptz) RETURNS integer LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT s.place FROM public.governance_set_sums(vote, moment) s
    WHERE s.base AND s.yes > 0 ORDER BY s.yes DESC, s.place LIMIT 1;
END;
"""

COUNTING = """
CREATE FUNCTION public.governance_count_rivals(vote bigint) RETURNS jsonb LANGUAGE sql VOLATILE
BEGIN ATOMIC
    SELECT jsonb_object_agg(s.name,
        jsonb_build_object('roll', s.roll, 'met', s.met, 'option', s.place)
        || CASE WHEN s.base THEN jsonb_build_object('winner', public.governance_set_winner(vote, 'infinity'))
            ELSE '{}'::jsonb END
        || CASE WHEN s.shown THEN jsonb_build_object(
            'ballots', s.ballots, 'abstain', s.abstain, 'approvals', s.approvals, 'against', s.no
        ) ELSE '{}'::jsonb END
    ) FROM public.governance_set_sums(vote, 'infinity') s WHERE s.proposal_id = vote AND public.governance_closed(vote);
END;
CREATE OR REPLACE FUNCTION public.governance_count(vote bigint) RETURNS jsonb LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $count$
    SELECT CASE
        WHEN public.governance_has_rivals(vote) THEN public.governance_count_rivals(vote)
        ELSE CASE public.governance_method(vote)
            WHEN 'approval' THEN public.governance_count_approval(vote)
            WHEN 'ranked' THEN public.governance_count_ranked(vote)
            ELSE public.governance_count_yes_no(vote)
        END
    END;
$count$;
-- Whether a count passes: all groups decide yes and, among rivals, no other wins.
CREATE FUNCTION public.governance_passes(vote bigint, counts jsonb) RETURNS boolean LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT bool_and((part.value ->> 'met')::boolean
        AND (NOT part.value ? 'option' OR part.value -> 'option' = coalesce(main.said -> 'winner', 'null')))
    FROM jsonb_each(counts) part CROSS JOIN (SELECT coalesce(counts -> 'whole', counts -> 'affected') AS said) main;
END;
CREATE OR REPLACE FUNCTION public.governance_method(vote bigint) RETURNS text LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT CASE WHEN public.governance_has_rivals(vote) THEN 'approval' ELSE p.method::text END
    FROM public.governance_proposal p WHERE p.id = vote;
END;
CREATE OR REPLACE FUNCTION public.governance_positions(vote bigint) RETURNS SETOF integer LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT 0 WHERE public.governance_method(vote) = 'approval'
    UNION ALL SELECT o.position::integer FROM public.governance_option o WHERE o.proposal_id = vote
    UNION ALL SELECT s.place FROM public.governance_set(vote) s WHERE public.governance_has_rivals(vote);
END;
CREATE OR REPLACE FUNCTION public.governance_extended(vote bigint) RETURNS boolean LANGUAGE sql VOLATILE
BEGIN ATOMIC
    SELECT coalesce((
        SELECT public.coop_now() >= p.closes_at AND CASE
            WHEN public.governance_has_rivals(vote) THEN
                public.governance_set_winner(vote, p.closes_at)
                    IS DISTINCT FROM public.governance_set_winner(vote, p.closes_at - interval '48 hours')
                OR public.governance_set_leader(vote, p.closes_at)
                    IS DISTINCT FROM public.governance_set_leader(vote, p.closes_at - interval '48 hours')
            WHEN public.governance_method(vote) = 'yes_no' THEN public.governance_swings(vote)
            ELSE public.governance_leader(vote, p.closes_at)
                IS DISTINCT FROM public.governance_leader(vote, p.closes_at - interval '48 hours')
        END FROM public.governance_proposal p WHERE p.id = vote
    ), false);
END;
"""

# The box of a rival is that of the first: one ballot for all.
BOX = """
CREATE OR REPLACE FUNCTION public.governance_box(vote bigint)
RETURNS TABLE (person_id bigint, affected boolean, senior boolean, choice text, receipt text) LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT l.person_id, l.affected, l.senior, b.choice::text, b.receipt::text
    FROM public.governance_rollentry l
    LEFT JOIN LATERAL (
        SELECT c.choice, c.receipt FROM public.governance_ballot c
        WHERE c.proposal_id = (SELECT public.governance_first(vote)) AND c.person_id = l.person_id
        ORDER BY c.number DESC LIMIT 1
    ) b ON true
    WHERE l.proposal_id = vote;
END;
CREATE OR REPLACE FUNCTION public.governance_turnout(vote bigint) RETURNS bigint LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $turnout$
    SELECT count(*) FROM public.governance_ballot b
    WHERE b.proposal_id = (SELECT public.governance_first(vote)) AND b.number = 1;
$turnout$;
CREATE OR REPLACE FUNCTION public.governance_has_voted(vote bigint, elector bigint)
RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $voted$
    SELECT EXISTS (
        SELECT FROM public.governance_ballot b
        WHERE b.proposal_id = (SELECT public.governance_first(vote)) AND b.person_id = elector
    );
$voted$;
CREATE OR REPLACE FUNCTION public.governance_receipts(vote bigint)
RETURNS SETOF text LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $receipts$
    SELECT DISTINCT b.receipt FROM public.governance_set(vote) s
    CROSS JOIN LATERAL (SELECT box.receipt FROM public.governance_box(s.proposal_id) box) b
    WHERE b.receipt IS NOT NULL AND public.governance_closed(vote) ORDER BY b.receipt;
$receipts$;
-- Electors of a vote, or of one of its rivals, who have not voted; asked about the first.
CREATE OR REPLACE FUNCTION public.governance_not_voted(vote bigint)
RETURNS SETOF bigint LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $missing$
    SELECT DISTINCT r.person_id FROM public.governance_set(vote) s
    JOIN public.governance_rollentry r ON r.proposal_id = s.proposal_id
    WHERE vote = public.governance_first(vote) AND NOT EXISTS (
        SELECT FROM public.governance_ballot b WHERE b.proposal_id = vote AND b.person_id = r.person_id
    );
$missing$;
"""

ELECTOR = VOTES.ELECTOR.replace("FOR SHARE", "AND p.rival_of_id IS NULL FOR SHARE").replace(
    "WHERE l.proposal_id = NEW.proposal_id AND l.person_id = NEW.person_id FOR NO KEY UPDATE;\n    IF NOT FOUND",
    """WHERE l.proposal_id IN (SELECT s.proposal_id FROM public.governance_set(NEW.proposal_id) s)
            AND l.person_id = NEW.person_id ORDER BY l.proposal_id FOR NO KEY UPDATE;
    IF NOT FOUND OR public.governance_first(NEW.proposal_id) <> NEW.proposal_id""",
)
TALLYING = (
    ONCE.TALLYING.replace(
        "p.id = NEW.proposal_id FOR UPDATE", "p.id = public.governance_first(NEW.proposal_id) FOR UPDATE"
    )
    .replace(
        "(SELECT bool_and((part.value ->> 'met')::boolean) AS passed FROM jsonb_each(counted) part) said",
        "(SELECT public.governance_passes(NEW.proposal_id, counted) AS passed) said",
    )
    .replace(
        "(SELECT bool_and((part.value ->> 'met')::boolean) FROM jsonb_each(counted) part)",
        "public.governance_passes(NEW.proposal_id, counted)",
    )
)


class Migration(migrations.Migration):
    """Install the guards, the counts, and the rights of the site."""

    dependencies: ClassVar = [("governance", "0036_rivals")]
    operations: ClassVar = [
        *(
            migrations.RunSQL(sql, migrations.RunSQL.noop)
            for sql in (SET, DIGEST, RHYTHM, SUPPORT, SUMS, BOX, COUNTING)
        ),
        guards.Grant("governance_proposal", "INSERT (rival_of_id)"),
        guards.Procedure(
            "proposal_stands_once_published",
            table="governance_proposal",
            on="UPDATE",
            definer=True,
            body=PUBLISHING,
            declare="moment timestamptz; rule public.governance_rule; first public.governance_proposal;"
            " first_rule public.governance_rule;",
        ),
        guards.Procedure(
            "rival_stands_beside_the_first",
            table="governance_proposal",
            on="UPDATE",
            definer=True,
            body=FILING,
            declare="first public.governance_proposal; rule public.governance_rule;",
        ),
        guards.Procedure("ballot_is_cast_by_an_elector", table="governance_ballot", definer=True, body=ELECTOR),
        guards.Procedure(
            "tally_is_what_the_ballots_say",
            table="governance_tally",
            definer=True,
            body=TALLYING,
            declare="counted jsonb;",
        ),
    ]
