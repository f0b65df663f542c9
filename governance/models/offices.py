"""Posts and who holds them."""

from django.db import models
from django.db.models import F, Q

from coop.people import privacy
from coop.people.models import Person
from coop.people.privacy import Audience
from governance.models.mandates import Mandate


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
