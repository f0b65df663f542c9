"""Posts change by a vote: nobody gains a right without an election, no running term grows, no right is left (D8)."""

from importlib import import_module
from typing import ClassVar

from django.db import migrations, models

from coop.database import guards

ELECTIONS = import_module("governance.migrations.0026_elections_guards")
OFFICES = import_module("governance.migrations.0009_offices_guards")
ONE_AT_A_TIME = OFFICES.ONE_AT_A_TIME


def changed(text: str, *changes: tuple[str, str]) -> str:
    """Return what an earlier migration wrote with each first text replaced by the second; it must be there."""
    for old, new in changes:
        if old not in text:
            raise ValueError(old)
        text = text.replace(old, new)
    return text


# The version of its post that an office was given under: the one in force when candidates were called for it, so that
# whoever stood and whoever voted knew it. Rights that came later are not its own; an abolition since then is its end.
GIVEN = """
CREATE FUNCTION public.governance_version_for(post text, mandate bigint) RETURNS integer LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT p.version FROM public.governance_mandate m
    LEFT JOIN public.governance_proposal v ON v.id = m.proposal_id
    LEFT JOIN public.governance_call c ON v.policy = 'election' AND c.id::text = v.payload::jsonb ->> 'call'
    JOIN public.governance_post p ON p.name = governance_version_for.post
        AND p.since <= coalesce(c.opened_at, m.given_at)
    WHERE m.id = mandate ORDER BY p.version DESC LIMIT 1;
END;
CREATE FUNCTION public.governance_abolished_at(post text, mandate bigint) RETURNS timestamptz LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT min(p.since) FROM public.governance_post p
    WHERE p.name = governance_abolished_at.post AND p.abolished
        AND p.version > public.governance_version_for(governance_abolished_at.post, mandate);
END;
-- What the holder of an office may do at a moment: what its post allows then, and has allowed all the time since.
CREATE FUNCTION public.governance_rights(office bigint, moment timestamptz) RETURNS text[] LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT coalesce(array_agg(it.duty ORDER BY it.duty), '{}') FROM (
        SELECT duty.duty FROM public.governance_office o
        JOIN public.governance_post p ON p.name = o.post AND p.since <= moment
            AND p.version >= public.governance_version_for(o.post, o.mandate_id)
        CROSS JOIN LATERAL jsonb_array_elements_text(p.rights) AS duty(duty)
        WHERE o.id = office
        GROUP BY o.post, o.mandate_id, duty.duty
        HAVING count(*) = (SELECT count(*) FROM public.governance_post q WHERE q.name = o.post AND q.since <= moment
            AND q.version >= public.governance_version_for(o.post, o.mandate_id))
    ) it;
END;
"""

IN_OFFICE = changed(
    OFFICES.IN_OFFICE.partition("-- Two posts that nobody holds at once")[0],
    ("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"),
    (
        "            AND 'member' = (",
        """            AND coalesce(public.governance_abolished_at(o.post, o.mandate_id) > moment, true)
            AND 'member' = (""",
    ),
    (
        """    SELECT public.governance_in_office(office, moment) AND coalesce((
        SELECT p.rights @> to_jsonb(duty) FROM public.governance_office o
        JOIN public.governance_post p ON p.name = o.post
        WHERE o.id = office AND p.since <= moment ORDER BY p.version DESC LIMIT 1
    ), false);""",
        """    SELECT public.governance_in_office(office, moment)
        AND duty = ANY (public.governance_rights(office, moment));""",
    ),
    ("least(o.ends_at, e.at, (", "least(o.ends_at, e.at, public.governance_abolished_at(o.post, o.mandate_id), ("),
)

KEEPING = changed(
    OFFICES.KEEPING,
    (
        "SELECT * INTO post FROM public.governance_post p WHERE p.name = NEW.post ORDER BY p.version DESC LIMIT 1;",
        """SELECT * INTO post FROM public.governance_post p WHERE p.name = NEW.post
        AND p.version = public.governance_version_for(NEW.post, NEW.mandate_id);""",
    ),
    ("        isfinite(NEW.starts_at)", """        NOT post.abolished
        AND public.governance_abolished_at(NEW.post, NEW.mandate_id) IS NULL
        AND isfinite(NEW.starts_at)"""),
)  # fmt: skip
CALLING = changed(ELECTIONS.CALLING, ("AND NEW.seat BETWEEN 1", "AND NOT post.abolished AND NEW.seat BETWEEN 1"))

