"""What the API takes and gives. Amounts are decimal text in US$; times are ISO 8601 in UTC."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from payments import founding
from payments.models import WorkType
from tasks import check_shares, files, formats, halts, jobs, skills
from tasks.models import (
    Delivery,
    Dispute,
    Estimate,
    Job,
    LooksFor,
    Machine,
    Release,
    ReviewRule,
    Share,
    Skill,
    Topic,
    Upload,
)
from tasks.quality import suggested

RULES = [ReviewRule.MAJORITY.value, ReviewRule.PEER.value]


class Named(serializers.SlugRelatedField[Any]):
    """What is named by its slug; PostgreSQL would break at a name with a NUL in it."""

    def to_internal_value(self, data: Any) -> Any:  # noqa: ANN401 - DRF's own
        """Return what has this name."""
        if "\0" in str(data):
            self.fail("does_not_exist", slug_name=self.slug_field, value=str(data).replace("\0", "�"))
        return super().to_internal_value(data)


class PayField(serializers.DecimalField):
    """An amount of US$ above zero, at most six decimal places."""

    def __init__(self, **options: Any) -> None:
        """Set the bounds."""
        least = Decimal("0.000001")
        super().__init__(max_digits=11, decimal_places=6, min_value=least, max_value=jobs.PAY_MAX, **options)


class SumField(serializers.DecimalField):
    """A sum of US$, six decimal places."""

    def __init__(self, **options: Any) -> None:
        """Set the form."""
        super().__init__(max_digits=20, decimal_places=6, read_only=True, **options)


class TaxField(SumField):
    """The tax in a sum."""

    def __init__(self) -> None:
        """Say that there is none."""
        super().__init__(default=Decimal(0), help_text="None is added: what your country asks for is yours to declare.")


class NewJob(serializers.Serializer[Any]):
    """A job to be drafted."""

    work_type = Named(slug_field="slug", queryset=founding.for_clients(), help_text="As in /api/v1/rates.")
    title = serializers.CharField(max_length=120)
    guide = serializers.CharField(max_length=40_000, help_text="Markdown.")
    form = serializers.DictField(
        help_text="The question and what its kind of answer needs, as coop/docs/kinds.md says."
    )
    overlap = serializers.IntegerField(min_value=1, max_value=jobs.OVERLAP_MAX, default=3)
    pay = PayField(help_text="US$ for each answer; the voted rate or more.")
    review_rule = serializers.ChoiceField(choices=RULES, default=ReviewRule.MAJORITY.value)
    check_share = serializers.IntegerField(
        min_value=check_shares.LEAST, max_value=Job.EACH, default=Job.EACH,
        help_text="Of how many in 100 answers a member checks, drawn by lot once they are handed in; of `peer` alone.",
    )  # fmt: skip
    sensitivity = serializers.CharField(max_length=200, default="", allow_blank=True, help_text="What may upset.")
    content = serializers.DictField(
        child=serializers.ChoiceField(choices=Share.values), default=dict,
        help_text=f"How often each topic comes up. Topics: {', '.join(Topic.values)}. It asks for a fifth more pay.",
    )  # fmt: skip
    minutes = serializers.IntegerField(min_value=5, max_value=1440, default=60, help_text="From claim to handing in.")
    asks = serializers.PrimaryKeyRelatedField(
        queryset=skills.to_ask(), default=None, allow_null=True,
        help_text="The skill of whoever takes it, as in /api/v1/skills; its test is paid and open to everybody.",
    )  # fmt: skip

    def facts(self) -> dict[str, Any]:
        """Return what `jobs.draft` takes."""
        facts = dict(self.validated_data)
        limit = timedelta(minutes=facts.pop("minutes"))
        return {**facts, "time_limit": limit}


class NewPay(serializers.Serializer[Any]):
    """A higher pay."""

    pay = PayField(help_text="US$ for each answer; not less than now.")


class JobLine(serializers.ModelSerializer[Job]):
    """A job in a list."""

    work_type = serializers.SlugRelatedField[WorkType](slug_field="slug", read_only=True)
    pay = SumField()
    state = serializers.SerializerMethodField()

    class Meta:
        model = Job
        fields = (
            "id", "title", "work_type", "state", "pay", "overlap", "review_rule", "check_share", "asks", "sensitivity",
            "content", "drafted_at", "opened_at", "closed_at", "delete_on", "deleted_at", "emptied_at",
        )  # fmt: skip

    def get_state(self, job: Job) -> str:
        """Return draft, open or closed."""
        return "closed" if job.closed_at else "open" if job.opened_at else "draft"


class Money(serializers.Serializer[Any]):
    """What a job costs at most, what of it is set aside and unclaimed, and what is missing before it can open."""

    wages = SumField()
    fee = SumField()
    checks = SumField()
    floor = SumField(help_text="Deposit for the hourly floor; what is not needed comes back.")
    total = SumField()
    set_aside = SumField()
    missing = SumField()


class JobWhole(JobLine):
    """One job with its guide, form and money."""

    guide = serializers.CharField(source="guide_now", help_text="As its latest version says it.")
    money = serializers.SerializerMethodField()
    paused_at = serializers.SerializerMethodField(help_text="Since when you pause it; null while it is offered.")

    class Meta(JobLine.Meta):
        fields = (*JobLine.Meta.fields, "guide", "form", "money", "paused_at")  # type: ignore[assignment]

    def get_paused_at(self, job: Job) -> datetime | None:
        """Return since when the job is paused by its client."""
        halt = halts.standing(job)
        return halt.at if halt else None

    def get_money(self, job: Job) -> Money:
        """Return the job's money."""
        return Money(jobs.money_of(job)).data  # type: ignore[return-value]


