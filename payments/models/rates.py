"""What work pays: kinds of work, their voted rates, and the fee on top."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext as _

from coop.people import privacy
from coop.people.privacy import Audience
from governance.models import Mandate
from payments.money import MoneyField


class WorkType(models.Model):
    """A kind of work on the rate card. The canonical class (D5) is what makes two kinds comparable."""

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=80)
    unit = models.CharField(max_length=40, default="task")
    shape = models.CharField(max_length=30, help_text="Kind of answer, as choice or comparison.")
    tier = models.CharField(max_length=30, default="general")
    language = models.CharField(max_length=10, default="en")
    created_at = models.DateTimeField()

    privacy.declare(
        id=Audience.PUBLIC,
        slug=Audience.PUBLIC,
        name=Audience.PUBLIC,
        unit=Audience.PUBLIC,
        shape=Audience.PUBLIC,
        tier=Audience.PUBLIC,
        language=Audience.PUBLIC,
        created_at=Audience.PUBLIC,
    )

    def __str__(self) -> str:
        return _(self.name)


class Rate(models.Model):
    """What a unit of a kind of work pays at least, from a moment on, by a mandate. `amount` is per unit, in `currency`.

    `estimated_seconds` is the time the rate was voted for; the hourly figure is measured once 20 units are accepted.
    """

    work_type = models.ForeignKey(WorkType, models.PROTECT, related_name="rates")
    version = models.PositiveIntegerField()
    amount = MoneyField()
    currency = models.CharField(max_length=3, default="USD")
    estimated_seconds = models.PositiveIntegerField()
    mandate = models.ForeignKey(Mandate, models.PROTECT, related_name="+")
    since = models.DateTimeField()

    privacy.declare(
        id=Audience.PUBLIC,
        work_type=Audience.PUBLIC,
        version=Audience.PUBLIC,
        amount=Audience.PUBLIC,
        currency=Audience.PUBLIC,
        estimated_seconds=Audience.PUBLIC,
        mandate=Audience.PUBLIC,
        since=Audience.PUBLIC,
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["work_type", "version"], name="one_rate_per_version"),
            models.UniqueConstraint(fields=["work_type", "mandate"], name="one_rate_per_mandate"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="rates_are_positive"),
            models.CheckConstraint(condition=Q(estimated_seconds__gt=0), name="estimates_are_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.work_type} v{self.version}"


class Fee(models.Model):
    """The co-op's fee on top of wages and how it is shared, in basis points, from a moment on, by a mandate.

    `training`, `care` and `floor` are shares of the fee; the rest is fee income. At most 15 % by part 8.
    """

    version = models.PositiveIntegerField(unique=True)
    on_wage = models.PositiveIntegerField(help_text="Basis points of the wage: 1,000 = 10 %.")
    training = models.PositiveIntegerField(help_text="Basis points of the fee to the training fund.")
    care = models.PositiveIntegerField(help_text="Basis points of the fee to the care fund.")
    floor = models.PositiveIntegerField(
        default=0, db_default=0, help_text="Basis points of the fee to the fund for the hourly floor."
    )
    mandate = models.ForeignKey(Mandate, models.PROTECT, related_name="+")
    since = models.DateTimeField()

    privacy.declare(
        id=Audience.PUBLIC,
        version=Audience.PUBLIC,
        on_wage=Audience.PUBLIC,
        training=Audience.PUBLIC,
        care=Audience.PUBLIC,
        floor=Audience.PUBLIC,
        mandate=Audience.PUBLIC,
        since=Audience.PUBLIC,
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(on_wage__range=(0, 1500)), name="fee_at_most_15_percent"),
            models.CheckConstraint(
                condition=Q(training__lte=10000 - F("care") - F("floor")), name="levies_within_the_fee"
            ),
        ]

    def __str__(self) -> str:
        return f"fee v{self.version}"
