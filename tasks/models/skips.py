"""Skips that are paid: of what is too much to bear, or of what nobody had named."""

from django.db import models
from django.db.models import Q

from coop.people import privacy
from coop.people.privacy import Audience
from payments.money import MoneyField
from tasks.models.work import Assignment


class PaidSkip(models.Model):
    """A task that may upset, passed on with pay by the care fund; the database says how much and how often."""

    assignment = models.OneToOneField(Assignment, models.PROTECT, primary_key=True, related_name="paid_skip")
    amount = MoneyField(null=True, editable=False)
    at = models.DateTimeField(null=True, editable=False)

    privacy.declare(**dict.fromkeys(("assignment", "amount", "at"), Audience.SELF))

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(amount__gt=0), name="paid_skips_are_paid_something")]

    def __str__(self) -> str:
        return f"paid skip of assignment {self.assignment_id}"
