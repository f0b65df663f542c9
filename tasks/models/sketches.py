"""Jobs as far as they are written: what each step was given, complete or not, until a job is made of it."""

from typing import Any

from django.db import models

from coop.people import privacy
from coop.people.models import Client, Person
from coop.people.privacy import Audience
from payments.models import WorkType
from tasks.models.work import Job


class Sketch(models.Model):
    """A job that a client is writing, step by step. It ends when the job is made of it, or when it is dropped.

    `said` holds what was filled in by field; it and the file are emptied when the sketch ends. `piloted` counts the
    rows of the file that paid pilots have asked, the latest of which is `pilot`.
    """

    client = models.ForeignKey(Client, models.PROTECT, related_name="sketches")
    work_type = models.ForeignKey(WorkType, models.PROTECT, related_name="+")
    said = models.JSONField(default=dict)
    file = models.FileField(upload_to="sketches/", max_length=200, blank=True)
    file_name = models.CharField(max_length=200, blank=True)
    rows = models.PositiveIntegerField(default=0)
    bytes = models.PositiveBigIntegerField(default=0)
    piloted = models.PositiveIntegerField(default=0)
    pilot = models.OneToOneField(Job, models.PROTECT, null=True, related_name="piloted_by")
    job = models.OneToOneField(Job, models.PROTECT, null=True, related_name="sketch")
    written_by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    begun_at = models.DateTimeField(null=True, editable=False)
    at = models.DateTimeField(null=True, editable=False)
    dropped_at = models.DateTimeField(null=True)

    privacy.declare(
        **dict.fromkeys(
            (
                "id", "client", "work_type", "said", "file", "file_name", "rows", "bytes", "piloted", "pilot", "job",
                "written_by", "begun_at", "at", "dropped_at",
            ),
            Audience.CLIENT,
        )
    )  # fmt: skip

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(job=None) | models.Q(dropped_at=None), name="sketches_end_in_one_way"
            ),
        ]
        indexes = [
            models.Index(
                fields=["client", "-at"], condition=models.Q(job=None, dropped_at=None), name="sketches_under_way"
            ),
        ]

    def __str__(self) -> str:
        return f"sketch {self.pk}"

    @property
    def title(self) -> str:
        """Return how the job is to be called, as far as it is."""
        said: dict[str, Any] = self.said
        return str(said.get("title", ""))
