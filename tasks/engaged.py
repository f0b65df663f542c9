"""Engaged time: when a task was worked at, by at most one small request a minute; no screens, no keys.

The page says every minute for how many seconds it was used, and the server stamps when that was. Without a script, or
where a task takes less than that, the time from taking the task to handing it in stands for it. How spans become time
that is paid for says `tasks_week_worked`: gaps of two minutes count, overlaps count once, idling does not count.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import IntegrityError, connection, transaction

from coop.people.models import Person
from coop.refusals import guard_of, refuse_if
from payments.money import from_micro
from tasks import answers
from tasks.models import Assignment, Span

# Sooner than this after the last one no span is taken; the page sends one a minute at most.
RARELY = timedelta(seconds=20)


def note(assignment: Assignment, *, seconds: int, ago: int, by: Person, at: datetime) -> bool:
    """Note that an open task was worked at for `seconds` until `ago` seconds before now; False for one too many.

    What would lie before the task was taken is cut off. Raises Refused for somebody else's task, or one that is not
    open; nothing is written then.
    """
    refuse_if(answers.refusal(assignment, by=by, at=at))
    until = at - timedelta(seconds=ago)
    since = max(until - timedelta(seconds=seconds), assignment.claimed_at)
    if since >= until:
        return False
    colleague = None if by.pk == assignment.person_id else by
    try:
        with transaction.atomic():
            Span.objects.create(assignment=assignment, from_at=since, to_at=until, noted_at=at, person=colleague)
    except IntegrityError as error:
        if guard_of(error) != "spans_are_few":
            raise
        return False
    return True


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time without a gap at one assignment; `pay` is what its answer paid, in US dollars: nothing if nothing."""

    assignment: int
    job: str
    from_at: datetime
    to_at: datetime
    pay: Decimal

    @property
    def seconds(self) -> float:
        """How long it was."""
        return (self.to_at - self.from_at).total_seconds()


STRETCHES = """
SELECT s.assignment_id, j.title, s.from_at, s.to_at,
    CASE WHEN a.state NOT IN ('accepted', 'disputed', 'rejected') THEN 0 WHEN a.team_id IS NULL THEN a.pay
        ELSE (SELECT part.amount FROM tasks_split(a.team_id, a.pay) part WHERE part.person_id = s.person_id) END
FROM tasks_stretches(%(first)s, %(first)s + interval '7 days', %(who)s) s
JOIN tasks_assignment a ON a.id = s.assignment_id JOIN tasks_job j ON j.id = a.job_id ORDER BY s.from_at, s.to_at
"""


def stretches(person: Person, first: datetime) -> list[Stretch]:
    """Return when a person worked at what they first handed in within the week from `first`, a Monday; one query."""
    with connection.cursor() as cursor:
        cursor.execute(STRETCHES, {"first": first, "who": person.pk})
        rows = cursor.fetchall()
    return [Stretch(number, job, since, until, from_micro(pay)) for number, job, since, until, pay in rows]
