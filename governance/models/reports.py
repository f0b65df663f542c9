"""Reports of what the law forbids, what an officer answered, and a message that two officers withhold for 72 hours."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from coop.people import privacy
from coop.people.models import Person
from coop.people.privacy import Audience
from governance.models.assembly import Message
from governance.models.offices import Office
from governance.models.pauses import AN_EMERGENCY

LONGEST_QUOTE, LONGEST_WORDS = 500, 2000


class ReportGround(models.TextChoices):
    """What a report may be about: what the law forbids, not what displeases."""

    CHILD_ABUSE = "child_abuse", _("Material of child abuse, or a way to it")
    THREAT = "threat", _("A credible threat of violence")
    PERSONAL = "personal", _("Somebody's private data")
    UNLAWFUL = "unlawful", _("Something else that the law forbids")


class Outcome(models.TextChoices):
    """What an officer answers to a report: the complete list. None of it but the last touches the message."""

    NOTHING = "nothing", _("Nothing follows: this is not forbidden")
    CHARGE = "charge", _("A member or officer may bring a charge: then a panel decides")
    AUTHORITY = "authority", _("Told to the authority that the law names")
    WITHHOLD = "withhold", _("Withheld for 72 hours, if a second officer confirms within a day")


class MessageReport(models.Model):
    """A member's report of a message: why, the words it is about, and what the reporter says. It stands as written."""

    message = models.ForeignKey(Message, models.PROTECT, related_name="reports")
    reporter = models.ForeignKey(Person, models.PROTECT, related_name="reports_made")
    ground = models.CharField(max_length=11, choices=ReportGround)
    quote = models.CharField(max_length=LONGEST_QUOTE)
    words = models.TextField(max_length=LONGEST_WORDS)
    reported_at = models.DateTimeField()

    privacy.declare(
        id=Audience.PARTIES,
        message=Audience.PARTIES,
        reporter=Audience.SELF,
        ground=Audience.PARTIES,
        quote=Audience.PARTIES,
        words=Audience.SELF,
        reported_at=Audience.PARTIES,
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["reporter", "message"], name="reported_once"),
            models.CheckConstraint(condition=Q(ground__in=ReportGround.values), name="report_ground_is_on_the_list"),
            models.CheckConstraint(
                condition=Q(quote__regex=r"\S", words__regex=r"\S"), name="report_says_what_and_why"
            ),
        ]

    def __str__(self) -> str:
        return f"report {self.pk} of {self.message}"


class ReportAnswer(models.Model):
    """What an officer answered to a report, for good; the author and the reporter read it."""

    report = models.OneToOneField(MessageReport, models.PROTECT, related_name="answer")
    office = models.ForeignKey(Office, models.PROTECT, related_name="+")
    outcome = models.CharField(max_length=9, choices=Outcome)
    words = models.TextField(max_length=LONGEST_WORDS)
    answered_at = models.DateTimeField()

    privacy.declare(**dict.fromkeys(("id", "report", "office", "outcome", "words", "answered_at"), Audience.PARTIES))

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome__in=Outcome.values, words__regex=r"\S"), name="report_answer_gives_reasons"
            )
        ]

    def __str__(self) -> str:
        return f"answer to {self.report}"


class Withholding(models.Model):
    """One message that two officers of different posts keep from being read; over after 72 hours, never twice.

    Its message and its times are the database's own.
    """

    answer = models.OneToOneField(ReportAnswer, models.PROTECT, related_name="withholding")
    message = models.OneToOneField(Message, models.PROTECT, related_name="withholding")
    second_officer = models.ForeignKey(Office, models.PROTECT, related_name="+")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    privacy.declare(
        **dict.fromkeys(("id", "answer", "message", "second_officer", "starts_at", "ends_at"), Audience.PARTIES)
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__lte=F("starts_at") + AN_EMERGENCY) & Q(ends_at__gt=F("starts_at")),
                name="withholding_ends_within_72_hours",
            )
        ]

    def __str__(self) -> str:
        return f"withholding of {self.message_id} until {self.ends_at:%Y-%m-%d %H:%M}"
