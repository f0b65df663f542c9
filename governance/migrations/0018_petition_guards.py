"""Promises about support, petitions, the right to stop, and votes that go on: nobody stands in their way."""

from importlib import import_module
from typing import ClassVar

from django.db import migrations

from coop.database import guards

VOTES = import_module("governance.migrations.0003_votes")
OPTIONS = import_module("governance.migrations.0005_counting_options")

MEMBERS = """
CREATE FUNCTION public.governance_is_member(who bigint) RETURNS boolean LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT coalesce((
        SELECT s.status = 'member' FROM public.governance_standing s WHERE s.person_id = who ORDER BY s.id DESC LIMIT 1
    ), false);
END;
CREATE FUNCTION public.governance_members() RETURNS SETOF bigint LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT l.person_id FROM (
        SELECT DISTINCT ON (s.person_id) s.person_id, s.status FROM public.governance_standing s
        ORDER BY s.person_id, s.id DESC
    ) l WHERE l.status = 'member';
END;
-- The whole roll as it would be now (R1).
CREATE FUNCTION public.governance_whole_roll() RETURNS SETOF bigint LANGUAGE sql VOLATILE
BEGIN ATOMIC
    SELECT e.person_id FROM public.governance_rule r
    CROSS JOIN LATERAL public.governance_electors('', r, public.coop_now()) e
    WHERE r.key = '3.2' AND r.version = 1;
END;
"""

# A share of the members, five persons at least; a share of the roll, ten at least. Never more than the parameter says.
NEEDED = """
CREATE FUNCTION public.governance_support_needed() RETURNS bigint LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $needed$
    SELECT least(count(*), public.governance_number('support_most'),
        greatest(5, ceil(public.governance_number('support_share')::numeric * count(*) / 30000)))
    FROM public.governance_members();
$needed$;
CREATE FUNCTION public.governance_petition_needed() RETURNS bigint LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $needed$
    SELECT least(count(*), public.governance_number('petition_most'),
        greatest(10, ceil(public.governance_number('petition_share')::numeric * count(*) / 30000)))
    FROM public.governance_whole_roll();
$needed$;
"""

SUPPORT = """
CREATE FUNCTION public.governance_draft_digest(p public.governance_proposal) RETURNS text LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT encode(sha256(convert_to(jsonb_build_array(
        p.policy, p.title, p.text, p.payload, p.subject, p.method, public.governance_canonical_options(p.id)
    )::text, 'UTF8')), 'hex');
END;
-- Members whose latest word backs this very text.
CREATE FUNCTION public.governance_backers(p public.governance_proposal) RETURNS bigint LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT count(*) FROM (
        SELECT DISTINCT ON (s.person_id) s.person_id, s.backs, s.digest FROM public.governance_support s
        WHERE s.draft_id = p.id ORDER BY s.person_id, s.number DESC
    ) said
    WHERE said.backs AND said.digest = public.governance_draft_digest(p)
        AND public.governance_is_member(said.person_id);
END;
CREATE FUNCTION public.governance_support_of(draft bigint) RETURNS bigint LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $support$
    SELECT public.governance_backers(p) FROM public.governance_proposal p WHERE p.id = draft;
$support$;
"""

# Signed by members who are on the whole roll now.
SIGNATURES = """
CREATE FUNCTION public.governance_signed(asked bigint) RETURNS bigint LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $signed$
    SELECT count(*) FROM public.governance_signature s
    JOIN public.governance_whole_roll() AS l(person_id) ON l.person_id = s.person_id WHERE s.petition_id = asked;
$signed$;
-- Until when a petition may be signed and call its vote: while the decision waits, or thirty days for a recall.
CREATE FUNCTION public.governance_petition_ends(asked bigint) RETURNS timestamptz LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT CASE p.kind WHEN 'stop' THEN m.due_at ELSE least(o.ends_at, p.opened_at + interval '720 hours') END
    FROM public.governance_petition p
    LEFT JOIN public.governance_mandate m ON m.proposal_id = p.stops_id
    LEFT JOIN public.governance_office o ON o.id = p.recalls_id WHERE p.id = asked;
END;
"""

