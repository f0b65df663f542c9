"""What is cast and what is counted."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from coop.people import privacy
from coop.people.models import Person
from coop.people.privacy import Audience
from governance.models.proposals import Proposal


class Choice(models.TextChoices):
    """What a ballot says in a vote by yes or no."""

    YES = "yes", _("Yes")
    NO = "no", _("No")
    ABSTAIN = "abstain", _("Abstain")


class Ballot(models.Model):
    """One casting by one elector; a later one replaces it (B2). Confidential: counted by the database at the close.

    The site may write a ballot and find a receipt; it cannot read who cast it or what it says.
    """

    proposal = models.ForeignKey(Proposal, models.PROTECT, related_name="ballots", db_index=False)
    person = models.ForeignKey(Person, models.PROTECT, related_name="+", db_index=False)
    number = models.PositiveIntegerField(
        db_default=0, editable=False, help_text="Set by the database: 1 for the first casting of this elector, then 2 …"
    )
    choice = models.CharField(
        max_length=300, help_text="yes, no or abstain; else positions of options: 1,3 approved, or 3,1 in order."
    )
    receipt = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the voter's receipt words.")
    cast_at = models.DateTimeField()

    privacy.declare(
        id=Audience.NOBODY,
        proposal=Audience.NOBODY,
        person=Audience.NOBODY,
        number=Audience.NOBODY,
        choice=Audience.NOBODY,
        receipt=Audience.PUBLIC,
        cast_at=Audience.NOBODY,
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["proposal", "person", "number"], name="one_ballot_per_number"),
            models.CheckConstraint(
                condition=Q(choice__regex=r"^(yes|no|abstain|[0-9]{1,2}(,[0-9]{1,2})*)$"), name="choice_is_known"
            ),
            models.CheckConstraint(condition=Q(receipt__regex="^[0-9a-f]{64}$"), name="receipt_is_a_digest"),
        ]

    def __str__(self) -> str:
        return f"ballot {self.number} in vote {self.proposal_id}"


class Tally(models.Model):
    """The count of a closed vote, compared by the database with its own recount. Counts are whole ballots.

    `counts` has a group for each electorate that decides, "whole" or "affected", and "whole_senior" or
    "affected_senior" for R3. A group too small to be shown (3.4) carries only its roll and whether it met the rule.
    In a vote among options it carries approvals by position (0 is "leave it as it is") and the winner's position.
    """

    proposal = models.OneToOneField(Proposal, models.PROTECT, related_name="tally")
    counted_at = models.DateTimeField()
    counts = models.JSONField(help_text="{group: {roll, yes, no, abstain, met}}")
    passed = models.BooleanField()
    extended = models.BooleanField(db_default=False, editable=False, help_text="Set by the database: 72 hours more.")
    closed_at = models.DateTimeField(null=True, editable=False, help_text="Set by the database: when it closed.")
    winner = models.PositiveIntegerField(null=True, editable=False, help_text="Set by the database: an option.")
    files = models.JSONField(
        null=True, editable=False, help_text="Set by the database: SHA-256 of each file to recount."
    )

    privacy.declare(
        **dict.fromkeys((
            "id", "proposal", "counted_at", "counts", "passed", "extended", "closed_at", "winner", "files",
        ), Audience.PUBLIC)
    )  # fmt: skip

    def __str__(self) -> str:
        return f"tally of vote {self.proposal_id}"
