"""Claiming a task, and giving it back: one slot for one person, at a pay that is fixed from then on."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from coop import due
from coop.people.models import Person
from coop.record import events
from coop.refusals import Refusal, Refused, guard_of, refuse_if
from governance import standing
from payments import escrow, floors, instruments
from payments.money import to_micro
from payments.templatetags.money import money
from tasks import (
    cards,
    choosing,
    content,
    guides,
    halts,
    hidden,
    locks,
    pilots,
    reach,
    sharing,
    shortfalls,
    skills,
    teams,
)
from tasks.models import OPEN_STATES, Assignment, AssignmentState, Draft, Job, Task
from tasks.terms import Offer, offer

# How long a task whose time ran out waits for what was saved in time to be handed in.
SAVED = timedelta(minutes=50)
PAUSES = {shortfalls.GUARD, hidden.GUARD, halts.GUARD}
# The card that was accepted is not today's; which card somebody sends is theirs to say.
TERMS = {"assignment_is_claimed_at_the_voted_rate", "cards_name_the_guide_as_it_stands", "terms_name_the_team"}
# Of two tabs at once the slower may take another task than the first one, or the very same.
IN_TWO_TABS = {"one_open_claim_per_person_and_job", "one_assignment_per_person_and_task"}

# What only comes to be while somebody works: nobody looks for it with a task that was taken this moment.
BEGINS_WITHOUT = [Assignment._meta.get_field(name) for name in ("draft", "extension")]  # noqa: SLF001 - Django documents it
# The next slot is one above the highest that is held; only where one came back is the lowest free one looked for.
TAKE = f"""
WITH taken AS (INSERT INTO tasks_assignment (task_id, job_id, person_id, slot, rate_id, fee_version_id, card_id, pay,
    fee, state, claimed_at, expires_at)
SELECT %(task)s, %(job)s, %(person)s,
    CASE WHEN held.top < %(overlap)s THEN held.top + 1 ELSE (
        SELECT min(free) FROM generate_series(1, %(overlap)s) free WHERE NOT EXISTS (
            SELECT FROM tasks_assignment a WHERE a.task_id = %(task)s AND a.slot = free
            AND a.state IN ('claimed', 'submitted', 'sent_back', 'accepted', 'disputed'))
    ) END,
    %(rate)s, %(fee_version)s, %(card)s, %(pay)s, %(fee)s, 'claimed', %(at)s, %(expires_at)s
FROM (
    SELECT coalesce(max(slot), 0) AS top FROM tasks_assignment
    WHERE task_id = %(task)s AND state IN ('claimed', 'submitted', 'sent_back', 'accepted', 'disputed')
) held
RETURNING id, slot, team_id), noted AS ({events.WRITE_OF.format(row="taken", name="assignment")})
SELECT id, slot, team_id FROM taken
"""  # noqa: S608 - both our own


def refusal(job: Job, *, by: Person, at: datetime) -> Refusal | None:
    """Say why a person cannot claim a task of this job now; None if they can, or have one open."""
    return _refusal(job, offer(job, by=by, at=at), by, at)


def _refusal(job: Job, terms: Offer, by: Person, at: datetime) -> Refusal | None:
    if no := _not_open(terms):
        return no
    if terms.is_paused and (no := _paused(job)):
        return no
    if not terms.above_floor:
        pay = content.for_the_work(terms.pay, job.content)
        return floors.refusal(job.work_type_id, pay, country=by.country)
    if job.content and (no := content.refusal_to_take(job, by=by, at=at)):
        return no
    if terms.may_work and terms.kept is not None and terms.kept <= 0:
        return sharing.refusal(job)
    # The database has said yes with the terms already; only a no is worth the words.
    no = None if terms.may_work else _barred(job, terms, by, at)
    return no or (guides.refusal_unread() if terms.has_news else None)


def _paused(job: Job) -> Refusal | None:
    """Say what a job waits for before anybody takes more of it."""
    if found := shortfalls.standing(job):
        return shortfalls.refusal(found)
    return hidden.refusal(job) if hidden.hides(job) else halts.refusal_to_take(job)


def _barred(job: Job, terms: Offer, by: Person, at: datetime) -> Refusal | None:
    joins = terms.is_onboarding and not job.tests_id
    doing = "onboarding" if joins else f"claim:{reach.all_scopes(job)}"
    no = standing.refusal(by, doing=doing, at=at)
    return no or skills.refusal(job, by=by, at=at) or instruments.refusal(by, job.work_type)


def _not_open(terms: Offer) -> Refusal | None:
    """Say what about the job itself stands in the way."""
    if not terms.is_open:
        return Refusal(
            _("This job takes no more work."), "", _("What you sent is paid. See the other jobs."), status=409
        )
    if terms.pay < terms.rate_amount:
        rate = money(terms.rate_amount, "USD")
        reason = _("This job pays less than the rate the members voted for, %s.") % rate
        return Refusal(reason, "E2", _("It opens again as soon as the client raises its pay."), status=409)
    if terms.has_seat and not terms.is_onboarding:
        reason = _("You sit at the table of this job's client; others do its work.")
        return Refusal(reason, "7", _("Give the seat back on the client's page, or see the jobs of other clients."))
    return None


def claim_next(job: Job, *, by: Person, at: datetime, card: str = "", wanted: Task | None = None) -> Assignment:
    """Claim the next task of a job for a person, or return the one they have open; money is locked behind it.

    `card` is the digest of the rate card they accepted; without it the card of their last task serves, or today's.
    `wanted` asks for one task of the job in particular, as a replay of known work does.
    Raises Refused when the job, their standing or the terms do not allow it, or no task is left for them.
    """
    try:
        claimed = _claim(job, by, at, card, wanted)
        if claimed is None and expire_due(job, at=at):
            claimed = _claim(job, by, at, card, wanted)
    except IntegrityError as error:
        piloting = guard_of(error) == pilots.GUARD
        claimed = _after_pilot(job, by, at, card, wanted) if piloting else _explain(error, job, by, at)
    if claimed is None:
        reason = _("There is no task left for you in this job at this moment.")
        raise Refused(Refusal(reason, "", _("Slots can come back. You need not wait here."), status=409))
    return claimed


@transaction.atomic
def _claim(job: Job, by: Person, at: datetime, card: str, wanted: Task | None) -> Assignment | None:
    terms = offer(job, by=by, at=at)
    if terms.last_id is not None and terms.continues(at):
        return Assignment.objects.select_related("task", "job__work_type").get(pk=terms.last_id)
    refuse_if(_refusal(job, terms, by, at))
    if terms.last_state == AssignmentState.CLAIMED:
        _end([locks.one(Assignment(pk=terms.last_id, job=job))], AssignmentState.EXPIRED, by=None, at=at)
    task = (
        _pick(job, by, terms, wanted.position, wanted.position, choosing.WAITING) if wanted else _next(job, by, terms)
    )
    if task is None:
        return None
    claimed = _take(task, terms, card or _card(job, terms, by, at), job, by, at)
    # Last, as every claim of the job waits for this account.
    _lock_money(claimed, terms, at)
    return claimed


def _card(job: Job, terms: Offer, by: Person, at: datetime) -> str:
    """Return the card of the last task while its terms stand, else today's; never of a team that the last was not of.

    Raises Refused then: what of the pay is somebody's is read before it is accepted (E1).
    """
    if terms.other_team:
        raise Refused(cards.refusal())
    return terms.last_card or cards.card_for(job, at=at, share=teams.share(job, of=by)).pk


def _next(job: Job, by: Person, terms: Offer) -> Task | None:
    """Return the first task after the person's last one; failing that, one further back that came free again.

    Of a test one is drawn. Where a machine orders the tasks, those it put in front come before. Where others are
    claiming all that is left this moment, wait for them: a task may have slots to spare.
    """
    if job.tests_id:
        return _chosen(choosing.DRAWN, job, by, terms)
    if terms.is_ordered and (first := _chosen(choosing.IN_FRONT, job, by, terms)):
        return first
    ahead = _pick(job, by, terms, terms.last_position + 1)
    behind = _pick(job, by, terms, 0, terms.last_position) if terms.last_id and not ahead else None
    return ahead or behind or _pick(job, by, terms, 0, busy=choosing.WAITING)


def _pick(
    job: Job, by: Person, terms: Offer, first: int, last: int = choosing.LAST, busy: str = choosing.PASSING_OVER
) -> Task | None:
    return _chosen(choosing.BETWEEN + busy, job, by, terms, first=first, last=last)


def _chosen(found: str, job: Job, by: Person, terms: Offer, **places: int) -> Task | None:
    return choosing.first(found, job=job, person=by, people=terms.people, staged=terms.is_staged, **places)


def _take(task: Task, terms: Offer, card: str, job: Job, by: Person, at: datetime) -> Assignment:
    made = Assignment(
        task=task, job=job, person=by, rate_id=terms.rate_id, fee_version_id=terms.fee_id, card_id=card,
        pay=terms.pay, fee=terms.fee, claimed_at=at, expires_at=at + terms.time_limit,
    )  # fmt: skip
    facts: dict[str, Any] = {
        "task": task.pk, "job": job.pk, "person": by.pk, "overlap": terms.overlap, "rate": terms.rate_id,
        "fee_version": terms.fee_id, "card": card, "pay": to_micro(terms.pay), "fee": to_micro(terms.fee), "at": at,
        "expires_at": made.expires_at,
    }  # fmt: skip
    facts |= events.named("claims.claimed", by=by, subject=f"job:{job.pk}", at=at, pay=terms.pay, card=card)
    with connection.cursor() as cursor:
        cursor.execute(TAKE, facts)
        made.pk, made.slot, made.team_id = cursor.fetchone()
    made._state.adding, made._state.db = False, "default"  # noqa: SLF001 - it is in the database by now
    for later in BEGINS_WITHOUT:
        later.set_cached_value(made, None)  # type: ignore[union-attr]
    return made


def _lock_money(claimed: Assignment, terms: Offer, at: datetime) -> None:
    amount = claimed.pay + claimed.fee
    escrow.commit(claimed.job_id, claimed.person_id, claimed.pk, amount, at=at, onboarding=terms.is_onboarding)


def _after_pilot(job: Job, by: Person, at: datetime, card: str, wanted: Task | None) -> Assignment | None:
    """Measure the job's pilot and claim again, or say what it waits for."""
    refuse_if(pilots.refusal_after_measuring(job, by=by, at=at))
    return _claim(job, by, at, card, wanted)


