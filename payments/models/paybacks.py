"""A client's unspent money on its way back to where it came from."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from coop.people import privacy
from coop.people.models import Client, Person
from coop.people.privacy import Audience
from governance.models import Office
from payments.models.cards import CardPayment
from payments.models.payouts import Deposit
from payments.money import MoneyField


class PayBackState(models.TextChoices):
    """Where money that goes back stands."""

    REQUESTED = "requested", _("Asked for")
    SENT = "sent", _("Sent")
    SETTLED = "settled", _("Received")
    FAILED = "failed", _("Came back, or was called off")


class PayBack(models.Model):
    """Money of one deposit that a client asked back: leaves its balance at once, sent by one officer, seen by another.

    In US dollars. It goes where the deposit came from, by the bank or to the card, and nowhere else. Times are the
    database's.
    """

    client = models.ForeignKey(Client, models.PROTECT, related_name="paybacks")
    deposit = models.ForeignKey(Deposit, models.PROTECT, null=True, related_name="paybacks")
    card = models.ForeignKey(CardPayment, models.PROTECT, null=True, related_name="paybacks")
    amount = MoneyField()
    key = models.UUIDField(help_text="Of the form it was asked with; sent twice, it is asked once.")
    part = models.PositiveSmallIntegerField(help_text="Which of the deposits that the form's amount is made of.")
    state = models.CharField(max_length=9, choices=PayBackState, default=PayBackState.REQUESTED)
    reference = models.CharField(max_length=80, blank=True, help_text="The bank's or the card service's own.")
    asked_by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(null=True, editable=False)
    sent_by = models.ForeignKey(Office, models.PROTECT, null=True, related_name="+")
    sent_at = models.DateTimeField(null=True, editable=False)
    settled_by = models.ForeignKey(Office, models.PROTECT, null=True, related_name="+")
    settled_at = models.DateTimeField(null=True, editable=False)

    privacy.declare(
        **dict.fromkeys(
            ("id", "client", "deposit", "card", "amount", "part", "state", "reference", "asked_by", "asked_at",
             "sent_by", "sent_at", "settled_by", "settled_at"),
            Audience.CLIENT,
        ),
        key=Audience.NOBODY,
    )  # fmt: skip

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="paybacks_are_positive"),
            models.CheckConstraint(condition=Q(state__in=PayBackState.values), name="paybacks_stand_somewhere"),
            models.CheckConstraint(
                condition=Q(deposit=None, card__isnull=False) | Q(deposit__isnull=False, card=None),
                name="a_payback_has_one_source",
            ),
            models.UniqueConstraint(fields=["client", "key", "part"], name="one_payback_per_form_and_part"),
        ]

    def __str__(self) -> str:
        return f"payback {self.pk}"
