"""A case: what somebody is charged with, or what happened to them, with its file. Read by its parties and its panel.

The state of a case is not stored: it follows from its times and from the rows that exist (see cases.state).
"""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from coop.people import privacy
from coop.people.models import Client, ClientSeat, Person
from coop.people.privacy import Audience
from governance.models.bylaws import Bylaw
from governance.models.offices import Office
from governance.models.pauses import OF_WORK, Pause


class CaseKind(models.TextChoices):
    """What a case is: a charge; something done to a member without one (7.11); the prolonging of a pause (part 6)."""

    CHARGE = "charge", _("Charge")
    EQUIVALENT = "equivalent", _("Something like a ban, without a decision")
    EMERGENCY = "emergency", _("Prolonging an emergency pause")


class CaseGround(models.TextChoices):
    """Everything that a charge may be about. What is not on the list is no ground."""

    FABRICATED = "fabricated", _("Work handed in that was knowingly made up or copied")
    ACCOUNT_SHARED = "account_shared", _("Somebody else worked under the member's name")
    HARASSMENT = "harassment", _("Harassment or threats towards people here")
    DATA_TAKEN = "data_taken", _("Client's or members' data taken out")
    PAYMENT_FRAUD = "payment_fraud", _("Payment fraud")
    VIOLENCE = "violence", _("Violence, or child-abuse material")
    LEGAL_ORDER = "legal_order", _("A published legal order")


class NeverAGround(models.TextChoices):
    """What nobody is ever charged with (7.5 and 7.9); kept as a list so that a refusal can say why."""

    SLOW_WORK = "slow_work", _("Slow work")
    DECLINED = "declined", _("Declining or skipping tasks")
    RATINGS = "ratings", _("Clients' ratings, or a share of accepted work, alone")
    ORGANISING = "organising", _("Organising, voting, proposing or speaking about pay, conditions or clients")
    COMPLAINT = "complaint", _("A complaint, a report or a dispute")
    LEAVE = "leave", _("Taking leave, or leaving")


class Equivalent(models.TextChoices):
    """What works like a ban without being called one (7.11)."""

    NO_OFFERS = "no_offers", _("No offers for 14 days while others had work")
    LOST_TIER = "lost_tier", _("A tier or qualification was lost")
    HELD_PAYOUT = "held_payout", _("A payout was held for more than 72 hours")
    MUTED = "muted", _("Muted for more than 24 hours")
    MASS_REJECTION = "mass_rejection", _("Much work was sent back at once")
    PRESSED_TO_LEAVE = "pressed_to_leave", _("Pressed to leave")


class Measure(models.TextChoices):
    """What a panel may decide: the ladder in its order, and what it says about a candidate or an emergency pause."""

    NOTHING = "nothing", _("Nothing follows")
    ADVICE = "advice", _("Advice")
    RETRAINING = "retraining", _("Paid retraining")
    LIMIT = "limit", _("A limit, 30 days at most")
    PAUSE = "pause", _("A pause of new work, 60 days at most")
    EXPULSION = "expulsion", _("Expulsion, if the general meeting agrees")
    OBJECTION = "objection", _("An objection to membership, 90 days at most")
    REPAIR = "repair", _("The cooperative repairs what was done to the member")
    PROLONG = "prolong", _("The emergency pause goes on, 14 days in all at most")
    UNFOUNDED = "unfounded", _("The emergency pause was unfounded: the time is paid double")


LADDER = (Measure.NOTHING, Measure.ADVICE, Measure.RETRAINING, Measure.LIMIT, Measure.PAUSE, Measure.EXPULSION)
# What a charge may ask for: a step of the ladder, or, beside it, that a candidate is no member yet (R2).
CHARGED = (*LADDER[1:], Measure.OBJECTION)
# Smaller than all work: one job, one client's work, speaking in the assembly, one qualification.
SCOPE = r"^(work|job:[0-9]+|client:[0-9]+|mute|tier:[a-z0-9_:-]{1,60})$"


def keeps_to_the_ladder() -> Q:
    """Return the condition that a measure has the scope and the length that the ladder gives it (7.5)."""
    return (
        Q(measure=Measure.LIMIT, scope__regex=SCOPE, days__range=(1, 30)) & ~Q(scope="work")
        | Q(measure=Measure.PAUSE, scope="work", days__range=(1, 60))
        | Q(measure=Measure.OBJECTION, scope="membership", days__range=(1, 90))
        | Q(measure=Measure.PROLONG, scope__regex=OF_WORK, days__range=(1, 14))
        | Q(measure__in=sorted(set(Measure.values) - {"limit", "pause", "objection", "prolong"}), scope="", days=0)
    )


