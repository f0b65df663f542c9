"""Of a job whose answers members check a share is checked: drawn by the database once handed in, and funded."""

from typing import ClassVar

from django.db import migrations, models
from django.db.models import Q

from coop.database import guards

# Nobody but the owner of the schema reads the word; of what is not handed in the lot says nothing.
DRAWN = """
CREATE FUNCTION public.tasks_is_drawn(answer bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $drawn$
    SELECT j.check_share = 100 OR (a.submitted_at IS NOT NULL AND ('x' || left(encode(sha256(convert_to(
            lot.word || ':check:' || a.id, 'UTF8')), 'hex'), 8))::bit(32)::bigint % 100 < j.check_share)
    FROM public.tasks_assignment a JOIN public.tasks_job j ON j.id = a.job_id CROSS JOIN public.tasks_lotword lot
    WHERE a.id = answer
$drawn$;
CREATE FUNCTION public.tasks_checks_each(job bigint, pay bigint) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $each$
    SELECT coalesce((SELECT (2 * public.payments_check_pay(j.work_type_id, tasks_checks_each.pay) * j.check_share + 99)
        / 100 FROM public.tasks_job j WHERE j.id = job), 0)::bigint
$each$;
"""
# What is left to be taken: of slots their share, of what was begun and drawn all. Where a share is checked, never more
# than all answers brought less what checks took: that luck drew early asks nobody for more.
LEFT = """coalesce((SELECT sum(CASE WHEN a.state = 'disputed' THEN 2 ELSE greatest(0, 2 - (
                SELECT count(*) FROM public.tasks_check k WHERE k.assignment_id = a.id AND k.state <> 'lapsed')) END)
                FROM public.tasks_assignment a
                WHERE a.job_id = j.id AND a.state IN ('claimed', 'submitted', 'sent_back', 'disputed'){but}), 0)"""
NEEDED = f"""
CREATE OR REPLACE FUNCTION public.tasks_checks_needed(job bigint, pay bigint) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $checks$
    SELECT coalesce((SELECT CASE WHEN j.is_onboarding THEN 0
        WHEN j.check_share = 100 THEN each * (2 * o.slots + {LEFT.format(but="")})
        ELSE greatest(0, least(
            o.slots * part + each * {LEFT.format(but=" AND (a.state = 'claimed' OR public.tasks_is_drawn(a.id))")},
            part * (o.slots + (SELECT count(*) FROM public.tasks_assignment a WHERE a.job_id = j.id
                AND a.state IN ('claimed', 'submitted', 'sent_back', 'disputed', 'accepted')))
            - coalesce((SELECT sum(k.pay) FROM public.tasks_check k
                JOIN public.tasks_assignment a ON a.id = k.assignment_id
                WHERE a.job_id = j.id AND k.state <> 'lapsed'), 0))) END
        FROM public.tasks_job j
        CROSS JOIN LATERAL public.payments_check_pay(j.work_type_id, tasks_checks_needed.pay) AS each
        CROSS JOIN LATERAL public.tasks_checks_each(j.id, tasks_checks_needed.pay) AS part
        CROSS JOIN LATERAL (SELECT coalesce(sum(t.open_slots), 0) AS slots FROM public.tasks_task t
            WHERE t.job_id = j.id AND t.open_slots > 0) o
        WHERE j.id = job), 0)::bigint
$checks$;
"""
MAY = "AND public.tasks_may_check(NEW.person_id, NEW.assignment_id)"
TERM = "NEW.review_rule IS NOT DISTINCT FROM OLD.review_rule"


class Migration(migrations.Migration):
    """Let a job say the share, freeze it, draw by it and ask for its money."""

    dependencies: ClassVar = [("tasks", "0121_looks_are_seen")]
    operations: ClassVar = [
        migrations.AddField(
            "job",
            "check_share",
            models.PositiveSmallIntegerField(
                db_default=100, default=100, help_text="Of how many in 100 answers a member checks, drawn by lot."
            ),
        ),
        migrations.AddConstraint(
            "job",
            models.CheckConstraint(
                condition=Q(check_share=100) | Q(check_share__range=(10, 99), review_rule="peer"),
                name="a_share_is_checked_by_members",
            ),
        ),
        guards.Grant("tasks_job", "INSERT (check_share)"),
        guards.Edited("guard_job_terms_are_frozen", (TERM, f"{TERM} AND {TERM.replace('review_rule', 'check_share')}")),
        migrations.RunSQL(DRAWN),
        guards.Allow("tasks_is_drawn(bigint)"),
        guards.Allow("tasks_checks_each(bigint, bigint)"),
        migrations.RunSQL(NEEDED),
        guards.Edited(
            "tasks_money_needed",
            (
                "2 * coalesce(public.payments_check_pay(j.work_type_id, tasks_money_needed.pay), 0)",
                "public.tasks_checks_each(j.id, tasks_money_needed.pay)",
            ),
        ),
        guards.Edited(
            "tasks_spare",
            (
                "2 * coalesce(public.payments_check_pay(j.work_type_id, j.pay), 0)",
                "public.tasks_checks_each(j.id, j.pay)",
            ),
        ),
        guards.Edited(
            "guard_checks_are_taken_by_others", (MAY, f"{MAY}\n        AND public.tasks_is_drawn(NEW.assignment_id)")
        ),
    ]
