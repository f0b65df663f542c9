"""Onboarding: a job of the cooperative with known answers, each paid right or wrong; passing it admits (R2)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from coop.people.models import Client, Person
from coop.record import events
from coop.refusals import Refusal, refuse_if
from governance import offices, standing
from governance.models import Right, Status
from payments import rates
from payments.models import WorkType
from tasks import shapes
from tasks.models import Answer, Assignment, AssignmentState, Job, ReviewRule, Task

# Everybody who joins answers the same questions; the training fund, not the slots, is what can run out.
PLACES = 30_000
# So few say nothing of anybody, so many are no entrance.
FEWEST, MOST = 3, 50
# Onboarding may be done in an evening or a week.
TIME_LIMIT = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Step:
    """One question as a person answered it: whether rightly, and why the known answer is what it is."""

    task: Task
    value: dict[str, object]
    right: bool
    why: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a person is: `total` questions at `pay` each; passed with `pass_mark` right ones."""

    job: Job
    total: int
    steps: list[Step]

    @property
    def done(self) -> int:
        """Return how many questions were answered."""
        return len(self.steps)

    @property
    def right(self) -> int:
        """Return how many were answered rightly."""
        return sum(step.right for step in self.steps)

    @property
    def finished(self) -> bool:
        """Tell whether no question is left."""
        return self.total > 0 and self.done >= self.total

    @property
    def passed(self) -> bool:
        """Tell whether the onboarding was passed."""
        return self.finished and self.right >= self.job.pass_mark

    @property
    def earned(self) -> Decimal:
        """Return what the answers so far were paid."""
        return Decimal(self.done * self.job.pay)

    @property
    def cap(self) -> Decimal:
        """Return what the whole onboarding pays."""
        return Decimal(self.total * self.job.pay)


def jobs() -> list[Job]:
    """Return the onboarding jobs that are open, oldest first; each person may do two of them."""
    opened = Job.objects.filter(is_onboarding=True, tests=None, opened_at__isnull=False, closed_at=None)
    return list(opened.select_related("work_type", "client").order_by("pk")[:2])


def job() -> Job | None:
    """Return the onboarding that everybody begins with; None when none is open."""
    return next(iter(jobs()), None)


def progress(person: Person, of: Job | None = None) -> Progress | None:
    """Return how far a person is: in the job given, else in the one they have to do; None when none is open.

    Whoever did not pass the first may do a second one, if the cooperative has opened one.
    """
    found = None
    for one in [of] if of else jobs():
        found = Progress(one, one.tasks.count(), _steps(one, person))
        if not found.finished or found.passed:
            break
    return found


def _steps(one: Job, person: Person) -> list[Step]:
    answered = Answer.objects.filter(
        assignment__job=one, assignment__person=person, assignment__state=AssignmentState.ACCEPTED
    )
    return steps_of(answered)


def steps_of(answered: QuerySet[Answer]) -> list[Step]:
    """Return answers to known questions as steps, in the order in which they were given."""
    found = answered.select_related("assignment__task", "assignment__job__work_type").order_by("pk")
    return [_step(answer.assignment.job.shape, answer) for answer in found]


def step(assignment: Assignment) -> Step:
    """Return an answered question with whether it was right, and why."""
    answer = assignment.answers.select_related("assignment__task").latest("number")
    return _step(assignment.job.shape, answer)


def _step(shape: shapes.Shape, answer: Answer) -> Step:
    task = answer.assignment.task
    known = task.gold or {}
    key = shape.agreement_key(answer.value)
    right = key is not None and key == shape.agreement_key(known["value"])
    return Step(task, answer.value, right, known.get("why", ""))


def conclude(one: Job, person: Person, *, at: datetime) -> None:
    """Admit a person as a candidate when they have passed; nothing happens before, or when they are one already.

    A test of a skill admits nobody.
    """
    so_far = None if one.tests_id else progress(person, one)
    if so_far and so_far.passed and standing.status(person) == Status.APPLICANT:
        standing.admit(person, status=Status.CANDIDATE, rule="R2", by=None, at=at)


def refusal_to_open(person: Person, at: datetime) -> Refusal | None:
    """Say why somebody cannot open an onboarding; None for officers who handle the money that it spends."""
    return offices.right_refusal(person, Right.MONEY, at)


@transaction.atomic
def open_job(
    house: Client,
    *,
    title: str,
    guide: str,
    questions: Iterable[tuple[str, list[str], str, str]],
    pass_mark: int,
    by: Person,
    at: datetime,
) -> Job:
    """Open an onboarding of the cooperative: questions with their labels, the right one, and why it is right.

    Each answer pays the voted rate of the work type `onboarding`, from the training fund. Raise Refused for anybody but
    officers who handle money.
    """
    refuse_if(refusal_to_open(by, at))
    made = with_known_answers(house, questions, title=title, guide=guide, pass_mark=pass_mark, by=by, at=at)
    events.write("onboarding.opened", by=by, subject=f"job:{made.pk}", at=at)
    return made


def with_known_answers(
    house: Client, questions: Iterable[tuple[str, list[str], str, str]], *, by: Person, at: datetime, **facts: Any
) -> Job:
    """Open a job of the cooperative that asks each person each question once, paid from the training fund.

    A question is its words, its labels, the right one, and why. The caller has asked whether this person may.
    """
    work_type = WorkType.objects.get(slug="onboarding")
    made = Job.objects.create(
        client=house, work_type=work_type, form={"question": _("Which answer is right?")},
        overlap=PLACES, pay=rates.current(work_type).amount, review_rule=ReviewRule.GOLD, time_limit=TIME_LIMIT,
        is_onboarding=True, created_by=by, drafted_at=at, **facts,
    )  # fmt: skip
    Task.objects.bulk_create(
        Task(
            job=made, position=place, external_id=f"question-{place}", open_slots=PLACES,
            data={"text": text, "labels": labels}, gold={"value": {"labels": [right]}, "why": why},
        )
        for place, (text, labels, right, why) in enumerate(questions, start=1)
    )  # fmt: skip
    Job.objects.filter(pk=made.pk).update(opened_at=at)
    made.opened_at = at
    return made


def left() -> int:
    """Return for how many questions of onboardings to come the training fund still pays."""
    return fund_left(rates.current(WorkType.objects.get(slug="onboarding")).amount)


def fund_left(pay: Decimal) -> int:
    """Return for how many questions the training fund still pays."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT balance FROM payments_account WHERE code = 'fund:training' AND currency = 'USD'")
        row = cursor.fetchone()
    return int(Decimal(row[0] if row else 0) / 1_000_000 // pay)
