"""Letters by e-mail: what a person wants to be told, when they sleep, and which letters were made, each once."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from coop.people import privacy
from coop.people.models import Person
from coop.people.privacy import Audience

QUIET_FROM, QUIET_UNTIL = 21, 7


class LetterWish(models.Model):
    """What a person chose to be told by letter. Without a row: everything, and quiet from 21 to 7 where they live."""

    person = models.OneToOneField(Person, models.PROTECT, related_name="letter_wish")
    proposals = models.BooleanField(default=True)
    replies = models.BooleanField(default=True)
    reminders = models.BooleanField(default=True)
    quiet_from = models.PositiveSmallIntegerField(default=QUIET_FROM)
    quiet_until = models.PositiveSmallIntegerField(default=QUIET_UNTIL)

    privacy.declare(
        **dict.fromkeys((
            "id", "person", "proposals", "replies", "reminders", "quiet_from", "quiet_until",
        ), Audience.SELF)
    )  # fmt: skip

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(quiet_from__range=(0, 23), quiet_until__range=(0, 23)), name="quiet_hours_are_of_the_day"
            )
        ]

    def __str__(self) -> str:
        return f"what {self.person} wants to be told"


class LetterKind(models.TextChoices):
    """What a letter is."""

    DIGEST = "digest", _("What is new")
    REMINDER = "reminder", _("Reminder of a vote")
    LAST_DAY = "last_day", _("Reminder in its last day")
    VOTED = "voted", _("Your ballot was in the box")


class Letter(models.Model):
    """A letter to a person: one digest a day (subject "2027-01-31"); about a vote ("proposal:3") two before, one after.

    `made_at` is the database's own. A worker claims it before sending; what was claimed and not sent is not sent again.
    """

    person = models.ForeignKey(Person, models.PROTECT, related_name="letters", db_index=False)
    kind = models.CharField(max_length=8, choices=LetterKind)
    subject = models.CharField(max_length=40)
    made_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)

    privacy.declare(
        **dict.fromkeys(("id", "person", "kind", "subject", "made_at", "claimed_at", "sent_at"), Audience.SELF)
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "kind", "subject"], name="each_letter_once"),
            models.CheckConstraint(condition=Q(kind__in=LetterKind.values), name="letter_kind_is_known"),
        ]
        indexes = [models.Index(fields=["id"], condition=Q(claimed_at=None), name="letters_to_send")]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject} to {self.person_id}"