class Case(models.Model):
    """A charge in writing by a named person, or a case that the cooperative must explain to the member it is about.

    `opened_at`, `facts_digest` and `presumed` are the database's own. `presumed`: the member did something protected in
    the 180 days before, so a measure is presumed to be retaliation (7.9).
    """

    kind = models.CharField(max_length=10, choices=CaseKind)
    person = models.ForeignKey(Person, models.PROTECT, related_name="cases")
    charged_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="charges")
    office = models.ForeignKey(Office, models.PROTECT, null=True, related_name="+")
    seat = models.ForeignKey(ClientSeat, models.PROTECT, null=True, related_name="+")
    client = models.ForeignKey(Client, models.PROTECT, null=True, related_name="+")
    bylaw = models.ForeignKey(Bylaw, models.PROTECT, null=True, related_name="cases")
    ground = models.CharField(max_length=20, blank=True)
    facts = models.TextField(max_length=5000)
    facts_digest = models.CharField(max_length=64, editable=False, db_default="")
    happened_from = models.DateTimeField()
    happened_until = models.DateTimeField()
    measure = models.CharField(max_length=10, choices=Measure, default=Measure.NOTHING)
    scope = models.CharField(max_length=80, blank=True)
    days = models.PositiveSmallIntegerField(default=0)
    remedy = models.TextField(max_length=2000, blank=True, help_text="How the member can put it right.")
    pause = models.OneToOneField(Pause, models.PROTECT, null=True, related_name="prolonging")
    presumed = models.BooleanField(db_default=False, editable=False)
    opened_at = models.DateTimeField()

    privacy.declare(
        **dict.fromkeys((
            "id", "kind", "charged_by", "office", "seat", "client", "bylaw", "ground", "facts", "facts_digest",
            "happened_from", "happened_until", "measure", "scope", "days", "remedy", "pause", "presumed", "opened_at",
        ), Audience.PARTIES),
        person=Audience.SELF,
    )  # fmt: skip

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="charge", ground__in=CaseGround.values, bylaw__isnull=False, charged_by__isnull=False)
                | Q(kind="equivalent", ground__in=Equivalent.values, charged_by=None, bylaw=None, measure="nothing")
                | Q(kind="emergency", ground="", charged_by__isnull=False, office__isnull=False, pause__isnull=False),
                name="case_ground_is_on_the_list",
            ),
            models.CheckConstraint(condition=keeps_to_the_ladder(), name="charge_keeps_to_the_ladder"),
            models.CheckConstraint(
                condition=~Q(kind="charge") | (Q(measure__in=CHARGED) & ~Q(remedy="")),
                name="charge_says_measure_and_remedy",
            ),
            models.CheckConstraint(condition=~Q(facts=""), name="case_says_the_facts"),
            models.CheckConstraint(condition=Q(happened_until__gte=F("happened_from")), name="facts_have_their_time"),
            models.CheckConstraint(condition=~Q(charged_by=F("person")), name="nobody_charges_themselves"),
        ]
        indexes = [models.Index(fields=["person", "-opened_at"], name="cases_of_a_person")]

    def __str__(self) -> str:
        return f"case {self.pk}"


class Evidence(models.Model):
    """A piece of the file. From the charging side it counts only if it was shown within 48 hours; `citable` says so.

    The digest is the database's own, over the words without case, spaces and signs: the same facts under another
    comma are the same facts.
    """

    case = models.ForeignKey(Case, models.PROTECT, related_name="evidence")
    person = models.ForeignKey(Person, models.PROTECT, related_name="+", help_text="Whom the case is about.")
    added_by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    name = models.CharField(max_length=120)
    text = models.TextField(max_length=20_000)
    digest = models.CharField(max_length=64, editable=False, db_default="")
    charging = models.BooleanField(db_default=True, editable=False)
    citable = models.BooleanField(db_default=False, editable=False)
    added_at = models.DateTimeField()

    privacy.declare(
        **dict.fromkeys((
            "id", "case", "added_by", "name", "text", "digest", "charging", "citable", "added_at",
        ), Audience.PARTIES),
        person=Audience.SELF,
    )  # fmt: skip

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person", "digest"], condition=Q(charging=True), name="same_evidence_never_twice"
            ),
            models.CheckConstraint(condition=~Q(text="") & ~Q(name=""), name="evidence_says_something"),
        ]

    def __str__(self) -> str:
        return f"{self.name} (case {self.case_id})"


class Said(models.TextChoices):
    """What a statement is."""

    REPLY = "reply", _("Reply")
    MORE_TIME = "more_time", _("More time asked for")
    WORD = "word", _("Word")
    EXPLANATION = "explanation", _("Explanation by the cooperative")
    CONTESTED = "contested", _("The explanation is not accepted")


class Statement(models.Model):
    """Something written in a case: all of it stands in the file. Silence is no admission."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="statements")
    author = models.ForeignKey(Person, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=11, choices=Said)
    text = models.TextField(max_length=10_000)
    said_at = models.DateTimeField()

    privacy.declare(**dict.fromkeys(("id", "case", "author", "kind", "text", "said_at"), Audience.PARTIES))

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["case", "kind"], condition=Q(kind__in=["more_time", "explanation", "contested"]),
                name="said_once",
            ),
            models.CheckConstraint(condition=~Q(text=""), name="statement_says_something"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.get_kind_display()} in case {self.case_id}"
