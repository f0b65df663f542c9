"""Who looked into a client's compartment: officers for a reason that it reads, and what its own people fetched."""

from django.db import models

from coop.people import privacy
from coop.people.models import ApiKey, Client, Person
from coop.people.privacy import Audience
from governance.models import Office

LONGEST_REASON = 500


class Reason(models.Model):
    """Why an officer looks into what a client has: said before, read by the client. The database sets the times."""

    client = models.ForeignKey(Client, models.PROTECT, related_name="reasons")
    office = models.ForeignKey(Office, models.PROTECT, related_name="+")
    words = models.TextField(max_length=LONGEST_REASON)
    given_at = models.DateTimeField(null=True, editable=False)
    ends_at = models.DateTimeField(null=True, editable=False)

    privacy.declare(
        **dict.fromkeys(("id", "client", "office", "words", "given_at", "ends_at"), Audience.CLIENT),
    )

    def __str__(self) -> str:
        return f"reason {self.pk}"


class Look(models.Model):
    """That an officer looked at something of a client for a reason: `subject`, as upload:12 or list:upload."""

    reason = models.ForeignKey(Reason, models.PROTECT, related_name="looks")
    subject = models.CharField(max_length=80)
    at = models.DateTimeField(null=True, editable=False)

    privacy.declare(**dict.fromkeys(("id", "reason", "subject", "at"), Audience.CLIENT))

    def __str__(self) -> str:
        return f"look at {self.subject}"


class Fetch(models.Model):
    """That somebody of a client took answers home: on a page, or by a key. `subject` as job:12 results jsonl.

    Without a person it was whoever has the address of a response's file.
    """

    client = models.ForeignKey(Client, models.PROTECT, related_name="fetches")
    person = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    key = models.ForeignKey(ApiKey, models.PROTECT, null=True, related_name="+")
    subject = models.CharField(max_length=80)
    at = models.DateTimeField(null=True, editable=False)

    privacy.declare(**dict.fromkeys(("id", "client", "person", "key", "subject", "at"), Audience.CLIENT))

    class Meta:
        indexes = [models.Index(fields=["subject", "key"], name="fetches_of_a_thing")]

    def __str__(self) -> str:
        return f"fetch of {self.subject}"