STOPPED = f"""
-- Whether a mandate is stopped by a vote, or waits for one that may stop it. Publications and enactments take turns.
CREATE FUNCTION public.governance_is_stopped(by_mandate bigint) RETURNS boolean LANGUAGE plpgsql VOLATILE
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $stopped$
BEGIN
    IF NOT {guards.PRESENT} THEN
        RETURN true;
    END IF;
    PERFORM FROM public.governance_mandate WHERE proposal_id IS NULL FOR NO KEY UPDATE;
    RETURN EXISTS (
        SELECT FROM public.governance_mandate m
        JOIN public.governance_petition asked ON asked.stops_id = m.proposal_id
        JOIN public.governance_proposal s ON s.petition_id = asked.id AND s.published_at IS NOT NULL
        LEFT JOIN public.governance_tally t ON t.proposal_id = s.id
        WHERE m.id = by_mandate AND (t.id IS NULL OR t.passed)
    );
END $stopped$;
"""

# P7. Every ballot of the last 48 hours is laid down in its order, and after each one it is asked whether the outcome
# is another than before: who leads, or whether the floor is reached. Nobody sees this before the end.
EXTENDED = """
CREATE FUNCTION public.governance_swings(vote bigint) RETURNS boolean LANGUAGE sql STABLE
BEGIN ATOMIC
    WITH about AS (
        SELECT p.closes_at, p.closes_at - interval '48 hours' AS since, r.*
        FROM public.governance_proposal p JOIN public.governance_rule r ON r.id = p.rule_id WHERE p.id = vote
    ), parts AS (
        SELECT 'whole' AS name, a.whole_floor AS floor, false AS only_affected
        FROM about a WHERE a.whole_yes IS NOT NULL
        UNION ALL SELECT 'affected', a.affected_floor, true FROM about a WHERE a.affected_yes IS NOT NULL
    ), rolls AS (
        SELECT g.name, g.floor, g.only_affected, count(*) AS roll FROM parts g
        JOIN public.governance_rollentry l ON l.proposal_id = vote AND (l.affected OR NOT g.only_affected)
        GROUP BY g.name, g.floor, g.only_affected
    ), steps AS (
        SELECT b.id, b.cast_at, b.person_id,
            (b.choice = 'yes')::integer - (coalesce(lag(b.choice) OVER earlier, '') = 'yes')::integer AS yes,
            (b.choice = 'no')::integer - (coalesce(lag(b.choice) OVER earlier, '') = 'no')::integer AS no
        FROM public.governance_ballot b CROSS JOIN about a WHERE b.proposal_id = vote AND b.cast_at < a.closes_at
        WINDOW earlier AS (PARTITION BY b.person_id ORDER BY b.number)
    ), running AS (
        SELECT g.name, g.floor, g.roll, s.cast_at, s.id,
            sum(s.yes) OVER laid AS yes, sum(s.no) OVER laid AS no
        FROM rolls g CROSS JOIN steps s
        JOIN public.governance_rollentry l ON l.proposal_id = vote AND l.person_id = s.person_id
            AND (l.affected OR NOT g.only_affected)
        WINDOW laid AS (PARTITION BY g.name ORDER BY s.cast_at, s.id ROWS UNBOUNDED PRECEDING)
    ), outcomes AS (
        SELECT r.name, r.cast_at, r.yes > r.no AS leads, r.yes * 30000 >= r.floor * r.roll AS enough,
            lag(r.yes > r.no) OVER one AS led, lag(r.yes * 30000 >= r.floor * r.roll) OVER one AS was_enough, r.floor
        FROM running r WINDOW one AS (PARTITION BY r.name ORDER BY r.cast_at, r.id)
    )
    SELECT EXISTS (
        SELECT FROM outcomes o CROSS JOIN about a WHERE o.cast_at >= a.since
            AND (o.leads <> coalesce(o.led, false) OR o.enough <> coalesce(o.was_enough, o.floor = 0))
    );
END;

-- Among options: which one leads, of those approved or named first, at the close and 48 hours before.
CREATE FUNCTION public.governance_leader(vote bigint, moment timestamptz) RETURNS integer LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT named.position FROM (
        SELECT DISTINCT ON (b.person_id) b.choice FROM public.governance_ballot b
        WHERE b.proposal_id = vote AND b.cast_at < moment ORDER BY b.person_id, b.number DESC
    ) last
    CROSS JOIN LATERAL (
        SELECT said.name::integer AS position
        FROM string_to_table(nullif(last.choice, 'abstain'), ',') WITH ORDINALITY AS said(name, nth)
        WHERE said.nth = 1 OR public.governance_method(vote) = 'approval'
    ) named
    GROUP BY named.position ORDER BY count(*) DESC, named.position LIMIT 1;
END;
CREATE FUNCTION public.governance_extended(vote bigint) RETURNS boolean LANGUAGE sql VOLATILE
BEGIN ATOMIC
    SELECT coalesce((
        SELECT public.coop_now() >= p.closes_at AND CASE WHEN public.governance_method(vote) = 'yes_no'
            THEN public.governance_swings(vote)
            ELSE public.governance_leader(vote, p.closes_at)
                IS DISTINCT FROM public.governance_leader(vote, p.closes_at - interval '48 hours')
        END FROM public.governance_proposal p WHERE p.id = vote
    ), false);
END;
-- When a vote really closes, known only once its first end is reached.
CREATE FUNCTION public.governance_close_of(vote bigint) RETURNS timestamptz LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $close$
    SELECT p.closes_at + CASE WHEN coalesce(t.extended, public.governance_extended(vote)) THEN interval '72 hours'
        ELSE interval '0' END
    FROM public.governance_proposal p LEFT JOIN public.governance_tally t ON t.proposal_id = p.id WHERE p.id = vote;
$close$;
CREATE OR REPLACE FUNCTION public.governance_closed(vote bigint) RETURNS boolean LANGUAGE sql VOLATILE
BEGIN ATOMIC
    SELECT coalesce(public.governance_close_of(vote) <= public.coop_now(), false);
END;
"""

