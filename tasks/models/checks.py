"""Checks: a member takes an answer to check, at a known pay; nobody else decides it meanwhile."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from coop.people import privacy
from coop.people.models import Person
from coop.people.privacy import Audience
from payments.money import MoneyField
from tasks.models.work import Assignment


class CheckState(models.TextChoices):
    """Where a check stands."""

    OPEN = "open", _("Open")
    DONE = "done", _("Done and paid")
    LAPSED = "lapsed", _("Time ran out")


class Check(models.Model):
    """An answer taken by a member to be checked, and paid by the job (E6). The database writes pay and times.

    It pays the voted share of the answer's own pay, locked when it is taken. What was found is a Review, or a Dispute.
    """

    assignment = models.ForeignKey(Assignment, models.PROTECT, related_name="checks", db_index=False)
    person = models.ForeignKey(Person, models.PROTECT, related_name="+", db_index=False)
    pay = MoneyField(null=True, editable=False)
    state = models.CharField(max_length=6, choices=CheckState, default=CheckState.OPEN)
    taken_at = models.DateTimeField(null=True, editable=False)
    until = models.DateTimeField(null=True, editable=False, help_text="Until when nobody else decides the answer.")
    ended_at = models.DateTimeField(null=True, editable=False)

    privacy.declare(
        **dict.fromkeys(("id", "assignment", "state", "taken_at", "until", "ended_at"), Audience.PARTIES),
        person=Audience.SELF,
        pay=Audience.PARTIES,
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["assignment", "person"], name="one_check_per_person_and_answer"),
            models.UniqueConstraint(fields=["assignment"], condition=Q(state="open"), name="one_open_check_per_answer"),
            models.UniqueConstraint(fields=["person"], condition=Q(state="open"), name="one_open_check_per_person"),
        ]
        indexes = [
            models.Index(fields=["person", "-id"], name="checks_of_a_person"),
            models.Index(fields=["until"], condition=Q(state="open"), name="checks_by_their_end"),
        ]

    def __str__(self) -> str:
        return f"check {self.pk} ({self.state})"
