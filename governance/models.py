"""The ground: rules, proposals, rolls, ballots, mandates, standing, pauses, offices. Facts and constraints only.

The state of a proposal is not stored: it follows from its times and from the rows that exist (see voting.state).
"""

from datetime import timedelta

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from coop.people import privacy
from coop.people.models import Person
from coop.people.privacy import Audience

# A share of one is 30,000 parts: so thirds (10,000), quarters (7,500) and hundredths of a per cent (3) are all exact.
WHOLE = 30_000
CUTS = ("N1", "N2", "N3")


class Rule(models.Model):
    """A version of one row of the constitution's part 3: who decides, how long, by how much. Bounds are constraints.

    Shares are in parts of WHOLE. `affected_*` concern the affected roll, `whole_*` the whole roll; a null share means
    that electorate does not decide. `yes` is of yes + no, and yes must also outnumber no, so one half means a
    majority; `floor` is yes against the roll, so that staying away never helps.
    """

    key = models.CharField(max_length=4, help_text="N1 to N15.")
    version = models.PositiveIntegerField()
    decision = models.TextField(help_text="What it is about, in one sentence.")
    deliberation_days = models.PositiveIntegerField()
    frozen_days = models.PositiveIntegerField(help_text="The last days of deliberation, when the text has long stood.")
    voting_days = models.PositiveIntegerField()
    lock_days = models.PositiveIntegerField()
    affected_yes = models.PositiveIntegerField(null=True)
    affected_floor = models.PositiveIntegerField(default=0)
    whole_yes = models.PositiveIntegerField(null=True)
    whole_floor = models.PositiveIntegerField(default=0)
    readings = models.PositiveIntegerField(default=1)
    seniors_too = models.BooleanField(default=False, help_text="Must also hold among members of 180 days (R3).")
    published_at = models.DateTimeField()
    mandate = models.ForeignKey("Mandate", models.PROTECT, related_name="rules")

    privacy.declare(
        **dict.fromkeys((
            "id", "key", "version", "decision", "deliberation_days", "frozen_days", "voting_days", "lock_days",
            "affected_yes", "affected_floor", "whole_yes", "whole_floor", "readings", "seniors_too",
            "published_at", "mandate",
        ), Audience.PUBLIC)
    )  # fmt: skip

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["key", "version"], name="one_rule_per_version"),
            models.CheckConstraint(condition=Q(voting_days__range=(5, 21)), name="voting_within_bounds"),
            models.CheckConstraint(
                condition=~Q(key__in=CUTS)
                | Q(deliberation_days__range=(15, 60), frozen_days__range=(5, 14), lock_days__range=(14, 60)),
                name="cut_timing_within_bounds",
            ),
            models.CheckConstraint(
                condition=~Q(key__in=CUTS)
                | Q(affected_yes__range=(20_000, 27_000), affected_floor__range=(9_900, 18_000), seniors_too=True),
                name="cut_thresholds_within_bounds",
            ),
            models.CheckConstraint(
                condition=Q(affected_yes__isnull=False) | Q(whole_yes__isnull=False), name="somebody_decides"
            ),
            models.CheckConstraint(
                condition=(Q(affected_yes=None) | Q(affected_yes__range=(15_000, WHOLE)))
                & (Q(whole_yes=None) | Q(whole_yes__range=(15_000, WHOLE))),
                name="a_majority_at_least",
            ),
            models.CheckConstraint(condition=Q(readings__range=(1, 2)), name="one_or_two_readings"),
        ]

    def __str__(self) -> str:
        return f"{self.key} (version {self.version})"


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
    subject = models.CharField(max_length=80, help_text="Whose work is affected, as work_type:3.")
    proposed_by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    drafted_at = models.DateTimeField()
    first_reading = models.ForeignKey("self", models.PROTECT, null=True, related_name="second_readings")
    digest = models.CharField(max_length=64, blank=True)
    published_at = models.DateTimeField(null=True)
    frozen_at = models.DateTimeField(null=True)
    opens_at = models.DateTimeField(null=True)
    closes_at = models.DateTimeField(null=True)
    locked_until = models.DateTimeField(null=True)
    roll_root = models.CharField(max_length=64, blank=True)

    privacy.declare(
        **dict.fromkeys((
            "id", "policy", "rule", "title", "text", "payload", "impact", "subject", "proposed_by",
            "drafted_at", "first_reading", "digest", "published_at", "frozen_at", "opens_at", "closes_at",
            "locked_until", "roll_root",
        ), Audience.PUBLIC)
    )  # fmt: skip

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(published_at=None)
                | Q(opens_at__gte=F("published_at"), closes_at__gt=F("opens_at"), locked_until__gte=F("closes_at")),
                name="phases_follow_each_other",
            ),
            models.UniqueConstraint(fields=["first_reading"], condition=~Q(published_at=None), name="read_twice_only"),
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


class Choice(models.TextChoices):
    """What a ballot says."""

    YES = "yes", _("Yes")
    NO = "no", _("No")
    ABSTAIN = "abstain", _("Abstain")


