"""Handing in: drafts that survive, answers that are taken once, whatever is pressed twice."""

import json
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db import IntegrityError, connection, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from coop import due
from coop.people.models import Person
from coop.record import events
from coop.refusals import Refusal, Refused, refuse_if
from tasks import claims, locks, onboarding, reviews, teams
from tasks.models import OPEN_STATES, Answer, Assignment, AssignmentState, Draft, ReviewRule

HANDED_IN = {
    AssignmentState.SUBMITTED, AssignmentState.ACCEPTED, AssignmentState.DISPUTED, AssignmentState.REJECTED,
}  # fmt: skip
LAST_MOMENT = timedelta(microseconds=1)


class Incomplete(Refused):
    """What was sent is not what the question asks for; `problems` says what is missing or wrong, as sentences."""

    def __init__(self, problems: list[str]) -> None:
        """Keep the problems beside the refusal that says them in one."""
        words = _("Nothing was sent. Complete the answer and send it again.")
        super().__init__(Refusal(" ".join(problems), "", words, status=422))
        self.problems = problems


def refusal(assignment: Assignment, *, by: Person, at: datetime) -> Refusal | None:
    """Say why a person cannot hand in an answer to this assignment now; None if they can."""
    if not teams.works_on(assignment, by):
        return Refusal(_("This task is somebody else's."), status=404)
    if assignment.state in HANDED_IN:
        return Refusal(_("You have handed this task in already."), "", _("Nothing was changed."), status=409)
    if assignment.state not in OPEN_STATES or assignment.expires_at <= at:
        reason = _("The time for this task ran out, and others can take it now.")
        return Refusal(
            reason, "", _("What you wrote is kept and shown below. Nothing is held against you."), status=409
        )
    return None


def problems(assignment: Assignment, value: object) -> list[str]:
    """Return what is missing or wrong in a value for this assignment, as sentences; its task and job are loaded."""
    return assignment.question.problems(value)


def submit(
    assignment: Assignment, *, value: dict[str, Any], key: UUID, seconds: int, by: Person, at: datetime
) -> Answer:
    """Hand in an answer, first or redone, and return it; `key` names the form it came from, `seconds` how long it took.

    The same key again returns the same answer. Raises Refused when time ran out or it was handed in before, Incomplete
    where the value is not what the question asks for. Where agreement decides, the last answer of a task settles it at
    once; the answer's assignment says so.
    """
    try:
        with transaction.atomic():
            return _submit(locks.one(assignment), value, key, seconds, by, at)
    except IntegrityError as error:
        # The key stands under another answer: a form sent twice from two places.
        if standing := _standing(assignment, key, by):
            return standing
        if not Answer.objects.filter(key=key).exists():
            raise
        raise Refused(Refusal(_("This form was sent before, for another task."), "", status=409)) from error


def _standing(assignment: Assignment, key: UUID, by: Person) -> Answer | None:
    """Return what the same form has brought in before."""
    return Answer.objects.filter(key=key, assignment=assignment).first() if teams.works_on(assignment, by) else None


def _submit(held: Assignment, value: dict[str, Any], key: UUID, seconds: int, by: Person, at: datetime) -> Answer:
    if no := refusal(held, by=by, at=at):
        if standing := _standing(held, key, by):
            return standing
        raise Refused(no)
    if wrong := problems(held, value):
        raise Incomplete(wrong)
    number = 1 if held.state == AssignmentState.CLAIMED else 2
    answer = _take_in(Answer(assignment=held, number=number, value=value, seconds=seconds, key=key, at=at), by)
    _settle(held, by, at)
    return answer


