"""Checking answers: agreement accepts at once, members check the rest, silence accepts; accepted is paid."""

import logging
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.models import BooleanField, Exists, Func, OuterRef, Q, QuerySet, Value
from django.db.models.expressions import RawSQL
from django.utils.translation import gettext as _

from coop import due
from coop.people import clients
from coop.people.models import SEATED, ClientSeat, Person
from coop.record import events
from coop.refusals import Refusal, Refused, guard_of, refuse_if, try_again
from governance import standing
from payments import escrow
from payments.escrow import Acceptance
from tasks import checks, content, locks, reach, skills, teams
from tasks.models import (
    Assignment,
    AssignmentState,
    Check,
    Decision,
    Ground,
    Job,
    Review,
    ReviewRule,
    Task,
)

log = logging.getLogger(__name__)

# For a redo: the time limit of the task counts from when the member sees it, so there are days at least.
REDO_TIME = timedelta(days=3)
# Fewer than two answers that say the same are no agreement.
LEAST_AGREEMENT = 2
# So many answers a client accepts at once.
BATCH = 20
# So many silence accepts: twice as many cost a tenth less each, and keep the funds' accounts from everybody else's
# acceptances twice as long, a tenth of a second.
AT_ONCE = 1_000


# The review first: without one the database lets no answer be accepted.
ACCEPT = """
INSERT INTO tasks_review (assignment_id, reviewer_id, decision, ground, reason, place, at)
SELECT id, %s, 'accept', %s, '', '', %s FROM unnest(%s::bigint[]) AS id
"""
ACCEPTED = "UPDATE tasks_assignment SET state = 'accepted', decided_at = %s WHERE id = ANY(%s)"


def majority(keys: Sequence[str | None]) -> str | None:
    """Return what more than half of the answers say, and at least two of them; None when they do not agree so far.

    A key that is None agrees with no other.
    """
    if not (alike := Counter(key for key in keys if key is not None)):
        return None
    key, votes = alike.most_common(1)[0]
    return key if votes >= LEAST_AGREEMENT and 2 * votes > len(keys) else None


def settle_majority(task: Task, job: Job, *, at: datetime) -> list[Assignment]:
    """Accept the answers that agree with most, once every slot of the task is answered; return them.

    The caller holds the task's lock. The answers that differ wait for a member, or for silence.
    """
    held = locks.live(task) if job.overlap >= LEAST_AGREEMENT else []
    if len(held) < job.overlap or any(one.state == AssignmentState.CLAIMED for one, _value in held):
        return []
    keys = [job.shape.key_of(job.form, value or {}) for _one, value in held]
    if (agreed := majority(keys)) is None:
        return []
    # Whoever is checking one of them decides it.
    taken = checks.under_way(task, at)
    alike = [one for (one, _value), key in zip(held, keys, strict=True) if key == agreed and one.pk not in taken]
    return _accept([one for one in alike if one.state == AssignmentState.SUBMITTED], Ground.MAJORITY, None, at=at)


def refusal(assignment: Assignment, *, by: Person, at: datetime, ground: Ground = Ground.PEER) -> Refusal | None:
    """Say why a person cannot check this answer, as a peer or for the client; None if they can."""
    if teams.works_on(assignment, by):
        return Refusal(_("Somebody else checks your answer."), "7")
    if assignment.state != AssignmentState.SUBMITTED:
        return Refusal(_("This answer has been decided already."), "", _("Nothing was changed."), status=409)
    if no := checks.meanwhile(assignment, by=by, at=at):
        return no
    if ground == Ground.CLIENT:
        return _without_seat(assignment, by)
    return _refusal_to_peer(assignment, by, at)


def _refusal_to_peer(assignment: Assignment, by: Person, at: datetime) -> Refusal | None:
    if no := standing.refusal(by, doing=f"review:{reach.scopes(assignment.job)}", at=at):
        return no
    if waiting_for(by, at=at).filter(pk=assignment.pk).exists():
        return None
    if assignment.job.content and (no := content.refusal_to_take(assignment.job, by=by, at=at)):
        return no
    if no := standing.refusal(by, doing=f"review:{reach.all_scopes(assignment.job)}", at=at):
        return no
    if no := skills.refusal(assignment.job, by=by, at=at):
        return no
    reason = _("Another member checks this answer: you have answered the same task, checked it before, or it waits.")
    return Refusal(reason, "7", _("See the next answer to check."))


def _without_seat(assignment: Assignment, by: Person) -> Refusal | None:
    seated = clients.has_seat(assignment.job.client_id, by)
    return None if seated else Refusal(_("You have no seat with this job's client."), status=404)


def refusal_to_send_back(
    assignment: Assignment, *, by: Person, at: datetime, ground: Ground = Ground.PEER
) -> Refusal | None:
    """Say why a person cannot send this answer back; None if they can."""
    if no := refusal(assignment, by=by, at=at, ground=ground):
        return no
    if assignment.accept_by is not None and assignment.accept_by <= at:
        return Refusal(_("The time to object has passed: the answer is accepted."), "7", status=409)
    if assignment.reviews.filter(decision=Decision.SEND_BACK).exists():
        reason = _("It was sent back once and handed in again; a second time it is not sent back.")
        return Refusal(reason, "7", _("Accept it, or leave it: silence accepts."), status=409)
    return None