# Payouts go by two people who handle money, a pause by two who hold different posts: no vote leaves less (E3, part 6).
LEFT_ALONE = """
CREATE FUNCTION public.governance_right_left_alone(post text, becomes jsonb, seats integer) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $alone$
    WITH later AS (
        SELECT p.rights, p.seats FROM (
            SELECT DISTINCT ON (q.name) q.* FROM public.governance_post q ORDER BY q.name, q.version DESC
        ) p WHERE p.name <> post AND NOT p.abolished
        UNION ALL SELECT becomes, governance_right_left_alone.seats
    )
    SELECT duty FROM unnest(ARRAY['handles_money', 'asks_for_pauses', 'reads_reports', 'checks_the_books',
        'keeps_panels']) AS duty
    WHERE (SELECT CASE duty WHEN 'handles_money' THEN coalesce(sum(l.seats), 0) < 2
            WHEN 'asks_for_pauses' THEN count(*) < 2 ELSE count(*) < 1 END
        FROM later l WHERE l.rights @> to_jsonb(duty)) LIMIT 1
$alone$;
"""

SAID = "A post changes by a vote: seats and terms by N14, rights, separation, founding and abolition by N15, as voted."
ALONE = "No vote leaves money, pauses, reports, books or panels without the officers that they need."
VOTED = f"""
    IF public.governance_is_founding(NEW.mandate_id) AND public.governance_by_owner() AND NEW.version = 1 THEN
        RETURN NEW;
    END IF;
    {guards.in_the_present("post_is_what_the_vote_said")}
    {ONE_AT_A_TIME}
    NEW.since := public.coop_now();
    SELECT m.due_at, m.expires_at, p.policy, p.payload, r.key INTO voted
    FROM public.governance_mandate m JOIN public.governance_proposal p ON p.id = m.proposal_id
    JOIN public.governance_rule r ON r.id = p.rule_id
    JOIN public.governance_tally t ON t.proposal_id = p.id AND t.passed
    WHERE m.id = NEW.mandate_id;
    SELECT * INTO was FROM public.governance_post p WHERE p.name = NEW.name ORDER BY p.version DESC LIMIT 1;
    IF (
        voted.policy = 'post_change' AND voted.payload IS JSON OBJECT WITH UNIQUE KEYS
        AND voted.payload::jsonb = jsonb_build_object('post', NEW.name, 'rights', NEW.rights, 'excludes', NEW.excludes,
            'seats', NEW.seats, 'term_days', NEW.term_days, 'abolished', NEW.abolished, 'replaces', NEW.version - 1)
        AND NEW.version = coalesce(was.version, 0) + 1
        AND NEW.since >= voted.due_at AND NEW.since < voted.expires_at
        AND (voted.key = 'N15' OR (voted.key = 'N14' AND NOT NEW.abolished AND NOT was.abolished
            AND NEW.rights @> was.rights AND NEW.rights <@ was.rights
            AND NEW.excludes @> was.excludes AND NEW.excludes <@ was.excludes))
    ) IS NOT TRUE THEN
        {guards.refuse("post_is_what_the_vote_said", SAID)}
    END IF;
    IF public.governance_right_left_alone(NEW.name, CASE WHEN NEW.abolished THEN '[]' ELSE NEW.rights END,
        NEW.seats) IS NOT NULL
    THEN
        {guards.refuse("every_right_keeps_its_officers", ALONE)}
    END IF;
    RETURN NEW;
"""


class Migration(migrations.Migration):
    """Open posts to votes, and keep what is held under them."""

    dependencies: ClassVar = [("governance", "0050_data_uses_guards")]
    operations: ClassVar = [
        migrations.AddField("post", "abolished", models.BooleanField(db_default=False, default=False)),
        *(migrations.RunSQL(sql, migrations.RunSQL.noop) for sql in (GIVEN, IN_OFFICE, LEFT_ALONE)),
        guards.Procedure(
            "office_keeps_to_its_post",
            table="governance_office",
            definer=True,
            body=KEEPING,
            declare="post public.governance_post;",
        ),
        guards.Procedure(
            "call_is_for_a_seat_to_fill",
            table="governance_call",
            definer=True,
            body=CALLING,
            declare="post public.governance_post; lasts interval;",
        ),
        guards.Procedure(
            "post_is_what_the_vote_said",
            table="governance_post",
            definer=True,
            body=VOTED,
            declare="voted record; was public.governance_post;",
        ),
        guards.Grant("governance_post", "INSERT"),
        guards.Allow("governance_in_office(bigint, timestamptz)"),
        guards.Allow("governance_may(bigint, text, timestamptz)"),
        guards.Allow("governance_rights(bigint, timestamptz)"),
        guards.Allow("governance_right_left_alone(text, jsonb, integer)"),
        guards.Allow("governance_version_for(text, bigint)"),
        guards.Allow("governance_abolished_at(text, bigint)"),
    ]
