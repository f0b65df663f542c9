"""Questions to the members, and the rolls of those who answer them."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from coop.people import privacy
from coop.people.models import Person
from coop.people.privacy import Audience
from governance.models.rules import Rule


class Method(models.TextChoices):
    """How a question is answered: by yes or no, by approving options, or by putting them in order."""

    YES_NO = "yes_no", _("Yes or no")
    APPROVAL = "approval", _("Approve any number")
    RANKED = "ranked", _("Put in order")


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
    method = models.CharField(max_length=8, choices=Method, default=Method.YES_NO, db_default="yes_no")
    subject = models.CharField(max_length=80, help_text="Whose work is affected, as work_type:3.")
    proposed_by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    drafted_at = models.DateTimeField()
    first_reading = models.ForeignKey("self", models.PROTECT, null=True, related_name="second_readings")
    petition = models.ForeignKey("Petition", models.PROTECT, null=True, related_name="votes")
    rival_of = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        related_name="rivals",
        help_text="The first proposal on whose ballot it stands.",
    )
    digest = models.CharField(max_length=64, blank=True)
    published_at = models.DateTimeField(null=True)
    frozen_at = models.DateTimeField(null=True)
    opens_at = models.DateTimeField(null=True)
    closes_at = models.DateTimeField(null=True)
    locked_until = models.DateTimeField(null=True)
    roll_root = models.CharField(max_length=64, blank=True)

    privacy.declare(
        **dict.fromkeys((
            "id", "policy", "rule", "title", "text", "payload", "impact", "method", "subject",
            "proposed_by", "drafted_at", "first_reading", "petition", "rival_of", "digest", "published_at", "frozen_at",
            "opens_at", "closes_at", "locked_until", "roll_root",
        ), Audience.PUBLIC)
    )  # fmt: skip

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(published_at=None)
                | Q(opens_at__gte=F("published_at"), closes_at__gt=F("opens_at"), locked_until__gte=F("closes_at")),
                name="phases_follow_each_other",
            ),
            models.UniqueConstraint(fields=["petition"], condition=~Q(published_at=None), name="petition_calls_once"),
            models.CheckConstraint(condition=Q(method__in=Method.values), name="method_is_known"),
            models.CheckConstraint(
                condition=Q(published_at=None) | Q(title__regex=r"\S", text__regex=r"\S"),
                name="proposal_asks_and_says_why",
            ),
            models.UniqueConstraint(fields=["first_reading"], condition=~Q(published_at=None), name="read_twice_only"),
        ]

    def __str__(self) -> str:
        return self.title


class Option(models.Model):
    """An answer that a vote offers, by its position on the ballot; written with the draft, part of the digest.

    0 is no option: it stands for leaving things as they are, and every vote by approval offers it.
    """

    proposal = models.ForeignKey(Proposal, models.PROTECT, related_name="options", db_index=False)
    position = models.PositiveSmallIntegerField(help_text="1 to 99, without gaps.")
    title = models.CharField(max_length=140)
    text = models.TextField(max_length=5000, blank=True, help_text="A reason, or a candidate's statement.")
    payload = models.TextField(blank=True, help_text="Canonical JSON, or nothing.")
    person = models.ForeignKey(Person, models.PROTECT, null=True, related_name="candidacies")

    privacy.declare(
        **dict.fromkeys((
            "id", "proposal", "position", "title", "text", "payload", "person",
        ), Audience.PUBLIC)
    )  # fmt: skip

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["proposal", "position"], name="one_option_per_position"),
            models.UniqueConstraint(fields=["proposal", "person"], name="one_candidacy_per_vote"),
            models.CheckConstraint(condition=Q(position__range=(1, 99)), name="options_fit_on_a_ballot"),
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
