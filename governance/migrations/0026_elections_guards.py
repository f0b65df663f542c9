"""Promises about elections: who stands, stands by their own word; who is elected, and nobody else, takes the seat."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

ONE_AT_A_TIME = "PERFORM FROM public.governance_mandate WHERE proposal_id IS NULL FOR NO KEY UPDATE;"

FACTS = """
-- The published election of a call. Compared as text: a draft may say anything.
CREATE FUNCTION public.governance_election_of(call bigint) RETURNS SETOF public.governance_proposal
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT p.* FROM public.governance_proposal p
    WHERE p.policy = 'election' AND p.published_at IS NOT NULL AND p.payload::jsonb ->> 'call' = call::text;
END;
-- A call that may still give its seat: candidates stand, or have stood and can be put to the vote within a week, or
-- the vote is under way, or won and neither carried out nor expired.
CREATE FUNCTION public.governance_call_is_open(call public.governance_call, moment timestamptz)
RETURNS boolean LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT coalesce((
        SELECT CASE WHEN t.id IS NULL THEN true WHEN NOT t.passed THEN false
            ELSE n.id IS NULL AND coalesce(m.expires_at > moment, true) END
        FROM public.governance_election_of(call.id) e
        LEFT JOIN public.governance_tally t ON t.proposal_id = e.id
        LEFT JOIN public.governance_mandate m ON m.proposal_id = e.id
        LEFT JOIN public.governance_enactment n ON n.mandate_id = m.id
        LIMIT 1
    ), call.closes_at > moment - interval '168 hours');
END;
-- What the ballot of a call offers: those who stand, in the order in which they came forward, and nobody of these.
CREATE FUNCTION public.governance_ballot_of(call bigint) RETURNS jsonb LANGUAGE sql STABLE
BEGIN ATOMIC
    WITH stand AS (
        SELECT row_number() OVER (ORDER BY c.id) AS position, p.name::text AS title, c.statement AS text, c.person_id
        FROM public.governance_candidacy c JOIN public.people_person p ON p.id = c.person_id
        WHERE c.call_id = call AND c.withdrawn_at IS NULL
    )
    SELECT coalesce(
        jsonb_agg(jsonb_build_array(s.position, s.title, s.text, s.person_id) ORDER BY s.position), '[]'
    ) || jsonb_build_array(jsonb_build_array(count(*) + 1, 'Nobody of these', '', NULL)) FROM stand s;
END;
CREATE FUNCTION public.governance_payload_of(c public.governance_call) RETURNS jsonb LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT jsonb_build_object(
        'call', c.id, 'post', c.post, 'seat', c.seat,
        'starts_at', trim(BOTH '"' FROM public.governance_moment(c.starts_at)),
        'ends_at', trim(BOTH '"' FROM public.governance_moment(c.ends_at))
    );
END;
"""

CALLING = f"""
    {guards.in_the_present("call_is_for_a_seat_to_fill")}
    {ONE_AT_A_TIME}
    NEW.opened_at := public.coop_now();
    NEW.closes_at := NEW.opened_at + interval '168 hours';
    SELECT * INTO post FROM public.governance_post p WHERE p.name = NEW.post ORDER BY p.version DESC LIMIT 1;
    SELECT make_interval(hours => 24 * (r.deliberation_days + r.voting_days + r.lock_days)) INTO lasts
    FROM public.governance_rule r WHERE r.key = 'N12' ORDER BY r.version DESC LIMIT 1;
    IF (
        public.governance_is_member(NEW.opened_by_id)
        AND NEW.seat BETWEEN 1 AND post.seats AND isfinite(NEW.starts_at) AND isfinite(NEW.ends_at)
        -- Time enough for the call, a week to publish it, the vote, and its one extension.
        AND NEW.starts_at >= NEW.closes_at + interval '264 hours' + lasts
        AND NEW.starts_at <= NEW.opened_at + interval '4320 hours'
        AND NEW.ends_at <= NEW.starts_at + make_interval(hours => 24 * post.term_days)
    ) IS NOT TRUE THEN
        {guards.refuse("call_is_for_a_seat_to_fill", "A call is for a seat of the list, from a day in time.")}
    END IF;
    IF EXISTS (
        SELECT FROM public.governance_offices_between(NEW.starts_at, NEW.ends_at) o
        WHERE o.post = NEW.post AND o.seat = NEW.seat
    ) OR EXISTS (
        SELECT FROM public.governance_call c WHERE c.post = NEW.post AND c.seat = NEW.seat
            AND public.governance_call_is_open(c, NEW.opened_at)
    ) THEN
        {guards.refuse("call_is_for_a_seat_to_fill", "This seat is held then, or candidates are called for it.")}
    END IF;
    RETURN NEW;