def hand_in_saved(*, at: datetime, person: Person | None = None) -> int:
    """Hand in, as of the last moment, what was saved in time and is complete though its time has run out.

    So nothing is lost with a connection, and who had done it all but pressed no button is paid like anybody. Returns
    how many; what is not complete goes back to the job. Anybody may call it, within the hour that claims wait for it.
    """
    drafts = Draft.objects.filter(
        assignment__state__in=OPEN_STATES, assignment__expires_at__lte=at,
        assignment__expires_at__gt=at - claims.SAVED, saved_at__lt=F("assignment__expires_at"),
    )  # fmt: skip
    drafts = drafts.filter(assignment__person=person) if person else drafts
    waiting = drafts.select_related("assignment__person", "assignment__job__work_type").order_by("saved_at")
    return due.each(_hand_in, waiting.iterator(chunk_size=200), failed="draft %s could not be handed in")


def _hand_in(draft: Draft) -> bool:
    """Hand in one saved draft; False when it is not complete, or somebody was faster."""
    mine, moment = draft.assignment, draft.assignment.expires_at - LAST_MOMENT
    try:
        with transaction.atomic():
            held = locks.one(mine)
            spent = min(draft.saved_at - mine.claimed_at, mine.job.time_limit)
            _submit(held, draft.value, uuid4(), int(spent.total_seconds()), mine.person, moment)
    except Refused:
        return False
    return True


# By hand, as every answer passes here. The assignment is moved on from the answer's row, so after it is written.
TAKE_IN = f"""
WITH answer AS (
    INSERT INTO tasks_answer (assignment_id, number, value, seconds, key, at) VALUES (%s, %s, %s, %s, %s, %s)
    RETURNING id, assignment_id
), let_go AS (DELETE FROM tasks_draft WHERE assignment_id = %s), noted AS ({events.WRITE})
UPDATE tasks_assignment a SET state = 'submitted', submitted_at = %s, accept_by = %s
FROM answer WHERE a.id = answer.assignment_id RETURNING answer.id
"""  # noqa: S608 - a statement of ours within another


def _take_in(answer: Answer, by: Person) -> Answer:
    """Write an answer and that it was handed in, move its assignment on to being checked, and let its draft go."""
    held, at = answer.assignment, answer.at
    held.state, held.submitted_at = AssignmentState.SUBMITTED, at
    held.accept_by = at + timedelta(days=held.job.review_days)
    said = {"job": held.job_id, "number": answer.number}
    facts: list[Any] = [held.pk, answer.number, json.dumps(answer.value), answer.seconds, answer.key, at, held.pk]
    facts += events.columns("answers.submitted", by=by, subject=f"assignment:{held.pk}", at=at, **said)
    with connection.cursor() as cursor:
        cursor.execute(TAKE_IN, [*facts, at, held.accept_by])
        (answer.pk,) = cursor.fetchone()
    return answer


def _settle(held: Assignment, by: Person, at: datetime) -> None:
    """Do at once what needs no person: pay known questions, accept what agrees."""
    rule = held.job.review_rule
    if rule == ReviewRule.GOLD:
        reviews.accept_gold(held, at=at)
        onboarding.conclude(held.job, by, at=at)
    elif rule == ReviewRule.MAJORITY and held.task.open_slots == 0:
        accepted = reviews.settle_majority(held.task, held.job, at=at)
        if held.pk in {one.pk for one in accepted}:
            held.state = AssignmentState.ACCEPTED


def save_draft(assignment: Assignment, *, value: dict[str, Any], by: Person, at: datetime) -> Draft:
    """Keep what a member has written so far, finished or not; also when time ran out, so that nothing is lost.

    Raises Refused for somebody else's task, one that was handed in, or more than anybody writes.
    """
    no = refusal(assignment, by=by, at=at)
    kept = teams.works_on(assignment, by) and assignment.state in {*OPEN_STATES, AssignmentState.EXPIRED}
    if no is not None and not kept:
        raise Refused(no)
    refuse_if(assignment.question.length_refusal(value))
    facts = {"value": value, "saved_at": at, "written_by": by}
    draft, _made = Draft.objects.update_or_create(assignment=assignment, defaults=facts)
    return draft
