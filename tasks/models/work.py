"""The work: jobs, data sets, tasks, assignments, answers. Facts and constraints only."""

from datetime import datetime

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from coop.people import privacy
from coop.people.models import Client, Person
from coop.people.privacy import Audience
from payments.models import Fee, Rate, WorkType
from payments.money import MoneyField
from tasks import shapes
from tasks.models.content import told
from tasks.models.lately import lately
from tasks.models.skills import Skill
from tasks.shapes import media


class ReviewRule(models.TextChoices):
    """How answers are checked."""

    MAJORITY = "majority", _("Answers that agree are accepted at once; a member checks the others")
    PEER = "peer", _("A member checks each answer")
    GOLD = "gold", _("Known answers; paid whether right or not")


class Job(models.Model):
    """A client's order of one kind of work. Its pay per task may rise at any time and never falls."""

    EACH = 100  # of 100 answers

    client = models.ForeignKey(Client, models.PROTECT, related_name="jobs")
    work_type = models.ForeignKey(WorkType, models.PROTECT, related_name="jobs")
    title = models.CharField(max_length=120)
    guide = models.TextField(max_length=40_000, help_text="Markdown.")
    form = models.JSONField(default=dict, help_text="The question and its options, as the shape's schema says.")
    overlap = models.PositiveSmallIntegerField(default=3, help_text="Answers wanted for each task.")
    pay = MoneyField(help_text="For each answer, in the rate's currency; at least the voted rate.")
    review_rule = models.CharField(max_length=10, choices=ReviewRule, default=ReviewRule.MAJORITY)
    check_share = models.PositiveSmallIntegerField(
        default=100, db_default=100, help_text="Of how many in 100 answers a member checks, drawn by lot."
    )
    review_days = models.PositiveSmallIntegerField(default=3, help_text="Silence accepts after this; at most 7.")
    time_limit = models.DurationField(help_text="From claiming to handing in.")
    sensitivity = models.CharField(max_length=200, blank=True, help_text="What may upset; empty if nothing.")
    content = models.JSONField(default=dict, db_default={}, help_text="{topic: how often it comes up}.")
    is_onboarding = models.BooleanField(default=False, editable=False)
    pass_mark = models.PositiveSmallIntegerField(default=0, help_text="Onboarding: right answers needed.")
    asks = models.ForeignKey(
        Skill, models.PROTECT, null=True, related_name="asked_by", help_text="What whoever takes it has to have shown."
    )
    tests = models.ForeignKey(
        Skill, models.PROTECT, null=True, editable=False, related_name="tests", help_text="What it is the test of."
    )
    task_bytes = models.PositiveIntegerField(default=0, help_text="Of the files a task shows, on average.")
    created_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    drafted_at = models.DateTimeField()
    opened_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    delete_on = models.DateField(
        null=True, help_text="From this day on, in UTC, what its tasks show and what was answered is deleted."
    )
    deleted_at = models.DateTimeField(null=True, editable=False, help_text="From when on nothing of it is shown.")
    emptied_at = models.DateTimeField(null=True, editable=False, help_text="When the last of it was deleted.")

    privacy.declare(
        **dict.fromkeys(
            (
                "id", "client", "work_type", "title", "guide", "form", "overlap", "pay", "review_rule", "check_share",
                "review_days", "time_limit", "sensitivity", "content", "is_onboarding", "pass_mark", "asks", "tests",
                "task_bytes",
                "drafted_at", "opened_at", "closed_at", "delete_on", "deleted_at", "emptied_at",
            ),
            Audience.PUBLIC,
        ),
        created_by=Audience.CLIENT,
    )  # fmt: skip

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(pay__gt=0), name="job_pays"),
            # Everybody who joins answers the same onboarding questions.
            models.CheckConstraint(
                condition=Q(overlap__range=(1, 25)) | Q(is_onboarding=True, overlap__range=(1, 30_000)),
                name="overlap_within_bounds",
            ),
            models.CheckConstraint(condition=Q(review_days__range=(1, 7)), name="silence_accepts_within_7_days"),
            models.CheckConstraint(
                condition=Q(check_share=100) | Q(check_share__range=(10, 99), review_rule="peer"),
                name="a_share_is_checked_by_members",
            ),
        ]
        indexes = [
            models.Index(fields=["-opened_at"], condition=Q(opened_at__isnull=False, closed_at=None), name="open_jobs"),
            models.Index(fields=["id"], condition=~Q(content={}), name="jobs_that_may_upset"),
            models.Index(
                fields=["delete_on"], condition=Q(delete_on__isnull=False, emptied_at=None), name="jobs_to_be_emptied"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def upsets(self) -> list[tuple[str, str]]:
        """Return what may upset in it, with how often it comes up, in words."""
        return told(self.content)

    @property
    def may_upset(self) -> bool:
        """Tell whether its client says that something in it may upset."""
        return bool(self.content or self.sensitivity)

    @property
    def shape(self) -> shapes.Shape:
        """Return the kind of answer it asks for."""
        return shapes.find(self.work_type.shape)

    @property
    def checking(self) -> str:
        """Return in words how its answers are checked."""
        if self.check_share == self.EACH:
            return str(ReviewRule(self.review_rule).label)
        words = _("A member checks %(share)s of 100 answers, drawn by lot once they are handed in")
        return str(words) % {"share": self.check_share}

    @property
    def guide_now(self) -> str:
        """Return the guide as its latest version says it."""
        latest = self.guide_versions.order_by("-number").first()
        return latest.guide if latest else self.guide

    def question(self, task: "Task") -> shapes.Question:
        """Return what it asks about a task, with the files that its data name and that came before it."""
        names = set(media.names(task.data))
        found = self.files.filter(usable=True, name__in=names, after__lt=task.position) if names else ()
        known = {media.FILES: {file.name: file.shown() for file in found}} if names else {}
        data = {**task.data, **known}
        return shapes.Question.of(self.work_type.shape, self.form, data, upsets=self.may_upset)


class Upload(models.Model):
    """A data set a client handed in: loaded whole or not at all; its problems are kept with their lines."""

    job = models.ForeignKey(Job, models.PROTECT, related_name="uploads")
    file = models.FileField(upload_to="datasets/")
    file_name = models.CharField(max_length=200)
    created_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    rows = models.PositiveIntegerField(default=0)
    problems = models.JSONField(default=list, help_text="[{line, problem}], the first 200.")
    problem_count = models.PositiveIntegerField(default=0)

    privacy.declare(
        **dict.fromkeys(
            (
                "id", "job", "file", "file_name", "created_by", "created_at", "finished_at", "rows", "problems",
                "problem_count",
            ),
            Audience.CLIENT,
        )
    )  # fmt: skip

    def __str__(self) -> str:
        return self.file_name


class Task(models.Model):
    """One unit of work. `open_slots` counts the answers still to be claimed; `position` is its order in the job."""

    job = models.ForeignKey(Job, models.PROTECT, related_name="tasks", db_index=False)
    upload = models.ForeignKey(Upload, models.PROTECT, null=True, related_name="tasks", db_index=False)
    position = models.PositiveIntegerField()
    external_id = models.CharField(max_length=120, help_text="The client's own id.")
    data = models.JSONField()
    gold = models.JSONField(null=True, help_text="The known answer and why, for onboarding.")
    prediction = models.JSONField(null=True, help_text="{value, model, score}: what a machine said of it before.")
    open_slots = models.PositiveSmallIntegerField()
    turn = models.PositiveIntegerField(null=True, help_text="Its place among those that a machine put in front.")

    privacy.declare(
        id=Audience.PARTIES,
        job=Audience.PARTIES,
        upload=Audience.CLIENT,
        position=Audience.PARTIES,
        external_id=Audience.CLIENT,
        data=Audience.PARTIES,
        gold=Audience.NOBODY,
        prediction=Audience.PARTIES,
        open_slots=Audience.PUBLIC,
        turn=Audience.CLIENT,
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["job", "position"], name="one_task_per_position"),
            models.UniqueConstraint(fields=["job", "external_id"], name="one_task_per_external_id"),
            # A known question says nothing beforehand.
            models.CheckConstraint(
                condition=Q(prediction__isnull=True) | Q(prediction__has_key="value", gold__isnull=True),
                name="predictions_hold_a_value",
            ),
        ]
        indexes = [
            models.Index(fields=["job", "position"], condition=Q(open_slots__gt=0), name="tasks_with_open_slots"),
            models.Index(
                fields=["job", "turn"], condition=Q(open_slots__gt=0, turn__isnull=False), name="tasks_in_front"
            ),
        ]

    def __str__(self) -> str:
        return f"task {self.position} of job {self.job_id}"


class RateCard(models.Model):
    """What a member was shown before accepting: canonical JSON, its SHA-256 as its name, never changed."""

    digest = models.CharField(max_length=64, primary_key=True)
    body = models.TextField()

    privacy.declare(digest=Audience.PARTIES, body=Audience.PARTIES)

    def __str__(self) -> str:
        return self.digest[:8]


class AssignmentState(models.TextChoices):
    """Where an assignment stands. Live states hold a slot."""

    CLAIMED = "claimed", _("Open")
    SUBMITTED = "submitted", _("Being checked")
    SENT_BACK = "sent_back", _("Sent back")
    ACCEPTED = "accepted", _("Accepted")
    DISPUTED = "disputed", _("Rejected, and paid meanwhile")
    REJECTED = "rejected", _("Found wrong; the pay stays")
    LEFT = "left", _("Left")
    SKIPPED = "skipped", _("Skipped")
    EXPIRED = "expired", _("Time ran out")


LIVE_STATES = ("claimed", "submitted", "sent_back", "accepted", "disputed")
# Those in which the member may still write, until `expires_at`.
OPEN_STATES = ("claimed", "sent_back")


class Assignment(models.Model):
    """A task taken by a person at a known pay. Pay, fee, rate and card are fixed when it is claimed (E1, E2)."""

    task = models.ForeignKey(Task, models.PROTECT, related_name="assignments", db_index=False)
    job = models.ForeignKey(Job, models.PROTECT, related_name="assignments", db_index=False)
    person = models.ForeignKey(Person, models.PROTECT, related_name="assignments", db_index=False)
    slot = models.PositiveSmallIntegerField(help_text="1 to the job's overlap.")
    rate = models.ForeignKey(Rate, models.PROTECT, related_name="+", db_index=False)
    fee_version = models.ForeignKey(Fee, models.PROTECT, related_name="+", db_index=False)
    card = models.ForeignKey(RateCard, models.PROTECT, related_name="+", db_index=False)
    pay = MoneyField()
    fee = MoneyField()
    state = models.CharField(max_length=9, choices=AssignmentState, default=AssignmentState.CLAIMED)
    claimed_at = models.DateTimeField()
    expires_at = models.DateTimeField(help_text="Until when it can be handed in, or handed in again.")
    submitted_at = models.DateTimeField(null=True)
    accept_by = models.DateTimeField(null=True, help_text="When silence accepts it.")
    decided_at = models.DateTimeField(null=True)
    # Written by the database when the task is taken.
    team = models.ForeignKey("tasks.Team", models.PROTECT, null=True, related_name="assignments", db_index=False)

    privacy.declare(
        **dict.fromkeys(
            (
                "id",
                "task",
                "job",
                "team",
                "slot",
                "rate",
                "fee_version",
                "card",
                "pay",
                "fee",
                "state",
                "claimed_at",
                "expires_at",
                "submitted_at",
                "accept_by",
                "decided_at",
            ),
            Audience.PARTIES,
        ),
        person=Audience.SELF,
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["task", "slot"], condition=Q(state__in=LIVE_STATES), name="one_assignment_per_slot"
            ),
            models.UniqueConstraint(fields=["task", "person"], name="one_assignment_per_person_and_task"),
            models.UniqueConstraint(
                fields=["job", "person"], condition=Q(state="claimed"), name="one_open_claim_per_person_and_job"
            ),
            models.CheckConstraint(condition=Q(expires_at__gt=F("claimed_at")), name="assignments_expire_later"),
        ]
        indexes = [
            models.Index(fields=["person", "job", "-id"], name="assignments_of_a_person"),
            models.Index(fields=["job", "expires_at"], condition=Q(state__in=OPEN_STATES), name="claims_by_expiry"),
            models.Index(fields=["accept_by"], condition=Q(state="submitted"), name="answers_by_silence"),
            models.Index(fields=["job", "id"], name="assignments_of_a_job"),
            lately("submitted_at", "decided_at", name="answers_lately"),
            models.Index(fields=["team"], condition=Q(team__isnull=False), name="assignments_of_a_team"),
        ]

    def __str__(self) -> str:
        return f"assignment {self.pk} ({self.state})"

    @property
    def question(self) -> shapes.Question:
        """Return what it asks: its job's form for its task's data."""
        return self.job.question(self.task)


