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

# Far enough from where the list is cut that no job comes or goes there between the two looks.
NEWEST = LISTED // 2
# An open job that the database would let them work at, and that the list did not show. The list is cut before jobs that
# pay too little or have no task left are taken out of it: how many it shows does not say whether it was.
MISSING = """
SELECT EXISTS (
    SELECT FROM (
        SELECT o.id, o.sensitivity FROM tasks_job o
        WHERE o.opened_at < %(at)s AND o.closed_at IS NULL AND NOT o.is_onboarding
        ORDER BY o.opened_at DESC LIMIT %(newest)s
    ) j
    WHERE j.id <> ALL (%(shown)s) AND (NOT %(calm)s OR j.sensitivity = '') AND tasks_is_offered(%(person)s, j.id)
)
"""


def kept(no: Refusal | None, *, job: Job, by: Person, at: datetime) -> Refusal | None:
    """Return a job's refusal as it is, kept for whom it turns away."""
    if no is not None and not job.is_onboarding:
        turned_away.note(by, TurnedFrom.CLAIM, job=job.pk, rule=no.rule, at=at)
    return no


def note_board(shown: Iterable[Job], *, calm: bool, by: Person, at: datetime) -> bool:
    """Keep that a list of jobs left out one that is open to this person, and return whether it did; one query if not.

    `shown` are all jobs of the list, on whichever of its pages. It has the newest alone, so that only these are missed.
    """
    numbers = [job.pk for job in shown]
    with connection.cursor() as cursor:
        cursor.execute(MISSING, {"at": at, "shown": numbers, "calm": calm, "person": by.pk, "newest": NEWEST})
        (missing,) = cursor.fetchone()
    return bool(missing) and turned_away.note(by, TurnedFrom.BOARD, at=at)
