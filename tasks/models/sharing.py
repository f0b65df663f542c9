"""Shares of a job that are kept for members, where a vote said that its kind of work is shared (N9)."""

from django.db import models

from coop.people import privacy
from coop.people.models import Person
from coop.people.privacy import Audience
from tasks.models.work import Job


class Reserve(models.Model):
    """How many tasks of a job are kept for a person until a moment; written by the database when the job opens."""

    # The constraint below is its index.
    job = models.ForeignKey(Job, models.PROTECT, related_name="reserves", db_index=False)
    person = models.ForeignKey(Person, models.PROTECT, related_name="+")
    units = models.PositiveIntegerField()
    until = models.DateTimeField()

    privacy.declare(**dict.fromkeys(("id", "job", "person", "units", "until"), Audience.SELF))

    class Meta:
        constraints = [models.UniqueConstraint(fields=["job", "person"], name="one_share_of_a_job_each")]

    def __str__(self) -> str:
        return f"share of {self.person_id} in job {self.job_id}"
