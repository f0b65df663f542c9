"""A client's webhooks: named by people of its own, with a secret that is shown once, ended for good."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from procrastinate.contrib.django import app as background

from coop import door
from coop.people import clients
from coop.people.models import Client, Person
from coop.record import events
from coop.refusals import Refusal, Text, refuse_if
from payments import envelopes
from payments.envelopes import Envelope
from tasks import outside
from tasks.models import Message, MessageState, Webhook
from tasks.webhooks import signing

KINDS: Mapping[str, Text] = {
    "task.completed": gettext_lazy("A task has all its answers, and each is decided"),
    "job.completed": gettext_lazy("Every task of a job is completed"),
    "job.paused": gettext_lazy("A job is paused, as an hour of it makes less than the floor"),
    "job.closed": gettext_lazy("A job is closed"),
    "data_set.loaded": gettext_lazy("A data set is loaded"),
    "data_set.sent_back": gettext_lazy("A data set is sent back with its problems"),
    "release.made": gettext_lazy("A version of a data set is written"),
    "dispute.settled": gettext_lazy("Members have decided on a rejected answer"),
}
TRY = "webhook.tried"
SEND = "tasks.send_messages"
MOST = 10
# For so long the former secret signs as well, and a receiver has time to change over.
BOTH = timedelta(days=1)
CLOSED = outside.CLOSED


def refusal(client: Client, *, by: Person) -> Refusal | None:
    """Say why somebody has no say in where a client's messages go, or nothing."""
    if not clients.has_seat(client, by):
        return Refusal(_("You have no seat in %(client)s.") % {"client": client.name})
    return None


def refusal_to_add(client: Client, url: str, kinds: Sequence[str], *, by: Person) -> Refusal | None:
    """Say why such a webhook cannot be added, or nothing."""
    if no := refusal(client, by=by):
        return no
    why = door.refusal(url) or (None if url.lower().startswith("https://") else door.Why.SCHEME)
    if why:
        return Refusal(CLOSED[why], status=400)
    if not kinds or set(kinds) - set(KINDS):
        return Refusal(_("Choose of what it is to be told."), status=400)
    if client.webhooks.filter(ended_at=None).count() >= MOST:
        words = _("An organisation has at most %(most)d webhooks.")
        return Refusal(words % {"most": MOST}, appeal=_("End one first."), status=409)
    return None


@transaction.atomic
def add(client: Client, *, url: str, kinds: Sequence[str], by: Person, at: datetime) -> tuple[Webhook, str]:
    """Add a webhook and return it with its secret, which is shown this once. Raises Refused."""
    refuse_if(refusal_to_add(client, url, kinds, by=by))
    secret = signing.new_secret()
    envelope = _sealed(client.pk, secret)
    made = Webhook.objects.create(
        client=client, url=url.strip(), kinds=sorted(set(kinds)), sealed=envelope.sealed,
        fingerprint=envelope.fingerprint, created_by=by, created_at=at,
    )  # fmt: skip
    events.write("webhooks.added", by=by, subject=f"client:{client.pk}", at=at, webhook=made.pk, kinds=made.kinds)
    return made, secret


@transaction.atomic
def renew(webhook: Webhook, *, by: Person, at: datetime) -> str:
    """Give a webhook another secret and return it; for a day both sign. Raises Refused."""
    held = _held(webhook, by=by)
    secret = signing.new_secret()
    envelope = _sealed(held.client_id, secret)
    Webhook.objects.filter(pk=held.pk).update(
        sealed=envelope.sealed, fingerprint=envelope.fingerprint, former_sealed=held.sealed,
        former_fingerprint=held.fingerprint, renewed_at=at,
    )  # fmt: skip
    events.write("webhooks.renewed", by=by, subject=f"client:{held.client_id}", at=at, webhook=held.pk)
    return secret


@transaction.atomic
def end(webhook: Webhook, *, by: Person, at: datetime) -> None:
    """End a webhook for good; what waited for it is sent to nobody. Raises Refused."""
    held = _held(webhook, by=by)
    Webhook.objects.filter(pk=held.pk).update(ended_at=at)
    waiting = held.messages.filter(state=MessageState.WAITING)
    waiting.update(state=MessageState.GIVEN_UP, ended_at=at)
    events.write("webhooks.ended", by=by, subject=f"client:{held.client_id}", at=at, webhook=held.pk)


@transaction.atomic
def try_out(webhook: Webhook, *, by: Person, at: datetime) -> Message:
    """Send a message that says nothing, to see whether it arrives. Raises Refused."""
    held = _held(webhook, by=by)
    events.write("webhooks.tried", by=by, subject=f"client:{held.client_id}", at=at, webhook=held.pk)
    made = Message.objects.create(**facts(held, TRY, f"webhook:{held.pk}", {"webhook": held.pk}, at))
    have_sent(held.client_id)
    return made


@transaction.atomic
def send_again(message: Message, *, by: Person, at: datetime) -> Message:
    """Send a message again that was taken or given up; one that waits goes at once. Raises Refused."""
    refuse_if(refusal(message.client, by=by))
    if message.webhook and message.webhook.ended_at:
        refuse_if(Refusal(_("This webhook has ended."), appeal=_("Add it anew."), status=409))
    Message.objects.filter(pk=message.pk).update(state=MessageState.WAITING, tries=0, next_at=at, ended_at=None)
    events.write("webhooks.resent", by=by, subject=f"client:{message.client_id}", at=at, message=message.pk)
    have_sent(message.client_id)
    message.refresh_from_db()
    return message


def have_sent(client_id: int) -> None:
    """Let the worker send what a client's addresses wait for, in the transaction of the act."""
    background.configure_task(SEND, lock=f"webhooks:{client_id}").defer(client_id=client_id)


def facts(webhook: Webhook, kind: str, subject: str, data: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    """Return the fields of a message to a webhook."""
    payload = {"type": kind, "timestamp": at.isoformat(), "data": dict(data)}
    return {
        "client_id": webhook.client_id, "webhook": webhook, "url": webhook.url, "kind": kind, "subject": subject,
        "payload": payload, "made_at": at, "next_at": at,
    }  # fmt: skip


def secrets_of(webhook: Webhook, *, at: datetime) -> list[str]:
    """Return the secrets that sign its messages now, the newest first."""
    place = _place(webhook.client_id)
    kept = [Envelope(webhook.sealed, webhook.fingerprint)]
    if webhook.renewed_at and at < webhook.renewed_at + BOTH:
        kept.append(Envelope(webhook.former_sealed, webhook.former_fingerprint))
    return [envelopes.unseal(envelope, place=place)["secret"] for envelope in kept]


def _held(webhook: Webhook, *, by: Person) -> Webhook:
    held = Webhook.objects.select_for_update(no_key=True).select_related("client").get(pk=webhook.pk)
    refuse_if(refusal(held.client, by=by))
    refuse_if(Refusal(_("This webhook has ended."), status=409) if held.ended_at else None)
    return held


def _sealed(client_id: int, secret: str) -> Envelope:
    return envelopes.seal({"secret": secret}, place=_place(client_id))


def _place(client_id: int) -> str:
    return f"webhook:{client_id}"
