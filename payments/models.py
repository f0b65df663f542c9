"""The money: kinds of work and their voted rates, the fee, accounts and transfers, deposits and payouts."""

import uuid

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from coop.people import privacy
from coop.people.models import Client, Person
from coop.people.privacy import Audience
from governance.models import Mandate, Office
from payments.money import MoneyField


class WorkType(models.Model):
    """A kind of work on the rate card. The canonical class (D5) is what makes two kinds comparable."""

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=80)
    unit = models.CharField(max_length=40, default="task")
    shape = models.CharField(max_length=30, help_text="Kind of answer, as choice or comparison.")
    tier = models.CharField(max_length=30, default="general")
    language = models.CharField(max_length=10, default="en")
    created_at = models.DateTimeField()

    privacy.declare(
        id=Audience.PUBLIC,
        slug=Audience.PUBLIC,
        name=Audience.PUBLIC,
        unit=Audience.PUBLIC,
        shape=Audience.PUBLIC,
        tier=Audience.PUBLIC,
        language=Audience.PUBLIC,
        created_at=Audience.PUBLIC,
    )

    def __str__(self) -> str:
        return self.name


class Rate(models.Model):
    """What a unit of a kind of work pays at least, from a moment on, by a mandate. `amount` is per unit, in `currency`.

    `estimated_seconds` is the time the rate was voted for; the hourly figure is measured once 20 units are accepted.
    """

    work_type = models.ForeignKey(WorkType, models.PROTECT, related_name="rates")
    version = models.PositiveIntegerField()
    amount = MoneyField()
    currency = models.CharField(max_length=3, default="USD")
    estimated_seconds = models.PositiveIntegerField()
    mandate = models.ForeignKey(Mandate, models.PROTECT, related_name="+")
    since = models.DateTimeField()

    privacy.declare(
        id=Audience.PUBLIC,
        work_type=Audience.PUBLIC,
        version=Audience.PUBLIC,
        amount=Audience.PUBLIC,
        currency=Audience.PUBLIC,
        estimated_seconds=Audience.PUBLIC,
        mandate=Audience.PUBLIC,
        since=Audience.PUBLIC,
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["work_type", "version"], name="one_rate_per_version"),
            models.UniqueConstraint(fields=["work_type", "mandate"], name="one_rate_per_mandate"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="rates_are_positive"),
            models.CheckConstraint(condition=Q(estimated_seconds__gt=0), name="estimates_are_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.work_type} v{self.version}"


class Fee(models.Model):
    """The co-op's fee on top of wages and how it is shared, in basis points, from a moment on, by a mandate.

    `training` and `care` are shares of the fee; the rest is fee income. At most 15 % by the constitution's part 8.
    """

    version = models.PositiveIntegerField(unique=True)
    on_wage = models.PositiveIntegerField(help_text="Basis points of the wage: 1,000 = 10 %.")
    training = models.PositiveIntegerField(help_text="Basis points of the fee to the training fund.")
    care = models.PositiveIntegerField(help_text="Basis points of the fee to the care fund.")
    mandate = models.ForeignKey(Mandate, models.PROTECT, related_name="+")
    since = models.DateTimeField()

    privacy.declare(
        id=Audience.PUBLIC,
        version=Audience.PUBLIC,
        on_wage=Audience.PUBLIC,
        training=Audience.PUBLIC,
        care=Audience.PUBLIC,
        mandate=Audience.PUBLIC,
        since=Audience.PUBLIC,
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(on_wage__range=(0, 1500)), name="fee_at_most_15_percent"),
            models.CheckConstraint(condition=Q(training__lte=10000 - F("care")), name="levies_within_the_fee"),
        ]

    def __str__(self) -> str:
        return f"fee v{self.version}"


