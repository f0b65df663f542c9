"""Checking answers is paid work (E6): a member sees what it pays, takes one, and decides it within half an hour.

Nobody else decides the answer meanwhile, so that nobody checks for nothing. Whoever decides without having taken it
takes it in the same act.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from coop import due
from coop.people.models import Person
from coop.record import events
from coop.refusals import Refusal, Refused, guard_of, refuse_if
from payments import accounts, checking, ledger
from payments.ledger import Line
from tasks import content, hidden, jobs, locks
from tasks.models import Assignment, Check, CheckState, Task

RULE = "E6"
# How long an answer is kept for whoever took it; the database sets the time.
TIME = timedelta(minutes=30)
ANY = Q()


def pay_of(assignment: Assignment) -> Decimal | None:
    """Return what checking this answer pays now, in US dollars; None where the members have voted no pay for it."""
    return checking.pay_for(assignment.job.work_type_id, assignment.pay)


def held_by(person: Person, at: datetime) -> Check | None:
    """Return the check that a person has taken and not decided yet; None when there is none, or its time is over."""
    return begun_by(person, at).select_related("assignment__task", "assignment__job__work_type").first()


def begun_by(person: Person, at: datetime) -> QuerySet[Check]:
    """Find the check that a person has taken and not decided yet, within its time."""
    return Check.objects.filter(person=person, state=CheckState.OPEN, until__gt=at)


def meanwhile(assignment: Assignment, *, by: Person | None, at: datetime) -> Refusal | None:
    """Say that a member is checking this answer, so that nobody else decides it now; None if nobody is."""
    other = assignment.checks.filter(state=CheckState.OPEN, until__gt=at).exclude(person=by).first()
    if other is None:
        return None
    words = _("A member is checking this answer, until %(end)s UTC at the latest.")
    return Refusal(words % {"end": f"{other.until:%H:%M}"}, RULE, _("Look again after that."), status=409)


def under_way(task: Task, at: datetime) -> set[int]:
    """Return the assignments of a task that members are checking at this moment, by number."""
    taken = Check.objects.filter(assignment__task=task, state=CheckState.OPEN, until__gt=at)
    return set(taken.values_list("assignment", flat=True))


def keeping(person: Person, at: datetime) -> QuerySet[Check]:
    """Return the checks that keep their answers from a person: others have taken them, or their own time ran out."""
    others = Q(state=CheckState.OPEN, until__gt=at) & ~Q(person=person)
    return Check.objects.filter(others | Q(person=person, state=CheckState.LAPSED))


@transaction.atomic
def take(assignment: Assignment, *, by: Person, at: datetime) -> Check:
    """Take an answer to be checked, its pay locked from then on; return the check one has of it already.

    The caller has asked `reviews.refusal`. Raises Refused where another check is open, time is short or money lacks.
    """
    return taken(locks.one(assignment), by=by, at=at)


def taken(held: Assignment, *, by: Person, at: datetime) -> Check:
    """Return the check that a person has of an answer, taken now if need be; the caller holds the task's lock."""
    lapse_due(at=at, about=Q(person=by) | Q(assignment=held))
    mine = Check.objects.filter(assignment=held, person=by, state=CheckState.OPEN).first()
    return mine or _take(held, by, at)


def _take(held: Assignment, by: Person, at: datetime) -> Check:
    try:
        with transaction.atomic():
            made = Check.objects.create(assignment=held, person=by)
            made.refresh_from_db()
            checking.lock(held.job_id, by.pk, made.pk, Decimal(made.pay or 0), at=at)
    except IntegrityError as error:
        if guard_of(error) == hidden.CHECKS:
            raise Refused(hidden.refusal(held.job)) from error
        if guard_of(error) == content.CHECKS:
            content.refuse(held.job, by=by, at=at)
        refuse_if(_refused(guard_of(error)))
        raise
    events.write("checks.taken", by=by, subject=f"check:{made.pk}", at=at, assignment=held.pk, pay=made.pay)
    return made


def _refused(guard: str | None) -> Refusal | None:
    """Return what the database's refusal means to the person, or None for what is none of theirs."""
    if guard == "one_open_check_per_person":
        return Refusal(_("You have another answer to check."), RULE, _("Decide that one first."), status=409)
    if guard in {"one_open_check_per_answer", "one_check_per_person_and_answer"}:
        return Refusal(_("This answer was taken to be checked already."), RULE, _("See the next one."), status=409)
    if guard == "checks_are_paid_from_what_is_set_aside":
        return Refusal(
            _("The money for this check is not there, and nobody checks for nothing."), RULE,
            _("See the next answer. Without a check, silence accepts it."), status=409,
        )  # fmt: skip
    if guard == "checks_are_taken_by_others":
        return Refusal(
            _("It is too late to check this answer, or you have a part in it."), "7",
            _("See the next answer."), status=409,
        )  # fmt: skip
    return None


def require(assignment: Assignment, *, by: Person, at: datetime) -> Check:
    """Return the check that a person has taken of this answer; raise Refused when they have not."""
    held = held_by(by, at)
    if held is None or held.assignment_id != assignment.pk:
        words = _("Take this check first: you see what it pays, then the answer.")
        raise Refused(Refusal(words, RULE, _("Your time for it may be over. See the next answer."), status=409))
    return held


def hold(check: Check, held: Assignment, lines: Iterable[Line]) -> None:
    """Take what an answer's postings and its check's move, at once (decision 0204)."""
    own = {("USD", accounts.commitment(held.job_id, check.person_id)), ("USD", accounts.payable(check.person_id))}
    ledger.hold(own | ledger.touched(("USD", line) for line in lines))


def finish(check: Check, held: Assignment, *, at: datetime) -> None:
    """Pay a check whose answer was just decided, in the same act; the caller holds the task's lock."""
    Check.objects.filter(pk=check.pk).update(state=CheckState.DONE)
    checking.pay_out(held.job_id, check.person_id, check.pk, Decimal(check.pay or 0), at=at)


def lapse_due(*, at: datetime, about: Q = ANY) -> int:
    """Free answers whose half hour is over, their money back to the job; say how many. Anybody may call it."""
    over = Check.objects.filter(about, state=CheckState.OPEN, until__lte=at).select_related("assignment__job__client")
    return due.each_of(lambda one: _lapse(one, at), over, failed="check %s could not lapse")


@transaction.atomic
def _lapse(one: Check, at: datetime) -> bool:
    """Free an answer, unless somebody is at it: who decides on it at this moment, or another who frees it."""
    going = Check.objects.filter(pk=one.pk, state=CheckState.OPEN)
    if going.select_for_update(no_key=True, skip_locked=True).first() is None:
        return False
    job = one.assignment.job
    Check.objects.filter(pk=one.pk).update(state=CheckState.LAPSED)
    checking.give_back(job.pk, one.person_id, one.pk, Decimal(one.pay or 0), at=at)
    events.write("checks.lapsed", by=None, subject=f"check:{one.pk}", at=at, assignment=one.assignment_id)
    if job.closed_at is not None:
        jobs.close(job, by=None, at=at)
    return True
