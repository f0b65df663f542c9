"""The authority of a passed vote, and what became of it."""

from django.db import models
from django.db.models import Q

from coop.people import privacy
from coop.people.privacy import Audience
from governance.models.proposals import Proposal


class Mandate(models.Model):
    """The authority of a passed vote. `proposal` is null only for the founding meeting, which only the owner writes."""

    proposal = models.OneToOneField(Proposal, models.PROTECT, null=True, related_name="mandate")
    given_at = models.DateTimeField()
    due_at = models.DateTimeField(help_text="When its lock has passed and anybody may enact it.")
    expires_at = models.DateTimeField(help_text="30 days after due: then nothing changes any more.")

    privacy.declare(
        **dict.fromkeys((
            "id", "proposal", "given_at", "due_at", "expires_at",
        ), Audience.PUBLIC)
    )  # fmt: skip

    class Meta:
        constraints = [
            models.UniqueConstraint(models.Value(1), condition=Q(proposal=None), name="one_founding_mandate")
        ]

    def __str__(self) -> str:
        return f"mandate of vote {self.proposal_id}" if self.proposal_id else "founding mandate"


class Enactment(models.Model):
    """What became of a due mandate: it was carried out, or it failed because the old version had moved on (P3)."""

    mandate = models.OneToOneField(Mandate, models.PROTECT, related_name="enactment")
    at = models.DateTimeField()
    failure = models.TextField(blank=True)

    privacy.declare(id=Audience.PUBLIC, mandate=Audience.PUBLIC, at=Audience.PUBLIC, failure=Audience.PUBLIC)

    def __str__(self) -> str:
        return f"enactment of {self.mandate}"
