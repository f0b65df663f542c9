"""Where a client's programs hear of what happened: its webhooks, the messages that go to them, each try to send one."""

from uuid import uuid4

from django.db import models
from django.db.models import Q

from coop import door
from coop.people import privacy
from coop.people.models import Client, Person
from coop.people.privacy import Audience


class Webhook(models.Model):
    """An address of a client that is told of events of these kinds, each signed by a secret that both sides have.

    The secret is sealed by keys outside the database; the former one signs too for a day after it was renewed.
    """

    client = models.ForeignKey(Client, models.PROTECT, related_name="webhooks")
    url = models.CharField(max_length=door.LONGEST_ADDRESS)
    kinds = models.JSONField(
        default=list, help_text="Of which events it hears, as tasks.webhooks.addresses.KINDS names them."
    )
    sealed = models.TextField()
    fingerprint = models.CharField(max_length=64)
    former_sealed = models.TextField(blank=True)
    former_fingerprint = models.CharField(max_length=64, blank=True)
    renewed_at = models.DateTimeField(null=True)
    created_by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    privacy.declare(
        **dict.fromkeys(
            ("id", "client", "url", "kinds", "renewed_at", "created_by", "created_at", "ended_at"), Audience.CLIENT
        ),
        **dict.fromkeys(("sealed", "fingerprint", "former_sealed", "former_fingerprint"), Audience.NOBODY),
    )

    def __str__(self) -> str:
        return f"webhook {self.pk} of client {self.client_id}"


class MessageState(models.TextChoices):
    """What became of a message."""

    WAITING = "waiting"
    TAKEN = "taken"
    GIVEN_UP = "given_up"


class Message(models.Model):
    """What is told to one address: sent until it is taken, for a day at most, in the order of what it is about.

    `subject` is that thing, as task:12: while one message about it waits, no later one goes to the same address. A
    message without a webhook is the callback of a single task, to the address that came with it.
    """

    key = models.UUIDField(unique=True, default=uuid4, help_text="The message's name at the other side.")
    client = models.ForeignKey(Client, models.PROTECT, related_name="messages", db_index=False)
    webhook = models.ForeignKey(Webhook, models.PROTECT, null=True, related_name="messages", db_index=False)
    url = models.CharField(max_length=door.LONGEST_ADDRESS)
    kind = models.CharField(max_length=40)
    subject = models.CharField(max_length=80)
    payload = models.JSONField()
    state = models.CharField(max_length=8, choices=MessageState, default=MessageState.WAITING)
    tries = models.PositiveSmallIntegerField(default=0)
    made_at = models.DateTimeField()
    next_at = models.DateTimeField(help_text="When it is sent, or sent again.")
    ended_at = models.DateTimeField(null=True)

    privacy.declare(
        **dict.fromkeys(
            (
                "id", "key", "client", "webhook", "url", "kind", "subject", "payload", "state", "tries", "made_at",
                "next_at", "ended_at",
            ),
            Audience.CLIENT,
        )
    )  # fmt: skip

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state="waiting", ended_at=None)
                | Q(state__in=["taken", "given_up"], ended_at__isnull=False),
                name="messages_end_once",
            ),
        ]
        indexes = [
            models.Index(fields=["client", "next_at"], condition=Q(state="waiting"), name="messages_that_are_due"),
            models.Index(fields=["subject", "id"], condition=Q(state="waiting"), name="messages_in_their_order"),
            models.Index(fields=["webhook", "subject", "kind"], name="messages_about_a_thing"),
            models.Index(fields=["webhook", "-id"], name="messages_of_a_webhook"),
            models.Index(fields=["ended_at"], condition=Q(ended_at__isnull=False), name="messages_by_end"),
            models.Index(fields=["client", "id"], name="messages_of_a_client"),
        ]

    def __str__(self) -> str:
        return f"message {self.key} ({self.state})"


class Attempt(models.Model):
    """One try to send a message: the status that came back, or why none did."""

    message = models.ForeignKey(Message, models.PROTECT, related_name="attempts")
    at = models.DateTimeField()
    status = models.PositiveSmallIntegerField(null=True)
    problem = models.CharField(max_length=20, blank=True, help_text="A coop.door.Why.")
    milliseconds = models.PositiveIntegerField()

    privacy.declare(**dict.fromkeys(("id", "message", "at", "status", "problem", "milliseconds"), Audience.CLIENT))

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(status__isnull=False, problem="") | Q(status=None) & ~Q(problem=""),
                name="attempts_say_what_came_back",
            ),
        ]

    def __str__(self) -> str:
        return f"attempt {self.pk} of message {self.message_id}"


class Told(models.Model):
    """How far the record has been turned into messages: the place of its last entry that was. One row."""

    place = models.BigIntegerField(default=-1)

    privacy.declare(id=Audience.PUBLIC, place=Audience.PUBLIC)

    def __str__(self) -> str:
        return f"told up to {self.place}"