@transaction.atomic
def accept(assignment: Assignment, *, by: Person, at: datetime, ground: Ground = Ground.PEER) -> Assignment:
    """Accept an answer as a member, or for the client: its wage is paid out of the locked money in the same act.

    A member's check is paid too (E6). Raises Refused when somebody decided before, or it is one's own answer.
    """
    held = locks.one(assignment)
    refuse_if(refusal(held, by=by, at=at, ground=ground))
    check = checks.taken(held, by=by, at=at) if ground == Ground.PEER else None
    _accept([held], ground, by, at=at, check=check)
    if check:
        checks.finish(check, held, at=at)
    return held


@transaction.atomic
def send_back(
    assignment: Assignment, *, reason: str, place: str, by: Person, at: datetime, ground: Ground = Ground.PEER
) -> Review:
    """Send an answer back with a reason and the place it is about; its author may hand it in again, once.

    The money stays locked, and a member's check is paid (E6). Raises Refused without a reason or place, a second time,
    or after the time to object.
    """
    held = locks.one(assignment)
    refuse_if(refusal_to_send_back(held, by=by, at=at, ground=ground))
    if not reason.strip() or not place.strip():
        refuse_if(Refusal(_("Say why, and which part of the answer it is about."), "7", status=422))
    check = checks.taken(held, by=by, at=at) if ground == Ground.PEER else None
    review = _written(held, by=by, ground=ground, reason=reason, place=place, at=at)
    until = at + max(REDO_TIME, held.job.time_limit)
    Assignment.objects.filter(pk=held.pk).update(state=AssignmentState.SENT_BACK, accept_by=None, expires_at=until)
    if check:
        checks.finish(check, held, at=at)
    events.write("reviews.sent_back", by=by, subject=f"assignment:{held.pk}", at=at, job=held.job_id)
    return review


def _written(held: Assignment, *, by: Person, ground: Ground, reason: str, place: str, at: datetime) -> Review:
    said = {"ground": ground, "reason": reason, "place": place, "at": at}
    try:
        with transaction.atomic():
            return Review.objects.create(assignment=held, reviewer=by, decision=Decision.SEND_BACK, **said)
    except IntegrityError as error:
        if guard_of(error) != "clients_send_few_back":
            raise
        words = _("One in ten of this job's answers was sent back: no more can be, until the cause is found.")
        appeal = _("Look at the guide first. An officer can look at it with you; silence accepts what waits.")
        raise Refused(Refusal(words, "7", appeal, status=409)) from error


def accept_some(job: Job, numbers: Sequence[int], *, by: Person, at: datetime) -> list[Assignment]:
    """Accept up to BATCH answers of a job for its client, each as `accept` does; return those accepted.

    Answers that were decided meanwhile, or that somebody is checking, are passed over; outside a transaction, so are
    those that somebody else was changing in that moment. Raise Refused for none or too many.
    """
    if not 1 <= len(numbers) <= BATCH:
        words = _("Tick 1 to %(most)d answers.") % {"most": BATCH}
        refuse_if(Refusal(words, status=400))
    found = Assignment.objects.filter(job=job, pk__in=numbers).select_related("task", "job__work_type", "job__client")
    return [one for one in found.order_by("task_id") if _accepted(one, by=by, at=at)]


def _accepted(one: Assignment, *, by: Person, at: datetime) -> bool:
    """Accept an answer for the client; tell whether nobody was faster, or was changing the same."""
    try:
        accept(one, by=by, at=at, ground=Ground.CLIENT)
    except Refused:
        return False
    except OperationalError as error:
        if connection.in_atomic_block or not try_again(error, doing=f"accepting {one.pk}"):
            raise
        return False
    return True


def accept_silent(*, at: datetime, limit: int = AT_ONCE, person: Person | None = None) -> int:
    """Accept, in one set, answers that nobody objected to in time; return how many. Anybody may call it.

    Where something is wrong with one of them, all that waits is gone through, beyond the `limit` too: of the set that
    it is in each is accepted alone, and it keeps nobody else from their pay.
    """
    try:
        return _accept_silent(at, limit=limit, person=person)
    except Exception as error:  # noqa: BLE001 - each is tried alone, and what is wrong with it is logged there
        log.warning("what silence accepts could not be accepted in one set: %s", error)
    return _accept_around(at, limit, person)


def _accept_around(at: datetime, limit: int, person: Person | None) -> int:
    """Accept all that silence accepts, so many at once; of those where something is wrong, each alone."""
    waiting = Assignment.objects.filter(state=AssignmentState.SUBMITTED, accept_by__lte=at)
    every = due.pages(waiting.filter(person=person) if person else waiting, at_once=limit)

    def these(some: Sequence[Assignment]) -> int:
        return _accept_silent(at, limit=len(some), only=some)

    return sum(due.together(these, some, failed="answer %s could not be accepted") for some in every)


