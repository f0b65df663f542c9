"""The rows of the constitution that decide how a vote is held: versions with their bounds."""

from datetime import UTC, datetime, timedelta
from functools import reduce
from itertools import accumulate, count
from operator import or_

from django.db import models
from django.db.models import F, Q

from coop.people import privacy
from coop.people.privacy import Audience

# A share of one is 30,000 parts: so thirds (10,000), quarters (7,500) and hundredths of a per cent (3) are all exact.
WHOLE = 30_000
FRIDAY, WORKING = 5, 5
CUTS = ("N1", "N2", "N3")


class Rule(models.Model):
    """A version of one row of the constitution's part 3: who decides, how long, by how much. Bounds are constraints.

    Shares are in parts of WHOLE. `affected_*` concern the affected roll, `whole_*` the whole roll; a null share means
    that electorate does not decide. `yes` is of yes + no, and yes must also outnumber no, so one half means a
    majority; `floor` is yes against the roll, so that staying away never helps. `turnout_floor` is ballots against the
    roll, where the constitution asks how many take part.
    """

    key = models.CharField(max_length=4, help_text="N1 to N15, or 3.2 for the vote that stops a decision.")
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
    turnout_floor = models.PositiveIntegerField(default=0, db_default=0)
    readings = models.PositiveIntegerField(default=1)
    seniors_too = models.BooleanField(default=False, help_text="Must also hold among members of 180 days (R3).")
    published_at = models.DateTimeField()
    applies_from = models.DateTimeField(help_text="15 days after publication at the earliest (E9).")
    mandate = models.ForeignKey("Mandate", models.PROTECT, related_name="rules")

    privacy.declare(
        **dict.fromkeys((
            "id", "key", "version", "decision", "deliberation_days", "frozen_days", "voting_days", "lock_days",
            "affected_yes", "affected_floor", "whole_yes", "whole_floor", "turnout_floor", "readings", "seniors_too",
            "published_at", "applies_from", "mandate",
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
            models.CheckConstraint(condition=Q(key__regex=r"^(N([1-9]|1[0-5])|3\.2)$"), name="rule_key_is_known"),
            models.CheckConstraint(
                condition=Q(deliberation_days__lte=60, frozen_days__lte=F("deliberation_days"), lock_days__lte=60),
                name="timing_within_bounds",
            ),
            models.CheckConstraint(
                condition=Q(affected_floor__lte=18_000, whole_floor__lte=15_000, turnout_floor__lte=15_000)
                & (Q(affected_yes=None) | Q(affected_yes__lte=27_000))
                & (Q(whole_yes=None) | Q(whole_yes__lte=27_000)),
                name="nothing_is_made_impossible",
            ),
            # What is deepest is asked of all, twice, and of those who were here before (R3).
            models.CheckConstraint(
                condition=~Q(key__in=("N2", "N3")) | Q(whole_yes__isnull=False), name="deep_cuts_ask_everybody"
            ),
            models.CheckConstraint(
                condition=~Q(key__in=("N3", "N15")) | Q(readings=2), name="the_deepest_is_read_twice"
            ),
            models.CheckConstraint(
                condition=~Q(key__in=("N6", "N15")) | Q(seniors_too=True), name="seniors_are_asked_too"
            ),
            models.CheckConstraint(
                condition=~Q(key="N15")
                | Q(whole_yes__gte=22_500, whole_floor__gte=10_000, deliberation_days__gte=30, lock_days__gte=30),
                name="the_constitution_is_not_loosened",
            ),
            # The right to stop is a majority of all, at once.
            models.CheckConstraint(
                condition=~Q(key="3.2")
                | Q(deliberation_days=0, voting_days=7, lock_days=0, whole_yes=15_000, whole_floor=0, turnout_floor=0),
                name="stopping_stays_easy",
            ),
            # Nobody puts a recall beyond thirty days, its one extension among them, or out of a majority's reach.
            models.CheckConstraint(
                condition=~Q(key="N13")
                | Q(
                    deliberation_days__lte=27 - F("voting_days") - F("lock_days"),
                    readings=1,
                    affected_yes=None,
                    whole_yes=15_000,
                    whole_floor=0,
                    turnout_floor__lte=4_500,
                    seniors_too=False,
                ),
                name="recall_stays_possible",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key} (version {self.version})"

    def voting_time(self, opens: datetime) -> timedelta:
        """Return how long a vote lasts that opens at a moment: its days, and more until five are working days (P12).

        A day counts from the hour of the opening on, as the day of the week in UTC on which it begins.
        """
        begins = ((opens + timedelta(days=nth)).astimezone(UTC).isoweekday() <= FRIDAY for nth in count())
        return timedelta(days=next(days for days, done in enumerate(accumulate(begins), 1)
                                   if days >= self.voting_days and done >= WORKING))  # fmt: skip


# Numbers that are no rule's own, with the bounds that no vote crosses (part 8): (least, most). Shares are of WHOLE.
BOUNDS: dict[str, tuple[int, int]] = {
    "petition_share": (300, 3_000),
    "petition_most": (10, 500),
    "support_share": (0, 300),
    "support_most": (5, 200),
    "panel_size": (5, 11),
    "reply_days": (15, 60),
    "candidate_days": (0, 90),
    "emergency_hours": (1, 72),
    "cuts_in_a_year": (0, 4_500),
    "exposure_minutes": (15, 240),
    "hidden_dollars": (1, 100),
}


class Parameter(models.Model):
    """A version of a number of the constitution that is no single rule's own. Its bounds are constants."""

    name = models.CharField(max_length=20, choices=[(name, name) for name in BOUNDS])
    version = models.PositiveIntegerField()
    value = models.PositiveIntegerField()
    published_at = models.DateTimeField()
    applies_from = models.DateTimeField(help_text="15 days after publication at the earliest (E9).")
    mandate = models.ForeignKey("Mandate", models.PROTECT, related_name="parameters")

    privacy.declare(
        **dict.fromkeys(("id", "name", "version", "value", "published_at", "applies_from", "mandate"), Audience.PUBLIC)
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["name", "version"], name="one_parameter_per_version"),
            models.CheckConstraint(
                condition=reduce(or_, (Q(name=name, value__range=bounds) for name, bounds in BOUNDS.items())),
                name="parameter_within_bounds",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} (version {self.version})"
