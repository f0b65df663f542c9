"""Who is what to the cooperative, from when on."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from coop.people import privacy
from coop.people.models import Person
from coop.people.privacy import Audience
from governance.models.mandates import Mandate


class Status(models.TextChoices):
    """A person's status (D1)."""

    APPLICANT = "applicant", _("Applicant")
    CANDIDATE = "candidate", _("Candidate")
    MEMBER = "member", _("Member")
    LEFT = "left", _("Left")
    EXPELLED = "expelled", _("Expelled")


class Standing(models.Model):
    """A person's status from a moment on; the latest row counts. Lowered only by a mandate, or by their own word."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="standings")
    status = models.CharField(max_length=9, choices=Status)
    since = models.DateTimeField()
    rule = models.CharField(max_length=12, help_text="The rule it follows from, as R1.")
    recorded_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    mandate = models.ForeignKey(Mandate, models.PROTECT, null=True, related_name="standings")

    privacy.declare(
        id=Audience.MEMBERS,
        person=Audience.MEMBERS,
        status=Audience.MEMBERS,
        since=Audience.MEMBERS,
        rule=Audience.MEMBERS,
        recorded_by=Audience.MEMBERS,
        mandate=Audience.PUBLIC,
    )

    class Meta:
        indexes = [models.Index(fields=["person", "-id"], name="latest_standing_of_a_person")]

    def __str__(self) -> str:
        return f"{self.person}: {self.get_status_display()}"
