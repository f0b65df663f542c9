"""What a client changed of its work, and what the pilot of it showed."""

from django.db import models

from coop.people import privacy
from coop.people.privacy import Audience
from payments.money import MoneyField
from tasks.models.work import Job


class Rescoping(models.Model):
    """A job whose guide, form, checking or time differs from its client's former work of the kind (N4).

    The database writes it when the job opens; from then on the job is a pilot until it was measured.
    """

    job = models.OneToOneField(Job, models.PROTECT, primary_key=True, related_name="rescoping")
    at = models.DateTimeField()

    privacy.declare(job=Audience.PUBLIC, at=Audience.PUBLIC)

    def __str__(self) -> str:
        return f"job {self.job_id} asks something else"


class Pilot(models.Model):
    """What a pilot showed: paid units by members, at most six of each, and the least pay that follows. Never changed.

    The database measures it (`pilot_is_measured_by_the_database`); the latest counts, for seven days.
    """

    job = models.ForeignKey(Job, models.PROTECT, related_name="pilots")
    units = models.PositiveIntegerField()
    people = models.PositiveIntegerField()
    median_seconds = models.PositiveIntegerField()
    least_pay = MoneyField(help_text="At which an hour pays what the client's former work paid.")
    measured_at = models.DateTimeField()

    privacy.declare(
        **dict.fromkeys(
            ("id", "job", "units", "people", "median_seconds", "least_pay", "measured_at"), Audience.PUBLIC
        ),
    )

    def __str__(self) -> str:
        return f"pilot of job {self.job_id}"
