"""Files that a client hands in with a job: what came, and what was made of each for members to see."""

from typing import Any
from uuid import UUID

from django.db import models
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from coop.people import privacy
from coop.people.models import Client, Person
from coop.people.privacy import Audience
from tasks.models.work import Job


class Delivery(models.Model):
    """Files handed in together. Tasks may name them once all are read without a problem; else none of them."""

    job = models.ForeignKey(Job, models.PROTECT, related_name="deliveries")
    digest = models.CharField(max_length=64, help_text="SHA-256 of what came, names and contents.")
    created_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    problem_count = models.PositiveIntegerField(default=0)

    privacy.declare(
        **dict.fromkeys(
            ("id", "job", "digest", "created_by", "created_at", "finished_at", "problem_count"), Audience.CLIENT
        )
    )

    def __str__(self) -> str:
        return f"delivery {self.pk}"


class FileKind(models.TextChoices):
    """What a file is, by its content."""

    UNREAD = "", _("Not read yet")
    IMAGE = "image", _("Image")
    SOUND = "sound", _("Recording")
    CLOUD = "cloud", _("Point cloud")
    VIDEO = "video", _("Video")
    ARCHIVE = "archive", _("Archive")


class SeenFile(models.Model):
    """What is known of a file that is shown with tasks. Where it is kept, and who may know what, each model says."""

    name = models.CharField(max_length=200)
    key = models.UUIDField(unique=True)
    kind = models.CharField(max_length=7, choices=FileKind, blank=True)
    content_type = models.CharField(max_length=40, blank=True)
    bytes = models.PositiveIntegerField(default=0, help_text="Of `file`; of `source` until it is read.")
    facts = models.JSONField(default=dict, help_text="Its measures, as tasks.media says for each kind.")
    problem = models.JSONField(null=True, help_text="Why it is not taken: a key of tasks.unfit.PROBLEMS, and facts.")
    done_at = models.DateTimeField(null=True, help_text="When it was read.")
    took = models.PositiveIntegerField(default=0, help_text="Milliseconds for which a machine was at reading it.")

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name


class JobFile(SeenFile):
    """One file: as it came (`source`, until it is read), and as members see it (`file`), under an address by lot."""

    delivery = models.ForeignKey(Delivery, models.PROTECT, related_name="files")
    job = models.ForeignKey(Job, models.PROTECT, related_name="files", db_index=False)
    packed_in = models.ForeignKey("self", models.PROTECT, null=True, related_name="members", db_index=False)
    source = models.FileField(upload_to="deliveries/", max_length=200, blank=True)
    file = models.FileField(upload_to="files/", max_length=200, blank=True)
    small = models.FileField(upload_to="files/", max_length=200, blank=True, help_text="An image for phones.")
    usable = models.BooleanField(default=False, help_text="Its delivery came in whole: tasks may name it.")
    after = models.PositiveIntegerField(
        default=0, help_text="Tasks show it whose position is above this: those that joined an open job after the file."
    )

    privacy.declare(
        **dict.fromkeys(("id", "job", "name", "key", "kind", "file", "small", "content_type"), Audience.PARTIES),
        **dict.fromkeys(("bytes", "facts"), Audience.PARTIES),
        **dict.fromkeys(("delivery", "packed_in", "problem", "done_at", "took", "usable", "after"), Audience.CLIENT),
        source=Audience.NOBODY,
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["job", "name"], condition=Q(usable=True), name="one_usable_file_per_name"),
        ]

    @property
    def client(self) -> Client:
        """Return whose it is."""
        return self.job.client

    @property
    def is_packed(self) -> bool:
        """Tell whether it came in an archive."""
        return self.packed_in_id is not None

    def beside(self) -> QuerySet["JobFile"]:
        """Return the files of the same delivery."""
        return self.delivery.files.all()

    def member(self, name: str, key: UUID) -> "JobFile":
        """Return a row for a file that was packed in this one; not saved."""
        return JobFile(delivery_id=self.delivery_id, job_id=self.job_id, packed_in=self, name=name, key=key)

    def hold(self) -> bool:
        """Tell that its delivery does not end before it is read."""
        return True

    def forget_origin(self) -> list[str]:
        """Keep no longer where it was fetched from, once it is read; return the fields that this changed."""
        return []

    def shown(self) -> dict[str, Any]:
        """Return what kinds of answer know of it: kind, address, address of the small image, facts."""
        address = f"/media/{self.key}/"
        return {"kind": self.kind, "address": address, "small": f"{address}small/", "facts": self.facts}
