"""What the registry promises: each instrument says only what its kind can, and only what a passed vote said."""

from pathlib import Path
from typing import ClassVar

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from coop.database import guards

# The one JSON text of a value: keys in the order of the alphabet, no spaces; the same as the acts write.
CANONICAL = """
CREATE FUNCTION public.payments_canonical(value jsonb) RETURNS text LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, public, pg_temp AS $canonical$
BEGIN
    RETURN CASE jsonb_typeof(value)
        WHEN 'object' THEN '{' || coalesce((
            SELECT string_agg(to_json(part.key)::text || ':' || public.payments_canonical(part.value), ','
                ORDER BY part.key COLLATE "C") FROM jsonb_each(value) part
        ), '') || '}'
        WHEN 'array' THEN '[' || coalesce((
            SELECT string_agg(public.payments_canonical(part.value), ',' ORDER BY part.place)
            FROM jsonb_array_elements(value) WITH ORDINALITY AS part(value, place)
        ), '') || ']'
        WHEN 'string' THEN to_json(value #>> '{}')::text
        ELSE value::text
    END;
END $canonical$;
"""

# The latest version of an instrument; where it says nothing about this key, what it says about all.
IN_FORCE = """
CREATE FUNCTION public.payments_in_force(what text, about text) RETURNS jsonb LANGUAGE sql STABLE
SET search_path = pg_catalog, public, pg_temp AS $force$
    SELECT i.value::jsonb FROM public.payments_instrument i
    WHERE i.kind = what AND i.key IN (about, '') ORDER BY i.key = '', i.version DESC LIMIT 1
$force$;
"""

# What each kind may say, and nothing else: there is no auction, no points, no penalty to be voted for (D3, part 8).
# A number is whole and within its bounds; `named` are exactly the keys an object has.
HOLDS = """
CREATE FUNCTION public.payments_whole(value jsonb, name text, lowest bigint, highest bigint) RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, public, pg_temp AS $whole$
    SELECT CASE WHEN jsonb_typeof(value -> name) = 'number' AND value ->> name ~ '^(0|[1-9][0-9]{0,15})$'
        THEN (value ->> name)::bigint BETWEEN lowest AND highest ELSE false END
$whole$;

CREATE FUNCTION public.payments_named(value jsonb, VARIADIC names text[]) RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, public, pg_temp AS $named$
    SELECT jsonb_typeof(value) = 'object' AND value ?& names AND value - names = '{}'
$named$;

CREATE FUNCTION public.payments_instrument_holds(what text, about text, value jsonb) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $holds$
    SELECT CASE what
        WHEN 'rounding' THEN about = '' AND public.payments_named(value, 'wage_step', 'payout_step')
            AND public.payments_whole(value, 'wage_step', 1, 1)
            -- Banks move whole cents; steps divide a dollar, so that no sum is out of reach.
            AND public.payments_whole(value, 'payout_step', 10000, 1000000)
            AND (value ->> 'payout_step')::bigint % 10000 = 0
            AND 1000000 % greatest((value ->> 'payout_step')::bigint, 1) = 0
        WHEN 'currency' THEN about = '' AND value = '{"codes": ["USD"]}'
        WHEN 'bonus' THEN about = '' AND value = '{"every": 0}'
        WHEN 'time_limit' THEN about = '' AND public.payments_named(value, 'least')
            AND public.payments_whole(value, 'least', 1, 3600)
        WHEN 'acceptance' THEN about = '' AND public.payments_named(value, 'silence_days')
            AND public.payments_whole(value, 'silence_days', 1, 7)
        WHEN 'allocation' THEN about ~ '^(work_type:[1-9][0-9]{0,17})?$'
            AND public.payments_named(value, 'order', 'most_a_day')
            AND value ->> 'order' = 'first_come' AND public.payments_whole(value, 'most_a_day', 0, 100000)
        WHEN 'qualification' THEN about ~ '^(work_type:[1-9][0-9]{0,17})?$'
            AND public.payments_named(value, 'of', 'units') AND public.payments_whole(value, 'units', 0, 1000)
            AND public.payments_whole(value, 'of', 0, 1000000000)
            AND (value ->> 'units' = '0' OR EXISTS (
                SELECT FROM public.payments_worktype t
                WHERE t.id::text = value ->> 'of' AND about NOT IN ('', 'work_type:' || t.id)))
        WHEN 'region' THEN (about = '' AND value = '{"open": true}') OR (about ~ '^country:[A-Z]{2}$'
            AND public.payments_named(value, 'open') AND jsonb_typeof(value -> 'open') = 'boolean')
        WHEN 'client_block' THEN about = '' AND value = '{"by": "case"}'
        WHEN 'payout_minimum' THEN about = '' AND public.payments_named(value, 'micro')
            AND public.payments_whole(value, 'micro', 0, 5000000)
        WHEN 'payout_delay' THEN about = '' AND public.payments_named(value, 'hours')
            AND public.payments_whole(value, 'hours', 0, 72)
        WHEN 'floor' THEN about ~ '^(country:[A-Z]{2})?$' AND public.payments_named(value, 'micro_an_hour')
            AND public.payments_whole(value, 'micro_an_hour', 0, 1000000000)
        WHEN 'rail' THEN about ~ '^rail:[a-z_]{1,30}$' AND public.payments_named(value, 'open')
            AND jsonb_typeof(value -> 'open') = 'boolean'
            -- What was earned can always be paid out (E3): the last way stays open.
            AND (value = '{"open": true}' OR EXISTS (
                SELECT FROM (SELECT DISTINCT ON (i.key) i.key, i.value FROM public.payments_instrument i
                    WHERE i.kind = 'rail' ORDER BY i.key, i.version DESC) now
                WHERE now.key <> about AND now.value = '{"open":true}'))
        WHEN 'opening' THEN (about = '' AND value = '{"open": true, "notice_days": 0}')
            OR (about ~ '^work_type:[1-9][0-9]{0,17}$' AND public.payments_named(value, 'open', 'notice_days')
                AND jsonb_typeof(value -> 'open') = 'boolean' AND public.payments_whole(value, 'notice_days', 0, 365))
        WHEN 'reopening' THEN about ~ '^client:[1-9][0-9]{0,17}/work_type:[1-9][0-9]{0,17}$'
            AND public.payments_named(value, 'micro') AND public.payments_whole(value, 'micro', 1, 10000000000)
        ELSE false
    END IS TRUE
$holds$;
"""

