"""Panels of members by lot: who was on the list, what the lot was made of, who was drawn and who sits."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from coop.people import privacy
from coop.people.models import Person
from coop.people.privacy import Audience
from governance.models.cases import Case


class Stage(models.TextChoices):
    """What a panel decides on."""

    FIRST = "first", _("The case")
    APPEAL = "appeal", _("The appeal")
    EMERGENCY = "emergency", _("Whether an emergency pause goes on")


class Role(models.TextChoices):
    """Whose part of the lot it is. Three people who do not trust one another make it together."""

    CHARGE = "charge", _("The charging side")
    MEMBER = "member", _("The member")
    WITNESS = "witness", _("An officer of another post")


class Side(models.TextChoices):
    """Who refuses a member of the panel, and whether it counts."""

    CHARGE = "charge", _("The charging side")
    MEMBER = "member", _("The member")
    SELF = "self", _("The drawn member, who cannot be fair or cannot come")
    GONE = "gone", _("Has left the cooperative")


class Panel(models.Model):
    """A panel of a case. Everything but its case, its stage and who asked for it is written by the database.

    `candidates` is the frozen list from which the lot draws: members without a part in the case; `roll_digest` is the
    SHA-256 of their numbers with commas between.
    """

    case = models.ForeignKey(Case, models.PROTECT, related_name="panels")
    stage = models.CharField(max_length=9, choices=Stage)
    asked_by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    size = models.PositiveSmallIntegerField(db_default=5, editable=False)
    candidates = ArrayField(models.BigIntegerField(), editable=False, db_default=models.Value("{}"))
    roll_digest = models.CharField(max_length=64, editable=False, db_default="")
    convened_at = models.DateTimeField()
    commit_by = models.DateTimeField(null=True, editable=False)
    reveal_by = models.DateTimeField(null=True, editable=False)
    decide_by = models.DateTimeField(null=True, editable=False)

    privacy.declare(
        **dict.fromkeys((
            "id", "case", "stage", "asked_by", "size", "candidates", "roll_digest", "convened_at", "commit_by",
            "reveal_by", "decide_by",
        ), Audience.PARTIES)
    )  # fmt: skip

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["case", "stage"], name="one_panel_per_stage"),
            models.CheckConstraint(
                condition=Q(stage="first", size__range=(5, 11))
                | Q(stage="appeal", size=9)
                | Q(stage="emergency", size=3),
                name="panel_has_its_size",
            ),
        ]

    def __str__(self) -> str:
        return f"panel {self.pk} of case {self.case_id}"


class DrawPart(models.Model):
    """One of the three parts of the lot, sealed: the SHA-256 of words that nobody else knows yet."""

    panel = models.ForeignKey(Panel, models.PROTECT, related_name="parts")
    role = models.CharField(max_length=7, choices=Role)
    person = models.ForeignKey(Person, models.PROTECT, related_name="+")
    commitment = models.CharField(max_length=64)
    committed_at = models.DateTimeField()

    privacy.declare(**dict.fromkeys(("id", "panel", "role", "person", "commitment", "committed_at"), Audience.PARTIES))

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["panel", "role"], name="one_part_per_role"),
            models.CheckConstraint(condition=Q(commitment__regex="^[0-9a-f]{64}$"), name="commitment_is_a_digest"),
        ]

    def __str__(self) -> str:
        return f"part of the {self.role} in panel {self.panel_id}"


class DrawReveal(models.Model):
    """The words of a part, opened after all parts were sealed."""

    part = models.OneToOneField(DrawPart, models.PROTECT, related_name="reveal")
    words = models.CharField(max_length=200)
    revealed_at = models.DateTimeField()

    privacy.declare(**dict.fromkeys(("id", "part", "words", "revealed_at"), Audience.PARTIES))

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(words__contains="\n"), name="words_are_one_line")]

    def __str__(self) -> str:
        return f"reveal of {self.part_id}"


class Draw(models.Model):
    """The lot: its seed is the SHA-256 of the three parts, a line each; the database computes it."""

    panel = models.OneToOneField(Panel, models.PROTECT, related_name="draw")
    seed = models.CharField(max_length=64, editable=False, db_default="")
    drawn_at = models.DateTimeField()

    privacy.declare(**dict.fromkeys(("id", "panel", "seed", "drawn_at"), Audience.PARTIES))

    def __str__(self) -> str:
        return f"draw of panel {self.panel_id}"


class PanelSeat(models.Model):
    """A member whom the lot put on a panel; `rank` is their place in the lot's order. Paid work (E6)."""

    panel = models.ForeignKey(Panel, models.PROTECT, related_name="seats")
    person = models.ForeignKey(Person, models.PROTECT, related_name="panel_seats")
    rank = models.PositiveIntegerField()
    seated_at = models.DateTimeField()

    privacy.declare(
        id=Audience.PARTIES,
        panel=Audience.PARTIES,
        person=Audience.SELF,
        rank=Audience.PARTIES,
        seated_at=Audience.PARTIES,
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["panel", "rank"], name="one_seat_per_rank"),
            models.UniqueConstraint(fields=["panel", "person"], name="one_seat_per_member"),
            models.CheckConstraint(condition=Q(rank__gte=1), name="ranks_begin_at_one"),
        ]

    def __str__(self) -> str:
        return f"seat {self.rank} of panel {self.panel_id}"


class SeatRefusal(models.Model):
    """A member of a panel refused by a side (two each), or by themselves; the next in the order takes the place."""

    seat = models.OneToOneField(PanelSeat, models.PROTECT, related_name="refused")
    side = models.CharField(max_length=6, choices=Side)
    by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    refused_at = models.DateTimeField()

    privacy.declare(**dict.fromkeys(("id", "seat", "side", "by", "refused_at"), Audience.PARTIES))

    def __str__(self) -> str:
        return f"refusal of {self.seat}"


class Hearing(models.Model):
    """A hearing held: how long it took, and what was said, written by a member of the panel.

    What a seat is paid, by its voted rate for an estimated time, pays for reading, hearing and deciding together.
    """

    panel = models.ForeignKey(Panel, models.PROTECT, related_name="hearings")
    seat = models.ForeignKey(PanelSeat, models.PROTECT, related_name="+")
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField()
    text = models.TextField(max_length=10_000)
    written_at = models.DateTimeField()

    privacy.declare(
        **dict.fromkeys(("id", "panel", "seat", "began_at", "ended_at", "text", "written_at"), Audience.PARTIES)
    )

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(ended_at__gt=F("began_at")), name="hearings_end")]

    def __str__(self) -> str:
        return f"hearing of panel {self.panel_id}"

    @property
    def minutes(self) -> int:
        """Return how many whole minutes it took."""
        return int((self.ended_at - self.began_at).total_seconds() // 60)
