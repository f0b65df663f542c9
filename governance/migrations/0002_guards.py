"""Promises about the ground: rules, members, officers, pauses. Those about votes stand in the next migration."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

NOT_LOWERED = guards.refuse(
    "standing_is_lowered_only_by_mandate",
    "A person's standing is lowered only by the mandate of a vote, or by their own word when they leave.",
)
NOT_RAISED = guards.refuse(
    "standing_rises_in_order",
    "Applicants become candidates; candidates become members after 90 days or 20 paid hours.",
)
NOT_PAUSED = guards.refuse(
    "pause_needs_two_officers",
    "A pause needs two people who hold different posts now and agree on the same facts within a day.",
)

# The work itself is known only to apps above; their migrations put the real queries behind these names.
VIEWS = """
CREATE VIEW public.governance_engagement AS
    SELECT NULL::text AS subject, NULL::bigint AS person_id, NULL::timestamptz AS last_at WHERE false;
CREATE VIEW public.governance_paid_time AS
    SELECT NULL::bigint AS person_id, NULL::numeric AS seconds WHERE false;
"""

# Who keeps the schema: asked of the session, as checks themselves run with the owner's eyes.
BY_OWNER = """
CREATE FUNCTION public.governance_by_owner() RETURNS boolean LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT pg_has_role(session_user, relowner, 'USAGE') FROM pg_class
    WHERE oid = 'public.governance_mandate'::regclass;
END;
CREATE FUNCTION public.governance_is_founding(mandate bigint) RETURNS boolean LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT EXISTS (SELECT FROM public.governance_mandate m WHERE m.id = mandate AND m.proposal_id IS NULL);
END;
"""

LOWERING = f"""
    -- One change of standing of a person at a time.
    PERFORM FROM public.people_person WHERE id = NEW.person_id FOR NO KEY UPDATE;
    IF public.governance_is_founding(NEW.mandate_id) AND public.governance_by_owner() THEN
        RETURN NEW;
    END IF;
    {guards.in_the_present("standing_is_lowered_only_by_mandate")}
    NEW.since := public.coop_now();
    IF NEW.status IN ('candidate', 'member') THEN
        RETURN NEW;
    END IF;
    SELECT s.status INTO was FROM public.governance_standing s WHERE s.person_id = NEW.person_id
        ORDER BY s.id DESC LIMIT 1;
    IF NEW.status = 'left' AND NEW.recorded_by_id = NEW.person_id AND NEW.mandate_id IS NULL
        AND coalesce(was, 'applicant') NOT IN ('left', 'expelled')
    THEN
        RETURN NEW;
    END IF;
    IF NEW.status = 'expelled' AND EXISTS (
        SELECT FROM public.governance_mandate m
        JOIN public.governance_proposal p ON p.id = m.proposal_id
        JOIN public.governance_rule r ON r.id = p.rule_id
        WHERE m.id = NEW.mandate_id AND p.policy = 'expulsion' AND r.key = 'N7'
            AND p.payload::jsonb -> 'person' = to_jsonb(NEW.person_id)
            AND public.coop_now() >= m.due_at AND public.coop_now() < m.expires_at
    ) THEN
        RETURN NEW;
    END IF;
    {NOT_LOWERED}
"""

RISING = f"""
    IF NEW.status NOT IN ('candidate', 'member')
        OR (public.governance_is_founding(NEW.mandate_id) AND public.governance_by_owner())
    THEN
        RETURN NEW;
    END IF;
    SELECT s.status, s.since INTO was, became FROM public.governance_standing s WHERE s.person_id = NEW.person_id
        ORDER BY s.id DESC LIMIT 1;
    IF NEW.mandate_id IS NULL AND NEW.rule <> '' AND (
        (NEW.status = 'candidate' AND coalesce(was, 'applicant') = 'applicant')
        OR (NEW.status = 'member' AND was = 'candidate' AND (
            became <= public.coop_now() - interval '90 days'
            OR (SELECT t.seconds FROM public.governance_paid_time t WHERE t.person_id = NEW.person_id) >= 72000
        ))
    ) THEN
        RETURN NEW;
    END IF;
    {NOT_RAISED}
