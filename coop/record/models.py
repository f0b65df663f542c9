"""What happened: one event for every act, in the same transaction, never changed; sealed into a Merkle log."""

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from coop.people import privacy
from coop.people.models import Person
from coop.people.privacy import Audience

# What is done at single tasks, and what an organisation does inside its compartment (decision 0283).
CLOSED = (
    r"^((answers|checks|claims|clients|datasets|disputes|endpoints|escrow|extensions|files|keys|known|machines|quality"
    r"|reviews|skips|stages|teams|tips|webhooks)\.|(alerts|content|letters)\.chosen$|guides\.(asked|read)$"
    r"|deletions\.named$|jobs\.(drafted|grew)$|releases\.(asked|withdrawn)$|reports\.made$)"
)


class Event(models.Model):
    """One act. `data` carries no personal data beyond the numbers of accounts and rows.

    Who acted is the actor's own to see; the page names officers and proposers, whose own rows are open to members. A
    closed entry is read by whoever acted. Everybody has the fingerprint of both kinds: it hides who acted, and what a
    closed one says, behind a `veil` that nobody guesses.
    """

    at = models.DateTimeField()
    kind = models.CharField(max_length=60)
    actor = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+", db_index=False)
    subject = models.CharField(max_length=80, help_text="What it is about, as job:12.")
    data = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    # Written by the database: the transaction that wrote it, so that sealing never overtakes one still open.
    transaction = models.BigIntegerField(db_default=0, editable=False)
    # Drawn by the database; entries from before have none.
    veil = models.UUIDField(null=True, editable=False)
    closed = models.GeneratedField(
        expression=models.ExpressionWrapper(models.Q(kind__regex=CLOSED), output_field=models.BooleanField()),
        output_field=models.BooleanField(),
        db_persist=True,
    )

    privacy.declare(
        id=Audience.PUBLIC,
        at=Audience.PUBLIC,
        kind=Audience.PUBLIC,
        actor=Audience.SELF,
        subject=Audience.PUBLIC,
        data=Audience.PUBLIC,
        transaction=Audience.PUBLIC,
        veil=Audience.SELF,
        closed=Audience.PUBLIC,
    )

    class Meta:
        required_db_vendor = "postgresql"
        indexes = [
            models.Index(fields=["id"], condition=models.Q(closed=False), name="events_that_all_read"),
            models.Index(fields=["subject", "id"], condition=models.Q(closed=False), name="what_all_read_of_a_subject"),
            models.Index(fields=["subject", "id"], name="events_of_a_subject"),
            models.Index(fields=["transaction", "id"], name="events_by_transaction"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"


class Leaf(models.Model):
    """An event's place in the log: its RFC 6962 leaf hash and the chain hash over all leaves up to it."""

    index = models.BigIntegerField(primary_key=True)
    event = models.OneToOneField(Event, models.PROTECT, related_name="leaf")
    leaf_hash = models.BinaryField()
    chain_hash = models.BinaryField()

    privacy.declare(
        index=Audience.PUBLIC,
        event=Audience.PUBLIC,
        leaf_hash=Audience.PUBLIC,
        chain_hash=Audience.PUBLIC,
    )

    def __str__(self) -> str:
        return f"leaf {self.index}"


class Checkpoint(models.Model):
    """That the record moved at a moment: what the members write can be written. All of it is set by the database.

    `stood_still_since` is set where more than a quarter of an hour passed since the one before: from when on nothing
    is known. The machine's clock tells it, so that a demonstration's jump is no standstill.
    """

    at = models.DateTimeField(editable=False)
    machine_at = models.DateTimeField(editable=False)
    size = models.BigIntegerField(help_text="How many events had a place in the log.")
    transaction = models.BigIntegerField(editable=False)
    stood_still_since = models.DateTimeField(null=True, editable=False)

    privacy.declare(
        **dict.fromkeys(("id", "at", "machine_at", "size", "transaction", "stood_still_since"), Audience.PUBLIC)
    )

    class Meta:
        indexes = [
            models.Index(fields=["at"], condition=~models.Q(stood_still_since=None), name="when_the_record_stood_still")
        ]

    def __str__(self) -> str:
        return f"checkpoint {self.pk}"
