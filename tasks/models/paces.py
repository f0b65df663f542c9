"""How long work of a kind really takes, by the time its page was worked at."""

from django.db import models

from coop.people import privacy
from coop.people.privacy import Audience
from payments.models import WorkType


class Pace(models.Model):
    """The engaged time of a kind of work, in seconds: the middle answer, and where the quarters on both sides end.

    The database measures it, from accepted answers of five members at least, six of each at most; never changed, the
    latest counts for eight days.
    """

    work_type = models.ForeignKey(WorkType, models.PROTECT, related_name="paces")
    units = models.PositiveIntegerField()
    people = models.PositiveIntegerField()
    median_seconds = models.DecimalField(max_digits=12, decimal_places=3)
    quicker_quarter = models.DecimalField(max_digits=12, decimal_places=3)
    slower_quarter = models.DecimalField(max_digits=12, decimal_places=3)
    at = models.DateTimeField()

    privacy.declare(
        **dict.fromkeys(
            ("id", "work_type", "units", "people", "median_seconds", "quicker_quarter", "slower_quarter", "at"),
            Audience.PUBLIC,
        )
    )

    def __str__(self) -> str:
        return f"pace of {self.work_type_id}"
