"""What the hearing fund promises: what a fact entitles somebody to is found by the database, and paid once."""

from django.db import migrations

from coop.database import guards

POSTINGS = """
CREATE OR REPLACE FUNCTION public.payments_postings()
RETURNS TABLE (kind integer, debit text, credit text, debit_part integer, credit_part integer)
LANGUAGE sql IMMUTABLE PARALLEL SAFE BEGIN ATOMIC
    VALUES
        (1, 'bank:main', 'client:available', NULL::integer, NULL::integer),
        (1, 'bank:main', 'fund:training', NULL, NULL),
        (1, 'bank:main', 'fund:hearing', NULL, NULL),
        (1, 'bank:main', 'fund:dispute', NULL, NULL),
        (2, 'client:available', 'job:escrow', NULL, NULL),
        (3, 'job:escrow', 'job:commit', 2, 2),
        (3, 'fund:training', 'job:commit', NULL, NULL),
        (4, 'job:commit', 'job:escrow', 2, 2),
        (4, 'job:commit', 'fund:training', NULL, NULL),
        (5, 'job:commit', 'member:payable', 4, 2),
        (6, 'job:commit', 'coop:fee', NULL, NULL),
        (7, 'job:commit', 'fund:training', NULL, NULL),
        (7, 'job:commit', 'fund:care', NULL, NULL),
        (10, 'job:commit', 'member:payable', 4, 2),
        (13, 'member:payable', 'clearing:out', NULL, NULL),
        (14, 'clearing:out', 'bank:main', NULL, NULL),
        (15, 'clearing:out', 'member:payable', NULL, NULL),
        (18, 'job:escrow', 'client:available', NULL, NULL),
        (24, 'fund:hearing', 'member:payable', NULL, NULL),
        (25, 'fund:hearing', 'member:payable', NULL, NULL),
        (26, 'fund:hearing', 'member:payable', NULL, NULL),
        (27, 'fund:hearing', 'member:payable', NULL, NULL);
END;
"""

# Every time in which somebody's work is paused and paid. `began_at` is the moment before which 13 weeks are averaged.
SPANS = """
CREATE VIEW public.payments_pause_spans AS
SELECT 'pause:' || p.id AS source, p.person_id, p.scope, p.starts_at AS began_at, p.starts_at, p.ends_at,
    false AS unfounded
FROM public.governance_pause p;
"""

# In micro-units, from a pause's start to a moment: what the work of the 91 days before paid (of that job, where only a
# job is paused), over 91 days, times the time that no wider or earlier pause pays for. Rounded up.
PAUSE_PAY = """
CREATE FUNCTION public.payments_pause_pay(pause text, upto timestamptz) RETURNS bigint
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $pay$
    WITH me AS (
        SELECT * FROM public.payments_pause_spans WHERE source = pause
    ), earned AS (
        SELECT coalesce(sum(t.amount), 0)::numeric AS amount
        FROM me
        JOIN public.payments_account c ON c.code = 'member:' || me.person_id || ':payable' AND c.currency = 'USD'
        JOIN public.payments_transfer t ON t.credit_id = c.id
        JOIN public.payments_account d ON d.id = t.debit_id
        WHERE t.kind IN (5, 10, 24, 26, 28, 31)
        AND t.posted_at >= me.began_at - interval '91 days' AND t.posted_at < me.began_at
        AND (me.scope = 'work' OR d.code = me.scope || ':commit:' || me.person_id)
    ), elsewhere AS (
        SELECT coalesce(range_agg(tstzrange(o.starts_at, o.ends_at)), '{}'::tstzmultirange) AS spans
        FROM me JOIN public.payments_pause_spans o ON o.person_id = me.person_id AND o.source <> me.source
        WHERE (o.scope = 'work' AND me.scope <> 'work')
        OR (o.scope = me.scope AND (o.starts_at, o.source) < (me.starts_at, me.source))
    ), mine AS (
        SELECT coalesce(sum(extract(epoch FROM upper(span) - lower(span))), 0) AS seconds
        FROM me, elsewhere, unnest(
            tstzmultirange(tstzrange(me.starts_at, greatest(upto, me.starts_at))) - elsewhere.spans
        ) span
    )
    SELECT ceil(earned.amount * mine.seconds / 7862400)::bigint FROM earned, mine
$pay$;
"""

