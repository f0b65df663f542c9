"""The cooperative itself, and how far the clock of a demonstration runs ahead."""

from django.db import models
from django.db.models.functions import Now

from coop.people import privacy
from coop.people.privacy import Audience


class Cooperative(models.Model):
    """This cooperative: one row, written by the owner when the database is made, never changed.

    `simulated` marks a demonstration, whose clock may run ahead; the database refuses that to a real one.
    """

    name = models.CharField(max_length=120)
    simulated = models.BooleanField()
    founded_at = models.DateTimeField()

    privacy.declare(
        id=Audience.PUBLIC,
        name=Audience.PUBLIC,
        simulated=Audience.PUBLIC,
        founded_at=Audience.PUBLIC,
    )

    class Meta:
        constraints = [models.UniqueConstraint(models.Value(1), name="one_cooperative_per_database")]

    def __str__(self) -> str:
        return self.name


class ClockAdvance(models.Model):
    """From this row on the clock of a demonstration runs `ahead` of the world's; each row is further ahead."""

    ahead = models.DurationField()
    advanced_at = models.DateTimeField(db_default=Now(), editable=False)

    privacy.declare(id=Audience.PUBLIC, ahead=Audience.PUBLIC, advanced_at=Audience.PUBLIC)

    class Meta:
        indexes = [models.Index(fields=["-ahead"], name="how_far_ahead")]

    def __str__(self) -> str:
        return f"{self.ahead} ahead"
