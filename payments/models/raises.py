"""A raise that the reserve pays, on top of the rate that clients pay."""

from decimal import Decimal

from django.db import models

from coop.people import privacy
from coop.people.privacy import Audience
from governance.models import Mandate
from payments.models.rates import WorkType
from payments.money import MoneyField


class Raise(models.Model):
    """What the reserve pays on top for each answer of a kind of work that is paid in a quarter, by a vote (N10).

    `most` is set aside when it takes effect and bounds the whole; what is not used returns after the quarter.
    """

    work_type = models.ForeignKey(WorkType, models.PROTECT, related_name="raises")
    period = models.CharField(max_length=7, help_text='A calendar quarter in UTC, "2026-Q4".')
    amount = MoneyField(help_text="On top of the pay of each answer.")
    most = MoneyField(help_text="For all of them together.")
    mandate = models.OneToOneField(Mandate, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    privacy.declare(
        **dict.fromkeys(("id", "work_type", "period", "amount", "most", "mandate", "at"), Audience.PUBLIC),
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["work_type", "period"], name="one_raise_in_a_quarter")]

    def __str__(self) -> str:
        return f"raise of {self.work_type} in {self.period}"

    @property
    def reaches(self) -> int:
        """How many answers are paid the whole of it; beyond, it is shared out evenly."""
        most: Decimal = self.most
        return int(most / self.amount)
