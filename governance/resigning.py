"""Leaving by one's own word: a notice of seven days that can be taken back, and a question about pressure (J19)."""

import logging
from datetime import datetime, timedelta

from django.db import DatabaseError, transaction
from django.utils.translation import gettext as _

from coop.people.models import Person
from coop.record import events
from coop.refusals import Refusal, Refused, refuse_if
from governance import cases, notices, standing
from governance.models import Equivalent, Pressure, Resignation, Standing, Status

log = logging.getLogger(__name__)

NOTICE = timedelta(days=7)
GONE = (Status.LEFT, Status.EXPELLED)


def running(person: Person) -> Resignation | None:
    """Return a person's notice that was not taken back and has its effect, or None."""
    notice = Resignation.objects.filter(person=person, taken_back_at=None).first()
    return notice if notice and _stands(notice) else None


def refusal(person: Person) -> Refusal | None:
    """Return why a person cannot give notice, or None."""
    if standing.status(person) in GONE:
        return Refusal(_("You have left the cooperative."), rule="D1", status=409)
    if running(person) is not None:
        return Refusal(_("You have given notice already."), rule="D1", status=409)
    return None


def give_notice(person: Person, *, pressure: str, at: datetime) -> Resignation:
    """Give notice; it takes effect in seven days unless it is taken back. What was earned is paid as ever (E3).

    Whoever says that they were pressed gets a case of their own, which the cooperative must explain.
    """
    refuse_if(refusal(person))
    with transaction.atomic():
        # One by which they left before has no effect, and is in the way of none.
        Resignation.objects.filter(person=person, taken_back_at=None).update(taken_back_at=at)
        notice = Resignation.objects.create(person=person, pressure=pressure, given_at=at)
        notice.refresh_from_db()
        events.write("standing.notice", by=person, subject=f"person:{person.pk}", at=at, due_at=notice.due_at)
        notices.tell(person, "leaving")
        if pressure == Pressure.PRESSED:
            cases.open_equivalent(person, kind=Equivalent.PRESSED_TO_LEAVE, at=at)
    return notice


def take_back(notice: Resignation, *, by: Person, at: datetime) -> Resignation:
    """Take a notice back, until its person has left: it lies ready against nobody. Raises Refused for others."""
    if notice.person_id != by.pk or notice.taken_back_at is not None or standing.status(by) in GONE:
        refuse_if(Refusal(_("You can take your own notice back until you have left."), rule="D1", status=409))
    with transaction.atomic():
        Resignation.objects.filter(pk=notice.pk, taken_back_at=None).update(taken_back_at=at)
        events.write("standing.notice_taken_back", by=by, subject=f"person:{by.pk}", at=at)
    notice.refresh_from_db()
    return notice


def come_back(person: Person, *, by: Person, at: datetime) -> Standing:
    """Let whoever left be what they were, by their own word: a notice in their name shuts nobody out (D1, J19).

    They are told, as it may have been done in their name. A post stays ended; who was away for more than a week is on
    the rolls of votes that are published a week later (decision 0217). Raises Refused for others, and for who has not
    left.
    """
    if by != person or standing.status(person) != Status.LEFT:
        refuse_if(Refusal(_("Whoever left comes back by their own word."), rule="D1", status=409))
    with transaction.atomic():
        notices.tell(person, "back")
        back = standing.come_back(person, at=at)
        Resignation.objects.filter(person=person, taken_back_at=None).update(taken_back_at=at)
    return back


def leave_due(at: datetime) -> list[Standing]:
    """Let those leave whose seven days are over, and tell each that they have and how they come back.

    Anybody may call it (P5); a notice taken back has no effect.
    """
    due = Resignation.objects.filter(taken_back_at=None, due_at__lte=at).select_related("person")
    left: list[Standing] = []
    for notice in due:
        if standing.status(notice.person) not in GONE and _stands(notice):
            try:
                left.append(_leave(notice.person, at))
            except (DatabaseError, Refused):
                # It is being taken back: that must not hold up those after it.
                log.exception("the notice %s had no effect", notice.pk)
    return left


@transaction.atomic
def _leave(person: Person, at: datetime) -> Standing:
    notices.tell(person, "left")
    return standing.leave(person, at=at)


def _stands(notice: Resignation) -> bool:
    """Tell whether a notice has its effect: not where its person came back or became a candidate since.

    That was by their own doing. Whoever became a member meanwhile did so by time alone, and leaves on the day (D1).
    """
    since = Standing.objects.filter(person=notice.person_id, since__gt=notice.given_at)
    return not since.exclude(status=Status.MEMBER).exists()