"""

STANDING = f"""
    {guards.in_the_present("candidacy_is_a_members_own")}
    SELECT * INTO call FROM public.governance_call c WHERE c.id = NEW.call_id FOR SHARE;
    IF EXISTS (SELECT FROM public.governance_election_of(call.id)) THEN
        {guards.refuse("candidacy_is_a_members_own", "The candidates are put to the vote: their list stands.")}
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.withdrawn_at IS NOT NULL THEN
        {guards.refuse("candidacy_is_a_members_own", "Whoever withdrew from a call stays withdrawn.")}
    END IF;
    IF TG_OP = 'UPDATE' AND NEW.withdrawn_at IS NOT NULL AND NEW.statement = OLD.statement THEN
        NEW.withdrawn_at := public.coop_now();
        RETURN NEW;
    END IF;
    IF (
        public.coop_now() < call.closes_at AND NEW.withdrawn_at IS NULL AND public.governance_is_member(NEW.person_id)
        AND char_length(NEW.statement) BETWEEN 1 AND 1200
    ) IS NOT TRUE THEN
        {guards.refuse("candidacy_is_a_members_own", "Members stand while a call is open, in 1,200 characters.")}
    END IF;
    IF TG_OP = 'INSERT' THEN
        NEW.put_forward_at := public.coop_now();
    END IF;
    RETURN NEW;
"""

OFFERING = f"""
    IF NEW.policy <> 'election' OR OLD.published_at IS NOT NULL OR NEW.published_at IS NULL THEN
        RETURN NEW;
    END IF;
    {guards.in_the_present("election_offers_its_candidates")}
    -- Waits for whoever is putting themselves forward or withdrawing.
    SELECT * INTO call FROM public.governance_call c WHERE c.id::text = NEW.payload::jsonb ->> 'call' FOR UPDATE;
    IF (
        NEW.method = 'ranked' AND NEW.subject = 'call:' || call.id
        AND NEW.payload::jsonb = public.governance_payload_of(call)
        AND EXISTS (SELECT FROM public.governance_rule r WHERE r.id = NEW.rule_id AND r.key = 'N12')
        AND NOT EXISTS (SELECT FROM public.governance_election_of(call.id))
        AND public.coop_now() >= call.closes_at AND public.coop_now() < call.closes_at + interval '168 hours'
        AND EXISTS (
            SELECT FROM public.governance_candidacy c WHERE c.call_id = call.id AND c.withdrawn_at IS NULL
        )
        AND public.governance_ballot_of(call.id) = (
            SELECT jsonb_agg(jsonb_build_array(o.position, o.title, o.text, o.person_id) ORDER BY o.position)
            FROM public.governance_option o WHERE o.proposal_id = NEW.id AND o.payload = ''
        )
        AND NOT EXISTS (SELECT FROM public.governance_option o WHERE o.proposal_id = NEW.id AND o.payload <> '')
    ) IS NOT TRUE THEN
        {guards.refuse("election_offers_its_candidates", "An election offers those who stand, and nobody of these.")}
    END IF;
    RETURN NEW;
