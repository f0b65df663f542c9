"""Work that asks something else is a paid pilot until it was measured: no longer, or paid by the ratio (N4)."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

# The client's work of the same kind in twelve months that a job is compared with. A pilot joins it once measured.
FORMER = """
CREATE FUNCTION public.tasks_former_jobs(job public.tasks_job) RETURNS SETOF public.tasks_job
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $former$
    SELECT o.* FROM public.tasks_job o
    WHERE o.client_id = job.client_id AND o.work_type_id = job.work_type_id AND o.id <> job.id AND NOT o.is_onboarding
        AND o.opened_at <= coalesce(job.opened_at, public.coop_now())
        AND coalesce(o.closed_at, public.coop_now()) > public.coop_now() - interval '12 months'
        AND (NOT EXISTS (SELECT FROM public.tasks_rescoping r WHERE r.job_id = o.id)
            OR EXISTS (SELECT FROM public.tasks_pilot p WHERE p.job_id = o.id))
$former$;

-- The same guide and form, no less time and no stricter check than one of them.
CREATE FUNCTION public.tasks_rescopes(job public.tasks_job) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $rescopes$
    SELECT count(*) > 0 AND NOT coalesce(bool_or(
        o.guide = job.guide AND o.form = job.form AND o.time_limit <= job.time_limit
        AND (o.review_rule = job.review_rule OR job.review_rule = 'majority')
    ), false) FROM public.tasks_former_jobs(job) o
$rescopes$;

CREATE FUNCTION public.tasks_note_rescoping() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $note$
BEGIN
    IF NEW.opened_at IS NOT NULL AND NEW.closed_at IS NULL AND NOT NEW.is_onboarding
        AND NOT EXISTS (SELECT FROM public.tasks_rescoping r WHERE r.job_id = NEW.id)
        AND (TG_OP = 'INSERT' OR OLD.opened_at IS NULL) AND public.tasks_rescopes(NEW)
    THEN
        INSERT INTO public.tasks_rescoping (job_id, at) VALUES (NEW.id, public.coop_now());
    END IF;
    RETURN NULL;
END $note$;
CREATE TRIGGER rescoping_is_noted AFTER INSERT OR UPDATE OF opened_at ON public.tasks_job
    FOR EACH ROW EXECUTE FUNCTION public.tasks_note_rescoping();
ALTER TABLE public.tasks_job ENABLE ALWAYS TRIGGER rescoping_is_noted;
"""

# What a pilot shows so far. Units are accepted ones, which are paid; six of each person at most. Where ten people know
# the former work, they alone count. The former time is the shorter of everybody's and of those same people's, so that
# quick hands do not hide a longer guide; before 20 units it is the voted time. The least pay keeps the best hour of
# the former work (D7), exact and rounded up; what a vote took off a rate or on reopening is taken off here too.
MEASURE = """
CREATE FUNCTION public.tasks_measure_pilot(job bigint)
RETURNS TABLE (units bigint, people bigint, median bigint, former bigint, least_pay bigint) LANGUAGE sql STABLE
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $measure$
    WITH former AS MATERIALIZED (
        SELECT o.id, o.opened_at, o.work_type_id, o.client_id,
            o.pay - greatest(coalesce(was.amount, now.amount) - now.amount, 0) AS mark, now.estimated_seconds
        FROM public.tasks_job j CROSS JOIN LATERAL public.tasks_former_jobs(j) o
        CROSS JOIN LATERAL (SELECT r.amount, r.estimated_seconds FROM public.payments_rate r
            WHERE r.work_type_id = o.work_type_id ORDER BY r.version DESC LIMIT 1) now
        LEFT JOIN LATERAL (SELECT r.amount FROM public.payments_rate r
            WHERE r.work_type_id = o.work_type_id AND r.since <= o.opened_at
            ORDER BY r.version DESC LIMIT 1) was ON true
        WHERE j.id = job
    ), known AS MATERIALIZED (
        SELECT a.person_id FROM public.tasks_assignment a JOIN former f ON f.id = a.job_id
        WHERE a.state = 'accepted' GROUP BY a.person_id HAVING count(*) >= 3
    ), counted AS MATERIALIZED (
        SELECT a.person_id, w.seconds FROM (
            SELECT a.id, a.person_id, row_number() OVER (PARTITION BY a.person_id ORDER BY a.id DESC) AS turn,
                count(*) OVER (PARTITION BY a.person_id) AS done
            FROM public.tasks_assignment a WHERE a.job_id = job AND a.state = 'accepted'
        ) a CROSS JOIN LATERAL (
            SELECT sum(seconds)::bigint AS seconds FROM public.tasks_answer WHERE assignment_id = a.id
        ) w
        WHERE a.turn <= 6 AND (a.done > 6 OR (SELECT count(*) FROM known) < 10
            OR a.person_id IN (SELECT person_id FROM known))
    ), pilot AS (
        SELECT count(*) AS units, count(DISTINCT c.person_id) AS people,
            percentile_disc(0.5) WITHIN GROUP (ORDER BY c.seconds) AS median FROM counted c
    ), times AS (
        SELECT f.*, greatest(coalesce(least(m.everybodys, m.theirs), f.estimated_seconds), 1) AS seconds
        FROM former f CROSS JOIN LATERAL (
            SELECT CASE WHEN count(*) >= 20 THEN percentile_disc(0.5) WITHIN GROUP (ORDER BY u.seconds) END
                    AS everybodys,
                CASE WHEN count(*) FILTER (WHERE u.same) >= 20
                    THEN percentile_disc(0.5) WITHIN GROUP (ORDER BY u.seconds) FILTER (WHERE u.same) END AS theirs
            FROM (
                SELECT w.seconds, a.person_id IN (SELECT person_id FROM counted) AS same FROM (
                    SELECT id, person_id FROM public.tasks_assignment
                    WHERE job_id = f.id AND state = 'accepted' ORDER BY id DESC LIMIT 2000
                ) a CROSS JOIN LATERAL (
                    SELECT sum(seconds)::bigint AS seconds FROM public.tasks_answer WHERE assignment_id = a.id
                ) w
            ) u
        ) m
    ), bounds AS (
        SELECT t.seconds, public.payments_round_up(t.mark::numeric * p.median, t.seconds)::bigint AS bound, r.micro
        FROM times t CROSS JOIN pilot p LEFT JOIN LATERAL (
            SELECT i.since, (i.value::jsonb ->> 'micro')::bigint AS micro FROM public.payments_instrument i
            WHERE i.kind = 'reopening' AND i.key = 'client:' || t.client_id || '/work_type:' || t.work_type_id
            ORDER BY i.version DESC LIMIT 1
        ) r ON r.since > t.opened_at
    )
    SELECT p.units, p.people, p.median, (SELECT min(b.seconds) FROM bounds b),
        (SELECT max(least(b.bound, b.micro)) FROM bounds b) FROM pilot p
