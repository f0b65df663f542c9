"""What is done with data about people: each use is a dated version, and a new one takes a vote (N8)."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from coop.people import privacy
from coop.people.privacy import Audience
from governance.models.mandates import Mandate


class Whose(models.TextChoices):
    """Whom the data are about."""

    MEMBERS = "members", _("Members and those who want to become one")
    CLIENTS = "clients", _("Clients and those who act for them")
    EVERYBODY = "everybody", _("Everybody with an account")


class Decides(models.TextChoices):
    """What a machine decides by the data. Nothing on this list shuts anybody out, and no vote adds to it (E5).

    `OPEN` follows what a vote on shares, qualifications or regions said, for everybody alike (N6, N9).
    """

    NOTHING = "nothing", _("Nothing")
    COUNT = "count", _("How a vote came out, by its ballots")
    ACCEPT = "accept", _("That an answer stands and is paid once the time to find otherwise is over")
    EXPIRE = "expire", _("That a task whose time ran out is free again, after what was saved is handed in")
    SCORE = "score", _("Whether onboarding was passed; it is paid whether or not")
    OPEN = "open", _("Which kinds of work are open to a person, by rules that votes set")
    PAY = "pay", _("How much is paid, by numbers that votes set")
    ADMIT = "admit", _("That a candidate is a member once the days or hours are there")
    DUE = "due", _("That what a person asked for happens when its days are over")
    LOT = "lot", _("Who is drawn by lot")
    OPEN_CASE = "open_case", _("That the cooperative must explain something to a member")
    WRITE = "write", _("When a letter is sent")
    SLOW = "slow", _("That after many tries the next one waits some minutes")


class DataUse(models.Model):
    """A version of one use of data: which, about whom, what for, who sees it, how long it is kept, what decides by it.

    `seen_by` is a list of audiences as `members,officers`. A use that has ended is `in_use` false. Part of part 2 is a
    constraint here: no client sees anything about members (E10), no machine shuts anybody out (E5).
    """

    key = models.CharField(max_length=40, help_text="As engaged_time.")
    version = models.PositiveIntegerField()
    title = models.CharField(max_length=120)
    data = models.CharField(max_length=600, help_text="Which data.")
    whose = models.CharField(max_length=9, choices=Whose)
    purpose = models.CharField(max_length=600, help_text="What for.")
    seen_by = models.CharField(max_length=80)
    kept = models.CharField(max_length=300, help_text="How long.")
    decides = models.CharField(max_length=9, choices=Decides)
    in_use = models.BooleanField()
    published_at = models.DateTimeField()
    applies_from = models.DateTimeField(help_text="15 days after publication at the earliest (E9).")
    mandate = models.ForeignKey(Mandate, models.PROTECT, related_name="data_uses")

    privacy.declare(
        **dict.fromkeys((
            "id", "key", "version", "title", "data", "whose", "purpose", "seen_by", "kept", "decides", "in_use",
            "published_at", "applies_from", "mandate",
        ), Audience.PUBLIC)
    )  # fmt: skip

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["key", "version"], name="one_data_use_per_version"),
            models.CheckConstraint(condition=Q(key__regex=r"^[a-z][a-z_]{1,38}$"), name="data_use_key_is_a_word"),
            models.CheckConstraint(condition=Q(whose__in=Whose.values), name="data_use_says_whose"),
            models.CheckConstraint(
                condition=Q(seen_by__regex=r"^(public|members|client|parties|self|officers|nobody)"
                                           r"(,(public|members|client|parties|self|officers|nobody))*$"),
                name="data_use_names_who_sees",
            ),
            models.CheckConstraint(
                condition=Q(whose=Whose.CLIENTS) | ~Q(seen_by__regex=r"(^|,)client(,|$)"),
                name="clients_see_nothing_about_members",
            ),
            models.CheckConstraint(condition=Q(decides__in=Decides.values), name="no_machine_shuts_anybody_out"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.key} (version {self.version})"

    @property
    def is_public(self) -> bool:
        """Tell whether people without an account see the data too."""
        return "public" in self.seen_by.split(",")