BACKING = f"""
    {guards.in_the_present("support_is_a_members_own_word")}
    SELECT * INTO draft FROM public.governance_proposal p WHERE p.id = NEW.draft_id FOR SHARE;
    PERFORM FROM public.people_person WHERE id = NEW.person_id FOR NO KEY UPDATE;
    IF draft.published_at IS NOT NULL OR NOT public.governance_is_member(NEW.person_id) THEN
        {guards.refuse("support_is_a_members_own_word", "Members back a draft until it is published, and nobody else.")}
    END IF;
    NEW.said_at := public.coop_now();
    NEW.digest := public.governance_draft_digest(draft);
    NEW.number := 1 + (
        SELECT coalesce(max(s.number), 0) FROM public.governance_support s
        WHERE s.draft_id = NEW.draft_id AND s.person_id = NEW.person_id
    );
    RETURN NEW;
"""

# A second reading was voted already; the vote of a petition has its signatures.
SUPPORTED = f"""
    IF OLD.published_at IS NULL AND NEW.published_at IS NOT NULL
        AND NEW.first_reading_id IS NULL AND NEW.petition_id IS NULL
        AND public.governance_backers(NEW) < public.governance_support_needed()
    THEN
        {guards.refuse("proposal_is_supported", "A draft is put to all once enough members back this very text.")}
    END IF;
    RETURN NEW;
"""

OPENING = f"""
    {guards.in_the_present("petition_is_opened_in_its_time")}
    NEW.opened_at := public.coop_now();
    IF NOT public.governance_is_member(NEW.opened_by_id) OR NOT (CASE NEW.kind
        WHEN 'stop' THEN EXISTS (
            SELECT FROM public.governance_mandate m JOIN public.governance_proposal p ON p.id = m.proposal_id
            JOIN public.governance_rule r ON r.id = p.rule_id
            WHERE p.id = NEW.stops_id AND r.key IN ('N1', 'N2', 'N3', 'N4', 'N5', 'N6') AND m.due_at > NEW.opened_at)
        ELSE EXISTS (
            SELECT FROM public.governance_office o WHERE o.id = NEW.recalls_id
                AND o.starts_at <= NEW.opened_at AND o.ends_at > NEW.opened_at)
            AND NOT EXISTS (
                SELECT FROM public.governance_petition other WHERE other.recalls_id = NEW.recalls_id
                    AND other.opened_at > NEW.opened_at - interval '720 hours')
    END) THEN
        {
    guards.refuse(
        "petition_is_opened_in_its_time",
        "Members ask to stop a cut while it waits for its day, and to recall who holds a post, once in thirty days.",
    )
}
    END IF;
    RETURN NEW;
"""

SIGNING = f"""
    {guards.in_the_present("petition_is_signed_by_members")}
    PERFORM FROM public.governance_petition p WHERE p.id = NEW.petition_id FOR NO KEY UPDATE;
    NEW.signed_at := public.coop_now();
    IF NOT public.governance_is_member(NEW.person_id)
        OR public.governance_petition_ends(NEW.petition_id) <= NEW.signed_at
    THEN
        {guards.refuse("petition_is_signed_by_members", "Members sign a petition while it is open.")}
    END IF;
    RETURN NEW;
"""

