"""What the hourly guarantee needs to know of a week of work."""

from importlib import import_module
from typing import ClassVar

from django.db import migrations

from coop.database import guards

# As before, of everybody or of one person.
STRETCHES = (
    import_module("tasks.migrations.0025_spans_guards")
    .STRETCHES.replace(
        "(first timestamptz, after timestamptz)",
        "(first timestamptz, after timestamptz, who bigint DEFAULT NULL)",
    )
    .replace(
        "AND w.at < after\n",
        "AND w.at < after AND (who IS NULL OR a.person_id = who)\n",
    )
)
# A task belongs to the week in which it was first handed in, whole: its time, and what it paid. A redo is counted with
# it. Time that overlaps counts once: with other tasks of the week, and where a task of the weeks before has it already.
WEEK = """
CREATE OR REPLACE FUNCTION public.payments_week_worked(first timestamptz)
RETURNS TABLE (person_id bigint, seconds bigint, earned bigint, waits boolean) LANGUAGE sql STABLE
SET search_path = pg_catalog, public, pg_temp AS $worked$
    WITH handed AS MATERIALIZED (
        SELECT a.person_id,
            coalesce(sum(a.pay) FILTER (WHERE w.at >= first AND a.state IN ('accepted', 'disputed', 'rejected')), 0)
                AS earned,
            bool_or(a.state IN ('submitted', 'sent_back')) AS waits
        FROM public.tasks_answer w JOIN public.tasks_assignment a ON a.id = w.assignment_id
        WHERE w.number = 1 AND w.at >= first - interval '28 days' AND w.at < first + interval '7 days'
        GROUP BY a.person_id HAVING bool_or(w.at >= first)
    ), worked AS (
        SELECT s.person_id, coalesce(range_agg(tstzrange(s.from_at, s.to_at)) FILTER (WHERE s.handed_at >= first), '{}')
            - coalesce(range_agg(tstzrange(s.from_at, s.to_at)) FILTER (WHERE s.handed_at < first), '{}') AS spans
        FROM public.tasks_stretches(first - interval '28 days', first + interval '7 days') s GROUP BY s.person_id
    )
    SELECT h.person_id, coalesce((SELECT ceil(sum(extract(epoch FROM upper(span) - lower(span))))
        FROM unnest(w.spans) span), 0)::bigint, h.earned::bigint, h.waits
    FROM handed h LEFT JOIN worked w ON w.person_id = h.person_id
$worked$;
"""


class Migration(migrations.Migration):
    """Say it."""

    dependencies: ClassVar = [
        ("tasks", "0025_spans_guards"),
        ("payments", "0036_guarantee_guards"),
    ]
    operations: ClassVar = [
        migrations.RunSQL("DROP FUNCTION public.tasks_stretches(timestamptz, timestamptz)"),
        migrations.RunSQL(STRETCHES),
        guards.Allow("tasks_stretches(timestamptz, timestamptz, bigint)"),
        migrations.RunSQL(WEEK),
    ]
