"""A job that its client offers no more for a while."""

from django.db import models
from django.db.models import Q

from coop.people import privacy
from coop.people.models import Person
from coop.people.privacy import Audience
from tasks.models.work import Job


class Halt(models.Model):
    """Since when nobody takes more of a job, why its client says so, and until when; times are the database's own."""

    job = models.ForeignKey(Job, models.PROTECT, related_name="halts")
    reason = models.TextField(max_length=500)
    asked_by = models.ForeignKey(Person, models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField(null=True, editable=False)
    ended_at = models.DateTimeField(null=True, editable=False)

    privacy.declare(
        **dict.fromkeys(("id", "job", "reason", "at", "ended_at"), Audience.PUBLIC), asked_by=Audience.CLIENT
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["job"], condition=Q(ended_at=None), name="one_halt_at_a_time"),
        ]

    def __str__(self) -> str:
        return f"job {self.job_id} halted"
