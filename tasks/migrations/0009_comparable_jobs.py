"""A client may raise at will and never lower: comparable work opens at its high-water mark or above (D5, N5)."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

# The least pay at which a job of this client may open, in micro-units; null when it had no comparable work. A job's
# class is (client, kind, tier, language, family of guides: its title, folded); three parts shared with a job of the
# last 12 months are comparable: of the same kind by the unit, else by the hour at the voted times. What the members
# themselves took off a rate since is taken off the mark; a vote on reopening sets another.
LEAST = """
CREATE FUNCTION public.tasks_least_pay(job bigint, client bigint, work bigint, title text) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $least$
    WITH opening AS (
        SELECT t.tier, t.language, public.payments_fold(title) AS family,
            (SELECT r.estimated_seconds FROM public.payments_rate r WHERE r.work_type_id = work
                ORDER BY r.version DESC LIMIT 1)::numeric AS seconds
        FROM public.payments_worktype t WHERE t.id = work
    ), earlier AS (
        SELECT o.work_type_id, o.opened_at, now.estimated_seconds::numeric AS seconds,
            o.pay - greatest(coalesce(was.amount, now.amount) - now.amount, 0) AS mark
        FROM public.tasks_job o CROSS JOIN opening
        JOIN public.payments_worktype t ON t.id = o.work_type_id
        CROSS JOIN LATERAL (SELECT r.amount, r.estimated_seconds FROM public.payments_rate r
            WHERE r.work_type_id = o.work_type_id ORDER BY r.version DESC LIMIT 1) now
        LEFT JOIN LATERAL (SELECT r.amount FROM public.payments_rate r
            WHERE r.work_type_id = o.work_type_id AND r.since <= o.opened_at
            ORDER BY r.version DESC LIMIT 1) was ON true
        WHERE o.client_id = client AND o.id <> job AND NOT o.is_onboarding AND o.opened_at IS NOT NULL
            AND coalesce(o.closed_at, public.coop_now()) > public.coop_now() - interval '12 months'
            AND 3 <= 1 + (o.work_type_id = work)::integer
                + (public.payments_fold(t.tier) = public.payments_fold(opening.tier))::integer
                + (public.payments_fold(t.language) = public.payments_fold(opening.language))::integer
                + (public.payments_fold(o.title) = opening.family)::integer
    ), reopened AS (
        SELECT i.since, (i.value::jsonb ->> 'micro')::bigint AS micro FROM public.payments_instrument i
        WHERE i.kind = 'reopening' AND i.key = 'client:' || client || '/work_type:' || work
        ORDER BY i.version DESC LIMIT 1
    )
    SELECT max(CASE WHEN r.since > e.opened_at THEN least(bound, r.micro) ELSE bound END)
    FROM earlier e CROSS JOIN opening LEFT JOIN reopened r ON true,
        LATERAL (SELECT CASE WHEN e.work_type_id = work THEN e.mark
            ELSE ceil(e.mark * opening.seconds / e.seconds)::bigint END AS bound) each
$least$;
"""

# Two jobs of a client that open at once wait for each other, by the row of the client.
KEEPING = f"""
    IF NEW.opened_at IS NULL OR NEW.closed_at IS NOT NULL OR NEW.is_onboarding
        OR (TG_OP = 'UPDATE' AND OLD.opened_at IS NOT NULL)
    THEN
        RETURN NEW;
    END IF;
    {guards.in_the_present("job_reopens_no_lower")}
    PERFORM FROM public.people_client c WHERE c.id = NEW.client_id FOR NO KEY UPDATE;
    IF NEW.pay < public.tasks_least_pay(NEW.id, NEW.client_id, NEW.work_type_id, NEW.title) THEN
        {guards.refuse("job_reopens_no_lower", "Comparable work of this client paid more in the last 12 months (N5).")}
    END IF;
    RETURN NEW;
"""


class Migration(migrations.Migration):
    """Watch the opening of jobs."""

    dependencies: ClassVar = [("tasks", "0008_replay_units")]
    operations: ClassVar = [
        migrations.RunSQL(LEAST),
        guards.Procedure("job_reopens_no_lower", table="tasks_job", on="INSERT OR UPDATE", body=KEEPING, definer=True),
        guards.Allow("tasks_least_pay(bigint, bigint, bigint, text)"),
    ]
