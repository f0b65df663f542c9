"""Engaged time: when a task was worked at, by at most one small request a minute; no screens, no keys.

The page says every minute for how many seconds it was used, and the server stamps when that was. Without a script, or
where a task takes less than that, the time from taking the task to handing it in stands for it. How spans become time
that is paid for says `tasks_week_worked`: gaps of two minutes count, overlaps count once, idling does not count.
"""

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from coop.people.models import Person
from coop.refusals import guard_of, refuse_if
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
    try:
        with transaction.atomic():
            Span.objects.create(assignment=assignment, from_at=since, to_at=until, noted_at=at)
    except IntegrityError as error:
        if guard_of(error) != "spans_are_few":
            raise
        return False
    return True