def _explain(error: IntegrityError, job: Job, by: Person, at: datetime) -> Assignment | None:
    """Return the task that a second tab claimed at the same moment, or say what the database refused."""
    name = guard_of(error)
    if name in IN_TWO_TABS:
        theirs = Assignment.objects.filter(job=job, person=by, state=AssignmentState.CLAIMED)
        return theirs.select_related("task", "job__work_type").first()
    if name == "account_above_its_floor":
        reason = _("The money set aside for this job is used up at this moment.")
        raise Refused(
            Refusal(reason, "E1", _("No task starts without its pay. See the other jobs."), status=409)
        ) from error
    if name in content.GUARDS:
        content.refuse(job, by=by, at=at)
    if name == "changed_guides_are_read_first":
        raise Refused(guides.refusal_unread()) from error
    if name == "shares_are_kept_for_their_members":
        raise Refused(sharing.refusal(job)) from error
    if name == "teams_work_when_all_may":
        reason = _("Somebody of your team cannot do this work at this moment, and a team works together.")
        raise Refused(Refusal(reason, "", _("Wait for them, or leave the team on its page."), status=409)) from error
    if name in PAUSES and (no := _paused(job)):
        raise Refused(no) from error
    if name in TERMS:
        raise Refused(cards.refusal()) from error
    raise error


