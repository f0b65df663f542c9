"""What an emergency pays and holds: the average of what it reaches, a payout for 72 hours at most (part 6, E3)."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

# As before, for every scope that reaches work. The hours are counted for each job by itself, so that where two pauses
# reach it at once only the wider, or else the earlier, pays them. What reaches no work, as a payout, pays nothing.
PAUSE_PAY = """
CREATE OR REPLACE FUNCTION public.payments_pause_pay(pause text, upto timestamptz) RETURNS bigint
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $pay$
    WITH spans AS (
        SELECT s.*, array_position(ARRAY['work', 'class', 'project', 'job'], split_part(s.scope, ':', 1)) AS rank,
            ARRAY(SELECT public.governance_jobs_in(s.scope)) AS jobs
        FROM public.payments_pause_spans s
        WHERE s.person_id = (SELECT o.person_id FROM public.payments_pause_spans o WHERE o.source = pause)
    ), me AS (
        SELECT * FROM spans WHERE source = pause
    ), earned AS (
        SELECT found.job, sum(t.amount)::numeric AS amount
        FROM me
        JOIN public.payments_account c ON c.code = 'member:' || me.person_id || ':payable' AND c.currency = 'USD'
        JOIN public.payments_transfer t ON t.credit_id = c.id
        JOIN public.payments_account d ON d.id = t.debit_id
        CROSS JOIN LATERAL (
            SELECT substring(d.code FROM '^job:([0-9]+):')::bigint AS job,
                d.code LIKE 'job:%:floor' OR d.code LIKE 'job:%:commit:' || me.person_id AS theirs
        ) found
        WHERE t.kind IN (5, 9, 10, 11, 24, 26, 28, 31)
        AND t.posted_at >= me.began_at - interval '91 days' AND t.posted_at < me.began_at
        AND (me.scope = 'work' OR (found.theirs AND found.job = ANY (me.jobs)))
        GROUP BY found.job
    ), paid AS (
        SELECT e.amount, (
            SELECT coalesce(sum(extract(epoch FROM upper(span) - lower(span))), 0)
            FROM unnest(tstzmultirange(tstzrange(me.starts_at, greatest(upto, me.starts_at))) - coalesce((
                SELECT range_agg(tstzrange(o.starts_at, o.ends_at)) FROM spans o
                WHERE o.source <> me.source AND (o.scope = 'work' OR e.job = ANY (o.jobs))
                AND (o.rank, o.starts_at, o.source) < (me.rank, me.starts_at, me.source)
            ), '{}'::tstzmultirange)) span
        ) AS seconds
        FROM me, earned e
    )
    SELECT coalesce(ceil(sum(paid.amount * paid.seconds) / 7862400), 0)::bigint FROM paid
$pay$;
"""

HOLDABLE = """
CREATE OR REPLACE FUNCTION public.governance_holdable_until(who bigint, payout bigint) RETURNS timestamptz
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $until$
    SELECT o.requested_at + interval '72 hours' FROM public.payments_payout o
    WHERE o.id = payout AND o.person_id = who AND o.state = 'requested'
$until$;
"""
# After `pause_needs_two_officers`, which gives a pause its times. What is being sent this moment is waited for.
HOLDING = f"""
    IF NEW.scope IS NULL OR NEW.scope !~ '^payout:[1-9][0-9]{{0,17}}$' THEN
        RETURN NEW;
    END IF;
    {guards.in_the_present("payout_is_held_for_72_hours")}
    PERFORM FROM public.payments_payout o WHERE o.id = substr(NEW.scope, 8)::bigint FOR NO KEY UPDATE;
    IF (NEW.ends_at <= public.governance_holdable_until(NEW.person_id, substr(NEW.scope, 8)::bigint)) IS NOT TRUE THEN
        {guards.refuse("payout_is_held_for_72_hours", "Only what has not gone out is held, 72 hours from its asking.")}
    END IF;
    RETURN NEW;
"""
HELD = f"""
    IF OLD.state <> 'requested' OR NEW.state NOT IN ('sending', 'sent') THEN
        RETURN NEW;
    END IF;
    {guards.in_the_present("what_is_held_is_not_sent")}
    IF EXISTS (
        SELECT FROM public.governance_pause p WHERE p.person_id = NEW.person_id AND p.scope = 'payout:' || NEW.id
            AND public.coop_now() >= p.starts_at AND public.coop_now() < p.ends_at
    ) THEN
        {guards.refuse("what_is_held_is_not_sent", "Two officers hold this payout; the hold ends by itself.")}
    END IF;
    RETURN NEW;
"""


class Migration(migrations.Migration):
    """Pay what each scope reaches, hold no payout longer than E3 allows, and send none that is held."""

    dependencies: ClassVar = [("payments", "0070_rails_end_what_they_pay"), ("governance", "0064_reach")]
    operations: ClassVar = [
        migrations.RunSQL(PAUSE_PAY),
        migrations.RunSQL(HOLDABLE),
        guards.Procedure("payout_is_held_for_72_hours", table="governance_pause", body=HOLDING, definer=True),
        guards.Procedure("what_is_held_is_not_sent", table="payments_payout", on="UPDATE", body=HELD, definer=True),
    ]
