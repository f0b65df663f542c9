"""The emergency pause, asked for and begun."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Cast
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


class Reach(models.TextChoices):
    """How far an emergency reaches and what it stops, the smallest first (part 6)."""

    SESSION = "session", _("Sign-ins: every one that is open now ends. Work, pay and payouts go on.")
    PAYOUT = "payout", _("One payout: it is not sent, until 72 hours after it was asked for at most. All else goes on.")
    JOB = "job", _("One job: no new tasks of it.")
    PROJECT = "project", _("One project: no new tasks of any of its jobs.")
    CLASS = "class", _("One kind of work: no new tasks of any of its jobs.")
    WORK = "work", _("All new work.")


# What stops work is paid meanwhile, and a panel may prolong it.
# What the person reads about it: its title, and what goes on.
TITLES = {Reach.SESSION: _("Your sign-ins were ended"), Reach.PAYOUT: _("A payout of yours is held")}
GOES_ON = {
    Reach.SESSION: _("You can sign in anew at once. Your work, pay, payouts, votes and data are untouched."),
    Reach.PAYOUT: _(
        "The money stays yours (E3). It goes out when the time is over, and nobody needs to end it. Your work, pay,"
        " votes and data are untouched."
    ),
}
NEW_WORK = _("New work is paused for you")
ALL_ELSE = _(
    "Your sign-in, pay, payouts, votes and data are untouched. Nobody needs to end it; it is over when its time is"
    " over."
)
_NUMBER = "[1-9][0-9]{0,17}"
_OF_WORK = f"work|(job|project):{_NUMBER}|class:[A-Za-z0-9_-]{{1,50}}"
OF_WORK, ANY = f"^({_OF_WORK})$", f"^(session|payout:{_NUMBER}|{_OF_WORK})$"
SCOPE_HELP = "The smallest that works, as session, payout:3, job:12, project:4, class:image_boxes or work."


# In hours: three days of a session's own time zone may be longer.
AN_EMERGENCY = Cast(models.Value("72 hours"), models.DurationField())


class PauseRequest(models.Model):
    """What one officer asks for: everything of a pause but the second officer's word. Lapses after 24 h unconfirmed."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="pause_requests")
    ground = models.CharField(max_length=20, choices=PauseGround)
    scope = models.CharField(max_length=80, help_text=SCOPE_HELP)
    reason = models.TextField(max_length=2000)
    evidence = models.CharField(max_length=64, help_text="SHA-256 of the evidence; the same facts never twice.")
    hours = models.PositiveSmallIntegerField(help_text="1 to 72.")
    first_officer = models.ForeignKey(Office, models.PROTECT, related_name="+")
    published_in = models.CharField(
        max_length=200, blank=True, db_default="", help_text="Where everybody can read the legal order that it follows."
    )
    published_on = models.DateField(null=True, help_text="When that order was published.")
    asked_at = models.DateTimeField()

    privacy.declare(
        **dict.fromkeys((
            "id", "person", "ground", "scope", "reason", "evidence", "hours", "first_officer", "asked_at",
        ), Audience.OFFICERS),
        **dict.fromkeys(("published_in", "published_on"), Audience.PARTIES),
    )  # fmt: skip

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(ground__in=PauseGround.values), name="ground_is_on_the_list"),
            models.CheckConstraint(condition=Q(scope__regex=ANY), name="pause_has_a_scope_of_the_list"),
            models.CheckConstraint(condition=~Q(scope="session") | Q(hours=1), name="sign_ins_end_at_once"),
            models.CheckConstraint(condition=Q(hours__range=(1, 72)), name="pause_asked_within_72_hours"),
            models.CheckConstraint(condition=~Q(reason=""), name="pause_gives_a_reason"),
            models.CheckConstraint(condition=Q(evidence__regex="^[0-9a-f]{64}$"), name="evidence_is_hashed"),
        ]

    def __str__(self) -> str:
        return f"pause of {self.person} asked for"


class Pause(models.Model):
    """What two officers stop in an emergency. It ends by itself, at most 72 hours after its start.

    It reaches new work, a payout or the sign-ins that are open, and never earnings, vote, discussion, own data or
    signing in anew. Its times are the database's own.
    """

    request = models.OneToOneField(PauseRequest, models.PROTECT, related_name="pause")
    person = models.ForeignKey(Person, models.PROTECT, related_name="pauses")
    ground = models.CharField(max_length=20, choices=PauseGround)
    scope = models.CharField(max_length=80, help_text=SCOPE_HELP)
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
                condition=Q(ends_at__lte=F("starts_at") + AN_EMERGENCY),
                name="pause_ends_within_72_hours",
            ),
            models.CheckConstraint(condition=~Q(first_officer=F("second_officer")), name="two_officers_pause"),
        ]
        indexes = [models.Index(fields=["person", "ends_at"], name="pauses_of_a_person")]

    @property
    def reach(self) -> Reach:
        """How far it reaches."""
        return Reach(self.scope.partition(":")[0])

    @property
    def officers(self) -> set[int]:
        """The two who began it, by their numbers."""
        return {self.first_officer.person_id, self.second_officer.person_id}

    @property
    def title(self) -> str:
        """What happened, to the person it is about."""
        return str(TITLES.get(self.reach, NEW_WORK))

    @property
    def goes_on(self) -> str:
        """What it leaves as it is."""
        return str(GOES_ON.get(self.reach, ALL_ELSE))

    @property
    def stops_work(self) -> bool:
        """Whether it stops work: then it is paid meanwhile, and a panel may prolong it."""
        return self.reach not in {Reach.SESSION, Reach.PAYOUT}

    def __str__(self) -> str:
        return f"pause of {self.person} until {self.ends_at:%Y-%m-%d %H:%M}"
