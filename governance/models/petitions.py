"""Who backs a draft, and what members ask for together: that a decision be stopped, that an officer be recalled."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from coop.people import privacy
from coop.people.models import Person
from coop.people.privacy import Audience
from governance.models.elections import LONGEST_STATEMENT
from governance.models.offices import Office
from governance.models.proposals import Proposal


class Support(models.Model):
    """A member's word on a draft: that it should be put to all (P8), or no more. The latest word of a person counts.

    It holds for the very text it was given for (`digest`, written by the database): a draft that is rewritten loses it.
    A draft that its author backs is open to members; before, only its author sees it.
    """

    draft = models.ForeignKey(Proposal, models.PROTECT, related_name="supports", db_index=False)
    person = models.ForeignKey(Person, models.PROTECT, related_name="+", db_index=False)
    number = models.PositiveIntegerField(db_default=0, editable=False, help_text="Set by the database: 1, then 2 …")
    backs = models.BooleanField()
    digest = models.CharField(max_length=64, db_default="", editable=False)
    said_at = models.DateTimeField()

    privacy.declare(
        **dict.fromkeys(("id", "draft", "person", "number", "backs", "digest", "said_at"), Audience.MEMBERS)
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["draft", "person", "number"], name="one_word_per_number")]

    def __str__(self) -> str:
        return f"word {self.number} of {self.person_id} on draft {self.draft_id}"


class PetitionKind(models.TextChoices):
    """What a petition asks for; the vote it calls is of the policy of this name."""

    STOP = "stop", _("Stop a decision")
    RECALL = "recall", _("Recall an officer")


class Petition(models.Model):
    """What members ask for together. When enough have signed, the vote it asks for publishes itself (3.2, N13)."""

    kind = models.CharField(max_length=6, choices=PetitionKind)
    stops = models.OneToOneField(Proposal, models.PROTECT, null=True, related_name="stop_petition")
    recalls = models.ForeignKey(Office, models.PROTECT, null=True, related_name="recall_petitions")
    opened_by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    opened_at = models.DateTimeField()

    privacy.declare(
        id=Audience.PUBLIC,
        kind=Audience.PUBLIC,
        stops=Audience.PUBLIC,
        recalls=Audience.PUBLIC,
        opened_by=Audience.MEMBERS,
        opened_at=Audience.PUBLIC,
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="stop", stops__isnull=False, recalls=None)
                | Q(kind="recall", recalls__isnull=False, stops=None),
                name="petition_asks_for_one_thing",
            ),
        ]

    def __str__(self) -> str:
        return f"petition {self.pk} ({self.kind})"


class Answer(models.Model):
    """What an officer says to the petition that would recall them. The latest is shown; the earlier ones stay."""

    petition = models.ForeignKey(Petition, models.PROTECT, related_name="answers")
    text = models.TextField(max_length=LONGEST_STATEMENT)
    written_at = models.DateTimeField()

    privacy.declare(**dict.fromkeys(("id", "petition", "text", "written_at"), Audience.PUBLIC))

    def __str__(self) -> str:
        return f"answer to petition {self.petition_id}"


class Signature(models.Model):
    """A member's name under a petition, once."""

    petition = models.ForeignKey(Petition, models.PROTECT, related_name="signatures", db_index=False)
    person = models.ForeignKey(Person, models.PROTECT, related_name="+")
    signed_at = models.DateTimeField()

    privacy.declare(id=Audience.MEMBERS, petition=Audience.MEMBERS, person=Audience.MEMBERS, signed_at=Audience.MEMBERS)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["petition", "person"], name="one_signature_per_petition")]

    def __str__(self) -> str:
        return f"signature under petition {self.petition_id}"
