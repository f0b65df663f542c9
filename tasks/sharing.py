"""Scarce work is shared: how many tasks of a job a member can expect, and until when their share is kept (N9).

Where a vote said that a kind of work is shared, the database divides a job's answers among those who do it when the job
opens (`scarce_work_is_shared_out`); until the voted hours are over each takes from their own share and from no other's,
so whoever looks often has no more than whoever looks once. Elsewhere it is first come, and what to expect is what is
left, divided among those who work at it now.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from coop.people.models import Person
from coop.refusals import Refusal
from tasks.models import Job, Reserve

RULE = "N9"
# Beyond this many open tasks their exact number helps nobody, and counting them would cost each look.
COUNTED = 1_000

EXPECTED = """
SELECT j.id, tasks_kept_for(%(person)s, j.id),
    (SELECT r.until FROM tasks_reserve r WHERE r.job_id = j.id LIMIT 1),
    (SELECT count(DISTINCT a.person_id) FROM tasks_assignment a
        WHERE a.job_id = j.id AND a.state = 'claimed' AND a.expires_at > coop_now() AND a.person_id <> %(person)s),
    open.tasks, open.slots, j.asks_id IS NULL OR EXISTS (SELECT FROM tasks_sitting s WHERE s.skill_id = j.asks_id
        AND s.person_id = %(person)s AND s.ended_at IS NOT NULL AND s.correct >= s.needed)
FROM tasks_job j CROSS JOIN LATERAL (
    SELECT count(*) AS tasks, coalesce(sum(t.open_slots), 0) AS slots FROM (
        SELECT o.open_slots FROM tasks_task o WHERE o.job_id = j.id AND o.open_slots > 0 LIMIT %(most)s
    ) t
) open WHERE j.id = ANY(%(jobs)s)
"""


@dataclass(frozen=True, slots=True)
class Expected:
    """What a member can expect of a job now: about so many tasks, beside so many others who are at it.

    `kept_until` is there while that many are kept for them, and then it is exact. `has_skill` says whether they have
    shown the skill that the job asks for, if it asks for one.
    """

    tasks: int
    at_work: int
    kept_until: datetime | None = None
    has_skill: bool = True


def expected(person: Person, jobs: Iterable[Job]) -> dict[int, Expected]:
    """Return what a member can expect of each of these jobs, by its number; one query."""
    facts: dict[str, Any] = {"person": person.pk, "jobs": [job.pk for job in jobs], "most": COUNTED}
    with connection.cursor() as cursor:
        cursor.execute(EXPECTED, facts)
        return {number: _expected(*row) for number, *row in cursor.fetchall()}


def _expected(
    kept: int | None,
    until: datetime | None,
    at_work: int,
    tasks: int,
    slots: int,
    has_skill: bool,  # noqa: FBT001 - a row
) -> Expected:
    if not has_skill:
        return Expected(0, at_work, has_skill=False)
    if kept is None:
        return Expected(min(tasks, -(-slots // (at_work + 1))), at_work)
    return Expected(min(kept, tasks), at_work, until)


def refusal(job: Job) -> Refusal:
    """Say that a member's own share of a job is used while the others' are kept for them."""
    until = Reserve.objects.filter(job=job).values_list("until", flat=True)[:1].get()
    reason = _("The tasks of this job are shared out until %(end)s UTC, and yours are taken.")
    way = _("What is left then is open to everybody. Looking again before changes nothing.")
    return Refusal(reason % {"end": f"{until:%Y-%m-%d %H:%M}"}, RULE, way, status=409)