# Which rule a change needs (part 3): whatever could pay less, later or not at all, for everybody, is N3.
NEEDED = """
CREATE FUNCTION public.payments_rule_for_instrument(what text, about text, becomes jsonb) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $rule$
    SELECT CASE what
        WHEN 'rounding' THEN CASE WHEN (becomes ->> 'wage_step')::bigint <= (was ->> 'wage_step')::bigint
            AND (becomes ->> 'payout_step')::bigint <= (was ->> 'payout_step')::bigint THEN 'N10' ELSE 'N3' END
        WHEN 'payout_minimum' THEN
            CASE WHEN (becomes ->> 'micro')::bigint <= (was ->> 'micro')::bigint THEN 'N10' ELSE 'N3' END
        WHEN 'payout_delay' THEN
            CASE WHEN (becomes ->> 'hours')::bigint <= (was ->> 'hours')::bigint THEN 'N10' ELSE 'N3' END
        WHEN 'acceptance' THEN CASE
            WHEN (becomes ->> 'silence_days')::bigint <= (was ->> 'silence_days')::bigint THEN 'N10' ELSE 'N3' END
        WHEN 'time_limit' THEN
            CASE WHEN (becomes ->> 'least')::bigint >= (was ->> 'least')::bigint THEN 'N10' ELSE 'N3' END
        WHEN 'floor' THEN CASE
            WHEN (becomes ->> 'micro_an_hour')::bigint >= (was ->> 'micro_an_hour')::bigint THEN 'N10' ELSE 'N3' END
        WHEN 'allocation' THEN 'N9'
        WHEN 'qualification' THEN 'N9'
        WHEN 'region' THEN 'N6'
        WHEN 'rail' THEN 'N6'
        -- Closed at short notice, all the pay of a kind is gone (N5); after 30 days it is who is offered what.
        WHEN 'opening' THEN CASE WHEN (becomes ->> 'open')::boolean OR (becomes ->> 'notice_days')::bigint >= 30
            THEN 'N9' ELSE 'N3' END
        ELSE 'N3'
    END
    FROM (SELECT public.payments_in_force(what, about) AS was) latest
$rule$;

-- A vote under a stricter rule may do what a milder one could.
CREATE FUNCTION public.payments_suffices(voted text, needed text) RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, public, pg_temp AS $suffices$
    SELECT voted = needed OR (voted = 'N3' AND needed IN ('N9', 'N11')) OR (
        SELECT array_position(strict, voted) >= array_position(strict, needed)
        FROM (SELECT ARRAY['N10', 'N1', 'N2', 'N3'] AS strict) milder_first
    ) IS TRUE
$suffices$;

-- Who is affected: those who do this kind of work, those who live there, or everybody who works.
CREATE FUNCTION public.payments_subject(what text, about text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, public, pg_temp AS $subject$
    SELECT CASE WHEN about ~ '^(work_type|country):' THEN about
        WHEN what = 'reopening' THEN split_part(about, '/', 2) ELSE 'everybody' END
$subject$;
"""

