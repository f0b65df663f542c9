"""What was found when an answer was looked at, by whom, and on what ground. Facts and constraints only."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from coop.people import privacy
from coop.people.models import Person
from coop.people.privacy import Audience
from tasks.models.lately import lately
from tasks.models.work import Assignment


class Ground(models.TextChoices):
    """On what a review rests."""

    MAJORITY = "majority", _("It agrees with most of the answers")
    SILENCE = "silence", _("Nobody objected in time")
    PEER = "peer", _("A member checked it")
    CLIENT = "client", _("The client checked it")
    GOLD = "gold", _("It is paid whether right or not")


class Decision(models.TextChoices):
    """What a review says."""

    ACCEPT = "accept", _("Accept")
    SEND_BACK = "send_back", _("Send back")


class Review(models.Model):
    """A look at an answer. Sending back needs a person, a reason and the place (part 7); agreement needs nobody."""

    # The unique constraint below is its index.
    assignment = models.ForeignKey(Assignment, models.PROTECT, related_name="reviews", db_index=False)
    reviewer = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    decision = models.CharField(max_length=9, choices=Decision)
    ground = models.CharField(max_length=9, choices=Ground)
    reason = models.TextField(blank=True)
    place = models.CharField(max_length=200, blank=True, help_text="Which part of the answer it is about.")
    at = models.DateTimeField()

    privacy.declare(
        **dict.fromkeys(("id", "assignment", "decision", "ground", "reason", "place", "at"), Audience.PARTIES),
        reviewer=Audience.NOBODY,
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(decision="send_back") | (Q(reviewer__isnull=False) & ~Q(reason="") & ~Q(place="")),
                name="sending_back_needs_person_reason_and_place",
            ),
            models.UniqueConstraint(fields=["assignment", "decision"], name="sent_back_once_and_accepted_once"),
        ]
        indexes = [lately("at", name="reviews_made_lately")]

    def __str__(self) -> str:
        return f"{self.decision} ({self.ground})"
