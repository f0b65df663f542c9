"""Jobs that were refused or not shown to a member, kept beside what stood in the way, if anything did (7.8)."""

from collections.abc import Iterable
from datetime import datetime

from django.db import connection

from coop.people.models import Person
from coop.refusals import Refusal
from governance import turned_away
from governance.models import TurnedFrom
from tasks.models import Job
from tasks.offers import LISTED

# An open job that the database would let them work at, and that the list did not show.
MISSING = """
SELECT EXISTS (
    SELECT FROM tasks_job j WHERE j.opened_at < %(at)s AND j.closed_at IS NULL AND NOT j.is_onboarding
        AND j.id <> ALL (%(shown)s) AND (NOT %(calm)s OR j.sensitivity = '')
        AND tasks_is_offered(%(person)s, j.id)
)
"""


def kept(no: Refusal | None, *, job: Job, by: Person, at: datetime) -> Refusal | None:
    """Return a job's refusal as it is, kept for whom it turns away."""
    if no is not None and not job.is_onboarding:
        turned_away.note(by, TurnedFrom.CLAIM, job=job.pk, rule=no.rule, at=at)
    return no


def note_board(shown: Iterable[Job], *, calm: bool, by: Person, at: datetime) -> bool:
    """Keep that a list of jobs left out one that is open to this person, and return whether it did; one query if not.

    `shown` are all jobs of the list, on whichever of its pages. A list that is full leaves others out for everybody.
    """
    numbers = [job.pk for job in shown]
    if len(numbers) >= LISTED:
        return False
    with connection.cursor() as cursor:
        cursor.execute(MISSING, {"at": at, "shown": numbers, "calm": calm, "person": by.pk})
        (missing,) = cursor.fetchone()
    return bool(missing) and turned_away.note(by, TurnedFrom.BOARD, at=at)