class ProgressOut(serializers.Serializer[Any]):
    """How far a job is: answers by where they stand."""

    tasks = serializers.IntegerField()
    answers = serializers.IntegerField()
    unclaimed = serializers.IntegerField()
    claimed = serializers.IntegerField()
    being_checked = serializers.IntegerField()
    sent_back = serializers.IntegerField()
    accepted = serializers.IntegerField()
    disputed = serializers.IntegerField()
    spent = SumField()
    earliest = serializers.DateTimeField(
        allow_null=True, help_text="When it may be done, at the pace of late; or null."
    )
    latest = serializers.DateTimeField(allow_null=True)
    in_one_day = serializers.IntegerField(help_text="Answers being checked that silence accepts within a day.")
    in_two_days = serializers.IntegerField(help_text="After that, within two days.")
    later = serializers.IntegerField()
    checked = serializers.IntegerField(help_text="Of 10,000 answers handed in: by a member or by you.")
    returned = serializers.IntegerField(help_text="Of 10,000 answers handed in: sent back to be put right.")
    questions = serializers.IntegerField(help_text="From members, waiting for an answer.")


class Rejection(serializers.Serializer[Any]):
    """Why one answer is rejected, and which part of it is wrong."""

    reason = serializers.CharField(max_length=2000, help_text="At least ten letters. The member reads it.")
    place = serializers.CharField(
        max_length=200, help_text="A part of the answer, as its columns are named: labels, preference, reason."
    )


class DisputeOut(serializers.ModelSerializer[Dispute]):
    """A rejected answer: by whose word, until when members decide, and what came out (null while they look)."""

    answer = serializers.IntegerField(source="assignment_id")
    job = serializers.IntegerField(source="assignment.job_id", read_only=True)
    task = serializers.CharField(source="assignment.task.external_id", read_only=True, help_text="Your own id.")
    by = serializers.ChoiceField(choices=LooksFor.choices, source="looks_for", read_only=True)
    stands = serializers.SerializerMethodField(help_text="true: you pay; false: the money came back.")

    class Meta:
        model = Dispute
        fields = ("id", "job", "task", "answer", "by", "reason", "place", "opened_at", "decide_by", "stands")

    def get_stands(self, dispute: Dispute) -> bool | None:
        """Return the outcome."""
        return dispute.settlement.stands if hasattr(dispute, "settlement") else None


class UploadOut(serializers.ModelSerializer[Upload]):
    """What became of a data set: all its rows are in, or none, and then its problems say why."""

    state = serializers.SerializerMethodField()

    class Meta:
        model = Upload
        fields = ("id", "state", "rows", "problem_count", "problems", "created_at", "finished_at")

    def get_state(self, upload: Upload) -> str:
        """Return reading, loaded or sent_back."""
        return "reading" if upload.finished_at is None else "sent_back" if upload.problem_count else "loaded"


class DeliveryOut(serializers.ModelSerializer[Delivery]):
    """What became of files: tasks may name all of them, or none, and then the problem of each says why."""

    state = serializers.SerializerMethodField(help_text="reading, taken_in or sent_back.")
    files = serializers.SerializerMethodField(help_text="How many there are, as far as archives are unpacked.")
    read = serializers.SerializerMethodField(help_text="How many of them are read.")
    problems = serializers.SerializerMethodField(help_text="[{file, problem}], the first 200.")

    class Meta:
        model = Delivery
        fields = ("id", "state", "files", "read", "problem_count", "problems", "created_at", "finished_at")

    def get_state(self, delivery: Delivery) -> str:
        """Return reading, taken_in or sent_back."""
        return "reading" if delivery.finished_at is None else "sent_back" if delivery.problem_count else "taken_in"

    def get_files(self, delivery: Delivery) -> int:
        """Return how many files there are."""
        return delivery.files.count()

    def get_read(self, delivery: Delivery) -> int:
        """Return how many of them are read."""
        return delivery.files.filter(done_at__isnull=False).count()

    def get_problems(self, delivery: Delivery) -> list[dict[str, str]]:
        """Return what is wrong with each of the first that are not taken."""
        return [{"file": name, "problem": words} for name, words in files.problems(delivery)]