class Draft(models.Model):
    """What a member has written so far; kept with the assignment, gone when it is handed in."""

    assignment = models.OneToOneField(Assignment, models.PROTECT, primary_key=True, related_name="draft")
    value = models.JSONField()
    saved_at = models.DateTimeField()
    written_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+", db_index=False)

    privacy.declare(assignment=Audience.SELF, value=Audience.SELF, saved_at=Audience.SELF, written_by=Audience.PARTIES)

    def __str__(self) -> str:
        return f"draft of {self.assignment_id}"


class Answer(models.Model):
    """What a member handed in. A redo is a new answer with the next number; none is ever changed.

    On the day of deletion that its job named, the database puts the SHA-256 of the value in its place.
    """

    assignment = models.ForeignKey(Assignment, models.PROTECT, related_name="answers", db_index=False)
    number = models.PositiveSmallIntegerField(default=1)
    value = models.JSONField()
    seconds = models.PositiveIntegerField(help_text="Time from opening to handing in.")
    key = models.UUIDField(unique=True, help_text="Idempotency key of the form it was sent with.")
    at = models.DateTimeField()
    digest = models.CharField(  # noqa: DJ001 - null until the value is deleted
        max_length=64, null=True, editable=False,
        help_text="SHA-256 of the value that was deleted, as the database wrote it.",
    )  # fmt: skip

    privacy.declare(
        **dict.fromkeys(("id", "assignment", "number", "value", "at", "digest"), Audience.PARTIES),
        seconds=Audience.SELF,
        key=Audience.NOBODY,
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["assignment", "number"], name="one_answer_per_number")]
        indexes = [BrinIndex(fields=["at"], name="answers_by_time")]

    def __str__(self) -> str:
        return f"answer {self.number} to assignment {self.assignment_id}"

    @classmethod
    def last_ones(cls, *, until: datetime | None = None) -> "models.QuerySet[Answer]":
        """Find the last answer of each assignment, as they stood then: a redo that came later has replaced nothing."""
        answers = cls.objects.filter(at__lte=until) if until else cls.objects.all()
        redone = answers.filter(assignment=models.OuterRef("assignment"), number__gt=models.OuterRef("number"))
        return answers.filter(~models.Exists(redone))
