"""Versions of what a job's answers came to, each written once and kept, and what is left out of later ones."""

from collections.abc import Callable

from django.db import models
from django.db.models import Q

from coop.people import privacy
from coop.people.models import Person
from coop.people.privacy import Audience
from tasks.models.work import Job, Task


class Release(models.Model):
    """A version of a job's data set: its answers as they stood at `asked_at`, in parts of 5,000 tasks, never changed.

    `digest` is the SHA-256 of the parts' own (in hexadecimal, one a line); `splits` says which share of the tasks goes
    where, in hundredths. Added, changed and removed count items against the version before.
    """

    job = models.ForeignKey(Job, models.PROTECT, related_name="releases", db_index=False)
    number = models.PositiveIntegerField()
    splits = models.JSONField(default=dict, help_text='{"train": 80, "test": 20}')
    asked_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    asked_at = models.DateTimeField()
    tasks = models.PositiveIntegerField(help_text="How many tasks there are to write.")
    place = models.PositiveIntegerField(default=0, help_text="The position of the last task that is written.")
    items = models.PositiveIntegerField(default=0)
    answers = models.PositiveIntegerField(default=0)
    parts = models.JSONField(default=list, help_text="The SHA-256 of each part.")
    folder = models.UUIDField(unique=True)
    added = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    removed = models.PositiveIntegerField(default=0)
    digest = models.CharField(max_length=64, blank=True)
    certificate = models.TextField(blank=True, help_text="What was paid for it: canonical JSON.")
    signature = models.CharField(max_length=128, blank=True, help_text="Ed25519 over the certificate, hexadecimal.")
    finished_at = models.DateTimeField(null=True)

    privacy.declare(
        **dict.fromkeys(
            (
                "id", "job", "number", "splits", "asked_by", "asked_at", "tasks", "place", "items", "answers", "parts",
                "folder", "added", "changed", "removed", "digest", "certificate", "signature", "finished_at",
            ),
            Audience.CLIENT,
        )
    )  # fmt: skip

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["job", "number"], name="one_release_per_number"),
            models.CheckConstraint(
                condition=Q(finished_at=None, digest="") | Q(finished_at__isnull=False, digest__regex="^[0-9a-f]{64}$"),
                name="finished_releases_have_a_digest",
            ),
        ]

    # Called at the end of each part that is read: whoever makes a file of it tells by this how far that is.
    part_was_read: Callable[[], object] | None = None

    def __str__(self) -> str:
        return f"release {self.number} of job {self.job_id}"


class Failure(models.TextChoices):
    """Why a file of a version was not made."""

    ROOM = "room", "no room of the client's"
    DISK = "disk", "no room on disk"
    FAULT = "fault", "a fault"


class ReleaseFile(models.Model):
    """The file that a version goes home in, of one format: made once, kept on disk until nobody takes it for a week.

    `digest` is its own SHA-256. Its formats read the version's parts once or several times; `place` counts all of it.
    One that is forgotten was not asked for: its row is empty. `tries` are counted as they begin.
    """

    release = models.ForeignKey(Release, models.PROTECT, related_name="files", db_index=False)
    name = models.CharField(max_length=40, help_text="Of its format.")
    asked_at = models.DateTimeField(null=True, help_text="Nothing where it is forgotten.")
    used_at = models.DateTimeField(help_text="When it was taken last, to the day.")
    place = models.PositiveIntegerField(default=0, help_text="How many parts of the version were read for it.")
    bytes = models.BigIntegerField(default=0)
    digest = models.CharField(max_length=64, blank=True, help_text="Its SHA-256.")
    finished_at = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0, db_default=0, help_text="How often it was begun.")
    failed_at = models.DateTimeField(null=True, help_text="Nothing once it is asked for anew.")
    failure = models.CharField(max_length=5, choices=Failure, blank=True, default="", db_default="")

    privacy.declare(
        **dict.fromkeys(("id", "release", "name", "asked_at", "used_at", "place", "bytes", "digest"), Audience.CLIENT),
        **dict.fromkeys(("finished_at", "tries", "failed_at", "failure"), Audience.CLIENT),
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["release", "name"], name="one_file_per_version_and_format"),
            models.CheckConstraint(
                condition=Q(finished_at=None, digest="")
                | Q(finished_at__isnull=False, asked_at__isnull=False, digest__regex="^[0-9a-f]{64}$"),
                name="finished_files_of_versions_have_a_digest",
            ),
            models.CheckConstraint(
                condition=Q(failed_at=None, failure="")
                | Q(failed_at__isnull=False, asked_at__isnull=False, finished_at=None, failure__in=Failure.values),
                name="files_of_versions_fail_for_a_reason",
            ),
        ]
        indexes = [models.Index(fields=["used_at"], name="files_of_versions_by_use")]

    def __str__(self) -> str:
        return f"{self.name} of {self.release}"

    @property
    def is_being_made(self) -> bool:
        """Tell whether it was asked for, is not whole yet, and nothing kept it from being made."""
        return bool(self.asked_at) and self.finished_at is None and self.failed_at is None


class Withdrawal(models.Model):
    """A task that later versions leave out, and why."""

    task = models.OneToOneField(Task, models.PROTECT, primary_key=True, related_name="withdrawal")
    reason = models.CharField(max_length=500)
    by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()

    privacy.declare(task=Audience.CLIENT, reason=Audience.CLIENT, by=Audience.CLIENT, at=Audience.CLIENT)

    def __str__(self) -> str:
        return f"withdrawal of task {self.task_id}"
