"""What a client asked the built-in machine to do in a job, and what it learned."""

from django.db import models

from coop.people import privacy
from coop.people.models import Person
from coop.people.privacy import Audience
from tasks.models.work import Job


class Machine(models.Model):
    """The machine of a job: chosen while it is a draft, taught by accepted answers while it is open.

    Of `tried` answered tasks that were kept back from it, it guessed `agreed` right.
    """

    job = models.OneToOneField(Job, models.PROTECT, primary_key=True, related_name="machine")
    orders = models.BooleanField(help_text="Whether the tasks it doubts most come first.")
    shows = models.BooleanField(help_text="Whether members start from its guess.")
    asked_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    asked_at = models.DateTimeField()
    learned = models.PositiveIntegerField(default=0, help_text="How many answers were accepted when it was taught.")
    tried = models.PositiveIntegerField(default=0)
    agreed = models.PositiveIntegerField(default=0)
    at = models.DateTimeField(null=True, help_text="When it was taught last.")

    privacy.declare(
        **dict.fromkeys(
            ("job", "orders", "shows", "asked_by", "asked_at", "learned", "tried", "agreed", "at"), Audience.CLIENT
        )
    )

    def __str__(self) -> str:
        return f"machine of job {self.job_id}"

    @property
    def share(self) -> int | None:
        """Return how many of 10,000 it guessed right; None before it was tried."""
        return round(10_000 * self.agreed / self.tried) if self.tried else None
