"""Guides of open jobs: members ask from inside a task, the client answers in a version for all, reading it is paid.

What a job asks for never changes unseen: a card names the guide it was accepted with, and whoever worked by an older
one reads what is new before the next task. A change of more than a small part is a pilot anew (N4).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import IntegrityError, connection, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from coop.people import clients
from coop.people.models import Person
from coop.record import events
from coop.refusals import Refusal, Refused, guard_of, refuse_if
from governance import standing
from governance.models import Status
from payments import escrow
from payments.money import from_micro
from payments.templatetags.money import money
from tasks import cards, funds, notices, teams
from tasks.models import OPEN_STATES, Assignment, GuideVersion, Job, Question, Reading, Reply

LONGEST = 40_000
LONGEST_QUESTION = 1_000
ASKED_AT_MOST = 3
RULE = "E6"


@dataclass(frozen=True, slots=True)
class Change:
    """What a new guide comes to: `words` to read in `seconds` at `pay` US$ each, for so many `readers`.

    `rescopes` says that it is more than a small part of the guide: the job is a pilot anew (N4).
    """

    words: int
    seconds: int
    pay: Decimal
    readers: int
    rescopes: bool

    @property
    def cost(self) -> Decimal:
        """Return what all readings cost at most, in US dollars."""
        return self.pay * self.readers


def refusal_to_read(job: Job, *, by: Person) -> Refusal | None:
    """Say why a guide is not shown to somebody: it is for members, who choose by it, and for its own client."""
    may_work = standing.status(by) in {Status.CANDIDATE, Status.MEMBER}
    if may_work or clients.has_seat(job.client, by) or job.assignments.filter(person=by).exists():
        return None
    return Refusal(
        _("A client's guide is for the members who choose by it; other clients do not read it."), "",
        _("What everybody may know of a job stands on its page."),
    )  # fmt: skip


def latest(job: Job) -> GuideVersion | None:
    """Return the version that stands; None while the guide is the job's own, the first."""
    return job.guide_versions.order_by("-number").first()


def accepted_with(assignment: Assignment) -> str:
    """Return the guide that a task was taken by, as its card names it: by that one its answer is judged."""
    said = cards.read(assignment.card).get("guide", "")
    version = assignment.job.guide_versions.filter(digest=said).order_by("number").first()
    return version.guide if version else assignment.job.guide


def refusal_to_ask(assignment: Assignment, words: str, *, by: Person) -> Refusal | None:
    """Say why a person cannot ask this about a task; None if they can."""
    if not teams.works_on(assignment, by):
        return Refusal(_("This task is somebody else's."), status=404)
    if assignment.state not in OPEN_STATES or assignment.job.is_onboarding:
        return Refusal(_("Questions are asked from a task that one is doing."), status=409)
    if not words.strip() or len(words) > LONGEST_QUESTION or "\0" in words:
        return Refusal(_("Write your question, in 1,000 characters at most."), status=422)
    if assignment.questions.count() >= ASKED_AT_MOST:
        return Refusal(_("You have asked three questions about this task."), status=409)
    return None


@transaction.atomic
def ask(assignment: Assignment, *, words: str, by: Person, at: datetime) -> Question:
    """Ask the client about a task one is doing; its people are told of the first question that waits.

    Raise Refused for another's task, no words, or a fourth question.
    """
    refuse_if(refusal_to_ask(assignment, words, by=by))
    if not open_questions(assignment.job).exists():
        for person in clients.people(assignment.job.client):
            notices.tell(person, "asked", assignment.job_id)
    question = Question.objects.create(assignment=assignment, words=_plain(words))
    events.write("guides.asked", by=by, subject=f"job:{assignment.job_id}", at=at)
    return question


def open_questions(job: Job) -> QuerySet[Question]:
    """Return the questions of a job that were not answered, the oldest first, each with its task."""
    asked = Question.objects.filter(assignment__job=job, reply=None)
    return asked.select_related("assignment__task").order_by("pk")


def with_answers(guide: str, answered: Mapping[Question, str]) -> str:
    """Return a guide with questions and their answers at its end; what members wrote stands in it as a quotation."""
    parts = [_plain(guide)]
    for question, words in answered.items():
        quoted = "\n".join(f"> {line}" for line in _plain(question.words).splitlines())
        parts.append(f"{quoted}\n\n{_plain(words)}")
    return "\n\n".join(parts)


def weigh(job: Job, guide: str) -> Change:
    """Return what it comes to if a job's guide becomes this, by the database's own count."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT words, seconds, pay, readers, rescopes FROM tasks_weigh_guide(%s, %s)", [job.pk, guide])
        words, seconds, pay, readers, rescopes = cursor.fetchone()
    return Change(words, seconds, from_micro(pay), readers, rescopes)


def refusal_to_change(job: Job, guide: str) -> Refusal | None:
    """Say why a job's guide cannot become this; None if it can."""
    if not job.opened_at or job.closed_at or job.is_onboarding:
        return Refusal(_("The guide of an open job grows by versions; this job is not open."), status=409)
    if not guide.strip() or "\0" in guide or len(guide) > LONGEST:
        return Refusal(_("A guide says how to do it, in 40,000 characters at most."), status=422)
    if guide == job.guide_now:
        return Refusal(_("The guide says this already."), status=409)
    cost = weigh(job, guide).cost
    return escrow.refusal_to_fund(job.client, cost) if cost else None


