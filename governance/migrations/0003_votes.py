"""Promises about votes: what is published stands, the roll votes, the count is the count, nothing else is enacted."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

NO_SECOND_READING = guards.refuse(
    "proposal_stands_once_published",
    "A second reading has the very text of a first that passed at least 30 days ago.",
)
TOO_SOON = guards.refuse(
    "cuts_keep_their_rhythm",
    "One proposal to cut in 90 days; one that failed, not before 180 days.",
)

# RFC 6962 over lines of text, level by level: an odd last one moves up as it is. Hexadecimal.
MERKLE = """
CREATE FUNCTION public.governance_merkle_root(lines text[]) RETURNS text LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, public, pg_temp AS $merkle$
DECLARE
    level bytea[];
BEGIN
    SELECT array_agg(sha256('\\x00'::bytea || convert_to(leaf.line, 'UTF8')) ORDER BY leaf.place) INTO level
    FROM unnest(lines) WITH ORDINALITY AS leaf(line, place);
    IF level IS NULL THEN
        RETURN encode(sha256(''::bytea), 'hex');
    END IF;
    WHILE cardinality(level) > 1 LOOP
        SELECT array_agg(
            CASE WHEN pair.next IS NULL THEN pair.hash ELSE sha256('\\x01'::bytea || pair.hash || pair.next) END
            ORDER BY pair.place
        ) INTO level
        FROM (
            SELECT node.place, node.hash, lead(node.hash) OVER (ORDER BY node.place) AS next
            FROM unnest(level) WITH ORDINALITY AS node(hash, place)
        ) pair
        WHERE pair.place % 2 = 1;
    END LOOP;
    RETURN encode(level[1], 'hex');
END $merkle$;
"""

# The canonical JSON of a proposal: keys in the order of the alphabet, no spaces. `payload` and `impact` are such text.
DIGEST = """
CREATE FUNCTION public.governance_moment(moment timestamptz) RETURNS text LANGUAGE sql IMMUTABLE
BEGIN ATOMIC
    SELECT to_char(moment AT TIME ZONE 'UTC', '"\\""YYYY-MM-DD"T"HH24:MI:SS.US"Z\\""');
