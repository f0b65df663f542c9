"""Deposits by card: what a client began to pay, and what the processor said became of it."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from coop.people import privacy
from coop.people.models import Client, Person
from coop.people.privacy import Audience
from payments.money import MoneyField


class CardPayment(models.Model):
    """A deposit that somebody began to pay by card for a client, by a page of the processor's. Never changed.

    `session` is the processor's own number of it, `amount` what the processor answered that it asks for.
    """

    client = models.ForeignKey(Client, models.PROTECT, related_name="card_payments")
    session = models.CharField(max_length=120)
    amount = MoneyField()
    currency = models.CharField(max_length=3, default="USD")
    asked_by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    privacy.declare(
        **dict.fromkeys(("id", "client", "session", "amount", "currency", "asked_by", "at"), Audience.CLIENT),
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["session"], name="one_card_payment_for_each_session"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="card_payments_are_positive"),
        ]

    def __str__(self) -> str:
        return f"card payment {self.pk}"

    @property
    def latest(self) -> "CardEvent | None":
        """The last thing that the processor said of it; None while it is not paid."""
        return max(self.events.all(), key=lambda event: event.pk, default=None)


class CardOutcome(models.TextChoices):
    """What the processor said of a card payment."""

    PAID = "paid", _("Paid, on its way to the bank")
    SETTLED = "settled", _("Settled")
    EXPIRED = "expired", _("Not paid")
    CHARGED_BACK = "charged_back", _("Taken back by the payer's bank")
    WON = "won", _("Given back to us")


class CardEvent(models.Model):
    """Something that the processor said of a card payment when it was asked, once. Never changed.

    `event` is the processor's own number of it, as `pi_1/paid`; `amount` what it said.
    """

    payment = models.ForeignKey(CardPayment, models.PROTECT, related_name="events")
    outcome = models.CharField(max_length=12, choices=CardOutcome)
    event = models.CharField(max_length=120)
    amount = MoneyField()
    noted_at = models.DateTimeField()

    privacy.declare(**dict.fromkeys(("id", "payment", "outcome", "event", "amount", "noted_at"), Audience.CLIENT))

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["event"], name="a_processor_says_a_thing_once"),
            models.CheckConstraint(condition=Q(outcome__in=CardOutcome.values), name="processors_say_what_is_known"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="processors_move_amounts"),
        ]

    def __str__(self) -> str:
        return f"card payment {self.payment_id}: {self.get_outcome_display()}"
