"""The books: accounts, and the transfers between them."""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Q

from coop.people import privacy
from coop.people.privacy import Audience
from payments.money import MoneyField


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

    key = models.UUIDField()
    journal = models.UUIDField()
    kind = models.PositiveSmallIntegerField(help_text="Posting kind, payments.md part 3.")
    debit = models.ForeignKey(Account, models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    credit = models.ForeignKey(Account, models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    amount = MoneyField()
    ref = models.CharField(max_length=80, help_text="The business fact, as assignment:5.")
    reverses = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="reversed_by", db_index=False, db_constraint=False
    )
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
            # A key is of a kind of posting about a thing: whoever posts something else takes it from nobody.
            # In this order: postings about one thing come together, and keys are as random as they can be.
            models.UniqueConstraint(fields=["ref", "kind", "key"], name="keys_stand_for_one_posting"),
            models.UniqueConstraint(
                fields=["reverses"], condition=Q(reverses__isnull=False), name="a_transfer_is_reversed_once"
            ),
            # Whoever chooses another key for the same fact is found out here: one wage, one fee, one payout each.
            models.UniqueConstraint(
                fields=["ref", "kind", "credit"], condition=~Q(kind__in=[2, 18, 99]), name="facts_are_posted_once"
            ),
            models.UniqueConstraint(fields=["ref"], condition=Q(kind__in=[14, 15]), name="payouts_end_once"),
            # From whichever place: what was posted before each had its account is not posted there a second time.
            models.UniqueConstraint(
                fields=["ref", "kind"], condition=Q(kind__in=[17, 19, 44, 46]), name="what_leaves_us_leaves_once"
            ),
        ]
        indexes = [
            models.Index(fields=["debit", "id"], name="statement_of_debits"),
            models.Index(fields=["credit", "id"], name="statement_of_credits"),
            BrinIndex(fields=["posted_at"], name="transfers_by_month"),
        ]

    def __str__(self) -> str:
        return f"kind {self.kind}: {self.ref}"