END;
CREATE FUNCTION public.governance_canonical(p public.governance_proposal) RETURNS text LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT concat(
        '{"closes_at":', public.governance_moment(p.closes_at),
        ',"first_reading":', coalesce(p.first_reading_id::text, 'null'),
        ',"frozen_at":', public.governance_moment(p.frozen_at),
        ',"impact":', p.impact,
        ',"locked_until":', public.governance_moment(p.locked_until),
        ',"opens_at":', public.governance_moment(p.opens_at),
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

# The electors of a proposal at a moment (R1, D6, R3, 3.4). Founding members need no paid hours: decision 0004.
ROLL = """
CREATE FUNCTION public.governance_electors(about text, rule public.governance_rule, moment timestamptz)
RETURNS TABLE (person_id bigint, affected boolean, senior boolean) LANGUAGE sql STABLE
BEGIN ATOMIC
    WITH latest AS (
        SELECT DISTINCT ON (s.person_id) s.person_id, s.status, s.since, s.mandate_id
        FROM public.governance_standing s ORDER BY s.person_id, s.id DESC
    ), electors AS (
        SELECT l.person_id, l.since <= moment - interval '4320 hours' AS senior,
            worked.person_id IS NOT NULL AS affected
        FROM latest l
        LEFT JOIN public.governance_mandate m ON m.id = l.mandate_id
        LEFT JOIN public.governance_paid_time paid ON paid.person_id = l.person_id
        LEFT JOIN (
            SELECT DISTINCT e.person_id FROM public.governance_engagement e
            WHERE e.subject = about AND e.last_at >= moment - interval '2160 hours'
        ) worked ON worked.person_id = l.person_id
        WHERE l.status = 'member' AND (
            (m.id IS NOT NULL AND m.proposal_id IS NULL)
            OR (l.since <= moment - interval '720 hours' AND paid.seconds >= 36000)
        )
    ), few AS (
        SELECT count(*) FILTER (WHERE e.affected) < 10 AS everybody FROM electors e
    )
    SELECT e.person_id, rule.affected_yes IS NOT NULL AND (e.affected OR few.everybody), e.senior
    FROM electors e CROSS JOIN few
    WHERE rule.whole_yes IS NOT NULL OR e.affected OR few.everybody;
END;
"""

RHYTHM = """
CREATE FUNCTION public.governance_too_soon(p public.governance_proposal, moment timestamptz)
RETURNS boolean LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT EXISTS (
        SELECT FROM public.governance_proposal other
        JOIN public.governance_rule r ON r.id = other.rule_id
        LEFT JOIN public.governance_tally t ON t.proposal_id = other.id
        WHERE other.subject = p.subject AND r.key IN ('N1', 'N2', 'N3')
            AND other.id <> p.id AND other.id IS DISTINCT FROM p.first_reading_id
            AND (
                other.published_at > moment - interval '2160 hours'
                OR (t.counted_at > moment - interval '4320 hours' AND NOT t.passed)
            )
    );
END;
"""

KEEPING_RHYTHM = f"""
    IF OLD.published_at IS NULL AND NEW.published_at IS NOT NULL THEN
        {guards.in_the_present("cuts_keep_their_rhythm")}
        -- One publication at a time: the rhythm is counted over all of them.
        PERFORM FROM public.governance_mandate WHERE proposal_id IS NULL FOR NO KEY UPDATE;
        IF EXISTS (SELECT FROM public.governance_rule r WHERE r.id = NEW.rule_id AND r.key IN ('N1', 'N2', 'N3'))
            AND public.governance_too_soon(NEW, public.coop_now())
        THEN
            {TOO_SOON}
        END IF;
    END IF;
    RETURN NEW;
"""

PUBLISHING = f"""
    IF OLD.published_at IS NOT NULL THEN
        {guards.refuse("proposal_stands_once_published", "A published proposal is never changed.")}
    END IF;
    IF NEW.published_at IS NULL THEN
        RETURN NEW;
    END IF;
    moment := public.coop_now();
    SELECT * INTO rule FROM public.governance_rule r WHERE r.id = NEW.rule_id
        AND NOT EXISTS (SELECT FROM public.governance_rule n WHERE n.key = r.key AND n.version > r.version);
    IF rule.id IS NULL THEN
        {guards.refuse("proposal_stands_once_published", "A proposal follows the latest version of its rule.")}
    END IF;
    IF 'member' IS DISTINCT FROM (
        SELECT s.status FROM public.governance_standing s WHERE s.person_id = NEW.proposed_by_id
        ORDER BY s.id DESC LIMIT 1
    ) THEN
        {guards.refuse("proposal_stands_once_published", "Members propose.")}
    END IF;
    IF NEW.first_reading_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM public.governance_proposal f JOIN public.governance_tally t ON t.proposal_id = f.id
        JOIN public.governance_rule r ON r.id = f.rule_id
        WHERE f.id = NEW.first_reading_id AND t.passed AND t.counted_at <= moment - interval '720 hours'
            AND rule.readings = 2 AND r.key = rule.key AND f.first_reading_id IS NULL
            AND f.policy = NEW.policy AND f.payload = NEW.payload AND f.subject = NEW.subject
            AND f.title = NEW.title AND f.text = NEW.text
    ) THEN
        {NO_SECOND_READING}
    END IF;
    NEW.published_at := moment;
    NEW.opens_at := moment + make_interval(hours => 24 * rule.deliberation_days);
    NEW.frozen_at := greatest(moment, NEW.opens_at - make_interval(hours => 24 * rule.frozen_days));
    NEW.closes_at := NEW.opens_at + make_interval(hours => 24 * rule.voting_days);
    NEW.locked_until := NEW.closes_at + make_interval(hours => 24 * rule.lock_days);
    INSERT INTO public.governance_rollentry (proposal_id, person_id, position, affected, senior)
        SELECT NEW.id, e.person_id, row_number() OVER (ORDER BY e.person_id), e.affected, e.senior
        FROM public.governance_electors(NEW.subject, rule, moment) e ORDER BY e.person_id;
    IF NOT FOUND THEN
        {guards.refuse("proposal_stands_once_published", "There is nobody yet who could vote on it.")}
    END IF;
    NEW.roll_root := public.governance_merkle_root(ARRAY(
        SELECT concat_ws(':', l.position, l.person_id, l.affected::integer, l.senior::integer)
        FROM public.governance_rollentry l WHERE l.proposal_id = NEW.id ORDER BY l.position
    ));
    NEW.digest := encode(sha256(convert_to(public.governance_canonical(NEW), 'UTF8')), 'hex');
    RETURN NEW;
"""

# Locks in the order proposal, place on the roll: a close waits for ballots under way, two ballots of one elector queue.
ELECTOR = f"""
    {guards.in_the_present("ballot_is_cast_by_an_elector")}
    PERFORM FROM public.governance_proposal p WHERE p.id = NEW.proposal_id FOR SHARE;
    PERFORM FROM public.governance_rollentry l
        WHERE l.proposal_id = NEW.proposal_id AND l.person_id = NEW.person_id FOR NO KEY UPDATE;
    IF NOT FOUND OR 'member' IS DISTINCT FROM (
        SELECT s.status FROM public.governance_standing s WHERE s.person_id = NEW.person_id ORDER BY s.id DESC LIMIT 1
    ) THEN
        {guards.refuse("ballot_is_cast_by_an_elector", "Only members on the roll of this vote can vote in it.")}
    END IF;
    RETURN NEW;
"""

IN_TIME = f"""
    -- Read after the locks were won: waiting for them may have taken us past the close.
    NEW.cast_at := public.coop_now();
    IF NOT EXISTS (
        SELECT FROM public.governance_proposal p
        WHERE p.id = NEW.proposal_id AND p.opens_at <= NEW.cast_at AND p.closes_at > NEW.cast_at
    ) THEN
        {guards.refuse("ballot_is_cast_while_the_vote_is_open", "This vote is not open.")}
    END IF;
    NEW.number := 1 + (
        SELECT coalesce(max(b.number), 0) FROM public.governance_ballot b
        WHERE b.proposal_id = NEW.proposal_id AND b.person_id = NEW.person_id
    );
    RETURN NEW;
"""

# What the site may learn about the box: how many voted, whether a person did, whether a receipt is in it. After the
# close: the receipts counted, and the counts. A group of 1 to 9 ballots is never told apart (3.4).
COUNTING = """
CREATE FUNCTION public.governance_meets(yes bigint, no bigint, roll bigint, share bigint, floor bigint)
RETURNS boolean LANGUAGE sql IMMUTABLE
BEGIN ATOMIC
    SELECT yes > no AND yes * 30000 >= share * (yes + no) AND yes * 30000 >= floor * roll;
END;

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

CREATE FUNCTION public.governance_closed(vote bigint) RETURNS boolean LANGUAGE sql VOLATILE
BEGIN ATOMIC
    SELECT EXISTS (SELECT FROM public.governance_proposal p WHERE p.id = vote AND p.closes_at <= public.coop_now());
END;

CREATE FUNCTION public.governance_count(vote bigint) RETURNS jsonb LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $count$
    WITH rule AS (
        SELECT r.* FROM public.governance_rule r JOIN public.governance_proposal p ON p.rule_id = r.id
        WHERE p.id = vote AND public.governance_closed(vote)
    ), box AS MATERIALIZED (
        SELECT b.* FROM public.governance_box(vote) b
    ), parts AS (
        SELECT 'whole' AS name, false AS only_affected, false AS only_senior, rule.whole_yes AS share,
            rule.whole_floor AS floor, true AS base
        FROM rule WHERE rule.whole_yes IS NOT NULL
        UNION ALL SELECT 'whole_senior', false, true, rule.whole_yes, rule.whole_floor, false
        FROM rule WHERE rule.whole_yes IS NOT NULL AND rule.seniors_too
        UNION ALL SELECT 'affected', true, false, rule.affected_yes, rule.affected_floor, rule.whole_yes IS NULL
        FROM rule WHERE rule.affected_yes IS NOT NULL
        UNION ALL SELECT 'affected_senior', true, true, rule.affected_yes, rule.affected_floor, false
        FROM rule WHERE rule.affected_yes IS NOT NULL AND rule.seniors_too
    ), cells AS (
        SELECT coalesce(bool_or(cell.ballots BETWEEN 1 AND 9), false) AS small FROM (
            SELECT count(b.choice) AS ballots FROM box b CROSS JOIN rule
            GROUP BY b.affected, b.senior AND rule.seniors_too
        ) cell
    ), sums AS (
        SELECT parts.name, parts.share, parts.floor, parts.only_senior, parts.base OR NOT cells.small AS shown,
            count(b.person_id) AS roll,
            count(*) FILTER (WHERE b.choice = 'yes') AS yes,
            count(*) FILTER (WHERE b.choice = 'no') AS no,
            count(*) FILTER (WHERE b.choice = 'abstain') AS abstain
        FROM parts CROSS JOIN cells
        LEFT JOIN box b ON (b.affected OR NOT parts.only_affected) AND (b.senior OR NOT parts.only_senior)
        GROUP BY parts.name, parts.share, parts.floor, parts.only_senior, parts.base, cells.small
    )
    SELECT jsonb_object_agg(s.name,
        jsonb_build_object(
            'roll', s.roll,
            -- Where nobody is senior yet, there is nobody to ask (R3).
            'met', (s.only_senior AND s.roll = 0) OR public.governance_meets(s.yes, s.no, s.roll, s.share, s.floor)
        ) || CASE WHEN s.shown THEN jsonb_build_object('yes', s.yes, 'no', s.no, 'abstain', s.abstain)
            ELSE '{}'::jsonb END
    ) FROM sums s;
$count$;

CREATE FUNCTION public.governance_turnout(vote bigint) RETURNS bigint LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $turnout$
    SELECT count(*) FROM public.governance_ballot b WHERE b.proposal_id = vote AND b.number = 1;
$turnout$;

CREATE FUNCTION public.governance_has_voted(vote bigint, elector bigint)
RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $voted$
    SELECT EXISTS (SELECT FROM public.governance_ballot b WHERE b.proposal_id = vote AND b.person_id = elector);
$voted$;

CREATE FUNCTION public.governance_receipt_is_counted(digest text)
RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $receipt$
    SELECT NOT EXISTS (
        SELECT FROM public.governance_ballot later
        WHERE later.proposal_id = b.proposal_id AND later.person_id = b.person_id AND later.number > b.number
    ) FROM public.governance_ballot b WHERE b.receipt = digest;
$receipt$;

CREATE FUNCTION public.governance_receipts(vote bigint)
RETURNS SETOF text LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $receipts$
    SELECT b.receipt FROM public.governance_box(vote) b
    WHERE b.receipt IS NOT NULL AND public.governance_closed(vote) ORDER BY b.receipt;
$receipts$;
"""

TALLYING = f"""
    {guards.in_the_present("tally_is_what_the_ballots_say")}
    PERFORM FROM public.governance_proposal p WHERE p.id = NEW.proposal_id FOR UPDATE;
    NEW.counted_at := public.coop_now();
    counted := public.governance_count(NEW.proposal_id);
    IF (
        NEW.counts = counted
        AND NEW.passed = (SELECT bool_and((part.value ->> 'met')::boolean) FROM jsonb_each(counted) part)
    ) IS NOT TRUE THEN
        {guards.refuse("tally_is_what_the_ballots_say", "This is not what the ballots of a closed vote say.")}
    END IF;
    RETURN NEW;
"""

MANDATING = f"""
    IF NEW.proposal_id IS NULL AND public.governance_by_owner() THEN
        RETURN NEW;
    END IF;
    SELECT p.locked_until INTO lock_ends FROM public.governance_proposal p
        JOIN public.governance_tally t ON t.proposal_id = p.id
        JOIN public.governance_rule r ON r.id = p.rule_id
        WHERE p.id = NEW.proposal_id AND t.passed AND (r.readings = 1 OR p.first_reading_id IS NOT NULL);
    IF lock_ends IS NULL THEN
        {guards.refuse("mandate_needs_a_passed_vote", "A mandate is given by a vote that passed, and by nothing else.")}
    END IF;
    NEW.given_at := public.coop_now();
    NEW.due_at := lock_ends;
    NEW.expires_at := lock_ends + interval '720 hours';
    RETURN NEW;
"""

ENACTING = f"""
    NEW.at := public.coop_now();
    IF NOT EXISTS (
        SELECT FROM public.governance_mandate m WHERE m.id = NEW.mandate_id AND m.proposal_id IS NOT NULL
            AND m.due_at <= NEW.at AND m.expires_at > NEW.at
    ) THEN
        {guards.refuse("enactment_is_due", "A mandate is enacted once its lock has passed, and within 30 days.")}
    END IF;
    RETURN NEW;
"""


class Migration(migrations.Migration):
    """Install the guards and the rights of the site."""

    dependencies: ClassVar = [("governance", "0002_guards")]
    operations: ClassVar = [
        *(migrations.RunSQL(sql, migrations.RunSQL.noop) for sql in (MERKLE, DIGEST, ROLL, RHYTHM, COUNTING)),
        guards.Guard(
            "proposal_begins_as_a_draft",
            table="governance_proposal",
            holds="""num_nonnulls(NEW.published_at, NEW.frozen_at, NEW.opens_at, NEW.closes_at, NEW.locked_until) = 0
                AND NEW.digest = '' AND NEW.roll_root = ''
                AND NEW.payload IS JSON OBJECT WITH UNIQUE KEYS AND NEW.impact IS JSON OBJECT WITH UNIQUE KEYS""",
            otherwise="A proposal begins as a draft; the database publishes it.",
        ),
        # Its name comes first in the alphabet, so its lock is held when the roll is written.
        guards.Procedure(
            "cuts_keep_their_rhythm", table="governance_proposal", on="UPDATE", definer=True, body=KEEPING_RHYTHM
        ),
        guards.Procedure(
            "proposal_stands_once_published",
            table="governance_proposal",
            on="UPDATE",
            definer=True,
            body=PUBLISHING,
            declare="moment timestamptz; rule public.governance_rule;",
        ),
        guards.NeverDeleted("governance_proposal"),
        guards.Grant(
            "governance_proposal",
            "SELECT",
            "INSERT",
            # Drafts may be rewritten; the guard says until when. Times, digest and root are the database's own.
            "UPDATE (title, text, payload, impact, rule_id, subject, published_at)",
        ),
        guards.Guard(
            "roll_is_written_at_publication",
            table="governance_rollentry",
            holds="(SELECT p.published_at IS NULL FROM public.governance_proposal p WHERE p.id = NEW.proposal_id)",
            otherwise="The roll is written when the proposal is published, and never after.",
        ),
        guards.AppendOnly("governance_rollentry", otherwise="The roll of a published proposal is frozen."),
        guards.Grant("governance_rollentry", "SELECT"),
        guards.Procedure("ballot_is_cast_by_an_elector", table="governance_ballot", definer=True, body=ELECTOR),
        guards.Procedure(
            "ballot_is_cast_while_the_vote_is_open", table="governance_ballot", definer=True, body=IN_TIME
        ),
        guards.AppendOnly("governance_ballot", otherwise="A ballot is never changed; casting again replaces it."),
        guards.Grant("governance_ballot", "INSERT", "SELECT (id, proposal_id, number, receipt)"),
        guards.Allow("governance_count(bigint)"),
        guards.Allow("governance_turnout(bigint)"),
        guards.Allow("governance_has_voted(bigint, bigint)"),
        guards.Allow("governance_receipt_is_counted(text)"),
        guards.Allow("governance_receipts(bigint)"),
        guards.Procedure(
            "tally_is_what_the_ballots_say",
            table="governance_tally",
            definer=True,
            body=TALLYING,
            declare="counted jsonb;",
        ),
        guards.AppendOnly("governance_tally"),
        guards.Grant("governance_tally", "SELECT", "INSERT"),
        guards.Procedure(
            "mandate_needs_a_passed_vote",
            table="governance_mandate",
            definer=True,
            body=MANDATING,
            declare="lock_ends timestamptz;",
        ),
        guards.AppendOnly("governance_mandate", otherwise="A mandate is neither taken back nor rewritten."),
        guards.Grant("governance_mandate", "SELECT", "INSERT"),
        guards.Procedure("enactment_is_due", table="governance_enactment", definer=True, body=ENACTING),
        guards.AppendOnly("governance_enactment"),
        guards.Grant("governance_enactment", "SELECT", "INSERT"),
    ]
