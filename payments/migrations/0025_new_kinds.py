"""A kind of work opens by a vote, with its first rate; lower than comparable work only as a cut of that size (N5)."""

from importlib import import_module
from typing import ClassVar

from django.db import migrations

from coop.database import guards

BOOKS = import_module("payments.migrations.0002_guards")
FEES = import_module("payments.migrations.0013_fee_votes")
FLOORS = import_module("payments.migrations.0017_floor_guards")
RHYTHM = import_module("payments.migrations.0018_rhythm_guards")
REPLAY = import_module("payments.migrations.0012_replay")
CHECKING = import_module("payments.migrations.0024_checking")
changed = CHECKING.changed

# What a kind of work may be called and asked for: how it is answered is what the site knows already (its shape).
SAYABLE = """
CREATE FUNCTION public.payments_kind_can_say(said jsonb) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $say$
    SELECT (public.payments_named(said, 'slug', 'name', 'unit', 'shape', 'tier', 'language', 'amount', 'currency',
            'estimated_seconds')
        AND said ->> 'slug' ~ '^[a-z][a-z0-9-]{1,49}$' AND said ->> 'tier' ~ '^[a-z0-9_-]{1,30}$'
        AND said ->> 'language' ~ '^[a-z]{2}$' AND length(btrim(said ->> 'name')) BETWEEN 3 AND 80
        AND length(btrim(said ->> 'unit')) BETWEEN 2 AND 40 AND said ->> 'currency' = 'USD'
        AND jsonb_typeof(said -> 'amount') = 'string' AND public.payments_micro(said ->> 'amount') > 0
        AND public.payments_whole(said, 'estimated_seconds', 1, 1000000)
        AND EXISTS (SELECT FROM public.payments_worktype t WHERE t.shape = said ->> 'shape')) IS TRUE
$say$;
"""

# The share that a first rate keeps of what each comparable kind paid by the hour, under every rate of its last 12
# months (D5, D7): opened lower, it is a cut of that size, among those who do the comparable work (N5).
COMPARED = """
CREATE FUNCTION public.payments_kept_of_kinds(said jsonb)
RETURNS TABLE (work_type_id bigint, num numeric, den numeric) LANGUAGE sql STABLE
SET search_path = pg_catalog, public, pg_temp AS $kept$
    SELECT t.id, public.payments_micro(said ->> 'amount')::numeric * r.estimated_seconds,
        r.amount::numeric * (said ->> 'estimated_seconds')::numeric
    FROM public.payments_worktype t JOIN public.payments_rate r ON r.work_type_id = t.id
    WHERE t.slug <> said ->> 'slug' AND 3 <= public.payments_shared_parts(t.shape, t.tier, t.language, t.name,
            said ->> 'shape', said ->> 'tier', said ->> 'language', said ->> 'name')
        AND NOT EXISTS (
            SELECT FROM public.payments_rate later WHERE later.work_type_id = t.id AND later.version > r.version
            AND later.since <= public.coop_now() - interval '12 months')
$kept$;

CREATE FUNCTION public.payments_rule_for_kind(said jsonb) RETURNS text LANGUAGE sql STABLE
SET search_path = pg_catalog, public, pg_temp AS $rule$
    SELECT CASE WHEN coalesce(bool_and(num >= den), true) THEN 'N14'
        WHEN bool_and(100 * num >= 95 * den) THEN 'N1' WHEN bool_and(100 * num >= 85 * den) THEN 'N2' ELSE 'N3' END
    FROM public.payments_kept_of_kinds(said)
$rule$;

CREATE FUNCTION public.payments_kind_subject(said jsonb) RETURNS text LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $subject$
    SELECT coalesce((SELECT 'work_type:' || k.work_type_id FROM public.payments_kept_of_kinds(said) k
        WHERE k.num < k.den ORDER BY k.num / k.den, k.work_type_id LIMIT 1), 'everybody')
$subject$;
"""

