"""What a panel decides: a motion with its reasons, the votes on it, the decision, what it restricts, and the appeal."""

from datetime import timedelta

from django.db import models
from django.db.models import F, Q

from coop.people import privacy
from coop.people.models import Person
from coop.people.privacy import Audience
from governance.models.assembly import Message
from governance.models.cases import Case, Evidence, Measure, keeps_to_the_ladder
from governance.models.panels import Panel, PanelSeat

APPEAL_OPEN = timedelta(days=90)


class Motion(models.Model):
    """A decision as a member of the panel writes it, for the panel to vote on. Its words never change."""

    panel = models.ForeignKey(Panel, models.PROTECT, related_name="motions")
    seat = models.ForeignKey(PanelSeat, models.PROTECT, related_name="+")
    measure = models.CharField(max_length=10, choices=Measure)
    scope = models.CharField(max_length=80, blank=True)
    days = models.PositiveSmallIntegerField(default=0)
    reasons = models.TextField(max_length=10_000)
    rebuttal = models.TextField(
        max_length=5000, blank=True, help_text="Why it is no retaliation, where that is presumed (7.9)."
    )
    evidence = models.ManyToManyField(Evidence, through="Citation", related_name="motions")
    moved_at = models.DateTimeField()

    privacy.declare(
        **dict.fromkeys((
            "id", "panel", "seat", "measure", "scope", "days", "reasons", "rebuttal", "moved_at",
        ), Audience.PARTIES)
    )  # fmt: skip

    class Meta:
        constraints = [
            models.CheckConstraint(condition=keeps_to_the_ladder(), name="motion_keeps_to_the_ladder"),
            models.CheckConstraint(condition=Q(reasons__regex=r"\S.{18,}\S"), name="motion_gives_reasons"),
        ]

    def __str__(self) -> str:
        return f"motion {self.pk} in panel {self.panel_id}"


class Citation(models.Model):
    """A piece of evidence that a motion rests on; only what was shown in time can be cited (7.2)."""

    motion = models.ForeignKey(Motion, models.PROTECT, related_name="citations")
    evidence = models.ForeignKey(Evidence, models.PROTECT, related_name="citations")

    privacy.declare(**dict.fromkeys(("id", "motion", "evidence"), Audience.PARTIES))

    class Meta:
        constraints = [models.UniqueConstraint(fields=["motion", "evidence"], name="cited_once")]

    def __str__(self) -> str:
        return f"citation of {self.evidence_id} by {self.motion_id}"


class Fold(models.Model):
    """A message that a motion folds: one of the member's own, named as "message:12" by evidence that the motion cites.

    It has effect while the motion's decision stands, from a week after a first decision on (`governance_folded`).
    """

    motion = models.ForeignKey(Motion, models.PROTECT, related_name="folds")
    message = models.ForeignKey(Message, models.PROTECT, related_name="folds")

    privacy.declare(**dict.fromkeys(("id", "motion", "message"), Audience.PARTIES))

    class Meta:
        constraints = [models.UniqueConstraint(fields=["motion", "message"], name="folded_once")]

    def __str__(self) -> str:
        return f"fold of {self.message_id} by {self.motion_id}"


class PanelVote(models.Model):
    """What one member of the panel says on a motion, once."""

    motion = models.ForeignKey(Motion, models.PROTECT, related_name="votes")
    seat = models.ForeignKey(PanelSeat, models.PROTECT, related_name="votes")
    agrees = models.BooleanField()
    voted_at = models.DateTimeField()

    privacy.declare(
        id=Audience.SELF, motion=Audience.SELF, seat=Audience.SELF, agrees=Audience.SELF, voted_at=Audience.SELF
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["motion", "seat"], name="panel_member_votes_once")]

    def __str__(self) -> str:
        return f"vote on motion {self.motion_id}"


class Decision(models.Model):
    """A motion that enough of the panel agreed to, counted again by the database; one a panel, for good."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="decisions")
    panel = models.OneToOneField(Panel, models.PROTECT, related_name="decision")
    motion = models.OneToOneField(Motion, models.PROTECT, related_name="decision")
    agreed = models.PositiveSmallIntegerField(db_default=0, editable=False)
    decided_at = models.DateTimeField()

    privacy.declare(**dict.fromkeys(("id", "case", "panel", "motion", "agreed", "decided_at"), Audience.PARTIES))

    def __str__(self) -> str:
        return f"decision in case {self.case_id}"


class Appeal(models.Model):
    """The member's appeal. From that moment what was decided has no effect until nine others have decided (7.7)."""

    decision = models.OneToOneField(Decision, models.PROTECT, related_name="appeal")
    by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    reasons = models.TextField(max_length=10_000)
    appealed_at = models.DateTimeField()

    privacy.declare(**dict.fromkeys(("id", "decision", "by", "reasons", "appealed_at"), Audience.PARTIES))

    def __str__(self) -> str:
        return f"appeal against {self.decision}"


class Restriction(models.Model):
    """What a decision keeps a person from, and until when. Its times follow from the decision, by the database.

    Without such a row, or once its decision is appealed or its time is over, nothing is barred (7.8).
    """

    decision = models.OneToOneField(Decision, models.PROTECT, related_name="restriction")
    person = models.ForeignKey(Person, models.PROTECT, related_name="restrictions")
    scope = models.CharField(max_length=80)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    privacy.declare(
        id=Audience.PARTIES,
        decision=Audience.PARTIES,
        person=Audience.SELF,
        scope=Audience.PARTIES,
        starts_at=Audience.PARTIES,
        ends_at=Audience.PARTIES,
    )

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="restrictions_end")]
        indexes = [models.Index(fields=["person", "ends_at"], name="restrictions_of_a_person")]

    def __str__(self) -> str:
        return f"restriction of {self.scope} until {self.ends_at:%Y-%m-%d}"