class Account(models.Model):
    """An account of the ledger; `balance` is credits minus debits, kept within its bounds by the database alone.

    `code` names it as payments.md part 2 does: `client:7:available`, `job:3:commit:12`, `member:12:payable`.
    Lazy accounts (`tracked` false) keep no running balance: many transactions touch them at once.
    """

    code = models.CharField(max_length=80)
    kind = models.CharField(max_length=30, help_text="The code without numbers, as job:commit.")
    currency = models.CharField(max_length=3, default="USD")
    balance = MoneyField(default=0)
    floor = MoneyField(null=True)
    ceiling = MoneyField(null=True)
    tracked = models.BooleanField(default=True)

    privacy.declare(
        id=Audience.OFFICERS,
        code=Audience.OFFICERS,
        kind=Audience.PUBLIC,
        currency=Audience.PUBLIC,
        balance=Audience.OFFICERS,
        floor=Audience.PUBLIC,
        ceiling=Audience.PUBLIC,
        tracked=Audience.PUBLIC,
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["code", "currency"], name="one_account_per_code"),
            models.CheckConstraint(
                condition=Q(floor=None) | Q(balance__gte=F("floor")), name="account_above_its_floor"
            ),
            models.CheckConstraint(
                condition=Q(ceiling=None) | Q(balance__lte=F("ceiling")), name="account_below_its_ceiling"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} ({self.currency})"


class Transfer(models.Model):
    """One debit and one credit, never changed: an unbalanced entry cannot be written down.

    Transfers that belong together share `journal`. `key` is made from the business fact, so that a repeat is found.
    """

    key = models.UUIDField(unique=True)
    journal = models.UUIDField()
    kind = models.PositiveSmallIntegerField(help_text="Posting kind, payments.md part 3.")
    debit = models.ForeignKey(Account, models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    credit = models.ForeignKey(Account, models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    amount = MoneyField()
    ref = models.CharField(max_length=80, help_text="The business fact, as assignment:5.")
    reverses = models.OneToOneField("self", models.PROTECT, null=True, related_name="reversed_by")
    occurred_at = models.DateTimeField()
    posted_at = models.DateTimeField()

    privacy.declare(
        id=Audience.OFFICERS,
        key=Audience.OFFICERS,
        journal=Audience.OFFICERS,
        kind=Audience.PUBLIC,
        debit=Audience.OFFICERS,
        credit=Audience.OFFICERS,
        amount=Audience.OFFICERS,
        ref=Audience.OFFICERS,
        reverses=Audience.OFFICERS,
        occurred_at=Audience.OFFICERS,
        posted_at=Audience.OFFICERS,
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="transfers_are_positive"),
            # Whoever chooses another key for the same fact is found out here: one wage, one fee, one payout each.
            models.UniqueConstraint(
                fields=["ref", "kind", "credit"], condition=~Q(kind__in=[2, 18, 99]), name="facts_are_posted_once"
            ),
            models.UniqueConstraint(fields=["ref"], condition=Q(kind__in=[14, 15]), name="payouts_end_once"),
        ]
        indexes = [
            models.Index(fields=["debit", "id"], name="statement_of_debits"),
            models.Index(fields=["credit", "id"], name="statement_of_credits"),
        ]

    def __str__(self) -> str:
        return f"kind {self.kind}: {self.ref}"


class Fund(models.TextChoices):
    """What money may be given for; each is an account of its own."""

    TRAINING = "training", _("Training")
    HEARING = "hearing", _("Hearings")
    DISPUTE = "dispute", _("Disputes")


class Deposit(models.Model):
    """Money that arrived at the bank for a client, or as a grant to a fund, from the bank's statement."""

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


class PayoutState(models.TextChoices):
    """Where a payout stands."""

    REQUESTED = "requested", _("Asked for")
    SENT = "sent", _("Sent")
    SETTLED = "settled", _("Received")
    FAILED = "failed", _("Came back")


class Payout(models.Model):
    """Money a member asked for: leaves `payable` at once, is sent by one officer and confirmed by another."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="payouts")
    amount = MoneyField()
    currency = models.CharField(max_length=3, default="USD")
    method = models.CharField(max_length=80, help_text="Where to, in the member's words, as M-Pesa 07….")
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
        method=Audience.SELF,
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
