"""Questions to the members, and the rolls of those who answer them."""

from django.db import models
from django.db.models import F, Q

from coop.people import privacy
from coop.people.models import Person
from coop.people.privacy import Audience
from governance.models.rules import Rule


class Proposal(models.Model):
    """A question to the members. From publication on nothing of it changes; its digest is its identity (P1).

    `payload` is canonical JSON kept as text: parse once, hash exactly. It carries literal values only. Publishing sets
    `published_at`; the database writes the other times, the digest, the roll and its root.
    """

    policy = models.CharField(max_length=60, help_text="Which kind of change, as rate_change.")
    rule = models.ForeignKey(Rule, models.PROTECT, related_name="proposals")
    title = models.CharField(max_length=140)
    text = models.TextField(max_length=5000)
    payload = models.TextField()
    impact = models.TextField(default="{}", help_text="Canonical JSON: who loses or gains how much, computed.")
    subject = models.CharField(max_length=80, help_text="Whose work is affected, as work_type:3.")
    proposed_by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    drafted_at = models.DateTimeField()
    first_reading = models.ForeignKey("self", models.PROTECT, null=True, related_name="second_readings")
    digest = models.CharField(max_length=64, blank=True)
    published_at = models.DateTimeField(null=True)
    frozen_at = models.DateTimeField(null=True)
    opens_at = models.DateTimeField(null=True)
    closes_at = models.DateTimeField(null=True)
    locked_until = models.DateTimeField(null=True)
    roll_root = models.CharField(max_length=64, blank=True)

    privacy.declare(
        **dict.fromkeys((
            "id", "policy", "rule", "title", "text", "payload", "impact", "subject", "proposed_by",
            "drafted_at", "first_reading", "digest", "published_at", "frozen_at", "opens_at", "closes_at",
            "locked_until", "roll_root",
        ), Audience.PUBLIC)
    )  # fmt: skip

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(published_at=None)
                | Q(opens_at__gte=F("published_at"), closes_at__gt=F("opens_at"), locked_until__gte=F("closes_at")),
                name="phases_follow_each_other",
            ),
            models.UniqueConstraint(fields=["first_reading"], condition=~Q(published_at=None), name="read_twice_only"),
        ]

    def __str__(self) -> str:
        return self.title


class RollEntry(models.Model):
    """An elector of one proposal. Written by the database itself when the proposal is published, never after (D2)."""

    proposal = models.ForeignKey(Proposal, models.PROTECT, related_name="roll", db_index=False)
    person = models.ForeignKey(Person, models.PROTECT, related_name="+", db_index=False)
    position = models.PositiveIntegerField()
    affected = models.BooleanField()
    senior = models.BooleanField()

    privacy.declare(
        **dict.fromkeys((
            "id", "proposal", "person", "position", "affected", "senior",
        ), Audience.MEMBERS)
    )  # fmt: skip

    class Meta:
        constraints = [models.UniqueConstraint(fields=["proposal", "person"], name="one_place_on_the_roll")]

    def __str__(self) -> str:
        return f"{self.person} on the roll of {self.proposal_id}"
