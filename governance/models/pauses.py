"""The emergency pause, asked for and begun."""

from datetime import timedelta

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from coop.people import privacy
from coop.people.models import Person
from coop.people.privacy import Audience
from governance.models.offices import Office


class PauseGround(models.TextChoices):
    """The complete list of grounds for an emergency pause (part 6)."""

    ACCOUNT_TAKEN_OVER = "account_taken_over", _("The account was taken over by somebody else")
    PAYMENT_FRAUD = "payment_fraud", _("Payment fraud is in progress")
    DATA_LEAVING = "data_leaving", _("Data is leaving")
    VIOLENCE = "violence", _("A credible threat of violence, or child-abuse material")
    LEGAL_ORDER = "legal_order", _("A published legal order")


class PauseRequest(models.Model):
    """What one officer asks for: everything of a pause but the second officer's word. Lapses after 24 h unconfirmed."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="pause_requests")
    ground = models.CharField(max_length=20, choices=PauseGround)
    scope = models.CharField(max_length=80, help_text="The smallest that works: work, or job:12.")
    reason = models.TextField(max_length=2000)
    evidence = models.CharField(max_length=64, help_text="SHA-256 of the evidence; the same facts never twice.")
    hours = models.PositiveSmallIntegerField(help_text="1 to 72.")
    first_officer = models.ForeignKey(Office, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()

    privacy.declare(
        **dict.fromkeys((
            "id", "person", "ground", "scope", "reason", "evidence", "hours", "first_officer", "asked_at",
        ), Audience.OFFICERS)
    )  # fmt: skip

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(ground__in=PauseGround.values), name="ground_is_on_the_list"),
            models.CheckConstraint(condition=Q(scope__regex=r"^(work|job:[0-9]+)$"), name="pause_touches_only_work"),
            models.CheckConstraint(condition=Q(hours__range=(1, 72)), name="pause_asked_within_72_hours"),
            models.CheckConstraint(condition=~Q(reason=""), name="pause_gives_a_reason"),
            models.CheckConstraint(condition=Q(evidence__regex="^[0-9a-f]{64}$"), name="evidence_is_hashed"),
        ]

    def __str__(self) -> str:
        return f"pause of {self.person} asked for"


class Pause(models.Model):
    """An emergency pause of a person's new work, by two officers. It ends by itself, at most 72 hours after its start.

    It never touches log-in, earnings, payout, vote, discussion or own data. Its times are the database's own.
    """

    request = models.OneToOneField(PauseRequest, models.PROTECT, related_name="pause")
    person = models.ForeignKey(Person, models.PROTECT, related_name="pauses")
    ground = models.CharField(max_length=20, choices=PauseGround)
    scope = models.CharField(max_length=80, help_text="The smallest that works: work, or job:12.")
    reason = models.TextField(max_length=2000)
    evidence = models.CharField(max_length=64, help_text="SHA-256 of the evidence; the same facts never twice.")
    first_officer = models.ForeignKey(Office, models.PROTECT, related_name="+")
    second_officer = models.ForeignKey(Office, models.PROTECT, related_name="+")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    privacy.declare(
        id=Audience.SELF,
        request=Audience.OFFICERS,
        person=Audience.SELF,
        ground=Audience.SELF,
        scope=Audience.SELF,
        reason=Audience.SELF,
        evidence=Audience.SELF,
        first_officer=Audience.SELF,
        second_officer=Audience.SELF,
        starts_at=Audience.SELF,
        ends_at=Audience.SELF,
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "evidence"], name="same_facts_never_twice"),
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="pauses_end"),
            models.CheckConstraint(
                condition=Q(ends_at__lte=F("starts_at") + models.Value(timedelta(hours=72))),
                name="pause_ends_within_72_hours",
            ),
            models.CheckConstraint(condition=~Q(first_officer=F("second_officer")), name="two_officers_pause"),
        ]
        indexes = [models.Index(fields=["person", "ends_at"], name="pauses_of_a_person")]

    def __str__(self) -> str:
        return f"pause of {self.person} until {self.ends_at:%Y-%m-%d %H:%M}"