"""

# A row everybody can wait for: locked while one more pause is counted.
PAUSING = f"""
    {guards.in_the_present("pause_needs_two_officers")}
    PERFORM FROM public.governance_mandate WHERE proposal_id IS NULL FOR NO KEY UPDATE;
    SELECT * INTO asked FROM public.governance_pauserequest WHERE id = NEW.request_id;
    SELECT * INTO first FROM public.governance_office WHERE id = asked.first_officer_id;
    SELECT * INTO second FROM public.governance_office WHERE id = NEW.second_officer_id;
    NEW.starts_at := public.coop_now();
    IF NEW.ends_at > NEW.starts_at + make_interval(hours => asked.hours) THEN
        {guards.refuse("pause_needs_two_officers", "A pause lasts no longer than both officers agreed.")}
    END IF;
    NEW.ends_at := NEW.starts_at + make_interval(hours => asked.hours);
    IF (
        ROW(NEW.person_id, NEW.ground, NEW.scope, NEW.reason, NEW.evidence, NEW.first_officer_id)
            = ROW(asked.person_id, asked.ground, asked.scope, asked.reason, asked.evidence, asked.first_officer_id)
        AND asked.asked_at > NEW.starts_at - interval '24 hours'
        AND first.starts_at <= NEW.starts_at AND first.ends_at > NEW.starts_at
        AND second.starts_at <= NEW.starts_at AND second.ends_at > NEW.starts_at
        AND first.post <> second.post AND first.person_id <> second.person_id
        AND NEW.person_id NOT IN (first.person_id, second.person_id)
    ) IS NOT TRUE THEN
        {NOT_PAUSED}
    END IF;
    -- Other evidence starts no second emergency: what lasts longer needs a hearing (part 7).
    IF asked.hours * interval '1 hour' + (
        SELECT coalesce(sum(p.ends_at - p.starts_at), interval '0') FROM public.governance_pause p
        WHERE p.person_id = NEW.person_id AND p.ends_at > NEW.starts_at - interval '30 days'
    ) > interval '72 hours' THEN
        {guards.refuse("pause_needs_two_officers", "Officers pause nobody for more than 72 hours in 30 days.")}
    END IF;
    IF 5 <= (
        SELECT count(DISTINCT p.person_id) FROM public.governance_pause p
        WHERE p.ends_at > NEW.starts_at AND p.person_id <> NEW.person_id
    ) THEN
        {guards.refuse("pause_needs_two_officers", "No more than five members are paused at once.")}
    END IF;
    RETURN NEW;
"""

ASKING = f"""
    NEW.asked_at := public.coop_now();
    IF NOT EXISTS (
        SELECT FROM public.governance_office o WHERE o.id = NEW.first_officer_id AND o.person_id <> NEW.person_id
            AND o.starts_at <= NEW.asked_at AND o.ends_at > NEW.asked_at
    ) THEN
        {guards.refuse("pause_is_asked_by_an_officer", "Only somebody who holds a post now may ask for a pause.")}
    END IF;
    RETURN NEW;
"""


class Migration(migrations.Migration):
    """Install the guards and the rights of the site."""

    dependencies: ClassVar = [("governance", "0001_initial"), ("coop", "0001_initial"), ("people", "0001_initial")]
    operations: ClassVar = [
        migrations.RunSQL(VIEWS, migrations.RunSQL.noop),
        migrations.RunSQL(BY_OWNER, migrations.RunSQL.noop),
        guards.Grant("governance_engagement", "SELECT"),
        guards.Grant("governance_paid_time", "SELECT"),
        guards.AppendOnly("governance_rule", otherwise="A rule is replaced by a new version, never rewritten."),
        guards.Grant("governance_rule", "SELECT"),
        guards.AppendOnly("governance_office", otherwise="Posts end by their dates or by a recall, never by an edit."),
        guards.Grant("governance_office", "SELECT"),
        guards.Procedure(
            "standing_is_lowered_only_by_mandate",
            table="governance_standing",
            declare="was text;",
            body=LOWERING,
            definer=True,
        ),
        guards.Procedure(
            "standing_rises_in_order",
            table="governance_standing",
            declare="was text; became timestamptz;",
            body=RISING,
            definer=True,
        ),
        guards.AppendOnly("governance_standing", otherwise="What somebody's standing was is never rewritten."),
        guards.Grant("governance_standing", "SELECT", "INSERT"),
        guards.Procedure("pause_is_asked_by_an_officer", table="governance_pauserequest", body=ASKING, definer=True),
        guards.AppendOnly("governance_pauserequest"),
        guards.Grant("governance_pauserequest", "SELECT", "INSERT"),
        guards.Procedure(
            "pause_needs_two_officers",
            table="governance_pause",
            body=PAUSING,
            definer=True,
            declare=(
                "asked public.governance_pauserequest; first public.governance_office; second public.governance_office;"
            ),
        ),
        guards.AppendOnly(
            "governance_pause", otherwise="A pause ends by its own time; it is neither prolonged nor edited."
        ),
        guards.Grant("governance_pause", "SELECT", "INSERT"),
    ]