class DeliveryWhole(DeliveryOut):
    """One delivery, with the names that tasks may use."""

    names = serializers.SerializerMethodField(
        help_text="Of the files that were taken in; empty before, or if none was."
    )

    class Meta(DeliveryOut.Meta):
        fields = (*DeliveryOut.Meta.fields, "names")  # type: ignore[assignment]

    def get_names(self, delivery: Delivery) -> list[str]:
        """Return the names, in the order in which the files came."""
        return list(delivery.files.filter(usable=True).order_by("pk").values_list("name", flat=True))


class Range(serializers.Serializer[Any]):
    """The middle half of what jobs of a kind pay, in US$ for each answer."""

    least = SumField()
    most = SumField()


class RateOut(serializers.Serializer[Any]):
    """What a kind of work pays at least, by the members' vote, and what it takes.

    `usual_seconds` is measured from twenty answers on, before that as voted; `usually_pays` is null where fewer than
    four jobs of two clients paid for the kind in a year.
    """

    work_type = serializers.CharField(source="it.slug")
    name = serializers.CharField(source="it.name")
    shape = serializers.CharField(source="it.shape")
    unit = serializers.CharField(source="it.unit")
    version = serializers.IntegerField(source="row.rate.version")
    amount = SumField(source="row.rate.amount")
    currency = serializers.CharField(source="row.rate.currency")
    estimated_seconds = serializers.IntegerField(source="row.rate.estimated_seconds", help_text="As voted.")
    usual_seconds = serializers.IntegerField(source="row.time.usual")
    measured = serializers.BooleanField(source="row.time.measured")
    on_phone = serializers.BooleanField(help_text="Whether a phone is enough.")
    for_clients = serializers.BooleanField(help_text="Whether jobs can be posted of it.")
    usually_pays = Range(allow_null=True)
    mandate = serializers.IntegerField(source="row.rate.mandate_id")
    since = serializers.DateTimeField(source="row.rate.since")


class SkillOut(serializers.ModelSerializer[Skill]):
    """A skill that a job may ask for: what it is, in English and in Spanish, in Markdown."""

    class Meta:
        model = Skill
        fields = ("id", "name", "about", "name_es", "about_es")


class QuarterOut(serializers.Serializer[Any]):
    """A quarter of the latest answers, the quickest first: how many, and how many of 10,000 kept it."""

    answers = serializers.IntegerField()
    kept = serializers.IntegerField()


class QualityOut(serializers.ModelSerializer[Estimate]):
    """How far the answers of a job agree: Krippendorff's alpha with its interval; nobody is ranked."""

    doubtful = serializers.SerializerMethodField(help_text="The least certain tasks: [{id, confidence}].")
    suggested = serializers.SerializerMethodField(
        help_text="Who left what a machine had said as it stood, the quickest quarter first; empty with few answers."
    )

    class Meta:
        model = Estimate
        fields = (
            "way", "answers", "people", "alpha", "alpha_low", "alpha_high", "scales", "systems", "doubtful",
            "suggested", "at",
        )  # fmt: skip

    def get_doubtful(self, estimate: Estimate) -> list[dict[str, Any]]:
        """Return the client's own ids of the least certain tasks, the least first."""
        return [{"id": name, "confidence": sure / 10_000} for name, sure in estimate.least_certain()]

    @extend_schema_field(QuarterOut(many=True))
    def get_suggested(self, estimate: Estimate) -> list[QuarterOut]:
        """Return how often suggestions were left as they stood."""
        return QuarterOut(suggested.of(estimate.job), many=True).data  # type: ignore[return-value]


class NewMachine(serializers.Serializer[Any]):
    """What the built-in machine does in a job."""

    orders = serializers.BooleanField(help_text="Whether the tasks it doubts most come first.")
    shows = serializers.BooleanField(help_text="Whether members start from its guess.")


class MachineOut(serializers.ModelSerializer[Machine]):
    """What the built-in machine does in a job, and how much it learned; `agreed` of `tried` guesses were right."""

    class Meta:
        model = Machine
        fields = ("orders", "shows", "learned", "tried", "agreed", "at")


class NewRelease(serializers.Serializer[Any]):
    """How a version is split."""

    splits = serializers.DictField(
        child=serializers.IntegerField(min_value=1, max_value=100), required=False,
        help_text='Hundredths by name, as {"train": 80, "test": 20}; all of it is "train" where nothing is said.',
    )  # fmt: skip


class NewWithdrawal(serializers.Serializer[Any]):
    """Which items later versions leave out, and why."""

    items = serializers.ListField(child=serializers.CharField(max_length=120), min_length=1, max_length=10_000)
    reason = serializers.CharField(max_length=500)


class ReleaseOut(serializers.ModelSerializer[Release]):
    """A version of a job's data set; `digest` names its content once it is whole."""

    formats = serializers.SerializerMethodField(help_text="In which it can be downloaded; its certificate beside them.")

    class Meta:
        model = Release
        fields = (
            "number", "splits", "asked_at", "tasks", "place", "items", "answers", "added", "changed", "removed",
            "digest", "formats", "finished_at",
        )  # fmt: skip

    def get_formats(self, release: Release) -> list[str]:
        """Return the formats of its kind of work."""
        return formats.of(release.job)