$measure$;
"""

TOO_SMALL = "A pilot is 30 accepted units or more, by ten members or more, of work that asks something else."
MEASURED = f"""
    {guards.in_the_present("pilot_is_measured_by_the_database")}
    SELECT * INTO shown FROM public.tasks_measure_pilot(NEW.job_id);
    IF (shown.units >= 30 AND shown.people >= 10
        AND EXISTS (SELECT FROM public.tasks_rescoping r WHERE r.job_id = NEW.job_id)) IS NOT TRUE
    THEN
        {guards.refuse("pilot_is_measured_by_the_database", TOO_SMALL)}
    END IF;
    NEW.units := shown.units;
    NEW.people := shown.people;
    NEW.median_seconds := shown.median;
    NEW.least_pay := shown.least_pay;
    NEW.measured_at := public.coop_now();
    RETURN NEW;
"""

LONGER = "This work takes longer than the client's former work of the kind, and its pay did not rise by the ratio (N4)."
PILOTING = (
    "Work that asks something else is a paid pilot first: 60 units of a client in 28 days, six of each member (N4)."
)
# Under way: the client's pilots of this kind that were not measured yet, all together, or each would begin anew.
CLAIMED = f"""
    IF NOT EXISTS (SELECT FROM public.tasks_rescoping r WHERE r.job_id = NEW.job_id) THEN
        RETURN NEW;
    END IF;
    SELECT p.* INTO pilot FROM public.tasks_pilot p WHERE p.job_id = NEW.job_id ORDER BY p.id DESC LIMIT 1;
    IF NEW.pay < pilot.least_pay THEN
        {guards.refuse("work_is_piloted_before_it_grows", LONGER)}
    END IF;
    IF pilot.measured_at > public.coop_now() - interval '7 days' OR (
        pilot.id IS NULL AND 6 > (
            SELECT count(*) FROM public.tasks_assignment a WHERE a.job_id = NEW.job_id
            AND a.person_id = NEW.person_id AND a.state IN ('claimed', 'submitted', 'sent_back', 'accepted', 'disputed')
        ) AND 60 > (
            SELECT count(*) FROM public.tasks_job j
            JOIN public.tasks_job o ON o.client_id = j.client_id AND o.work_type_id = j.work_type_id
            JOIN public.tasks_rescoping r ON r.job_id = o.id
            JOIN public.tasks_assignment a ON a.job_id = o.id
            WHERE j.id = NEW.job_id AND a.claimed_at > public.coop_now() - interval '28 days'
                AND a.state IN ('claimed', 'submitted', 'sent_back', 'accepted', 'disputed')
                AND NOT EXISTS (SELECT FROM public.tasks_pilot p WHERE p.job_id = o.id)
        )
    ) THEN
        RETURN NEW;
    END IF;
    {guards.refuse("work_is_piloted_before_it_grows", PILOTING)}
"""


class Migration(migrations.Migration):
    """Note what asks something else, measure it, and watch the tasks taken of it."""

    dependencies: ClassVar = [("tasks", "0015_pilots"), ("payments", "0017_floor_guards")]
    operations: ClassVar = [
        migrations.RunSQL(FORMER),
        migrations.RunSQL(MEASURE),
        guards.AppendOnly("tasks_rescoping"),
        guards.Grant("tasks_rescoping", "SELECT"),
        guards.Procedure(
            "pilot_is_measured_by_the_database",
            table="tasks_pilot",
            declare="shown record;",
            body=MEASURED,
            definer=True,
        ),
        guards.AppendOnly("tasks_pilot", otherwise="What a pilot showed is kept; it is measured again."),
        guards.Grant("tasks_pilot", "SELECT", "INSERT"),
        guards.Procedure(
            "work_is_piloted_before_it_grows",
            table="tasks_assignment",
            declare="pilot public.tasks_pilot;",
            body=CLAIMED,
            definer=True,
        ),
        guards.Allow("tasks_measure_pilot(bigint)"),
    ]