def refusal_to_end(assignment: Assignment, *, by: Person) -> Refusal | None:
    """Say why a person cannot give this task back; None if they can."""
    if assignment.person_id != by.pk:
        return Refusal(_("This task is somebody else's."), status=404)
    if assignment.state not in OPEN_STATES:
        return Refusal(_("This task is not open any more."), "", _("Nothing was changed."), status=409)
    if assignment.job.is_onboarding:
        words = _("Each question is asked once, and paid whatever you answer.")
        return Refusal(words, skills.RULE if assignment.job.tests_id else "R2", status=409)
    return None


@transaction.atomic
def leave(assignment: Assignment, *, by: Person, at: datetime) -> Assignment:
    """Give a task back; its slot and its money return to the job. Nothing is held against the member."""
    held = locks.one(assignment)
    refuse_if(refusal_to_end(held, by=by))
    return _end([held], AssignmentState.LEFT, by=by, at=at)[0]


@transaction.atomic
def skip(assignment: Assignment, *, by: Person, at: datetime) -> Assignment:
    """Pass a task on to others without penalty; it is not offered to this person again."""
    held = locks.one(assignment)
    refuse_if(refusal_to_end(held, by=by))
    return _end([held], AssignmentState.SKIPPED, by=by, at=at)[0]


def expire_due(job: Job | None = None, *, at: datetime) -> int:
    """Return the slots and the money of tasks whose time ran out; say how many. Anybody may call it.

    Of a job that is named some hundred at most, for whoever waits. Tasks that somebody is handing in at this moment
    are passed over.
    """
    pages = due.pages(_over(at).filter(job=job) if job else _over(at))
    return sum(
        due.together(lambda some: _expire(some, at), page, failed="task %s could not be taken back")
        for page in (islice(pages, 1) if job else pages)
    )


def _over(at: datetime) -> QuerySet[Assignment]:
    over = Assignment.objects.filter(state__in=OPEN_STATES, expires_at__lte=at)
    # What was saved in time waits for `answers.hand_in_saved`.
    saved = Draft.objects.filter(assignment=OuterRef("pk"), saved_at__lt=OuterRef("expires_at"))
    return over.exclude(Exists(saved), expires_at__gt=at - SAVED)


@transaction.atomic
def _expire(some: Iterable[Assignment], at: datetime) -> int:
    locked = (
        _over(at)
        .filter(pk__in=[one.pk for one in some])
        .select_for_update(of=("task", "self"), no_key=True, skip_locked=True)
    )
    over = locked.select_related("task", "job").order_by("task_id")
    return len(_end(over, AssignmentState.EXPIRED, by=None, at=at))


def _end(held: Iterable[Assignment], state: AssignmentState, *, by: Person | None, at: datetime) -> list[Assignment]:
    """End locked assignments: their state, one event each, and their money back where it came from."""
    ended = list(held)
    Assignment.objects.filter(pk__in=[one.pk for one in ended]).update(state=state, decided_at=at)
    events.write_many(
        events.Entry(f"claims.{state}", by.pk if by else None, f"job:{one.job_id}", at, {"assignment": one.pk})
        for one in ended
    )
    for one in ended:
        one.state, one.decided_at = state, at
        amount = one.pay + one.fee
        escrow.restore(one.job_id, one.person_id, one.pk, amount, at=at, onboarding=one.job.is_onboarding)
    return ended
