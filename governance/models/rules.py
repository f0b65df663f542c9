"""The rows of the constitution that decide how a vote is held: versions with their bounds."""

from django.db import models
from django.db.models import Q

from coop.people import privacy
from coop.people.privacy import Audience

# A share of one is 30,000 parts: so thirds (10,000), quarters (7,500) and hundredths of a per cent (3) are all exact.
WHOLE = 30_000
CUTS = ("N1", "N2", "N3")


class Rule(models.Model):
    """A version of one row of the constitution's part 3: who decides, how long, by how much. Bounds are constraints.

    Shares are in parts of WHOLE. `affected_*` concern the affected roll, `whole_*` the whole roll; a null share means
    that electorate does not decide. `yes` is of yes + no, and yes must also outnumber no, so one half means a
    majority; `floor` is yes against the roll, so that staying away never helps. `turnout_floor` is ballots against the
    roll, where the constitution asks how many take part.
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
    turnout_floor = models.PositiveIntegerField(default=0, db_default=0)
    readings = models.PositiveIntegerField(default=1)
    seniors_too = models.BooleanField(default=False, help_text="Must also hold among members of 180 days (R3).")
    published_at = models.DateTimeField()
    mandate = models.ForeignKey("Mandate", models.PROTECT, related_name="rules")

    privacy.declare(
        **dict.fromkeys((
            "id", "key", "version", "decision", "deliberation_days", "frozen_days", "voting_days", "lock_days",
            "affected_yes", "affected_floor", "whole_yes", "whole_floor", "turnout_floor", "readings", "seniors_too",
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