NEEDED = changed(
    CHECKING.part(REPLAY.IMPACT, "payments_needed_rule"),
    (
        "        WHEN 'fee_change' THEN",
        """        WHEN 'new_kind' THEN public.payments_rule_for_kind(payload)
        WHEN 'fee_change' THEN""",
    ),
)
OURS = changed(CHECKING.OURS, ("'checking')", "'checking', 'new_kind')"))
# Nobody did this work yet: what the figures tell is how it stands beside comparable work.
IMPACT = changed(
    CHECKING.IMPACT,
    (
        "        WHEN 'checking' THEN (",
        """        WHEN 'new_kind' THEN public.payments_replay(ARRAY[]::bigint[], NULL, '{}', '{}')
            || jsonb_build_object('new', payload -> 'amount', 'currency', payload -> 'currency',
            'cut', public.payments_rule_for_kind(payload) <> 'N14',
            'kept', (SELECT jsonb_build_array(div(num, gcd(num, den))::text, div(den, gcd(num, den))::text)
                FROM public.payments_kept_of_kinds(payload) ORDER BY num / den LIMIT 1))
        WHEN 'checking' THEN (""",
    ),
)
COMPUTED = changed(
    RHYTHM.COMPUTED,
    (
        "            WHEN 'fee_change' THEN 'everybody'",
        """            WHEN 'fee_change' THEN 'everybody'
            WHEN 'new_kind' THEN public.payments_kind_subject(NEW.payload::jsonb)""",
    ),
)
VOTED = changed(
    FLOORS.VOTED,
    ("CASE WHEN OLD.published_at", """CASE
    WHEN OLD.published_at IS NULL AND NEW.published_at IS NOT NULL AND NEW.policy = 'new_kind'
    THEN public.payments_kind_can_say(NEW.payload::jsonb)
        AND public.payments_micro(NEW.payload::jsonb ->> 'amount') >= public.payments_least_by_floor(
            0, (NEW.payload::jsonb ->> 'estimated_seconds')::bigint, NULL)
    WHEN OLD.published_at"""),
)  # fmt: skip

# A vote that opens a kind of work, and is due: what both its rows must say.
OPENS = """EXISTS (
    SELECT FROM public.governance_mandate m JOIN public.governance_proposal p ON p.id = m.proposal_id
    JOIN public.governance_rule r ON r.id = p.rule_id
    JOIN public.governance_tally t ON t.proposal_id = p.id AND t.passed
    CROSS JOIN LATERAL (SELECT p.payload::jsonb AS said) it
    WHERE p.policy = 'new_kind' AND {facts}
        AND public.coop_now() >= m.due_at AND public.coop_now() < m.expires_at
        AND (r.key = public.payments_rule_for_kind(it.said)
            OR public.payments_suffices(r.key, public.payments_rule_for_kind(it.said)))
)"""
KIND = OPENS.format(
    facts="""it.said ->> 'slug' = NEW.slug AND it.said ->> 'name' = NEW.name AND it.said ->> 'unit' = NEW.unit
        AND it.said ->> 'shape' = NEW.shape AND it.said ->> 'tier' = NEW.tier AND it.said ->> 'language' = NEW.language
        AND public.payments_kind_can_say(it.said) AND NEW.created_at BETWEEN m.due_at AND public.coop_now()"""
)
FOUNDED = """(pg_has_role(session_user, 'workhall_owner', 'USAGE')
    AND NOT EXISTS (SELECT FROM public.governance_mandate m WHERE m.proposal_id IS NOT NULL))"""