class Ballot(models.Model):
    """One casting by one elector; a later one replaces it (B2). Confidential: counted by the database at the close.

    The site may write a ballot and find a receipt; it cannot read who cast it or what it says.
    """

    proposal = models.ForeignKey(Proposal, models.PROTECT, related_name="ballots", db_index=False)
    person = models.ForeignKey(Person, models.PROTECT, related_name="+", db_index=False)
    number = models.PositiveIntegerField(
        db_default=0, editable=False, help_text="Set by the database: 1 for the first casting of this elector, then 2 …"
    )
    choice = models.CharField(max_length=7, choices=Choice)
    receipt = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the voter's receipt words.")
    cast_at = models.DateTimeField()

    privacy.declare(
        id=Audience.NOBODY,
        proposal=Audience.NOBODY,
        person=Audience.NOBODY,
        number=Audience.NOBODY,
        choice=Audience.NOBODY,
        receipt=Audience.PUBLIC,
        cast_at=Audience.NOBODY,
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["proposal", "person", "number"], name="one_ballot_per_number"),
            models.CheckConstraint(condition=Q(choice__in=["yes", "no", "abstain"]), name="choice_is_known"),
            models.CheckConstraint(condition=Q(receipt__regex="^[0-9a-f]{64}$"), name="receipt_is_a_digest"),
        ]

    def __str__(self) -> str:
        return f"ballot {self.number} in vote {self.proposal_id}"


class Tally(models.Model):
    """The count of a closed vote, compared by the database with its own recount. Counts are whole ballots.

    `counts` has a group for each electorate that decides, "whole" or "affected", and "whole_senior" or
    "affected_senior" for R3. A group too small to be shown (3.4) carries only its roll and whether it met the rule.
    """

    proposal = models.OneToOneField(Proposal, models.PROTECT, related_name="tally")
    counted_at = models.DateTimeField()
    counts = models.JSONField(help_text="{group: {roll, yes, no, abstain, met}}")
    passed = models.BooleanField()

    privacy.declare(
        **dict.fromkeys((
            "id", "proposal", "counted_at", "counts", "passed",
        ), Audience.PUBLIC)
    )  # fmt: skip

    def __str__(self) -> str:
        return f"tally of vote {self.proposal_id}"


class Mandate(models.Model):
    """The authority of a passed vote. `proposal` is null only for the founding meeting, which only the owner writes."""

    proposal = models.OneToOneField(Proposal, models.PROTECT, null=True, related_name="mandate")
    given_at = models.DateTimeField()
    due_at = models.DateTimeField(help_text="When its lock has passed and anybody may enact it.")
    expires_at = models.DateTimeField(help_text="30 days after due: then nothing changes any more.")

    privacy.declare(
        **dict.fromkeys((
            "id", "proposal", "given_at", "due_at", "expires_at",
        ), Audience.PUBLIC)
    )  # fmt: skip

    class Meta:
        constraints = [
            models.UniqueConstraint(models.Value(1), condition=Q(proposal=None), name="one_founding_mandate")
        ]

    def __str__(self) -> str:
        return f"mandate of vote {self.proposal_id}" if self.proposal_id else "founding mandate"


class Enactment(models.Model):
    """What became of a due mandate: it was carried out, or it failed because the old version had moved on (P3)."""

    mandate = models.OneToOneField(Mandate, models.PROTECT, related_name="enactment")
    at = models.DateTimeField()
    failure = models.TextField(blank=True)

    privacy.declare(id=Audience.PUBLIC, mandate=Audience.PUBLIC, at=Audience.PUBLIC, failure=Audience.PUBLIC)

    def __str__(self) -> str:
        return f"enactment of {self.mandate}"


class Status(models.TextChoices):
    """A person's status (D1)."""

    APPLICANT = "applicant", _("Applicant")
    CANDIDATE = "candidate", _("Candidate")
    MEMBER = "member", _("Member")
    LEFT = "left", _("Left")
    EXPELLED = "expelled", _("Expelled")


class Standing(models.Model):
    """A person's status from a moment on; the latest row counts. Lowered only by a mandate, or by their own word."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="standings")
    status = models.CharField(max_length=9, choices=Status)
    since = models.DateTimeField()
    rule = models.CharField(max_length=12, help_text="The rule it follows from, as R1.")
    recorded_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    mandate = models.ForeignKey(Mandate, models.PROTECT, null=True, related_name="standings")

    privacy.declare(
        id=Audience.MEMBERS,
        person=Audience.MEMBERS,
        status=Audience.MEMBERS,
        since=Audience.MEMBERS,
        rule=Audience.MEMBERS,
        recorded_by=Audience.MEMBERS,
        mandate=Audience.PUBLIC,
    )

    class Meta:
        indexes = [models.Index(fields=["person", "-id"], name="latest_standing_of_a_person")]

    def __str__(self) -> str:
        return f"{self.person}: {self.get_status_display()}"


class Office(models.Model):
    """A post held by a person from a date to a date, by mandate. An officer is whoever holds one now (D8)."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="offices")
    post = models.CharField(max_length=30, help_text="As treasurer, secretary, safety officer.")
    mandate = models.ForeignKey(Mandate, models.PROTECT, related_name="offices")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    privacy.declare(
        id=Audience.PUBLIC,
        person=Audience.MEMBERS,
        post=Audience.PUBLIC,
        mandate=Audience.PUBLIC,
        starts_at=Audience.PUBLIC,
        ends_at=Audience.PUBLIC,
    )

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="offices_end")]

    def __str__(self) -> str:
        return f"{self.post}: {self.person}"


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
