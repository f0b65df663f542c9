"""The hourly guarantee: what a week's engaged time came to, and what it lacked to the floor."""

from django.db import models
from django.db.models import Q

from coop.people import privacy
from coop.people.models import Person
from coop.people.privacy import Audience
from payments.money import MoneyField


class Reckoning(models.Model):
    """A look at a week (UTC, from the Monday `week`) that is over; `people` is for how many it wrote a TopUp.

    Whoever writes it says only the week. `complete` once nothing that was handed in that week is still being decided.
    """

    week = models.DateField()
    people = models.PositiveIntegerField(default=0)
    complete = models.BooleanField(default=False)
    at = models.DateTimeField()

    privacy.declare(**dict.fromkeys(("id", "week", "people", "complete", "at"), Audience.PUBLIC))

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["week"],
                condition=Q(complete=True),
                name="weeks_are_completed_once",
            )
        ]

    def __str__(self) -> str:
        return f"week of {self.week}"


class TopUp(models.Model):
    """What a member's week came to, written by the database alone and never changed; money in US dollars.

    `seconds` were worked at what was handed in that week, `earned` is what that paid, `floor` is an hour's least pay
    where they live; `amount`, what lacks: floor x seconds / 3600, rounded up, less earned; nothing where that is less.
    """

    person = models.ForeignKey(Person, models.PROTECT, related_name="top_ups", db_index=False)
    week = models.DateField()
    seconds = models.PositiveIntegerField()
    floor = MoneyField()
    earned = MoneyField()
    amount = MoneyField()
    at = models.DateTimeField()

    privacy.declare(
        **dict.fromkeys(
            ("id", "person", "week", "seconds", "floor", "earned", "amount", "at"),
            Audience.SELF,
        )
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "week"], name="one_top_up_for_each_week")]

    def __str__(self) -> str:
        return f"week of {self.week} of person {self.person_id}"


class TopUpPart(models.Model):
    """What pays a part of a top-up: a job's deposit for the floor, or the fund where `job` is None. Never changed.

    The database writes the parts with the top-up; they add up to it, in US dollars.
    """

    topup = models.ForeignKey(TopUp, models.PROTECT, related_name="parts", db_index=False)
    job = models.BigIntegerField(null=True)
    amount = MoneyField()

    privacy.declare(**dict.fromkeys(("id", "topup", "job", "amount"), Audience.SELF))

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["topup", "job"], name="one_part_from_each"),
            models.UniqueConstraint(fields=["topup"], condition=Q(job=None), name="one_part_from_the_fund"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="parts_are_positive"),
        ]
        indexes = [models.Index(fields=["job"], condition=Q(job__isnull=False), name="parts_of_deposits")]

    def __str__(self) -> str:
        return f"part of top-up {self.topup_id}"
