"""Rejected answers: the rejection, the peers whom the lot gave it to, what each of them found, how it was settled."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from coop.people import privacy
from coop.people.models import Person
from coop.people.privacy import Audience
from payments.money import MoneyField
from tasks.models.work import Assignment


class LooksFor(models.TextChoices):
    """For whom an answer is rejected."""

    CLIENT = "client", _("The client")
    PEER = "peer", _("A member who checks answers")


class Dispute(models.Model):
    """One answer rejected by a named person, with a reason and the place. Its pay is advanced in the same act (part 7).

    The database writes the times: two members decide within 72 hours, else it is decided for the member.
    """

    assignment = models.OneToOneField(Assignment, models.PROTECT, related_name="dispute")
    rejected_by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    looks_for = models.CharField(max_length=6, choices=LooksFor)
    reason = models.TextField(max_length=2000)
    place = models.CharField(max_length=200, help_text="Which part of the answer it is about.")
    opened_at = models.DateTimeField(null=True, editable=False)
    decide_by = models.DateTimeField(null=True, editable=False)

    privacy.declare(
        **dict.fromkeys(
            ("id", "assignment", "looks_for", "reason", "place", "opened_at", "decide_by"), Audience.PARTIES
        ),
        rejected_by=Audience.CLIENT,
    )

    class Meta:
        indexes = [models.Index(fields=["opened_at"], name="disputes_by_time")]

    def __str__(self) -> str:
        return f"dispute {self.pk}"


class Peer(models.Model):
    """A place among those who decide. The database draws whose it is; it lapses to the next if not used in 24 hours."""

    dispute = models.ForeignKey(Dispute, models.PROTECT, related_name="peers")
    person = models.ForeignKey(Person, models.PROTECT, null=True, editable=False, related_name="+")
    rank = models.PositiveSmallIntegerField(null=True, editable=False)
    seated_at = models.DateTimeField(null=True, editable=False)
    decide_by = models.DateTimeField(null=True, editable=False)

    privacy.declare(
        **dict.fromkeys(("id", "dispute", "rank", "seated_at", "decide_by"), Audience.PARTIES), person=Audience.SELF
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["dispute", "person"], name="one_place_per_peer"),
            models.UniqueConstraint(fields=["dispute", "rank"], name="one_peer_per_rank"),
        ]

    def __str__(self) -> str:
        return f"peer {self.rank} of dispute {self.dispute_id}"


class Finding(models.Model):
    """What one peer found, and why. Nobody reads it before the dispute is settled: the site itself cannot.

    `stands` says that the answer is right, so that the client pays. The database writes the pay of the look (E6).
    """

    peer = models.OneToOneField(Peer, models.PROTECT, related_name="finding")
    stands = models.BooleanField()
    reason = models.TextField(max_length=2000)
    pay = MoneyField(null=True, editable=False)
    found_at = models.DateTimeField(null=True, editable=False)

    privacy.declare(
        id=Audience.PARTIES,
        peer=Audience.PARTIES,
        # Open to the parties at the end, by the view tasks_findings_shown.
        stands=Audience.NOBODY,
        reason=Audience.NOBODY,
        pay=Audience.SELF,
        found_at=Audience.PARTIES,
    )

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(reason__regex=r"\S"), name="findings_have_a_reason")]

    def __str__(self) -> str:
        return f"finding {self.pk}"


class Settlement(models.Model):
    """How a dispute ended. The database writes the outcome from what was found, or from the time that passed."""

    dispute = models.OneToOneField(Dispute, models.PROTECT, related_name="settlement")
    stands = models.BooleanField(null=True, editable=False, help_text="The answer stands: the client pays.")
    by_time = models.BooleanField(null=True, editable=False, help_text="Nobody found otherwise within 72 hours.")
    settled_at = models.DateTimeField(null=True, editable=False)

    privacy.declare(**dict.fromkeys(("id", "dispute", "stands", "by_time", "settled_at"), Audience.PARTIES))

    def __str__(self) -> str:
        return f"settlement of dispute {self.dispute_id}"
