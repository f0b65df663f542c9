"""How the guide of an open job grows: what members ask, the versions that answer, and who read them, paid."""

from django.db import models

from coop.people import privacy
from coop.people.models import Person
from coop.people.privacy import Audience
from payments.money import MoneyField
from tasks.models.work import Assignment, Job


class Question(models.Model):
    """What a member asked from inside a task. The client reads the words and the task, never who asked."""

    assignment = models.ForeignKey(Assignment, models.PROTECT, related_name="questions")
    words = models.TextField(max_length=1000)
    asked_at = models.DateTimeField(null=True, editable=False)

    privacy.declare(**dict.fromkeys(("id", "assignment", "words", "asked_at"), Audience.PARTIES))

    def __str__(self) -> str:
        return f"question {self.pk}"


class GuideVersion(models.Model):
    """A guide from a moment on, whole. The first is the job's own; the database numbers and weighs the later ones.

    `words` stand in lines that are new, `changed` is the larger of those and of the words that went; reading takes
    `seconds` and pays `pay`. Where much changed it `rescopes`: the job is a pilot anew (N4). `job_pay` was its pay.
    """

    job = models.ForeignKey(Job, models.PROTECT, related_name="guide_versions", db_index=False)
    number = models.PositiveIntegerField(null=True, editable=False)
    guide = models.TextField(max_length=40_000, help_text="Markdown.")
    digest = models.CharField(max_length=64, editable=False, help_text="SHA-256 of the guide, as rate cards name it.")
    words = models.PositiveIntegerField(null=True, editable=False)
    changed = models.PositiveIntegerField(null=True, editable=False)
    seconds = models.PositiveIntegerField(null=True, editable=False)
    pay = MoneyField(null=True, editable=False)
    job_pay = MoneyField(null=True, editable=False)
    rescopes = models.BooleanField(null=True, editable=False)
    written_by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    at = models.DateTimeField(null=True, editable=False)

    privacy.declare(
        **dict.fromkeys(
            (
                "id",
                "job",
                "number",
                "guide",
                "digest",
                "words",
                "changed",
                "seconds",
                "pay",
                "job_pay",
                "rescopes",
                "at",
            ),
            Audience.PUBLIC,
        ),
        written_by=Audience.CLIENT,
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["job", "number"], name="one_guide_per_number")]

    def __str__(self) -> str:
        return f"guide {self.number} of job {self.job_id}"


class Reply(models.Model):
    """The answer to a question, as it stands in a version of the guide for everybody."""

    question = models.OneToOneField(Question, models.PROTECT, related_name="reply")
    version = models.ForeignKey(GuideVersion, models.PROTECT, related_name="replies")
    words = models.TextField(max_length=4000)

    privacy.declare(**dict.fromkeys(("id", "question", "version", "words"), Audience.PARTIES))

    def __str__(self) -> str:
        return f"reply to question {self.question_id}"


class Reading(models.Model):
    """That a member read what a version changed, having worked by an older one: paid once, as the version says."""

    version = models.ForeignKey(GuideVersion, models.PROTECT, related_name="readings", db_index=False)
    person = models.ForeignKey(Person, models.PROTECT, related_name="+")
    pay = MoneyField(null=True, editable=False)
    at = models.DateTimeField(null=True, editable=False)

    privacy.declare(
        **dict.fromkeys(("id", "version", "pay", "at"), Audience.PARTIES),
        person=Audience.SELF,
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["version", "person"], name="one_reading_per_person_and_version")]

    def __str__(self) -> str:
        return f"reading {self.pk}"
