"""Content that a client did not name: members say the topic, an officer finds it, and the client pays and names it.

An officer who reads reports finds a topic at a job when two members who took its tasks reported it, with a reason that
everybody reads. The client then pays the care fund a voted amount for each member who reported it, and the job takes no
more claims or checks until that is paid and the topic is named on its card, with a pay that has the rests. A stage
shows what the stages before it do: it waits until that is paid, and until its own card names it too, no rarer than
the one before. Where the officer says of a stage that it came with the data, so do the jobs before, and all that follow
these; of a draft's pilot or its job, so do the other pilots, the job and its stages. A closed job names it at the pay
that it had. The database asks all of it (`hidden_content_is_found_by_reports`, `tasks_found_for`, `tasks_hides`,
`job_content_is_frozen`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.contrib.postgres.aggregates import ArrayAgg
from django.db import IntegrityError, connection, transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, TextField, Value
from django.db.models.expressions import RawSQL
from django.db.models.functions import Cast, Concat
from django.utils.translation import gettext as _

from coop import due
from coop.people import clients
from coop.people.models import Person
from coop.record import events
from coop.refusals import Refusal, Refused, guard_of, refuse_if
from governance import offices
from governance.models import Right
from payments import escrow
from payments.models import Transfer
from tasks import content
from tasks.models import HiddenContent, Job, Report, Share, Sketch, Stage, Topic

RULE = "E6"
GUARD, CHECKS = "nobody_goes_on_before_it_is_named", "nobody_checks_before_it_is_named"
ENOUGH, LEAST_REASON = 2, 10
# So many members' words are shown of a topic.
LISTED = 20
PAID = Exists(Transfer.objects.filter(ref=Concat(Value("hidden:"), Cast(OuterRef("pk"), TextField()))))


@dataclass(frozen=True, slots=True)
class Reported:
    """A topic that a job did not name, by how many members it was reported, and what they wrote.

    `shared` tells whether another job may have the same data.
    """

    job: Job
    topic: Topic
    people: int
    words: list[str]
    shared: bool = False

    @property
    def enough(self) -> bool:
        """Tell whether an officer may find it."""
        return self.people >= ENOUGH


def waiting() -> list[Reported]:
    """Return what members reported of jobs and no officer has found, the newest jobs first; fifty at most."""
    found = HiddenContent.objects.filter(job=OuterRef("task__job"), topic=OuterRef("topic"))
    rows = list(
        Report.objects.exclude(topic="").filter(~Exists(found)).values("task__job", "topic")
        .annotate(people=Count("person", distinct=True), said=ArrayAgg("words", order_by="-pk"))
        .order_by("-task__job", "topic")[:50]
    )  # fmt: skip
    jobs = Job.objects.select_related("client").in_bulk([row["task__job"] for row in rows])
    shared = _sharing(jobs)
    return [
        Reported(jobs[job], Topic(row["topic"]), row["people"], row["said"][:LISTED], job in shared)
        for row in rows if (job := row["task__job"])
    ]  # fmt: skip


def _sharing(jobs: Iterable[int]) -> set[int]:
    """Return which of these jobs are stages, or pilots of a draft, or its job after them; two queries."""
    numbers = list(jobs)
    drafts = Sketch.objects.filter(Q(job__in=numbers) | Q(pilots__overlap=numbers)).exclude(pilots=[])
    of_drafts = {job for made, pilots in drafts.values_list("job", "pilots") for job in (made, *pilots)}
    return {*Stage.objects.filter(job__in=numbers).values_list("job", flat=True), *of_drafts.intersection(numbers)}


@transaction.atomic
def find(job: Job, *, topic: str, reason: str, with_data: bool = False, by: Person, at: datetime) -> HiddenContent:
    """Find that a job showed a topic which its card did not name; its client pays now, or as soon as it can.

    `with_data` says that it came with the data, which other jobs have: of a stage those before it, of a pilot its
    draft's job. It was not written there by members.
    Raises Refused for who does not read reports, has a part in it, or gives no reason, and where fewer reported it.
    """
    refuse_if(_refusal_to_find(job, reason, with_data=with_data, by=by, at=at))
    office = offices.with_right(Right.REPORTS, at).filter(person=by)[0]
    said = {"topic": topic, "reason": reason.strip(), "with_data": with_data}
    try:
        with transaction.atomic():
            found = HiddenContent.objects.create(job=job, found_by=office, **said)
    except IntegrityError as error:
        if guard_of(error) not in {"hidden_content_is_found_by_reports", "a_topic_is_found_once"}:
            raise
        words = _("Two members at least must have reported it, not you; it is not named yet, and was not found before.")
        raise Refused(Refusal(words, RULE, status=409)) from error
    found.refresh_from_db()
    events.write("content.hidden", by=by, subject=f"job:{job.pk}", at=at, topic=topic, client=job.client_id,
        people=found.people)  # fmt: skip
    pay(found, at=at)
    return found


def _refusal_to_find(job: Job, reason: str, *, with_data: bool, by: Person, at: datetime) -> Refusal | None:
    if no := offices.right_refusal(by, Right.REPORTS, at):
        return no
    if len(reason.strip()) < LEAST_REASON:
        return Refusal(_("Say why, in a sentence: everybody reads it."), RULE, status=422)
    if with_data and not _sharing([job.pk]):
        return Refusal(_("No other job has the data of this one."), RULE, status=409)
    return None


def of(job: Job) -> list[HiddenContent]:
    """Return what was found of content that a job shows, with whether each is paid as `paid`."""
    return list(_shown(job).annotate(paid=PAID).order_by("pk"))


def _shown(job: Job) -> QuerySet[HiddenContent]:
    """Find what was found of content that this job shows: at it, before it, or with the data that it shares."""
    return HiddenContent.objects.filter(pk__in=RawSQL("SELECT tasks_found_for(%s)", [job.pk]))


def unnamed(pilots: Iterable[int], named: Mapping[str, str]) -> list[str]:
    """Return in words what was found at a draft's pilots, came with its data, and is not named in the draft."""
    found = HiddenContent.objects.filter(job__in=list(pilots), with_data=True).exclude(topic__in=named)
    return [str(Topic(topic).label) for topic in found.order_by("topic").values_list("topic", flat=True).distinct()]