"""

GIVING = f"""
    IF public.governance_is_founding(NEW.mandate_id) AND public.governance_by_owner() THEN
        RETURN NEW;
    END IF;
    {guards.in_the_present("office_is_given_by_an_election")}
    IF NOT EXISTS (
        SELECT FROM public.governance_mandate m
        JOIN public.governance_proposal p ON p.id = m.proposal_id
        JOIN public.governance_rule r ON r.id = p.rule_id
        JOIN public.governance_tally t ON t.proposal_id = p.id
        JOIN public.governance_option o ON o.proposal_id = p.id AND o.position = t.winner
        JOIN public.governance_call c ON c.id::text = p.payload::jsonb ->> 'call'
        WHERE m.id = NEW.mandate_id AND p.policy = 'election' AND p.method = 'ranked' AND r.key = 'N12' AND t.passed
            AND o.person_id = NEW.person_id AND c.post = NEW.post AND c.seat = NEW.seat
            AND c.starts_at = NEW.starts_at AND c.ends_at = NEW.ends_at AND NEW.starts_at >= m.due_at
            AND public.coop_now() >= m.due_at AND public.coop_now() < m.expires_at
    ) OR NOT public.governance_is_member(NEW.person_id) THEN
        {guards.refuse("office_is_given_by_an_election", "A post is given by its election to the member who won it.")}
    END IF;
    RETURN NEW;
"""

# The support of an election is its call: who publishes it chooses nothing, as `election_offers_its_candidates` compares
# candidates, seat and term. A second reading was voted already; the vote of a petition has its signatures.
SUPPORTED = f"""
    IF OLD.published_at IS NULL AND NEW.published_at IS NOT NULL
        AND NEW.first_reading_id IS NULL AND NEW.petition_id IS NULL AND NEW.policy <> 'election'
        AND public.governance_backers(NEW) < public.governance_support_needed()
    THEN
        {guards.refuse("proposal_is_supported", "A draft is put to all once enough members back this very text.")}
    END IF;
    RETURN NEW;
"""


class Migration(migrations.Migration):
    """Install the guards and the rights of the site."""

    dependencies: ClassVar = [("governance", "0025_elections")]
    operations: ClassVar = [
        migrations.RunSQL(FACTS, migrations.RunSQL.noop),
        guards.Procedure(
            "call_is_for_a_seat_to_fill",
            table="governance_call",
            definer=True,
            body=CALLING,
            declare="post public.governance_post; lasts interval;",
        ),
        guards.AppendOnly("governance_call", otherwise="A call stands as it was opened."),
        guards.Grant("governance_call", "SELECT", "INSERT"),
        guards.Procedure(
            "candidacy_is_a_members_own",
            table="governance_candidacy",
            on="INSERT OR UPDATE",
            definer=True,
            body=STANDING,
            declare="call public.governance_call;",
        ),
        guards.Frozen(
            "governance_candidacy",
            ["call_id", "person_id", "put_forward_at"],
            otherwise="Who stands for what, and since when, does not change.",
        ),
        guards.NeverDeleted("governance_candidacy", otherwise="Whoever stood has stood; to withdraw is written down."),
        guards.Grant("governance_candidacy", "SELECT", "INSERT", "UPDATE (statement, withdrawn_at)"),
        # Before proposal_stands_once_published, which hashes the options.
        guards.Procedure(
            "election_offers_its_candidates",
            table="governance_proposal",
            on="UPDATE",
            definer=True,
            body=OFFERING,
            declare="call public.governance_call;",
        ),
        guards.Procedure(
            "proposal_is_supported", table="governance_proposal", on="UPDATE", definer=True, body=SUPPORTED
        ),
        guards.Procedure("office_is_given_by_an_election", table="governance_office", definer=True, body=GIVING),
        guards.Grant("governance_office", "INSERT"),
    ]
