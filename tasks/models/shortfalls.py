"""Jobs whose usual hour makes less than the floor, and what is paid for the answers done at too low a pay."""

from django.db import models
from django.db.models import F, Q

from coop.people import privacy
from coop.people.privacy import Audience
from payments.money import MoneyField
from tasks.models.work import Assignment, Job


class Shortfall(models.Model):
    """A job at which the usual hour makes less than the floor: nobody takes more of it until that is made up for.

    The database writes it, from accepted answers, six of each member at most. `floor` is of an hour, `pay` what an
    answer paid then, `least_pay` what makes the floor; in US dollars. `made_up_at` is when its client had raised the
    pay and paid the difference for what was done.
    """

    job = models.ForeignKey(Job, models.PROTECT, related_name="shortfalls")
    units = models.PositiveIntegerField()
    people = models.PositiveIntegerField()
    median_seconds = models.PositiveIntegerField()
    floor = MoneyField()
    pay = MoneyField()
    least_pay = MoneyField()
    at = models.DateTimeField()
    made_up_at = models.DateTimeField(null=True)

    privacy.declare(
        **dict.fromkeys(
            ("id", "job", "units", "people", "median_seconds", "floor", "pay", "least_pay", "at", "made_up_at"),
            Audience.PUBLIC,
        )
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["job"], condition=Q(made_up_at=None), name="one_shortfall_at_a_time"),
            models.CheckConstraint(condition=Q(pay__lt=F("least_pay")), name="shortfalls_fall_short"),
        ]

    def __str__(self) -> str:
        return f"job {self.job_id} below the floor"


class Difference(models.Model):
    """What an answer done below the floor is paid afterwards, in US dollars; written by the database alone."""

    shortfall = models.ForeignKey(Shortfall, models.PROTECT, related_name="differences")
    # The constraint below is its index.
    assignment = models.ForeignKey(Assignment, models.PROTECT, related_name="differences", db_index=False)
    amount = MoneyField()

    privacy.declare(**dict.fromkeys(("id", "shortfall", "assignment", "amount"), Audience.SELF))

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["assignment", "shortfall"], name="one_difference_for_each_answer"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="differences_are_positive"),
        ]

    def __str__(self) -> str:
        return f"difference for assignment {self.assignment_id}"