@transaction.atomic
def _accept_silent(
    at: datetime, *, limit: int, person: Person | None = None, only: Sequence[Assignment] | None = None
) -> int:
    held = locks.silent(at=at, limit=limit, person=person, only=only)
    _decide(held, Ground.SILENCE, None, at=at)
    escrow.release_many(held, at=at)
    return len(held)


def accept_gold(assignment: Assignment, *, at: datetime) -> None:
    """Accept an answer to a known question, right or wrong; the caller holds the task's lock."""
    _decide([teams.accepted(assignment)], Ground.GOLD, None, at=at)
    _decided(assignment, at)
    escrow.pay_onboarding(assignment.job_id, assignment.person_id, assignment.pk, assignment.pay, at=at)


def _accept(
    held: list[Assignment], ground: Ground, by: Person | None, *, at: datetime, check: Check | None = None
) -> list[Assignment]:
    """Accept locked answers, then pay them; the same statements for any number. A `check` is paid after them."""
    paid = [teams.accepted(one) for one in held]
    _decide(paid, ground, by, at=at)
    for one in held:
        _decided(one, at)
    if check:
        checks.hold(check, held[0], [line for one in paid for line in escrow.lines(one)])
    escrow.release_many(paid, at=at)
    return held


def _decide(held: Sequence[Acceptance], ground: Ground, by: Person | None, *, at: datetime) -> None:
    """Write that locked answers are accepted: the reviews, the states, the events."""
    if not held:
        return
    numbers, actor = [one.assignment_id for one in held], by.pk if by else None
    with connection.cursor() as cursor:
        cursor.execute(ACCEPT, [actor, ground, at, numbers])
        cursor.execute(ACCEPTED, [at, numbers])
    events.write_many(
        events.Entry(
            "reviews.accepted", actor, f"assignment:{one.assignment_id}", at,
            {"job": one.job_id, "ground": str(ground)},
        )
        for one in held
    )  # fmt: skip


def _decided(one: Assignment, at: datetime) -> None:
    one.state, one.decided_at = AssignmentState.ACCEPTED, at


def waiting_for(person: Person, *, at: datetime) -> QuerySet[Assignment]:
    """Return the answers that this person can check, in jobs that no pause or decision closes to them.

    Never one's own, nor one of a task that one answered, nor one that one sent back before, nor with content that one
    did not choose or rests from; where a share is checked, what the lot drew; and where agreement decides, only what is
    left when all answers are in.
    """
    same_task = Assignment.objects.filter(teams.theirs(person), task=OuterRef("task"))
    still_open = Assignment.objects.filter(task=OuterRef("task"), state=AssignmentState.CLAIMED)
    seated = ClientSeat.objects.filter(SEATED, client=OuterRef("job__client"), person=person)
    looked = Review.objects.filter(assignment=OuterRef("pk"), reviewer=person)
    drawn = Q(job__check_share=Job.EACH) | Q(pk__in=RawSQL("SELECT tasks_drawn()", []))
    all_in = Q(job__review_rule=ReviewRule.PEER) | (Q(task__open_slots=0) & ~Exists(still_open))
    waiting = Assignment.objects.filter(all_in, drawn, state=AssignmentState.SUBMITTED).exclude(person=person)
    taken = checks.keeping(person, at).filter(assignment=OuterRef("pk"))
    closed = RawSQL("SELECT job FROM tasks_closed_to(%s) job", [person.pk])
    found = waiting.exclude(job__in=closed).filter(_may_be_shown(person, at=at))
    return found.filter(~Exists(same_task), ~Exists(seated), ~Exists(looked), ~Exists(taken))


def _may_be_shown(person: Person, *, at: datetime) -> Q:
    """Find what this person may be shown: calm, or chosen, named and rested from; and whatever they are checking."""
    chosen = Func(Value(person.pk), "job__content", function="tasks_chose", output_field=BooleanField())
    rested = RawSQL("(SELECT tasks_may_look(%s))", [person.pk], output_field=BooleanField())
    begun = Q(Exists(checks.begun_by(person, at).filter(assignment=OuterRef("pk"))))
    named = ~Q(job__in=RawSQL("SELECT tasks_hiding()", []))
    return begun | (named & Q(chosen) & (Q(job__content={}) | Q(rested)))


def next_for(person: Person, *, at: datetime) -> Assignment | None:
    """Return the answer that waits longest for a check this person can take now; None when there is none.

    Where the money for a check is not there, the answer waits for silence.
    """
    waiting = waiting_for(person, at=at).filter(accept_by__gte=at + checks.TIME, job__closed_at=None)
    paid = waiting.exclude(pk__in=RawSQL("SELECT tasks_unpaid_checks()", []))
    return paid.select_related("task", "job__work_type").order_by("accept_by", "pk").first()
