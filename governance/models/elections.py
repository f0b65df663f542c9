"""Calls for candidates, and the members who put themselves forward."""

from django.db import models
from django.db.models import F, Q

from coop.people import privacy
from coop.people.models import Person
from coop.people.privacy import Audience

LONGEST_STATEMENT = 1200


class Call(models.Model):
    """A call for candidates for one seat of a post and one term. When it is over, those who stand are put to the vote.

    Nothing of it changes. Its times of opening and closing are the database's own.
    """

    post = models.CharField(max_length=30)
    seat = models.PositiveSmallIntegerField()
    starts_at = models.DateTimeField(help_text="When the term begins.")
    ends_at = models.DateTimeField(help_text="When the term ends.")
    opened_by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    opened_at = models.DateTimeField()
    closes_at = models.DateTimeField(help_text="Until then members put themselves forward.")

    privacy.declare(
        **dict.fromkeys(("id", "post", "seat", "starts_at", "ends_at", "opened_at", "closes_at"), Audience.PUBLIC),
        opened_by=Audience.MEMBERS,
    )

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="terms_end")]

    def __str__(self) -> str:
        return f"call for {self.post}, seat {self.seat}"


class Candidacy(models.Model):
    """A member who stands, by their own word, with a statement as long as everybody's may be."""

    call = models.ForeignKey(Call, models.PROTECT, related_name="candidacies")
    person = models.ForeignKey(Person, models.PROTECT, related_name="+")
    statement = models.TextField(max_length=LONGEST_STATEMENT)
    put_forward_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)

    privacy.declare(
        **dict.fromkeys(
            ("id", "call", "person", "statement", "put_forward_at", "withdrawn_at"), Audience.MEMBERS
        )
    )  # fmt: skip

    class Meta:
        constraints = [models.UniqueConstraint(fields=["call", "person"], name="one_candidacy_per_call")]

    def __str__(self) -> str:
        return f"{self.person} for {self.call}"
