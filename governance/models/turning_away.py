"""What members were turned away from, and the row that was in the way: kept so that they and an auditor can see it."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from coop.people import privacy
from coop.people.models import Person
from coop.people.privacy import Audience


class TurnedFrom(models.TextChoices):
    """What somebody could not do, or what was not shown."""

    CLAIM = "claim", _("A job was refused to you")
    BOARD = "board", _("Jobs that were open to you were not on the list of jobs")
    SPEAK = "speak", _("You could not write in the assembly")
    HEARD = "heard", _("What you wrote in the assembly was not shown to somebody who read there")


class InTheWay(models.TextChoices):
    """Everything that can keep a person from work or from speaking: the tables whose rows say so (7.8)."""

    PAUSE = "pause", _("an emergency pause")
    RESTRICTION = "restriction", _("a panel's decision")
    INSTRUMENT = "instrument", _("a voted rule on regions, qualifications or shares")


class TurnedAway(models.Model):
    """That a person was refused something by the site, and what stood in the way by the database's own look.

    `rule` is what the site told them. Time, `ground` and `row` (its number) are the database's own; no ground means
    that nothing of the kind stood there, so that it should have been allowed. What a job itself explains (closed,
    paused by its client, no task left) is not kept.
    """

    person = models.ForeignKey(Person, models.PROTECT, related_name="+")
    act = models.CharField(max_length=5, choices=TurnedFrom)
    job = models.BigIntegerField(null=True, help_text="The number of the job, where it is one.")
    rule = models.CharField(max_length=20, blank=True)
    ground = models.CharField(max_length=11, choices=InTheWay, blank=True, db_default="", editable=False)
    row = models.BigIntegerField(null=True, editable=False)
    at = models.DateTimeField()

    privacy.declare(**dict.fromkeys(("id", "person", "act", "job", "rule", "ground", "row", "at"), Audience.SELF))

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(act=TurnedFrom.CLAIM, job__isnull=False)
                | Q(act__in=sorted(set(TurnedFrom.values) - {"claim"}), job=None),
                name="turned_away_from_what_is_known",
            ),
        ]
        indexes = [models.Index(fields=["person", "-at"], name="turned_away_by_person")]

    def __str__(self) -> str:
        return f"{self.person_id} turned away: {self.get_act_display()}"
