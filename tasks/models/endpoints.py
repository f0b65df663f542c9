"""Where a job's own model answers, and how far it was asked."""

from django.db import models
from django.db.models import Q

from coop import door
from coop.people import privacy
from coop.people.models import Person
from coop.people.privacy import Audience
from tasks.models.work import Job


class Endpoint(models.Model):
    """The server of a job's model: asked about each task that nobody was offered yet, until it fails too often.

    User name and password are sealed by keys outside the database; both are empty where the server asks for none.
    """

    job = models.OneToOneField(Job, models.PROTECT, primary_key=True, related_name="endpoint")
    url = models.CharField(max_length=door.LONGEST_ADDRESS)
    sealed = models.TextField(blank=True)
    fingerprint = models.CharField(max_length=64, blank=True)
    named_by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    named_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    version = models.CharField(max_length=120, blank=True, help_text="What the model calls itself.")
    at_once = models.PositiveSmallIntegerField(help_text="Tasks in one call; fewer after one that failed.")
    after = models.PositiveIntegerField(default=0, help_text="The place of the last task it was asked about.")
    tries = models.PositiveSmallIntegerField(default=0, help_text="Calls that failed, one after another.")
    next_at = models.DateTimeField(null=True, help_text="When it is asked again at the soonest; null for never.")
    at = models.DateTimeField(null=True, help_text="When it was asked last.")
    problem = models.CharField(max_length=20, blank=True, help_text="Why the last call failed.")
    status = models.PositiveSmallIntegerField(null=True, help_text="The status that came back instead of an answer.")
    predicted = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    problems = models.JSONField(default=list, help_text="[{task, problem}] of the first that were refused.")

    privacy.declare(
        **dict.fromkeys(
            (
                "job", "url", "named_by", "named_at", "ended_at", "version", "at_once", "after", "tries", "next_at",
                "at", "problem", "status", "predicted", "refused", "problems",
            ),
            Audience.CLIENT,
        ),
        sealed=Audience.NOBODY,
        fingerprint=Audience.NOBODY,
    )  # fmt: skip

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(next_at=None), name="endpoints_that_ended_are_not_asked"
            ),
        ]
        indexes = [
            models.Index(fields=["next_at"], condition=Q(next_at__isnull=False), name="endpoints_that_are_due"),
        ]

    def __str__(self) -> str:
        return f"endpoint of job {self.job_id}"

    @property
    def state(self) -> str:
        """Return how it stands: live, retrying, given_up or ended."""
        if self.ended_at:
            return "ended"
        return "given_up" if self.next_at is None else "retrying" if self.problem else "live"
