"""The notice by which a member leaves, with seven days in which it can be taken back."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from coop.people import privacy
from coop.people.models import Person
from coop.people.privacy import Audience


class Pressure(models.TextChoices):
    """Whether somebody pressed the member to leave (attack J19)."""

    NONE = "none", _("No, it is my own wish")
    PRESSED = "pressed", _("Yes, somebody told me to leave or threatened me")
    SILENT = "silent", _("I would rather not say")


class Resignation(models.Model):
    """A member's word that they leave. It takes effect after seven days unless they take it back before."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="resignations")
    pressure = models.CharField(max_length=7, choices=Pressure)
    given_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True, editable=False)
    taken_back_at = models.DateTimeField(null=True)

    privacy.declare(**dict.fromkeys(("id", "person", "pressure", "given_at", "due_at", "taken_back_at"), Audience.SELF))

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(pressure__in=Pressure.values), name="pressure_was_asked"),
            models.UniqueConstraint(fields=["person"], condition=Q(taken_back_at=None), name="one_notice_at_a_time"),
        ]

    def __str__(self) -> str:
        return f"notice of {self.person}"