SAID_OTHERWISE = "An instrument is what a passed vote says, neither earlier nor otherwise."
SAID = f"""
    {guards.in_the_present("instrument_is_what_the_vote_said")}
    SELECT m.proposal_id, m.due_at, m.expires_at, p.policy, p.payload, p.subject, r.key INTO voted
    FROM public.governance_mandate m
    LEFT JOIN public.governance_proposal p ON p.id = m.proposal_id
    LEFT JOIN public.governance_rule r ON r.id = p.rule_id
    WHERE m.id = NEW.mandate_id;
    IF voted.proposal_id IS NULL AND voted.due_at IS NOT NULL THEN
        -- The founding meeting's: only the owner of the schema writes them, before the cooperative opens.
        IF pg_has_role(session_user, 'workhall_owner', 'USAGE') AND NEW.version = 1 THEN
            RETURN NEW;
        END IF;
    ELSIF voted.policy = NEW.kind AND voted.payload IS JSON OBJECT WITH UNIQUE KEYS THEN
        SELECT coalesce(max(i.version), 0) INTO latest FROM public.payments_instrument i
            WHERE i.kind = NEW.kind AND i.key = NEW.key;
        IF (voted.payload::jsonb = jsonb_build_object(
                'key', NEW.key, 'value', NEW.value::jsonb, 'replaces', NEW.version - 1)
            AND voted.subject = public.payments_subject(NEW.kind, NEW.key)
            AND NEW.version = latest + 1
            AND NEW.since BETWEEN voted.due_at AND public.coop_now() AND public.coop_now() < voted.expires_at
            AND public.payments_suffices(voted.key,
                public.payments_rule_for_instrument(NEW.kind, NEW.key, NEW.value::jsonb))
        ) THEN
            RETURN NEW;
        END IF;
    END IF;
    {guards.refuse("instrument_is_what_the_vote_said", SAID_OTHERWISE)}
"""

# What the work tells of each person: how many units of a kind they ever had accepted, and took in the last day.
DONE = """
CREATE VIEW public.payments_units_done AS
SELECT NULL::bigint AS work_type_id, NULL::bigint AS person_id, NULL::bigint AS accepted, NULL::bigint AS taken_today
    WHERE false;
"""

# Open to everybody unless a vote said otherwise (D3).
OPENS = """
CREATE FUNCTION public.payments_opens_to(person bigint, work bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $opens$
    SELECT (public.payments_in_force('region', 'country:' || coalesce(nullif(p.country, ''), '--')) -> 'open')::boolean
        AND (needs.said ->> 'units' = '0' OR coalesce((SELECT d.accepted FROM public.payments_units_done d
            WHERE d.work_type_id = (needs.said ->> 'of')::bigint AND d.person_id = person), 0)
            >= (needs.said ->> 'units')::bigint)
        AND (share.said ->> 'most_a_day' = '0' OR coalesce((SELECT d.taken_today FROM public.payments_units_done d
            WHERE d.work_type_id = work AND d.person_id = person), 0) < (share.said ->> 'most_a_day')::bigint)
    FROM public.people_person p,
        LATERAL (SELECT public.payments_in_force('qualification', 'work_type:' || work) AS said) needs,
        LATERAL (SELECT public.payments_in_force('allocation', 'work_type:' || work) AS said) share
    WHERE p.id = person
$opens$;

-- Whether new jobs of a kind of work may open: a vote can close it, after its notice.
CREATE FUNCTION public.payments_takes_jobs(work bigint) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $takes$
    SELECT coalesce((
        SELECT (i.value::jsonb -> 'open')::boolean
            OR i.since + (i.value::jsonb ->> 'notice_days')::integer * interval '24 hours' > public.coop_now()
        FROM public.payments_instrument i WHERE i.kind = 'opening' AND i.key = 'work_type:' || work
        ORDER BY i.version DESC LIMIT 1
    ), true)
$takes$;
"""