FIRST = OPENS.format(
    facts="""m.id = NEW.mandate_id AND NEW.version = 1
        AND it.said ->> 'slug' = (SELECT w.slug FROM public.payments_worktype w WHERE w.id = NEW.work_type_id)
        AND public.payments_micro(it.said ->> 'amount') = NEW.amount AND it.said ->> 'currency' = NEW.currency
        AND (it.said ->> 'estimated_seconds')::integer = NEW.estimated_seconds
        AND NEW.since BETWEEN m.due_at AND public.coop_now()"""
)
RATE = changed(
    BOOKS.RATE,
    (
        "    ELSIF voted.policy = 'rate_change'",
        f"""    ELSIF voted.policy = 'new_kind' AND {FIRST}
    THEN
        RETURN NEW;
    ELSIF voted.policy = 'rate_change'""",
    ),
)
CARRIED_OUT = changed(
    FEES.SAID,
    (
        "        WHEN p.policy = 'rate_change'",
        """        WHEN p.policy = 'new_kind' THEN CASE WHEN NEW.failure = ''
            THEN EXISTS (SELECT FROM public.payments_rate f WHERE f.mandate_id = m.id)
            ELSE EXISTS (SELECT FROM public.payments_worktype w WHERE w.slug = p.payload::jsonb ->> 'slug')
                OR (r.key <> public.payments_rule_for_kind(p.payload::jsonb)
                    AND NOT public.payments_suffices(r.key, public.payments_rule_for_kind(p.payload::jsonb)))
                OR public.payments_micro(p.payload::jsonb ->> 'amount') < public.payments_least_by_floor(
                    0, (p.payload::jsonb ->> 'estimated_seconds')::bigint, NULL) END
        WHEN p.policy = 'rate_change'""",
    ),
)
# A kind of work without a rate would be one that nobody voted a floor for.
TOGETHER = f"""
CREATE FUNCTION public.guard_kinds_open_with_their_rate() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $guard$
BEGIN
    IF NOT EXISTS (SELECT FROM public.payments_rate r WHERE r.work_type_id = NEW.id) THEN
        {guards.refuse("kinds_open_with_their_rate", "A kind of work opens together with its first voted rate.")}
    END IF;
    RETURN NULL;
END $guard$;
CREATE CONSTRAINT TRIGGER kinds_open_with_their_rate AFTER INSERT ON public.payments_worktype
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.guard_kinds_open_with_their_rate();
ALTER TABLE public.payments_worktype ENABLE ALWAYS TRIGGER kinds_open_with_their_rate;
"""


class Migration(migrations.Migration):
    """Open the table to votes, and watch what they write."""

    dependencies: ClassVar = [("payments", "0024_checking")]
    operations: ClassVar = [
        *(migrations.RunSQL(sql) for sql in (SAYABLE, COMPARED, NEEDED, OURS, IMPACT, TOGETHER)),
        guards.Procedure(
            "impact_is_computed_by_the_database",
            table="governance_proposal",
            on="UPDATE",
            declare="given text;",
            body=COMPUTED,
            definer=True,
        ),
        guards.Guard(
            "no_vote_goes_below_the_floor",
            table="governance_proposal",
            on="UPDATE",
            holds=VOTED,
            otherwise=FLOORS.BELOW,
            definer=True,
        ),
        guards.Guard(
            "kind_of_work_is_what_the_vote_said",
            table="payments_worktype",
            holds=f"{FOUNDED} OR {KIND}",
            otherwise="A kind of work opens by a passed vote, as voted; lower than comparable work only by that cut.",
            definer=True,
        ),
        guards.Procedure(
            "rate_is_what_the_vote_said",
            table="payments_rate",
            declare="""voted record; said jsonb; latest integer;
    strictness CONSTANT text[] := ARRAY['N10', 'N1', 'N2', 'N3'];""",
            body=RATE,
            definer=True,
        ),
        guards.Guard(
            "enactment_wrote_the_version_it_says",
            table="governance_enactment",
            holds=f"({CARRIED_OUT})",
            otherwise="A vote on money or access is carried out by its version, and fails only when it cannot be.",
            definer=True,
        ),
        guards.Grant("payments_worktype", "INSERT"),
        guards.Allow("payments_kind_can_say(jsonb)"),
        guards.Allow("payments_kind_subject(jsonb)"),
    ]
