"""Promises about posts: a term and its seats, offices kept apart, and rights that end with the office."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

# Whether an office is held at a moment, and whether it gives a right then. Everything that asks for an officer asks
# these, or `governance.offices`, which says the same for the pages.
IN_OFFICE = """
CREATE FUNCTION public.governance_in_office(office bigint, moment timestamptz)
RETURNS boolean LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT EXISTS (
        SELECT FROM public.governance_office o
        WHERE o.id = office AND o.starts_at <= moment AND o.ends_at > moment
            AND NOT EXISTS (SELECT FROM public.governance_officeend e WHERE e.office_id = o.id AND e.at <= moment)
            AND NOT EXISTS (
                SELECT FROM public.governance_standing s WHERE s.person_id = o.person_id
                    AND s.status IN ('left', 'expelled') AND s.since >= o.starts_at
            )
            AND 'member' = (
                SELECT s.status FROM public.governance_standing s WHERE s.person_id = o.person_id
                ORDER BY s.id DESC LIMIT 1
            )
    );
END;
CREATE FUNCTION public.governance_may(office bigint, duty text, moment timestamptz)
RETURNS boolean LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT public.governance_in_office(office, moment) AND coalesce((
        SELECT p.rights @> to_jsonb(duty) FROM public.governance_office o
        JOIN public.governance_post p ON p.name = o.post
        WHERE o.id = office AND p.since <= moment ORDER BY p.version DESC LIMIT 1
    ), false);
END;
-- Offices whose time meets another's: an office ends early by a recall, or when its holder is no member any more.
CREATE FUNCTION public.governance_offices_between(begins timestamptz, finishes timestamptz)
RETURNS SETOF public.governance_office LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT o.* FROM public.governance_office o
    LEFT JOIN public.governance_officeend e ON e.office_id = o.id
    WHERE o.starts_at < finishes AND least(o.ends_at, e.at, (
        SELECT min(s.since) FROM public.governance_standing s WHERE s.person_id = o.person_id
            AND s.status IN ('left', 'expelled') AND s.since >= o.starts_at
    )) > begins;
END;
-- Two posts that nobody holds at once: one names the other, or acts of both need a second officer.
CREATE FUNCTION public.governance_posts_exclude(one text, other text) RETURNS boolean LANGUAGE sql STABLE
BEGIN ATOMIC
    WITH latest AS (
        SELECT DISTINCT ON (p.name) p.name, p.rights, p.excludes FROM public.governance_post p
        WHERE p.name IN (one, other) ORDER BY p.name, p.version DESC
    )
    SELECT one = other
        OR coalesce(bool_or(l.excludes @> to_jsonb(one) OR l.excludes @> to_jsonb(other)), false)
        OR count(*) FILTER (WHERE l.rights @> '"handles_money"') = 2
        OR count(*) FILTER (WHERE l.rights @> '"asks_for_pauses"') = 2
    FROM latest l;
END;
"""

# A row everybody can wait for: locked while one more office is compared with all others.
ONE_AT_A_TIME = "PERFORM FROM public.governance_mandate WHERE proposal_id IS NULL FOR NO KEY UPDATE;"

KEEPING_APART = f"""
    {guards.in_the_present("office_is_kept_apart_from_others")}
    {ONE_AT_A_TIME}
    IF EXISTS (
        SELECT FROM public.governance_offices_between(NEW.starts_at, NEW.ends_at) o
        WHERE o.person_id = NEW.person_id AND public.governance_posts_exclude(o.post, NEW.post)
    ) THEN
        {guards.refuse("office_is_kept_apart_from_others", "Nobody holds two posts that check or confirm each other.")}
    END IF;
    RETURN NEW;
"""

SEATING = f"""
    {guards.in_the_present("office_is_one_persons_seat")}
    {ONE_AT_A_TIME}
    IF EXISTS (
        SELECT FROM public.governance_offices_between(NEW.starts_at, NEW.ends_at) o
        WHERE o.post = NEW.post AND o.seat = NEW.seat
    ) THEN
        {guards.refuse("office_is_one_persons_seat", "This seat is held by somebody else in that time.")}
    END IF;
    RETURN NEW;
"""

KEEPING = f"""
    {guards.in_the_present("office_keeps_to_its_post")}
    SELECT * INTO post FROM public.governance_post p WHERE p.name = NEW.post ORDER BY p.version DESC LIMIT 1;
    IF (
        isfinite(NEW.starts_at) AND isfinite(NEW.ends_at) AND NEW.seat BETWEEN 1 AND post.seats
        AND NEW.ends_at <= NEW.starts_at + make_interval(hours => 24 * post.term_days)
    ) IS NOT TRUE THEN
        {guards.refuse("office_keeps_to_its_post", "A post of the list is held for its term, on one of its seats.")}
    END IF;
    RETURN NEW;
"""

# As in 0002, but asking for the right and not for any post.
PAUSING = f"""
    {guards.in_the_present("pause_needs_two_officers")}
    {ONE_AT_A_TIME}
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
        AND public.governance_may(first.id, 'asks_for_pauses', NEW.starts_at)
        AND public.governance_may(second.id, 'asks_for_pauses', NEW.starts_at)
        AND first.post <> second.post AND first.person_id <> second.person_id
        AND NEW.person_id NOT IN (first.person_id, second.person_id)
    ) IS NOT TRUE THEN
        {
    guards.refuse(
        "pause_needs_two_officers",
        "A pause needs two people who hold different posts now and agree on the same facts within a day.",
    )
}
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
            AND public.governance_may(o.id, 'asks_for_pauses', NEW.asked_at)
    ) THEN
        {guards.refuse("pause_is_asked_by_an_officer", "Only somebody who holds a post now may ask for a pause.")}
    END IF;
    RETURN NEW;
"""


class Migration(migrations.Migration):
    """Install the guards and the rights of the site."""

    dependencies: ClassVar = [("governance", "0008_posts")]
    operations: ClassVar = [
        migrations.RunSQL(IN_OFFICE, migrations.RunSQL.noop),
        guards.Guard(
            "post_gives_known_rights",
            table="governance_post",
            holds="""jsonb_typeof(NEW.rights) = 'array' AND jsonb_array_length(NEW.rights) > 0
                AND NEW.rights <@
                    '["handles_money", "asks_for_pauses", "reads_reports", "checks_the_books", "keeps_panels"]'
                AND jsonb_typeof(NEW.excludes) = 'array'""",
            otherwise="A post gives rights of the list, and names the posts that its holder may not hold.",
        ),
        guards.AppendOnly("governance_post", otherwise="A post is changed by a new version, never rewritten."),
        guards.Grant("governance_post", "SELECT"),
        guards.Procedure(
            "office_is_kept_apart_from_others", table="governance_office", definer=True, body=KEEPING_APART
        ),
        guards.Procedure("office_is_one_persons_seat", table="governance_office", definer=True, body=SEATING),
        guards.Procedure(
            "office_keeps_to_its_post",
            table="governance_office",
            definer=True,
            body=KEEPING,
            declare="post public.governance_post;",
        ),
        guards.AppendOnly("governance_officeend", otherwise="An office that has ended stays ended."),
        guards.Grant("governance_officeend", "SELECT"),
        guards.Procedure("pause_is_asked_by_an_officer", table="governance_pauserequest", body=ASKING, definer=True),
        guards.Procedure(
            "pause_needs_two_officers",
            table="governance_pause",
            body=PAUSING,
            definer=True,
            declare=(
                "asked public.governance_pauserequest; first public.governance_office; second public.governance_office;"
            ),
        ),
    ]