PAID_OUT = """CASE WHEN NEW.state = 'requested' THEN
        NEW.amount >= (public.payments_in_force('payout_minimum', '') ->> 'micro')::bigint
        AND NEW.amount % (public.payments_in_force('rounding', '') ->> 'payout_step')::bigint = 0
        AND (public.payments_in_force('rail', 'rail:by_hand') -> 'open')::boolean
    WHEN NEW.state = 'sent' AND OLD.state = 'requested' THEN NEW.requested_at
        + (public.payments_in_force('payout_delay', '') ->> 'hours')::integer * interval '1 hour'
        <= public.coop_now()
    ELSE true END"""

# Unicode's table of letters that look alike, for names of kinds of work and titles of jobs (D5).
LOOKS_ALIKE = """
CREATE TABLE public.payments_confusable (
    looks text COLLATE "C" PRIMARY KEY CHECK (length(looks) = 1),
    like_this text COLLATE "C" NOT NULL
);
"""
FOLD = """
CREATE FUNCTION public.payments_fold(words text) RETURNS text LANGUAGE sql STABLE
SET search_path = pg_catalog, public, pg_temp AS $fold$
    SELECT replace(regexp_replace(
        normalize(casefold(coalesce(string_agg(coalesce(c.like_this, letter.it), '' ORDER BY letter.place), '')
            COLLATE "pg_unicode_fast"), NFKD) COLLATE "pg_unicode_fast", '[^[:alnum:]]', '', 'g'), 'i', 'l')
    FROM regexp_split_to_table(
        normalize(casefold(normalize(words, NFKC) COLLATE "pg_unicode_fast"), NFKD), ''
    ) WITH ORDINALITY AS letter(it, place)
    LEFT JOIN public.payments_confusable c ON c.looks = letter.it COLLATE "C"
$fold$;
"""


def load_table(_apps: object, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Fill the table from Unicode's, in one statement."""
    lines = (Path(__file__).parent / "confusables.txt").read_text(encoding="utf-8").splitlines()
    pairs = [line.split(" ") for line in lines if not line.startswith("#")]
    rows = [(chr(int(code, 16)), "".join(like)) for code, *like in pairs]
    insert = "INSERT INTO public.payments_confusable (looks, like_this) SELECT * FROM unnest(%s::text[], %s::text[])"
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(insert, [[looks for looks, _like in rows], [like for _looks, like in rows]])


class Migration(migrations.Migration):
    """Install the registry's guards and what reads it."""

    dependencies: ClassVar = [
        ("payments", "0007_instruments"),
        ("people", "0001_initial"),
        ("governance", "0003_votes"),
    ]
    operations: ClassVar = [
        *(migrations.RunSQL(sql) for sql in (CANONICAL, IN_FORCE, HOLDS, NEEDED, DONE, OPENS, LOOKS_ALIKE, FOLD)),
        migrations.RunPython(load_table),
        guards.AppendOnly("payments_confusable", otherwise="Which letters look alike is Unicode's to say."),
        guards.Grant("payments_confusable", "SELECT"),
        guards.Grant("payments_units_done", "SELECT"),
        guards.Guard(
            "instrument_can_say_this",
            table="payments_instrument",
            holds="""NEW.value IS JSON OBJECT WITH UNIQUE KEYS
                AND public.payments_canonical(NEW.value::jsonb) = NEW.value AND isfinite(NEW.since)
                AND public.payments_instrument_holds(NEW.kind, NEW.key, NEW.value::jsonb)""",
            otherwise="No instrument of this kind can say this.",
            definer=True,
        ),
        guards.Procedure(
            "instrument_is_what_the_vote_said",
            table="payments_instrument",
            declare="voted record; latest integer;",
            body=SAID,
            definer=True,
        ),
        guards.AppendOnly(
            "payments_instrument", otherwise="An instrument is never changed; a vote makes a new version."
        ),
        guards.Grant("payments_instrument", "SELECT", "INSERT"),
        guards.Guard(
            "payouts_keep_to_the_instruments",
            table="payments_payout",
            on="INSERT OR UPDATE",
            holds=PAID_OUT,
            otherwise="The least payout, its steps, its way and its delay are what the members voted.",
            definer=True,
        ),
        guards.Allow("payments_in_force(text, text)"),
        guards.Allow("payments_instrument_holds(text, text, jsonb)"),
        guards.Allow("payments_rule_for_instrument(text, text, jsonb)"),
        guards.Allow("payments_opens_to(bigint, bigint)"),
        guards.Allow("payments_takes_jobs(bigint)"),
        guards.Allow("payments_fold(text)"),
    ]
