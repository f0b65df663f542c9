"""Refusals are kept where they reach a person, beside the row that stood in the way; without one they are wrong (7.8).

They are noted where the answer is given, not where it is decided: whoever changes the deciding code leaves a trace that
the member, the watch and the audit read. The database looks for itself what stood in the way. The same person, the same
thing and the same ground within the hour are one row.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, connection, models, transaction

from coop.people.models import Person
from coop.refusals import Refused, guard_of
from governance.models import Thread, TurnedAway, TurnedFrom

GUARD = "turned_away_is_what_the_rows_say"
ONCE_AN_HOUR = timedelta(hours=1)
# What was written but not saved yet when a page was made is not on it.
SAVED = timedelta(seconds=10)
# Whose messages, begun before a moment, are missing between the first and the last that a page showed.
UNHEARD = """
SELECT DISTINCT m.author_id FROM governance_message m
WHERE m.thread_id = %(thread)s AND m.corrects_id IS NULL AND m.written_at < %(at)s AND m.id <> ALL (%(shown)s)
    AND m.id > %(after)s AND (%(last)s OR m.id < %(before)s)
"""


def note(person: Person, act: TurnedFrom, *, at: datetime, job: int | None = None, rule: str = "") -> bool:
    """Keep that a person was turned away; False when the database finds that the job itself explains it.

    Nothing is kept of whoever is no member or candidate, nor the same thing twice within the hour.
    """
    known = TurnedAway.objects.filter(person=person, act=act, job=job, ground="", at__gt=at - ONCE_AN_HOUR)
    if known.exists():
        return False
    try:
        with transaction.atomic():
            TurnedAway.objects.create(person=person, act=act, job=job, rule=rule, at=at)
    except IntegrityError as error:
        if guard_of(error) != GUARD:
            raise
        return False
    return True


@contextmanager
def noting(person: Person, act: TurnedFrom, *, at: datetime, job: int | None = None) -> Iterator[None]:
    """Keep whatever refusal comes out of this, and pass it on. For use outside a transaction, which would undo it."""
    try:
        yield
    except Refused as refused:
        note(person, act, at=at, job=job, rule=refused.refusal.rule)
        raise


def note_unheard(thread: Thread, shown: list[int], *, first: bool, last: bool, at: datetime) -> None:
    """Keep whose messages a page of a thread did not show; `shown` are those it did, in order.

    `first` and `last` say whether nothing comes before or after them. What is folded or withheld is shown as such.
    """
    facts: dict[str, Any] = {
        "thread": thread.pk, "at": at - SAVED, "shown": shown, "after": 0 if first or not shown else shown[0],
        "before": shown[-1] if shown else 0, "last": last or not shown,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(UNHEARD, facts)
        authors = [author for (author,) in cursor.fetchall()]
    for author in Person.objects.filter(pk__in=authors):
        note(author, TurnedFrom.HEARD, at=at)


def of(person: Person) -> "models.QuerySet[TurnedAway]":
    """Return what a person was turned away from, newest first."""
    return TurnedAway.objects.filter(person=person).order_by("-id")