@transaction.atomic
def publish(
    job: Job,
    *,
    guide: str,
    replies: Mapping[Question, str] | None = None,
    after: int,
    most: Decimal | None = None,
    by: Person,
    at: datetime,
) -> GuideVersion:
    """Let a guide become this with the replies at its end, and set aside what reading it pays everybody concerned.

    `after` is the number of the version that was changed, `most` the US$ that reading it may cost in all. Raise Refused
    where another was published meanwhile, it costs more, or the money lacks.
    """
    answered = {question: words for question, words in (replies or {}).items() if words.strip()}
    whole = with_answers(guide, answered)
    standing = latest(_locked(job))
    if (standing.number if standing else 1) != after:
        raise Refused(Refusal(_("The guide was changed meanwhile."), "", _("Look at it and change it again."), 409))
    refuse_if(refusal_to_change(job, whole))
    if most is not None and (cost := weigh(job, whole).cost) > most:
        words = {"cost": money(cost, "USD")}
        refuse_if(Refusal(_("Reading it costs %(cost)s by now.") % words, "", _("Look at the price again."), 409))
    made = _write(job, whole, by)
    Reply.objects.bulk_create(
        Reply(question=question, version=made, words=_plain(words)) for question, words in answered.items()
    )
    for person in Person.objects.filter(assignments__questions__in=answered).distinct():
        notices.tell(person, "answered", job.pk)
    funds.set_aside(job, job.pay, by=by, at=at)
    events.write("guides.published", by=by, subject=f"job:{job.pk}", at=at, number=made.number, digest=made.digest)
    return made


def _write(job: Job, guide: str, by: Person) -> GuideVersion:
    try:
        with transaction.atomic():
            made = GuideVersion.objects.create(job=job, guide=guide, written_by=by)
    except IntegrityError as error:
        if guard_of(error) != "guides_change_by_versions":
            raise
        raise Refused(Refusal(_("Whoever has a seat at the client changes its guides."), status=403)) from error
    made.refresh_from_db()
    return made


def _locked(job: Job) -> Job:
    """Return the job, its row locked against other changes of its guide."""
    return Job.objects.select_for_update(no_key=True).get(pk=job.pk)


def unread(job: Job, *, by: Person) -> list[GuideVersion]:
    """Return the versions since a person took a task of the job that they have not read, the oldest first."""
    worked = Assignment.objects.filter(job=job, person=by, claimed_at__lte=OuterRef("at"))
    read_it = Reading.objects.filter(version=OuterRef("pk"), person=by)
    return list(job.guide_versions.filter(Exists(worked), ~Exists(read_it)).order_by("number"))


def refusal_unread() -> Refusal:
    """Say to whoever worked by an older guide that reading what changed comes first."""
    reason = _("The guide of this job has changed since your last task.")
    return Refusal(reason, RULE, _("Read what is new on the guide's page: it is paid, then you go on."), status=409)


@transaction.atomic
def read(job: Job, *, by: Person, at: datetime) -> Decimal:
    """Write down that a person has read what changed, and pay it (kinds 3 and 10); return the US$. Again pays nothing.

    Raise Refused when the job is closed, they may not work, or its money is used up.
    """
    Job.objects.select_for_update(no_key=True).get(pk=job.pk)
    made = [_read(job, version, by, at) for version in unread(job, by=by)]
    return sum((Decimal(one.pay or 0) for one in made), Decimal(0))


def _read(job: Job, version: GuideVersion, by: Person, at: datetime) -> Reading:
    try:
        with transaction.atomic():
            made = Reading.objects.create(version=version, person=by)
    except IntegrityError as error:
        if guard_of(error) != "changed_guides_are_read_by_who_worked":
            raise
        reason = _("This guide cannot be read for pay now: the job is closed, or you cannot work at it.")
        raise Refused(Refusal(reason, RULE, _("See the other jobs."), status=409)) from error
    made.refresh_from_db()
    escrow.pay_reading(job.pk, by.pk, made.pk, Decimal(made.pay or 0), at=at)
    events.write("guides.read", by=by, subject=f"job:{job.pk}", at=at, number=version.number, pay=made.pay)
    return made


def fresh_lines(version: GuideVersion) -> str:
    """Return the lines of a version that the one before did not have, as Markdown, to be read."""
    before = version.job.guide_versions.filter(number__lt=version.number).order_by("-number").first()
    known = {line.strip() for line in (before.guide if before else version.job.guide).splitlines()}
    return "\n".join(
        line for line in version.guide.splitlines() if not line.strip() or line.strip() not in known
    ).strip()


def _plain(words: str) -> str:
    """Return what somebody wrote with one kind of line break and nothing around it."""
    return words.replace("\r\n", "\n").replace("\r", "\n").strip()
