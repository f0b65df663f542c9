"""Where the cooperative's own money lies, and what it moved from one such place to another."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from coop.people import privacy
from coop.people.privacy import Audience
from governance.models import Office
from payments.models.turned_down import TurnedDown
from payments.money import MoneyField


class Place(models.TextChoices):
    """A place where the cooperative's money lies; each has an account of its own in each currency, as `bank:paypal`.

    What an officer pays by hand is paid from the bank.
    """

    MAIN = "main", _("The bank")
    STRIPE = "stripe", "Stripe"
    PAYPAL = "paypal", "PayPal"
    WISE = "wise", "Wise"
    MPESA = "mpesa", "M-Pesa"


SERVICES = [place.value for place in Place if place != Place.MAIN]


class Move(TurnedDown):
    """Money that the cooperative moved between two places of its own: noted by one officer, confirmed by another.

    One that was noted wrong is turned down instead; its reference is free again. Two services may have a number of
    their own each: `reference` is that of the one that sent it.
    """

    source = models.CharField(max_length=8, choices=Place)
    target = models.CharField(max_length=8, choices=Place)
    amount = MoneyField()
    currency = models.CharField(max_length=3)
    reference = models.CharField(max_length=80, help_text="The bank's or the service's own reference.")
    arrived_as = models.CharField(
        max_length=80,
        blank=True,
        default="",
        db_default="",
        help_text="The other place's own reference, where it has another.",
    )
    noted_by = models.ForeignKey(Office, models.PROTECT, related_name="+")
    noted_at = models.DateTimeField()
    confirmed_by = models.ForeignKey(Office, models.PROTECT, null=True, related_name="+")
    confirmed_at = models.DateTimeField(null=True)

    privacy.declare(
        **dict.fromkeys((
            "id", "source", "target", "amount", "currency", "reference", "arrived_as", "noted_by", "noted_at",
            "confirmed_by", "confirmed_at", "turned_down_by", "turned_down_at",
        ), Audience.OFFICERS)
    )  # fmt: skip

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["reference"], condition=Q(turned_down_by=None), name="a_move_is_noted_once"
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="moves_are_positive"),
            models.CheckConstraint(
                condition=Q(source__in=Place.values, target__in=Place.values) & ~Q(source=F("target")),
                name="moves_are_between_two_places",
            ),
            models.CheckConstraint(
                condition=Q(confirmed_by=None) | ~Q(confirmed_by=F("noted_by")), name="two_officers_move_money"
            ),
        ]

    def __str__(self) -> str:
        return f"move {self.pk}"


class Explanation(models.Model):
    """Why a service's own list and our books differ about something (`key`), as an officer found out.

    `amount` is what the list has more than the books then, below zero what it has less. Two who explain the same amount
    let the night's proof rest; where it changes it is asked again.
    """

    place = models.CharField(max_length=8, choices=Place)
    currency = models.CharField(max_length=3)
    key = models.CharField(max_length=120, blank=True, help_text="The service's own; none of what was there before.")
    amount = MoneyField()
    words = models.CharField(max_length=200)
    office = models.ForeignKey(Office, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    privacy.declare(
        **dict.fromkeys(("id", "place", "currency", "key", "amount", "words", "office", "at"), Audience.OFFICERS)
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(place__in=SERVICES), name="explanations_are_of_services"),
            models.CheckConstraint(condition=Q(words__regex=r"[^[:space:]]"), name="explanations_have_words"),
        ]

    def __str__(self) -> str:
        return f"explanation {self.pk}"
