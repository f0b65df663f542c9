"""Exchange on the way out: foreign money that the cooperative bought, and what a member was told an amount becomes."""

from decimal import Decimal

from django.db import models
from django.db.models import F, Q

from coop.people import privacy
from coop.people.models import Person
from coop.people.privacy import Audience
from governance.models import Office
from payments.models.turned_down import TurnedDown
from payments.money import MoneyField


class Purchase(TurnedDown):
    """Foreign money that the cooperative bought for payouts: noted by one officer, confirmed by another.

    One that was noted wrong is turned down instead; its reference is free again. `bought` is in `currency`, `paid` in
    US dollars. Its price is what members' payouts are exchanged at until the next.
    """

    currency = models.CharField(max_length=3)
    bought = MoneyField()
    paid = MoneyField()
    reference = models.CharField(max_length=80, help_text="The bank's own reference.")
    noted_by = models.ForeignKey(Office, models.PROTECT, related_name="+")
    noted_at = models.DateTimeField()
    confirmed_by = models.ForeignKey(Office, models.PROTECT, null=True, related_name="+")
    confirmed_at = models.DateTimeField(null=True)

    privacy.declare(
        **dict.fromkeys((
            "id", "currency", "bought", "paid", "reference", "noted_by", "noted_at", "confirmed_by", "confirmed_at",
            "turned_down_by", "turned_down_at",
        ), Audience.OFFICERS)
    )  # fmt: skip

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["reference"], condition=Q(turned_down_by=None), name="a_purchase_is_noted_once"
            ),
            models.CheckConstraint(condition=Q(bought__gt=0, paid__gt=0), name="purchases_are_positive"),
            models.CheckConstraint(
                condition=Q(confirmed_by=None) | ~Q(confirmed_by=F("noted_by")), name="two_officers_buy_currency"
            ),
        ]

    def __str__(self) -> str:
        return f"purchase {self.pk}"


class ExchangeQuote(models.Model):
    """What a member was told their US dollars become, for 30 minutes; worked out by the database, never changed.

    `asked` is what they wanted to take out, `rate` what one US dollar becomes, `source` where that figure comes from.
    `arrives` is whole units of the way; `costs` (US$) is the least that is worth it at the rate, the rest stays theirs.
    """

    person = models.ForeignKey(Person, models.PROTECT, related_name="exchange_quotes")
    rail = models.CharField(max_length=30)
    currency = models.CharField(max_length=3)
    asked = MoneyField()
    rate = models.DecimalField(max_digits=20, decimal_places=8)
    source = models.CharField(max_length=80)
    arrives = MoneyField(default=0)
    costs = MoneyField(default=0)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    privacy.declare(
        **dict.fromkeys((
            "id", "person", "rail", "currency", "asked", "rate", "source", "arrives", "costs", "made_at", "expires_at",
        ), Audience.SELF)
    )  # fmt: skip

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(arrives__gt=0, costs__gt=0, costs__lte=F("asked"), rate__gt=0),
                name="quotes_cost_no_more_than_was_asked",
            ),
        ]

    @property
    def stays(self) -> Decimal:
        """What of the US dollars asked for stays with the person."""
        left: Decimal = self.asked - self.costs
        return left

    def __str__(self) -> str:
        return f"exchange quote {self.pk}"
