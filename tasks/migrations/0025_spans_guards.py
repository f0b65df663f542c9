"""Engaged time lies within the task's own time, is never changed, and counts once however often it is told."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

# A minute is noted as it ends, with some slack for the way; what is longer or older was told later.
NOTED = "75 seconds"
WITHIN = f"""
    {guards.in_the_present("spans_lie_within_the_task")}
    NEW.noted_at := public.coop_now();
    SELECT a.state, a.claimed_at, a.expires_at INTO lease FROM public.tasks_assignment a
        WHERE a.id = NEW.assignment_id;
    IF (lease.state IN ('claimed', 'sent_back') AND NEW.noted_at < lease.expires_at
        AND NEW.from_at >= lease.claimed_at AND NEW.to_at <= NEW.noted_at) IS NOT TRUE
    THEN
        {
    guards.refuse(
        "spans_lie_within_the_task",
        "Time is noted while a task is open, from when it was taken until now, and not ahead.",
    )
}
    END IF;
    NEW.told := NEW.from_at < NEW.noted_at - interval '{NOTED}';
    IF EXISTS (SELECT FROM public.tasks_span s WHERE s.assignment_id = NEW.assignment_id
        AND s.noted_at > NEW.noted_at - interval '20 seconds')
    THEN
        {guards.refuse("spans_are_few", "The time of a task is noted once in 20 seconds at most.")}
    END IF;
    RETURN NEW;
"""

# When each task that was first handed in within a time was worked at. What the page noted counts, with gaps of two
# minutes (two of its requests) closed, also those to taking and handing in. Where it noted nothing, the seconds from
# taking to handing in stand for it. Idling is cut off: each handing in counts three times the voted time at most, as
# for paid hours; a task's own time is never shorter (L6).
STRETCHES = """
CREATE FUNCTION public.tasks_stretches(first timestamptz, after timestamptz)
RETURNS TABLE (assignment_id bigint, person_id bigint, handed_at timestamptz, from_at timestamptz, to_at timestamptz)
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $stretches$
    WITH lease AS MATERIALIZED (
        SELECT a.id, a.person_id, a.claimed_at, w.at AS handed_at, again.at AS again_at, w.seconds,
            again.seconds AS again_seconds, interval '3 seconds' * r.estimated_seconds
                * CASE WHEN again.at IS NULL THEN 1 ELSE 2 END AS most
        FROM public.tasks_answer w JOIN public.tasks_assignment a ON a.id = w.assignment_id
        JOIN public.payments_rate r ON r.id = a.rate_id
        LEFT JOIN public.tasks_answer again ON again.assignment_id = a.id AND again.number = 2
        WHERE w.number = 1 AND w.at >= first AND w.at < after
    ), span AS MATERIALIZED (
        SELECT l.id, s.from_at, s.to_at, s.noted_at > l.handed_at AS again
        FROM lease l JOIN public.tasks_span s ON s.assignment_id = l.id
    ), noted AS MATERIALIZED (
        SELECT s.id, bool_or(NOT s.again) AS first_go, bool_or(s.again) AS second_go FROM span s GROUP BY s.id
    ), moment AS (
        SELECT s.id, s.from_at, s.to_at FROM span s
        UNION ALL
        SELECT l.id, l.claimed_at, l.claimed_at FROM lease l JOIN noted n ON n.id = l.id AND n.first_go
        UNION ALL
        SELECT l.id, CASE WHEN n.first_go THEN l.handed_at
            ELSE greatest(l.claimed_at, l.handed_at - interval '1 second' * l.seconds) END, l.handed_at
        FROM lease l LEFT JOIN noted n ON n.id = l.id
        UNION ALL
        SELECT l.id, CASE WHEN n.second_go THEN l.again_at
            ELSE greatest(l.handed_at, l.again_at - interval '1 second' * l.again_seconds) END, l.again_at
        FROM lease l LEFT JOIN noted n ON n.id = l.id WHERE l.again_at IS NOT NULL
    ), following AS (
        SELECT m.*, max(m.to_at) OVER (PARTITION BY m.id ORDER BY m.from_at, m.to_at
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS until FROM moment m
    ), numbered AS (
        SELECT f.*, count(*) FILTER (WHERE (f.from_at <= f.until + interval '2 minutes') IS NOT TRUE)
            OVER (PARTITION BY f.id ORDER BY f.from_at, f.to_at ROWS UNBOUNDED PRECEDING) AS number FROM following f
    ), stretch AS (
        SELECT n.id, min(n.from_at) AS from_at, max(n.to_at) AS to_at FROM numbered n GROUP BY n.id, n.number
    ), counted AS (
        SELECT s.*, coalesce(sum(s.to_at - s.from_at) OVER (PARTITION BY s.id ORDER BY s.from_at
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), interval '0') AS before FROM stretch s
    )
    SELECT l.id, l.person_id, l.handed_at, c.from_at, least(c.to_at, c.from_at + (l.most - c.before))
    FROM counted c JOIN lease l ON l.id = c.id WHERE c.before < l.most AND c.to_at > c.from_at
$stretches$;
"""


class Migration(migrations.Migration):
    """Watch what is noted, and say what it comes to."""

    dependencies: ClassVar = [("tasks", "0024_spans"), ("payments", "0002_guards")]
    operations: ClassVar = [
        guards.Procedure(
            "spans_lie_within_the_task", table="tasks_span", declare="lease record;", body=WITHIN, definer=True
        ),
        guards.AppendOnly("tasks_span", otherwise="Time that was noted stays noted."),
        # Whether it was told later, and when it was noted, the database says.
        guards.Grant("tasks_span", "SELECT", "INSERT"),
        migrations.RunSQL(STRETCHES),
        guards.Allow("tasks_stretches(timestamptz, timestamptz)"),
    ]