OWED = """
CREATE VIEW public.payments_owed AS
WITH running AS (
    SELECT s.person_id, owing.kind, s.source, least(s.ends_at, s.starts_at
            + floor(extract(epoch FROM public.coop_now() - s.starts_at) / 3600) * interval '1 hour') AS upto,
        coalesce((SELECT max(e.until) FROM public.payments_entitlement e
            WHERE e.source = s.source AND e.kind = owing.kind), s.starts_at) AS paid_to
    FROM public.payments_pause_spans s CROSS JOIN (VALUES (24), (25)) owing (kind)
    WHERE owing.kind = 24 OR s.unfounded
)
SELECT person_id, kind, source, paid_to AS since, upto AS until,
    public.payments_pause_pay(source, upto) - public.payments_pause_pay(source, paid_to) AS amount
FROM running WHERE upto > paid_to;
"""

OTHERWISE = "Pay is owed for what the facts say: a pause as it runs, a seat that was served, time that was taken away."
FOUND = f"""
    -- One at a time for each person, as what is owed next follows from what was paid before.
    PERFORM FROM public.people_person WHERE id = NEW.person_id FOR NO KEY UPDATE;
    {guards.in_the_present("entitlement_is_what_the_facts_say")}
    SELECT * INTO owed FROM public.payments_owed o
        WHERE o.person_id = NEW.person_id AND o.kind = NEW.kind AND o.source = NEW.source;
    IF owed.amount IS NULL OR owed.amount <= 0 THEN
        {guards.refuse("entitlement_is_what_the_facts_say", OTHERWISE)}
    END IF;
    NEW.since := owed.since;
    NEW.until := owed.until;
    NEW.amount := owed.amount;
    NEW.at := public.coop_now();
    RETURN NEW;
"""

PAID = f"""
CREATE FUNCTION public.guard_entitlements_are_paid_as_found() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $guard$
BEGIN
    IF EXISTS (
        SELECT FROM posted p JOIN public.payments_account c ON c.id = p.credit_id
        LEFT JOIN public.payments_entitlement e ON p.ref = 'entitlement:' || e.id
        WHERE p.kind BETWEEN 24 AND 27 AND (
            p.kind = e.kind AND p.amount = e.amount AND c.currency = 'USD'
            AND c.code = 'member:' || e.person_id || ':payable'
        ) IS NOT TRUE
    ) THEN
        {guards.refuse("entitlements_are_paid_as_found", "The hearing fund pays what was found to be owed, once.")}
    END IF;
    RETURN NULL;
END $guard$;
CREATE TRIGGER entitlements_are_paid_as_found AFTER INSERT ON public.payments_transfer
    REFERENCING NEW TABLE AS posted FOR EACH STATEMENT EXECUTE FUNCTION public.guard_entitlements_are_paid_as_found();
ALTER TABLE public.payments_transfer ENABLE ALWAYS TRIGGER entitlements_are_paid_as_found;

-- At the end of the transaction, as the posting names the row; nobody ticks off what was not paid.
CREATE FUNCTION public.guard_entitlement_is_paid() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $guard$
BEGIN
    IF NOT EXISTS (
        SELECT FROM public.payments_transfer t WHERE t.ref = 'entitlement:' || NEW.id AND t.kind = NEW.kind
    ) THEN
        {guards.refuse("entitlement_is_paid", "What is written down as owed is paid in the same act.")}
    END IF;
    RETURN NULL;
END $guard$;
CREATE CONSTRAINT TRIGGER entitlement_is_paid AFTER INSERT ON public.payments_entitlement
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.guard_entitlement_is_paid();
ALTER TABLE public.payments_entitlement ENABLE ALWAYS TRIGGER entitlement_is_paid;
"""


class Migration(migrations.Migration):
    """Let the fund pay, and nothing but what is owed."""

    dependencies = [("payments", "0005_entitlements"), ("governance", "0002_guards")]
    operations = [
        *(migrations.RunSQL(sql) for sql in (POSTINGS, SPANS, PAUSE_PAY, OWED)),
        guards.Grant("payments_pause_spans", "SELECT"),
        guards.Grant("payments_owed", "SELECT"),
        guards.Allow("payments_pause_pay(text, timestamptz)"),
        guards.Procedure(
            "entitlement_is_what_the_facts_say",
            table="payments_entitlement",
            declare="owed record;",
            body=FOUND,
            definer=True,
        ),
        guards.AppendOnly("payments_entitlement", otherwise="What was owed and paid is never rewritten."),
        guards.Grant("payments_entitlement", "SELECT", "INSERT"),
        migrations.RunSQL(PAID),
    ]
