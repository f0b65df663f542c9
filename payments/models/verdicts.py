"""What officers read on a rail's own statement about a payout that it never answered for."""

from django.db import models
from django.db.models import Q

from coop.people import privacy
from coop.people.privacy import Audience
from governance.models import Office
from payments.models.payouts import Payout


class Verdict(models.Model):
    """What one officer read of a payout: that it arrived, or that it did not. Each officer's latest counts."""

    payout = models.ForeignKey(Payout, models.PROTECT, related_name="verdicts")
    office = models.ForeignKey(Office, models.PROTECT, related_name="+")
    arrived = models.BooleanField()
    words = models.CharField(max_length=140, help_text="Which statement, and its line or that there is none.")
    at = models.DateTimeField()

    privacy.declare(
        id=Audience.SELF, payout=Audience.SELF, office=Audience.SELF, arrived=Audience.SELF, words=Audience.SELF,
        at=Audience.SELF,
    )  # fmt: skip

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(words__regex=r"[^[:space:]]"), name="verdicts_name_a_statement")
        ]

    def __str__(self) -> str:
        return f"verdict on payout {self.payout_id}"
