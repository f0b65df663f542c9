"""What the house may spend in a quarter, as the members voted, and what it spent."""

from decimal import Decimal

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from coop.people import privacy
from coop.people.privacy import Audience
from governance.models import Mandate, Office
from payments.money import MoneyField, from_micro


class Purpose(models.TextChoices):
    """What the house spends its fees on; each is an account of its own."""

    HOSTING = "hosting", _("Machines and hosting")
    BANKS = "banks", _("Banks and payment services")
    ADVICE = "advice", _("Audit and advice")


# Funds that a budget fills from the reserve.
FILLED = {"training": _("Training"), "hearing": _("Hearings"), "dispute": _("Disputes"), "care": _("Care")}


class Budget(models.Model):
    """A version of a quarter's budget by the mandate of a vote (N11).

    The first three are the most that may be spent in the quarter; the funds are filled from the reserve when it takes
    effect; a seat of each post is paid its sum for every month that begins while the version is in force. A later
    version of the same quarter replaces those limits, and fills the funds by its own sums again.
    """

    period = models.CharField(max_length=7, help_text='A calendar quarter in UTC, "2026-Q4".')
    version = models.PositiveIntegerField()
    hosting = MoneyField()
    banks = MoneyField()
    advice = MoneyField()
    training = MoneyField()
    hearing = MoneyField()
    dispute = MoneyField()
    care = MoneyField()
    posts = models.JSONField(
        default=dict, db_default={}, help_text="Micro-units of US$ a month for each seat, by post."
    )
    mandate = models.OneToOneField(Mandate, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    privacy.declare(
        **dict.fromkeys(
            ("id", "period", "version", *Purpose.values, *FILLED, "posts", "mandate", "at"), Audience.PUBLIC
        ),
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["period", "version"], name="one_budget_per_version")]

    def __str__(self) -> str:
        return f"budget of {self.period} v{self.version}"

    def pay_of(self) -> dict[str, Decimal]:
        """Return what a seat of each post is paid a month, in US dollars, by the post's name."""
        return {name: from_micro(micro) for name, micro in sorted(self.posts.items())}

    def most(self, purpose: str) -> Decimal:
        """Return the most that may be spent on a purpose."""
        amount: Decimal = getattr(self, purpose)
        return amount


class Expense(models.Model):
    """A bill that one officer asks to pay; it is paid by another, and then has its `Outlay`."""

    purpose = models.CharField(max_length=10, choices=Purpose)
    amount = MoneyField()
    payee = models.CharField(max_length=80, help_text="Whom it goes to, and for what.")
    asked_by = models.ForeignKey(Office, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    privacy.declare(
        id=Audience.MEMBERS,
        purpose=Audience.PUBLIC,
        amount=Audience.MEMBERS,
        payee=Audience.MEMBERS,
        asked_by=Audience.MEMBERS,
        at=Audience.MEMBERS,
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="expenses_are_positive"),
            models.CheckConstraint(condition=Q(purpose__in=Purpose.values), name="expenses_name_a_purpose"),
        ]

    def __str__(self) -> str:
        return f"expense {self.pk}"


class Outlay(models.Model):
    """An expense that was paid, by the bank's own reference, in a quarter whose budget has room for it."""

    expense = models.OneToOneField(Expense, models.PROTECT, related_name="outlay")
    period = models.CharField(max_length=7)
    reference = models.CharField(max_length=80, unique=True, help_text="The bank's own reference.")
    paid_by = models.ForeignKey(Office, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    privacy.declare(
        id=Audience.MEMBERS,
        expense=Audience.MEMBERS,
        period=Audience.PUBLIC,
        reference=Audience.MEMBERS,
        paid_by=Audience.MEMBERS,
        at=Audience.MEMBERS,
    )

    def __str__(self) -> str:
        return f"outlay {self.reference}"
