"""The lot says nothing within the act that hands in; what no money is there to check is known; a check is there."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

PATH = "SET search_path = pg_catalog, public, pg_temp"
# A row that this transaction wrote, or one of its savepoints: numbers of transactions rise, and go round.
SETTLED = """coalesce((a.xmin::text::bigint - pg_current_xact_id_if_assigned()::text::bigint & 4294967295)
        >= 2147483648, true)"""
LOT = f"""(a.submitted_at IS NOT NULL AND {SETTLED} AND ('x' || left(encode(sha256(convert_to(
        lot.word || ':check:' || a.id, 'UTF8')), 'hex'), 8))::bit(32)::bigint % 100 < j.check_share)"""
IS_DRAWN = f"""
CREATE OR REPLACE FUNCTION public.tasks_is_drawn(answer bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER {PATH} AS $drawn$
    SELECT j.check_share = 100 OR {LOT}
    FROM public.tasks_assignment a JOIN public.tasks_job j ON j.id = a.job_id CROSS JOIN public.tasks_lotword lot
    WHERE a.id = answer
$drawn$;
"""
# All at once: of jobs of which a share is checked, what waits and was drawn.
DRAWN = f"""
CREATE FUNCTION public.tasks_drawn() RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER {PATH} AS $drawn$
    SELECT a.id FROM public.tasks_assignment a JOIN public.tasks_job j ON j.id = a.job_id AND j.check_share < 100
    CROSS JOIN public.tasks_lotword lot WHERE a.state = 'submitted' AND {LOT}
$drawn$;
"""
# What the guard of checks would refuse for want of money, counted once for each job and pay. Of a job of which each
# answer is checked, and which is known to have what its tasks need, it is not counted.
UNPAID = f"""
CREATE FUNCTION public.tasks_unpaid_checks() RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER {PATH} AS $unpaid$
    WITH lacking AS MATERIALIZED (
        SELECT w.job_id, w.pay
        FROM (SELECT DISTINCT a.job_id, a.pay FROM public.tasks_assignment a WHERE a.state = 'submitted') w
        JOIN public.tasks_job j ON j.id = w.job_id LEFT JOIN public.tasks_tally y ON y.job_id = j.id
        CROSS JOIN LATERAL (SELECT on_wage FROM public.payments_fee ORDER BY version DESC LIMIT 1) f
        CROSS JOIN LATERAL public.payments_check_pay(j.work_type_id, w.pay) AS pays
        WHERE CASE WHEN pays IS NULL THEN true WHEN j.check_share = 100 AND y.spare >= 0
                AND y.price = j.pay + j.pay * f.on_wage / 10000 + public.tasks_checks_each(j.id, j.pay) THEN false
            ELSE public.tasks_set_aside(j.id) - pays < public.tasks_wages_needed(j.id, j.pay) END
    )
    SELECT a.id FROM lacking l JOIN public.tasks_assignment a
        ON a.job_id = l.job_id AND a.pay = l.pay AND a.state = 'submitted'
    WHERE NOT EXISTS (SELECT FROM public.tasks_check k WHERE k.assignment_id = a.id AND k.state = 'open'
        AND k.until > public.coop_now())
$unpaid$;
"""
TIMES = """CASE WHEN a.state = 'disputed' THEN 2 ELSE greatest(0, 2 - (
                SELECT count(*) FROM public.tasks_check k WHERE k.assignment_id = a.id AND k.state <> 'lapsed')) END"""
# Where a share is checked, the money of one check is there as long as there may be one: of few answers their shares
# make none. What comes from the stage before brings its own, by `tasks_money_needed`.
NEEDED = f"""
CREATE OR REPLACE FUNCTION public.tasks_checks_needed(job bigint, pay bigint) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER {PATH} AS $checks$
    SELECT coalesce((SELECT CASE WHEN j.is_onboarding THEN 0
        WHEN j.check_share = 100 THEN each * (2 * o.slots + coalesce((SELECT sum({TIMES})
            FROM public.tasks_assignment a
            WHERE a.job_id = j.id AND a.state IN ('claimed', 'submitted', 'sent_back', 'disputed')), 0))
        ELSE greatest(0, least(
            CASE WHEN o.slots + e.coming + w.times > 0
                THEN greatest(part * (o.slots + e.coming) + each * w.times, each) ELSE 0 END,
            greatest(part * (o.slots + e.coming + w.answers), each)
            - coalesce((SELECT sum(k.pay) FROM public.tasks_check k
                JOIN public.tasks_assignment a ON a.id = k.assignment_id
                WHERE a.job_id = j.id AND k.state <> 'lapsed'), 0)) - part * e.coming) END
        FROM public.tasks_job j
        CROSS JOIN LATERAL public.payments_check_pay(j.work_type_id, tasks_checks_needed.pay) AS each
        CROSS JOIN LATERAL public.tasks_checks_each(j.id, tasks_checks_needed.pay) AS part
        CROSS JOIN LATERAL (SELECT coalesce(sum(t.open_slots), 0) AS slots FROM public.tasks_task t
            WHERE t.job_id = j.id AND t.open_slots > 0) o
        CROSS JOIN LATERAL (SELECT CASE WHEN j.check_share = 100 THEN 0
            ELSE j.overlap * public.tasks_expected(j.id) END AS coming) e
        CROSS JOIN LATERAL (SELECT count(*) AS answers, coalesce(sum({TIMES})
                FILTER (WHERE a.state = 'claimed' OR a.state <> 'accepted' AND (NOT {SETTLED} OR {LOT})), 0) AS times
            FROM public.tasks_assignment a CROSS JOIN public.tasks_lotword lot
            WHERE j.check_share < 100 AND a.job_id = j.id
                AND a.state IN ('claimed', 'submitted', 'sent_back', 'disputed', 'accepted')) w
        WHERE j.id = job), 0)::bigint
$checks$;
"""


class Migration(migrations.Migration):
    """Change what the lot tells, tell what waits without money, and ask for the money of a check."""

    dependencies: ClassVar = [("tasks", "0123_skills_are_the_houses")]
    operations: ClassVar = [
        migrations.RunSQL(IS_DRAWN),
        migrations.RunSQL(DRAWN),
        guards.Allow("tasks_drawn()"),
        migrations.RunSQL(UNPAID),
        guards.Allow("tasks_unpaid_checks()"),
        migrations.RunSQL(NEEDED),
    ]
