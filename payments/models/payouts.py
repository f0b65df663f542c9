"""Money that comes in and goes out: deposits and payouts."""

import uuid
from datetime import datetime, timedelta

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from coop.people import privacy
from coop.people.models import Client, Person
from coop.people.privacy import Audience
from governance.models import Office
from payments.models.details import PayoutDetails
from payments.models.exchange import ExchangeQuote
from payments.money import MoneyField

# No payout takes longer: held for more it is a case, and counts as late (E3).
HELD = timedelta(hours=72)


class Fund(models.TextChoices):
    """What money may be given for; each is an account of its own."""

    TRAINING = "training", _("Training")
    HEARING = "hearing", _("Hearings")
    DISPUTE = "dispute", _("Disputes")
    FLOOR = "floor", _("The hourly floor")


class Deposit(models.Model):
    """Money that arrived at the bank for a client, or as a grant to a fund: theirs once there is a DepositProof."""

    client = models.ForeignKey(Client, models.PROTECT, related_name="deposits")
    fund = models.CharField(max_length=8, choices=Fund, blank=True, default="")
    amount = MoneyField()
    currency = models.CharField(max_length=3, default="USD")
    reference = models.CharField(max_length=80, unique=True, help_text="The bank's own reference.")
    recorded_by = models.ForeignKey(Office, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()

    privacy.declare(
        id=Audience.CLIENT,
        client=Audience.CLIENT,
        fund=Audience.PUBLIC,
        amount=Audience.CLIENT,
        currency=Audience.PUBLIC,
        reference=Audience.CLIENT,
        recorded_by=Audience.CLIENT,
        at=Audience.CLIENT,
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="deposits_are_positive"),
            models.CheckConstraint(condition=Q(fund__in=["", *Fund.values]), name="deposits_name_a_fund"),
        ]

    def __str__(self) -> str:
        return f"deposit {self.reference}"


class PayRun(models.Model):
    """Payouts of one rail that go out together: checked by one officer, released by another; the database's times.

    Whoever is paid by it signs it in neither place. Interrupted, it goes on where it stood.
    """

    rail = models.CharField(max_length=30)
    made_at = models.DateTimeField()
    checked_by = models.ForeignKey(Office, models.PROTECT, null=True, related_name="+")
    checked_at = models.DateTimeField(null=True)
    released_by = models.ForeignKey(Office, models.PROTECT, null=True, related_name="+")
    released_at = models.DateTimeField(null=True)
    handed_over_at = models.DateTimeField(null=True, help_text="When the rail had all of it.")

    privacy.declare(
        **dict.fromkeys((
            "id", "rail", "made_at", "checked_by", "checked_at", "released_by", "released_at", "handed_over_at",
        ), Audience.OFFICERS)
    )  # fmt: skip

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(released_by=None) | ~Q(released_by=F("checked_by")), name="two_officers_release_a_run"
            ),
            models.UniqueConstraint(fields=["rail"], condition=Q(checked_at=None), name="one_run_is_open_at_once"),
        ]

    def __str__(self) -> str:
        return f"pay run {self.pk}"


class PayoutState(models.TextChoices):
    """Where a payout stands."""

    REQUESTED = "requested", _("Asked for")
    SENDING = "sending", _("Being sent")
    SENT = "sent", _("Sent")
    SETTLED = "settled", _("Received")
    FAILED = "failed", _("Came back")


class Payout(models.Model):
    """Money a member asked for: leaves `payable` at once, is sent by one officer and confirmed by another.

    `amount` is what arrives, in `currency`.
    """

    person = models.ForeignKey(Person, models.PROTECT, related_name="payouts")
    amount = MoneyField()
    currency = models.CharField(max_length=3, default="USD")
    rail = models.CharField(max_length=30, default="by_hand")
    quote = models.OneToOneField(
        ExchangeQuote, models.PROTECT, null=True, help_text="What it was exchanged by, for another currency than US$."
    )
    details = models.ForeignKey(PayoutDetails, models.PROTECT, null=True, related_name="payouts")
    method = models.CharField(max_length=80, help_text="Where to, as its person knows it: the details' hint.")
    run = models.ForeignKey(PayRun, models.PROTECT, null=True, related_name="payouts")
    state = models.CharField(max_length=9, choices=PayoutState, default=PayoutState.REQUESTED)
    reference = models.CharField(max_length=80, blank=True)
    key = models.UUIDField(default=uuid.uuid4, help_text="Of the form it was asked with; sent twice, it is one payout.")
    requested_at = models.DateTimeField()
    sent_by = models.ForeignKey(Office, models.PROTECT, null=True, related_name="+")
    sent_at = models.DateTimeField(null=True)
    settled_by = models.ForeignKey(Office, models.PROTECT, null=True, related_name="+")
    settled_at = models.DateTimeField(null=True)

    privacy.declare(
        id=Audience.SELF,
        person=Audience.SELF,
        amount=Audience.SELF,
        currency=Audience.SELF,
        rail=Audience.SELF,
        quote=Audience.SELF,
        details=Audience.SELF,
        method=Audience.SELF,
        run=Audience.SELF,
        state=Audience.SELF,
        reference=Audience.SELF,
        key=Audience.NOBODY,
        requested_at=Audience.SELF,
        sent_by=Audience.SELF,
        sent_at=Audience.SELF,
        settled_by=Audience.SELF,
        settled_at=Audience.SELF,
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="payouts_are_positive"),
            models.UniqueConstraint(fields=["person", "key"], name="one_payout_per_form"),
            models.CheckConstraint(
                condition=Q(settled_by=None) | ~Q(settled_by=F("sent_by")), name="two_officers_pay_out"
            ),
        ]
        indexes = [models.Index(fields=["person", "-id"], name="payouts_of_a_person")]

    def __str__(self) -> str:
        return f"payout {self.pk} ({self.get_state_display()})"

    @property
    def until(self) -> datetime | None:
        """By when it has arrived where officers send it by hand (E3); None for one that goes with a run."""
        return None if self.run_id else self.requested_at + HELD
