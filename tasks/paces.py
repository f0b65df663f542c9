"""How long a kind of work takes by the time its pages were worked at: what the rate card says, and a floor goes by.

The database measures it once a day, from the latest accepted answers: six of each member at most, 20 of five members at
least. Until then, and where nobody looked for eight days, the seconds that answers were handed in with stand for it.
"""

import math
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import IntegrityError, connection, transaction

from coop.due import each
from coop.record import events
from coop.refusals import guard_of
from payments.models import WorkType
from tasks.models import Pace

GUARD = "paces_are_measured_by_the_database"
# Of the client's own latest jobs of the kind alone: how fast others' work goes is no client's to know. Each job has its
# own pace, from its first answer on as long as there was work in it. Those of jobs that ran at once go together, as
# many as ran at the busiest time; of a job the answers begun last are read, however many it has.
CAME_LATELY = """
WITH mine AS (
    SELECT j.id, CASE WHEN EXISTS (SELECT FROM tasks_task t WHERE t.job_id = j.id AND t.open_slots > 0)
        THEN coalesce(j.closed_at, public.coop_now()) END AS ended
    FROM tasks_job j WHERE j.client_id = %(client)s AND j.work_type_id = %(kind)s
        AND j.opened_at IS NOT NULL AND NOT j.is_onboarding
        AND (j.closed_at IS NULL OR j.closed_at > public.coop_now() - interval '672 hours') ORDER BY j.id DESC LIMIT 20
), came AS (
    SELECT w.hours, mine.id, count(*) AS given, min(a.submitted_at) AS began,
        greatest(max(a.submitted_at), mine.ended) AS ended
    FROM mine CROSS JOIN (VALUES (672), (168)) w (hours) CROSS JOIN LATERAL (
        SELECT begun.submitted_at FROM tasks_assignment begun WHERE begun.job_id = mine.id
            ORDER BY begun.id DESC LIMIT 1000
    ) a WHERE a.submitted_at > public.coop_now() - make_interval(hours => w.hours)
    GROUP BY w.hours, mine.id, mine.ended
), paced AS (
    SELECT *, given / greatest(extract(epoch FROM ended - began) / 86400, 1) AS pace FROM came
)
SELECT coalesce((SELECT sum(given) FROM came WHERE hours = 672), 0), (
    SELECT array_agg(busiest.pace) FROM (
        SELECT max((SELECT sum(beside.pace) FROM paced beside
            WHERE beside.hours = one.hours AND beside.began <= one.began
                AND (beside.id = one.id OR beside.ended > one.began))) AS pace
        FROM paced one GROUP BY one.hours
    ) busiest
)
"""
ENOUGH, LONGEST = 20, 3_650


@dataclass(frozen=True, slots=True)
class Estimated:
    """In how many days answers may come, at the pace of the last week and of four; and by how many it is said."""

    least: int
    most: int
    answers: int


def days_for(client: int, kind: int, asked: int) -> Estimated | None:
    """Return in how many days so many answers may come, by the client's own jobs of the kind; one query.

    None where fewer than 20 of them came in four weeks, or it would take more than ten years.
    """
    with connection.cursor() as cursor:
        cursor.execute(CAME_LATELY, {"client": client, "kind": kind})
        given, paces = cursor.fetchone()
    if given < ENOUGH or not asked:
        return None
    days = sorted(max(1, math.ceil(asked / pace)) for pace in paces)
    return Estimated(days[0], days[-1], int(given)) if days[-1] <= LONGEST else None


def measure(work_type: WorkType, *, at: datetime) -> Pace | None:
    """Write down what a kind of work takes; None where too little was done, or it was measured today already.

    Anybody may ask (P5).
    """
    nothing = dict.fromkeys(("median_seconds", "quicker_quarter", "slower_quarter"), Decimal(0))
    try:
        with transaction.atomic():
            pace = Pace.objects.create(work_type=work_type, units=0, people=0, **nothing, at=at)
            pace.refresh_from_db()
            events.write(
                "paces.measured", by=None, subject=f"work_type:{work_type.pk}", at=at, units=pace.units,
                people=pace.people, seconds=round(pace.median_seconds),
            )  # fmt: skip
    except IntegrityError as error:
        if guard_of(error) != GUARD:
            raise
        return None
    return pace


def measure_all(*, at: datetime) -> int:
    """Measure every kind of work; return how many had enough."""
    kinds = WorkType.objects.order_by("pk")
    return each(lambda kind: measure(kind, at=at) is not None, kinds, failed="work of kind %s could not be measured")
