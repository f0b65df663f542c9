"""Posts, the rights that go with them, who holds them, and how a term ends early."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from coop.people import privacy
from coop.people.models import Person
from coop.people.privacy import Audience
from governance.models.mandates import Mandate

LONGEST_TERM_DAYS = 3 * 365


class Right(models.TextChoices):
    """What some posts may do and other members may not: the complete list (D8)."""

    MONEY = "handles_money", _("records deposits, sends payouts and confirms them")
    PAUSES = "asks_for_pauses", _("asks for an emergency pause, or confirms one")
    REPORTS = "reads_reports", _("reads what members report about content")
    BOOKS = "checks_the_books", _("looks at every account and transfer, and confirms payouts to those who handle money")
    PANELS = "keeps_panels", _("prepares panels and keeps their files")


# Acts of these rights need a second officer, so nobody may hold two posts that have one of them.
CONFIRMED = (Right.MONEY, Right.PAUSES)
# Whoever has one of these looks at what the other did, so that no post and no two posts of a person give both.
CHECKED = {Right.MONEY, Right.BOOKS}


class Post(models.Model):
    """A version of a post: its rights, its term, its seats and the posts that its holder may not hold beside it.

    The latest version counts, for those in office too, but gives nobody a right without an election: a right counts for
    an office whose post has given it ever since candidates were called. Only a founding meeting or a vote writes one.
    """

    name = models.CharField(max_length=30, help_text="As treasurer, secretary, safety officer.")
    version = models.PositiveIntegerField()
    term_days = models.PositiveIntegerField(help_text="The longest term; never more than three years.")
    seats = models.PositiveSmallIntegerField(default=1, help_text="How many people hold it at once.")
    rights = models.JSONField(help_text="A list of rights, as handles_money.")
    excludes = models.JSONField(default=list, help_text="Names of posts that its holder may not hold beside it.")
    abolished = models.BooleanField(default=False, db_default=False)
    mandate = models.ForeignKey(Mandate, models.PROTECT, related_name="posts")
    since = models.DateTimeField()

    privacy.declare(
        **dict.fromkeys((
            "id", "name", "version", "term_days", "seats", "rights", "excludes", "abolished", "mandate", "since",
        ), Audience.PUBLIC)
    )  # fmt: skip

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["name", "version"], name="one_post_per_version"),
            models.CheckConstraint(
                condition=Q(term_days__range=(1, LONGEST_TERM_DAYS)), name="terms_are_three_years_at_most"
            ),
            models.CheckConstraint(condition=Q(seats__range=(1, 11)), name="posts_have_seats"),
        ]

    def __str__(self) -> str:
        return f"{self.name} (version {self.version})"


class Office(models.Model):
    """A seat of a post held by a person from a date to a date, by mandate. An officer is whoever holds one now (D8)."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="offices")
    post = models.CharField(max_length=30, help_text="As treasurer, secretary, safety officer.")
    seat = models.PositiveSmallIntegerField(default=1, db_default=1, help_text="From 1 to the seats of the post.")
    mandate = models.ForeignKey(Mandate, models.PROTECT, related_name="offices")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    privacy.declare(
        id=Audience.PUBLIC,
        person=Audience.MEMBERS,
        post=Audience.PUBLIC,
        seat=Audience.PUBLIC,
        mandate=Audience.PUBLIC,
        starts_at=Audience.PUBLIC,
        ends_at=Audience.PUBLIC,
    )

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="offices_end")]
        indexes = [models.Index(fields=["post", "-ends_at"], name="offices_of_a_post")]

    def __str__(self) -> str:
        return f"{self.post}: {self.person}"


class OfficeActKind(models.TextChoices):
    """What officers do, in office, that concerns somebody: the complete list."""

    ASKED_PAUSE = "asked_pause", _("asked for an emergency pause of your work")
    BEGAN_PAUSE = "began_pause", _("confirmed an emergency pause of your work")
    OPENED_CASE = "opened_case", _("brought a case about you")
    SENT_PAYOUT = "sent_payout", _("sent your payout")
    SETTLED_PAYOUT = "settled_payout", _("confirmed what became of your payout")
    LOOKED = "looked", _("looked at it")


class OfficeAct(models.Model):
    """Something that an officer did or looked at by their post and that concerns a person, who reads it.

    The database writes one beside each act, so that no act is without it; the site writes the looks. `duty` is the
    right it was done by, empty for what any post allows.
    """

    office = models.ForeignKey(Office, models.PROTECT, related_name="acts", db_index=False)
    person = models.ForeignKey(Person, models.PROTECT, related_name="acts_of_officers", help_text="Whom it concerns.")
    act = models.CharField(max_length=14, choices=OfficeActKind)
    duty = models.CharField(max_length=20, choices=Right, blank=True)
    subject = models.CharField(max_length=80, help_text="As payout:12.")
    at = models.DateTimeField()

    privacy.declare(**dict.fromkeys(("id", "office", "person", "act", "duty", "subject", "at"), Audience.SELF))

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(act__in=OfficeActKind.values), name="officers_acts_are_on_the_list")
        ]

    def __str__(self) -> str:
        return f"{self.office.post}: {self.get_act_display()} ({self.subject})"


class OfficeEnd(models.Model):
    """An office that ended before its date, by the mandate of a recall (N13); its holder stays a member."""

    office = models.OneToOneField(Office, models.PROTECT, related_name="end")
    mandate = models.OneToOneField(Mandate, models.PROTECT, related_name="office_end")
    at = models.DateTimeField()

    privacy.declare(id=Audience.PUBLIC, office=Audience.PUBLIC, mandate=Audience.PUBLIC, at=Audience.PUBLIC)

    def __str__(self) -> str:
        return f"end of {self.office}"
