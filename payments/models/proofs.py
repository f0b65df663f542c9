"""What shows that a deposit arrived, and what became of a line that fitted nothing."""

from django.db import models
from django.db.models import Q

from coop.people import privacy
from coop.people.privacy import Audience
from governance.models import Office
from payments.models.payouts import Deposit
from payments.models.runs import RailEvent


class DepositProof(models.Model):
    """What shows that a deposit arrived: a line of a statement, or the word of a second officer. Never changed.

    A deposit may have one of each. `by` beside a line is the officer who said that the line is this deposit.
    """

    deposit = models.ForeignKey(Deposit, models.PROTECT, related_name="proofs")
    line = models.OneToOneField(RailEvent, models.PROTECT, null=True, related_name="proof")
    by = models.ForeignKey(Office, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()

    privacy.declare(
        id=Audience.CLIENT, deposit=Audience.CLIENT, line=Audience.OFFICERS, by=Audience.CLIENT, at=Audience.CLIENT
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(line=None, by=None), name="proofs_have_a_source"),
            models.UniqueConstraint(fields=["deposit"], condition=Q(line=None), name="a_deposit_is_confirmed_once"),
            models.UniqueConstraint(
                fields=["deposit"], condition=~Q(line=None), name="a_deposit_is_on_one_line_of_a_statement"
            ),
        ]

    def __str__(self) -> str:
        return f"proof of deposit {self.deposit_id}"


class RailAnswer(models.Model):
    """What an officer found out about something a rail said that moved nothing. Never changed."""

    event = models.OneToOneField(RailEvent, models.PROTECT, related_name="answer")
    words = models.CharField(max_length=200)
    by = models.ForeignKey(Office, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    privacy.declare(**dict.fromkeys(("id", "event", "words", "by", "at"), Audience.OFFICERS))

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(words__regex=r"[^[:space:]]"), name="answers_have_words")]

    def __str__(self) -> str:
        return f"answer to {self.event}"
