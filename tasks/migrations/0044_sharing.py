"""Scarce work is shared: where a vote said so, a job's answers are divided among members when it opens (N9)."""

from typing import ClassVar

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from coop.database import guards

# Among whom: members and candidates who took this kind of work in the last 28 days, and whoever joined in them, as far
# as this job is open to them. What does not divide goes by a lot that nobody can move: the hash of job and person.
SHARE = """
CREATE FUNCTION public.tasks_share_out() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $share$
DECLARE
    said CONSTANT jsonb := public.payments_in_force('allocation', 'work_type:' || NEW.work_type_id);
    units bigint;
BEGIN
    IF NEW.opened_at IS NULL OR NEW.closed_at IS NOT NULL OR NEW.is_onboarding
        OR (TG_OP = 'UPDATE' AND OLD.opened_at IS NOT NULL) OR (said ->> 'order' = 'shared') IS NOT TRUE
    THEN
        RETURN NULL;
    END IF;
    SELECT count(*) INTO units FROM public.tasks_task t WHERE t.job_id = NEW.id;
    INSERT INTO public.tasks_reserve (job_id, person_id, units, until)
    SELECT NEW.id, m.id, least(units, units * NEW.overlap / m.people
            + CASE WHEN m.place <= units * NEW.overlap % m.people THEN 1 ELSE 0 END),
        NEW.opened_at + (said ->> 'hours')::integer * interval '1 hour'
    FROM (
        SELECT p.id, count(*) OVER () AS people,
            row_number() OVER (ORDER BY sha256(convert_to(NEW.id || ':' || p.id, 'UTF8')), p.id) AS place
        FROM public.people_person p
        CROSS JOIN LATERAL (SELECT s.status FROM public.governance_standing s WHERE s.person_id = p.id
            ORDER BY s.id DESC LIMIT 1) now
        WHERE now.status IN ('candidate', 'member') AND (
            (SELECT min(s.since) FROM public.governance_standing s WHERE s.person_id = p.id
                AND s.status IN ('candidate', 'member')) > public.coop_now() - interval '28 days'
            OR EXISTS (SELECT FROM public.tasks_assignment a JOIN public.tasks_job j ON j.id = a.job_id
                WHERE a.person_id = p.id AND j.work_type_id = NEW.work_type_id
                AND a.claimed_at > public.coop_now() - interval '28 days')
        ) AND public.tasks_may_work(p.id, NEW.id) AND public.tasks_chose(p.id, NEW.content)
    ) m;
    RETURN NULL;
END $share$;
CREATE TRIGGER scarce_work_is_shared_out AFTER INSERT OR UPDATE OF opened_at ON public.tasks_job
    FOR EACH ROW EXECUTE FUNCTION public.tasks_share_out();
ALTER TABLE public.tasks_job ENABLE ALWAYS TRIGGER scarce_work_is_shared_out;

-- How many tasks are still kept for a person; null where nothing is kept for anybody now.
CREATE FUNCTION public.tasks_kept_for(person bigint, job bigint) RETURNS integer
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $kept$
    SELECT CASE WHEN w.until > public.coop_now() THEN coalesce(m.units, 0) - (
        SELECT count(*) FROM (
            SELECT FROM public.tasks_assignment a WHERE a.person_id = person AND a.job_id = job
            AND a.state IN ('claimed', 'submitted', 'sent_back', 'accepted', 'disputed', 'rejected')
            LIMIT coalesce(m.units, 0)
        ) taken)::integer END
    FROM (SELECT r.until FROM public.tasks_reserve r WHERE r.job_id = job LIMIT 1) w
    LEFT JOIN public.tasks_reserve m ON m.job_id = job AND m.person_id = person
$kept$;
"""


class Migration(migrations.Migration):
    """Divide it, and keep each share for its member as long as was voted."""

    dependencies: ClassVar = [
        ("tasks", "0043_extensions"),
        ("payments", "0057_sharing"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations: ClassVar = [
        migrations.CreateModel(
            name="Reserve",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("units", models.PositiveIntegerField()),
                ("until", models.DateTimeField()),
                (
                    "job",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reserves",
                        to="tasks.job",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("job", "person"), name="one_share_of_a_job_each")]
            },
        ),
        migrations.RunSQL(SHARE),
        guards.Allow("tasks_kept_for(bigint, bigint)"),
        guards.AppendOnly("tasks_reserve", otherwise="A share of a job stays what it was when the job opened."),
        # Written by the database alone.
        guards.Grant("tasks_reserve", "SELECT"),
        guards.Guard(
            "shares_are_kept_for_their_members",
            table="tasks_assignment",
            holds="coalesce(public.tasks_kept_for(NEW.person_id, NEW.job_id), 1) > 0",
            otherwise="As long as the members voted, the share of each in a job is kept for them (N9).",
            definer=True,
        ),
    ]