# After cuts_keep_their_rhythm in the alphabet, which holds the lock by which publications take turns.
CALLING = f"""
    IF OLD.published_at IS NOT NULL OR NEW.published_at IS NULL THEN
        RETURN NEW;
    END IF;
    SELECT * INTO asked FROM public.governance_petition a WHERE a.id = NEW.petition_id;
    IF (
        CASE WHEN NEW.petition_id IS NULL THEN NEW.policy NOT IN ('stop', 'recall')
        ELSE NEW.policy = asked.kind AND NEW.method = 'yes_no' AND NEW.first_reading_id IS NULL
            AND NEW.payload::jsonb = CASE asked.kind
                WHEN 'stop' THEN jsonb_build_object('proposal', asked.stops_id)
                ELSE jsonb_build_object('office', asked.recalls_id) END
            AND (SELECT r.key FROM public.governance_rule r WHERE r.id = NEW.rule_id)
                = CASE asked.kind WHEN 'stop' THEN '3.2' ELSE 'N13' END
            AND public.governance_petition_ends(asked.id) > public.coop_now()
            AND public.governance_signed(asked.id) >= public.governance_petition_needed()
        END
    ) IS NOT TRUE THEN
        {
    guards.refuse(
        "petition_calls_its_vote", "A vote to stop or to recall is called by its petition, signed by enough, in time."
    )
}
    END IF;
    RETURN NEW;
"""

IN_TIME = VOTES.IN_TIME.replace(
    "p.opens_at <= NEW.cast_at AND p.closes_at > NEW.cast_at",
    "p.opens_at <= NEW.cast_at AND public.governance_close_of(p.id) > NEW.cast_at",
)
TALLYING = OPTIONS.TALLYING.replace(
    "NEW.winner :=", "NEW.extended := public.governance_extended(NEW.proposal_id);\n    NEW.winner :="
)
MANDATING = VOTES.MANDATING.replace(
    "SELECT p.locked_until INTO",
    "SELECT p.locked_until + CASE WHEN t.extended THEN interval '72 hours' ELSE interval '0' END INTO",
)
NOT_STOPPED = "NOT public.governance_is_stopped(NEW.mandate_id)"


class Migration(migrations.Migration):
    """Install the guards and the rights of the site."""

    dependencies: ClassVar = [("governance", "0017_petitions")]
    operations: ClassVar = [
        *(
            migrations.RunSQL(sql, migrations.RunSQL.noop)
            for sql in (MEMBERS, NEEDED, SUPPORT, SIGNATURES, STOPPED, EXTENDED)
        ),
        guards.Allow("governance_support_needed()"),
        guards.Allow("governance_support_of(bigint)"),
        guards.Allow("governance_petition_needed()"),
        guards.Allow("governance_signed(bigint)"),
        guards.Allow("governance_close_of(bigint)"),
        guards.Procedure(
            "support_is_a_members_own_word",
            table="governance_support",
            definer=True,
            body=BACKING,
            declare="draft public.governance_proposal;",
        ),
        guards.AppendOnly("governance_support", otherwise="Support is taken back by a new word, never erased."),
        guards.Grant("governance_support", "SELECT", "INSERT"),
        guards.Procedure("petition_is_opened_in_its_time", table="governance_petition", definer=True, body=OPENING),
        guards.AppendOnly("governance_petition", otherwise="A petition is neither closed nor changed by anybody."),
        guards.Grant("governance_petition", "SELECT", "INSERT"),
        guards.Procedure("petition_is_signed_by_members", table="governance_signature", definer=True, body=SIGNING),
        guards.AppendOnly("governance_signature"),
        guards.Grant("governance_signature", "SELECT", "INSERT"),
        guards.Grant("governance_proposal", "INSERT (petition_id)"),
        guards.Procedure(
            "petition_calls_its_vote",
            table="governance_proposal",
            on="UPDATE",
            definer=True,
            body=CALLING,
            declare="asked public.governance_petition;",
        ),
        guards.Procedure(
            "proposal_is_supported", table="governance_proposal", on="UPDATE", definer=True, body=SUPPORTED
        ),
        guards.Procedure(
            "ballot_is_cast_while_the_vote_is_open", table="governance_ballot", definer=True, body=IN_TIME
        ),
        guards.Procedure(
            "tally_is_what_the_ballots_say",
            table="governance_tally",
            definer=True,
            body=TALLYING,
            declare="counted jsonb;",
        ),
        guards.Grant("governance_tally", "INSERT (extended)"),
        guards.Procedure(
            "mandate_needs_a_passed_vote",
            table="governance_mandate",
            definer=True,
            body=MANDATING,
            declare="lock_ends timestamptz;",
        ),
        guards.Guard(
            "enactment_is_not_stopped",
            table="governance_enactment",
            holds=NOT_STOPPED,
            otherwise="Nothing takes effect that a vote stopped, or while a vote that may stop it is not counted.",
            definer=True,
        ),
    ]