def hides(job: Job) -> bool:
    """Tell whether a job waits for its client to pay for and name what it showed."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tasks_hides(%s)", [job.pk])
        return bool(cursor.fetchone()[0])


def pay(found: HiddenContent, *, at: datetime) -> bool:
    """Pay what was found out of the client's money (kind 42); False while it has less. Anybody may call it (P5)."""
    if found.amount is None or escrow.available(found.job.client) < found.amount:
        return False
    try:
        with transaction.atomic():
            escrow.pay_hidden(found.job.client_id, found.pk, found.amount, at=at)
    except IntegrityError as error:  # the money went elsewhere this moment
        if guard_of(error) != "account_above_its_floor":
            raise
        return False
    return True


def pay_due(*, at: datetime) -> int:
    """Pay whatever was found and is not paid, as far as its clients have money; return how many."""
    unpaid = HiddenContent.objects.filter(~PAID).select_related("job__client").order_by("pk")
    return due.each(lambda one: pay(one, at=at), unpaid, failed="what was hidden could not be paid: finding %s")


def refusal_to_name(job: Job, topic: str, share: str, *, by: Person) -> Refusal | None:
    """Say why a person cannot name this topic at an open job; None if they can."""
    if not clients.has_seat(job.client_id, by):
        return Refusal(_("You have no seat with this job's client."), status=404)
    if topic in job.content or not _shown(job).filter(topic=topic).exists():
        return Refusal(_("Only what was found is named afterwards, once."), RULE, status=409)
    if share not in Share.values:
        return Refusal(_("Say how often it comes up."), RULE, status=422)
    return _refusal_by_stage(job, topic, share)


def _refusal_by_stage(job: Job, topic: str, share: str) -> Refusal | None:
    """Say that what the job before a stage shows as well is named there first, and at the stage no rarer."""
    stage = Stage.objects.filter(job=job).select_related("after").first()
    if stage is None or not _shown(stage.after).filter(topic=topic).exists():
        return None
    said = stage.after.content.get(topic)
    if said and not content.lacking({topic: share}, {topic: said}):
        return None
    words = _("Name it at job %(after)s first, and here no rarer than there.") % {"after": stage.after_id}
    return Refusal(words, RULE, status=409)


@transaction.atomic
def name(job: Job, *, topic: str, share: str, by: Person, at: datetime) -> Job:
    """Name at an open job what was found, with how often it comes up; from then on its card says so.

    Raises Refused for others, for what was not found, and while the pay does not have the rests.
    """
    refuse_if(refusal_to_name(job, topic, share, by=by))
    try:
        with transaction.atomic():
            Job.objects.filter(pk=job.pk).update(content={**job.content, topic: share})
    except IntegrityError as error:
        if guard_of(error) != "job_content_is_frozen":
            raise
        reason = _("The pay must be a fifth more than the rate: such work has paid rests.")
        raise Refused(Refusal(reason, RULE, _("Raise the pay on the job's page, then name it."), status=409)) from error
    job.refresh_from_db()
    events.write("content.named", by=by, subject=f"job:{job.pk}", at=at, topic=topic, share=share)
    return job


def refusal(job: Job) -> Refusal:
    """Say why a job takes no claims while it waits for its client."""
    topics = ", ".join(dict.fromkeys(str(Topic(one.topic).label) for one in _shown(job).order_by("pk")))
    reason = _("This job is paused: it showed what its card did not say (%(topics)s).") % {"topics": topics}
    return Refusal(reason, RULE, _("It opens when the client has paid the care fund and named it."), status=409)
