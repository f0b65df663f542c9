"""Letters about new work, as each member wants them; none without having asked."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from coop.people import privacy
from coop.people.models import Person
from coop.people.privacy import Audience
from payments.money import MoneyField
from tasks.models.work import Job


class AlertWish(models.Model):
    """Of which new jobs a member wants to hear, in which hours of their day, and how often at most."""

    person = models.OneToOneField(Person, models.PROTECT, primary_key=True, related_name="alert_wish")
    wanted = models.BooleanField(default=False)
    kinds = ArrayField(models.BigIntegerField(), default=list, blank=True, help_text="Kinds of work; none: any.")
    least_hourly = MoneyField(null=True, help_text="US dollars that an hour at the usual time makes at least.")
    from_hour = models.PositiveSmallIntegerField(default=8, help_text="Where they live.")
    until_hour = models.PositiveSmallIntegerField(default=20)
    most_a_day = models.PositiveSmallIntegerField(default=1)
    at = models.DateTimeField()

    privacy.declare(
        **dict.fromkeys(
            ("person", "wanted", "kinds", "least_hourly", "from_hour", "until_hour", "most_a_day", "at"), Audience.SELF
        )
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(from_hour__lt=F("until_hour"), until_hour__lte=24), name="alerts_come_in_hours_of_a_day"
            ),
            models.CheckConstraint(condition=Q(most_a_day__range=(1, 10)), name="alerts_are_few"),
        ]

    def __str__(self) -> str:
        return f"alert wish of {self.person_id}"


class Alert(models.Model):
    """One letter about one job; the database lets only those be written that were wished for."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="alerts", db_index=False)
    job = models.ForeignKey(Job, models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField(null=True, editable=False)

    privacy.declare(**dict.fromkeys(("id", "person", "job", "at"), Audience.SELF))

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "job"], name="one_alert_of_a_job_each")]
        indexes = [models.Index(fields=["person", "-at"], name="alerts_of_a_person")]

    def __str__(self) -> str:
        return f"alert {self.pk}"
