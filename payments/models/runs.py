"""Payouts that go together, and what the rails said became of them."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from coop.people import privacy
from coop.people.privacy import Audience
from governance.models import Office
from payments.models.payouts import Payout
from payments.models.places import Place
from payments.models.turned_down import TurnedDown
from payments.money import MoneyField


class GivenStatement(TurnedDown):
    """A statement of the bank, or a service's list, as one officer brought it; another sees the same there.

    Nothing of it is booked before. `lines` are its entries as the file had them, without anybody's account number.
    """

    place = models.CharField(max_length=8, choices=Place, default=Place.MAIN)
    number = models.CharField(max_length=80, help_text="The bank's own, after the account.")
    digest = models.CharField(max_length=64, help_text="SHA-256 of the file.")
    currency = models.CharField(max_length=3)
    opening = MoneyField()
    closing = MoneyField()
    lines = models.JSONField()
    given_by = models.ForeignKey(Office, models.PROTECT, related_name="+")
    given_at = models.DateTimeField()

    privacy.declare(
        **dict.fromkeys((
            "id", "place", "number", "digest", "currency", "opening", "closing", "lines", "given_by", "given_at",
            "turned_down_by", "turned_down_at",
        ), Audience.OFFICERS)
    )  # fmt: skip

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["number"], condition=Q(turned_down_by=None), name="a_statement_is_given_once"
            )
        ]

    def __str__(self) -> str:
        return f"statement {self.number}, given"


class BankStatement(models.Model):
    """A statement of the cooperative's bank, or a service's list, read once: what it opened and closed with.

    A list is of whole days (UTC; M-Pesa's are Nairobi's) and of one currency; the last of its days is its number, as
    `stripe USD/2026-11-26`.
    `read_by` saw at the bank what another officer had given; before decision 0203 one officer gave and read it.
    """

    given = models.OneToOneField(GivenStatement, models.PROTECT, null=True, related_name="statement")
    place = models.CharField(max_length=8, choices=Place, default=Place.MAIN)
    number = models.CharField(max_length=80, help_text="The bank's own, after the account.")
    digest = models.CharField(max_length=64, help_text="SHA-256 of the file.")
    currency = models.CharField(max_length=3)
    opening = MoneyField()
    closing = MoneyField()
    read_by = models.ForeignKey(Office, models.PROTECT, related_name="+")
    read_at = models.DateTimeField()

    privacy.declare(
        **dict.fromkeys((
            "id", "given", "place", "number", "digest", "currency", "opening", "closing", "read_by", "read_at",
        ), Audience.OFFICERS)
    )  # fmt: skip

    class Meta:
        constraints = [models.UniqueConstraint(fields=["number"], name="a_statement_is_read_once")]

    def __str__(self) -> str:
        return f"statement {self.number}"


class Outcome(models.TextChoices):
    """What a rail said."""

    SETTLED = "settled", _("Arrived")
    FAILED = "failed", _("Came back")
    RETURNED = "returned", _("Came back after it had arrived")
    DEPOSIT = "deposit", _("Money in")
    FEE = "fee", _("A fee of the rail")
    # What moves nothing and waits for an officer.
    PARTIAL = "partial", _("Another amount than was ordered")
    REPEATED = "repeated", _("Said a second time, or against what was said before")
    UNKNOWN = "unknown", _("Belongs to nothing we know")


class RailEvent(models.Model):
    """Something that a rail said, once: of a payout, of money that came in, or of nothing we know. Never changed.

    `event` is the rail's own reference; `amount` is above zero whatever its direction, which a statement's line has.
    """

    rail = models.CharField(max_length=30)
    event = models.CharField(max_length=120)
    payout = models.ForeignKey(Payout, models.PROTECT, null=True, related_name="events")
    outcome = models.CharField(max_length=8, choices=Outcome)
    amount = MoneyField()
    incoming = models.BooleanField(null=True, help_text="Of a statement's line: whether it came in.")
    currency = models.CharField(max_length=3)
    words = models.CharField(max_length=140, blank=True, help_text="A reason code, or what the payer wrote.")
    statement = models.ForeignKey(BankStatement, models.PROTECT, null=True, related_name="events")
    occurred_at = models.DateTimeField()
    noted_at = models.DateTimeField()

    privacy.declare(
        **dict.fromkeys((
            "id", "rail", "event", "payout", "outcome", "amount", "incoming", "currency", "words", "statement",
            "occurred_at", "noted_at",
        ), Audience.OFFICERS)
    )  # fmt: skip

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["rail", "event"], name="a_rail_says_a_thing_once"),
            models.UniqueConstraint(
                fields=["payout", "outcome"],
                condition=Q(outcome__in=["settled", "failed", "returned"]),
                name="each_end_of_a_payout_is_said_once",
            ),
            # A statement may have several; a service's own word tells one.
            models.UniqueConstraint(
                fields=["payout"], condition=Q(outcome="fee", statement=None), name="a_payout_costs_once"
            ),
            models.CheckConstraint(condition=Q(outcome__in=Outcome.values), name="rails_say_what_is_known"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="rails_move_amounts"),
        ]
        indexes = [models.Index(fields=["outcome", "-id"], name="what_waits_for_an_officer")]

    def __str__(self) -> str:
        return f"{self.rail}: {self.get_outcome_display()}"
