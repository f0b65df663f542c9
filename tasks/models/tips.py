"""What a client gave for an accepted answer on top of its pay, of its own accord."""

from django.db import models
from django.db.models import Q

from coop.people import privacy
from coop.people.models import Person
from coop.people.privacy import Audience
from payments.money import MoneyField
from tasks.models.work import Assignment


class Tip(models.Model):
    """A tip for one accepted answer, once: no pay by any rule, and never asked back."""

    assignment = models.OneToOneField(Assignment, models.PROTECT, related_name="tip")
    amount = MoneyField()
    given_by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    privacy.declare(
        **dict.fromkeys(("id", "assignment", "amount", "at"), Audience.PARTIES), given_by=Audience.CLIENT
    )  # fmt: skip

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(amount__gt=0), name="tips_are_positive")]

    def __str__(self) -> str:
        return f"tip {self.pk}"
