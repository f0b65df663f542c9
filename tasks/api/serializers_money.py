"""What the API takes and gives of a client's money. Amounts are decimal text in US$; times are ISO 8601 in UTC."""

from decimal import Decimal
from typing import Any

from rest_framework import serializers

from payments.ledger import Kind
from payments.models import CardPayment, PayBack, Transfer
from tasks.api.serializers import SumField, TaxField
from tasks.models import HiddenContent, Share, Tip, Topic


class Amount(serializers.Serializer[Any]):
    """An amount in whole cents."""

    amount = serializers.DecimalField(
        max_digits=11, decimal_places=2, min_value=Decimal("0.01"), help_text="US$, in whole cents."
    )


class BalanceOut(serializers.Serializer[Any]):
    """What an organisation has here, and how it deposits more."""

    available = SumField(help_text="Funds jobs, or is paid back.")
    by_card = SumField(help_text="Paid by card and not settled yet.")
    owed = SumField(help_text="Taken back by a payer's bank after it was spent; the next deposit repays it first.")
    reference = serializers.CharField(help_text="To be written on a bank transfer.")
    account = serializers.CharField(
        allow_blank=True, help_text="Where a bank transfer goes: IBAN, BIC and owner; empty where none is."
    )


class DepositOut(serializers.ModelSerializer[Transfer]):
    """What came in, or went back."""

    kind = serializers.SerializerMethodField(
        help_text="deposit, charged_back, won_back, back_asked, back_failed, or reversal of one of them."
    )
    amount = serializers.SerializerMethodField(help_text="US$; below zero for what was taken back.")
    at = serializers.DateTimeField(source="posted_at")

    class Meta:
        model = Transfer
        fields = ("id", "kind", "amount", "ref", "at")

    def get_kind(self, transfer: Transfer) -> str:
        """Return the kind's name."""
        return Kind(transfer.kind).name.lower()

    def get_amount(self, transfer: Transfer) -> str:
        """Return the amount, seen from the client."""
        signed = transfer.amount if transfer.credit.code.startswith("client:") else -transfer.amount
        return f"{signed:.6f}"


class MovementOut(DepositOut):
    """A line of the ledger: what it was for, and the amount as your balance has it."""

    kind = serializers.SerializerMethodField(help_text="deposit, fund, refund, tip, …: as coop/docs/api.md tells.")
    amount = serializers.SerializerMethodField(help_text="US$; below zero for what went out.")


class CardPaymentOut(serializers.ModelSerializer[CardPayment]):
    """A payment by card and where it stands: begun, paid, settled, expired, charged_back or won."""

    amount = SumField()
    state = serializers.SerializerMethodField()

    class Meta:
        model = CardPayment
        fields = ("id", "amount", "state", "at")

    def get_state(self, payment: CardPayment) -> str:
        """Return what the processor said of it last."""
        return payment.latest.outcome if payment.latest else "begun"


class CardPage(serializers.Serializer[Any]):
    """Where a deposit is paid by card."""

    pay_at = serializers.URLField(help_text="The processor's page.")


class AskedBack(Amount):
    """How much is asked back, under a name of your own: asked twice, it goes back once."""

    key = serializers.UUIDField(required=False, help_text="Any UUID; one is made where none is said.")


class PayBackOut(serializers.ModelSerializer[PayBack]):
    """Money that goes back to where one deposit came from: requested, sent, settled, or failed and here again."""

    amount = SumField()
    by = serializers.SerializerMethodField(help_text="bank or card.")
    deposit = serializers.SerializerMethodField(help_text="The reference of the transfer or payment it goes back by.")

    class Meta:
        model = PayBack
        fields = ("id", "amount", "by", "deposit", "state", "reference", "asked_at", "sent_at", "settled_at")

    def get_by(self, payback: PayBack) -> str:
        """Return how it came, and goes back."""
        return "card" if payback.card else "bank"

    def get_deposit(self, payback: PayBack) -> str:
        """Return what names the deposit."""
        return payback.card.session if payback.card else payback.deposit.reference if payback.deposit else ""


class MonthLine(serializers.Serializer[Any]):
    """A month in which money moved."""

    month = serializers.CharField()
    paid_in = SumField()
    spent = SumField()


class JobCostOut(serializers.Serializer[Any]):
    """What a job paid in a month: to members for answers and for checks, and the fee."""

    job = serializers.IntegerField()
    title = serializers.CharField()
    answers = serializers.IntegerField()
    wages = SumField()
    checks = SumField()
    fee = SumField()
    total = SumField()


class InvoiceOut(serializers.Serializer[Any]):
    """A month: `before` and `paid_in` less `spent` is `after`, exactly."""

    number = serializers.CharField()
    month = serializers.CharField()
    before = SumField()
    paid_in = SumField()
    spent = SumField()
    tax = TaxField()
    after = SumField()
    jobs = JobCostOut(many=True)


class TipOut(serializers.ModelSerializer[Tip]):
    """A tip that was given."""

    answer = serializers.IntegerField(source="assignment_id")
    amount = SumField()

    class Meta:
        model = Tip
        fields = ("answer", "amount", "at")


class HiddenOut(serializers.ModelSerializer[HiddenContent]):
    """A topic that was found at a job whose card did not name it, or at another one with the same content."""

    found_at = serializers.IntegerField(source="job_id", help_text="The job where members met it.")
    with_data = serializers.BooleanField(
        help_text="It came with the data, which all stages show, and all pilots of a draft with its job."
    )
    amount = SumField(allow_null=True, help_text="What it costs, to the care fund.")
    paid = serializers.BooleanField()

    class Meta:
        model = HiddenContent
        fields = ("topic", "reason", "found_at", "with_data", "people", "amount", "paid", "at")


class Naming(serializers.Serializer[Any]):
    """How often a topic comes up."""

    topic = serializers.ChoiceField(choices=Topic.values)
    share = serializers.ChoiceField(choices=Share.values)
