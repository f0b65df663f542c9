"""The API's view of webhooks: what the page of them does."""

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from coop import clock, door
from tasks.api.paging import CURSOR, page_of
from tasks.api.views import KeyView
from tasks.models import Attempt, Message, Webhook
from tasks.webhooks import addresses, signing


class NewWebhook(serializers.Serializer[Any]):
    """A webhook to be added."""

    url = serializers.CharField(max_length=door.LONGEST_ADDRESS, help_text="Begins with https://.")
    kinds = serializers.MultipleChoiceField(choices=tuple(addresses.KINDS.items()))


class WebhookOut(serializers.ModelSerializer[Webhook]):
    """A webhook."""

    class Meta:
        model = Webhook
        fields = ("id", "url", "kinds", "created_at", "renewed_at", "ended_at")


class WebhookAdded(WebhookOut):
    """A webhook and its secret, which is told this once."""

    secret = serializers.CharField(read_only=True)

    class Meta(WebhookOut.Meta):
        fields = (*WebhookOut.Meta.fields, "secret")  # type: ignore[assignment]


class AttemptOut(serializers.ModelSerializer[Attempt]):
    """One try to send a message: the status that came back, or why none did."""

    class Meta:
        model = Attempt
        fields = ("at", "status", "problem", "milliseconds")


class MessageOut(serializers.ModelSerializer[Message]):
    """A message and every try to send it; `key` is its `webhook-id`."""

    attempts = AttemptOut(many=True, read_only=True)

    class Meta:
        model = Message
        fields = (
            "key", "kind", "subject", "payload", "state", "tries", "made_at", "next_at", "ended_at", "attempts",
        )  # fmt: skip


class CallbackKeys(serializers.Serializer[Any]):
    """What comes with callbacks as `scale-callback-auth`, and signs them."""

    live = serializers.CharField(read_only=True)
    test = serializers.CharField(read_only=True, help_text="With those of tasks that try things out.")


class Webhooks(KeyView):
    """The organisation's webhooks."""

    scope = {"GET": "read", "POST": "download"}

    @extend_schema(operation_id="list_webhooks", parameters=[CURSOR], responses=page_of(WebhookOut))
    def get(self, request: Request) -> Response:
        """List the webhooks, the newest first, those that have ended among them."""
        return self.listed(self.key().client.webhooks.all(), WebhookOut)

    @extend_schema(operation_id="add_webhook", request=NewWebhook, responses={201: WebhookAdded})
    def post(self, request: Request) -> Response:
        """Add a webhook; it takes the scope `download`, as what members answered goes there."""
        given = NewWebhook(data=request.data)
        given.is_valid(raise_exception=True)
        facts = given.validated_data
        made, secret = addresses.add(
            self.key().client, url=facts["url"], kinds=sorted(facts["kinds"]), by=self.who(), at=clock.now()
        )
        return Response({**WebhookOut(made).data, "secret": secret}, status=201)


class WebhookView(KeyView):
    """A view of one webhook."""

    def webhook(self, number: int) -> Webhook:
        """Return a webhook of the key's organisation; Http404 for any other."""
        return get_object_or_404(Webhook, client=self.key().client, pk=number)


class OneWebhook(WebhookView):
    """One webhook."""

    scope = {"GET": "read", "DELETE": "download"}

    @extend_schema(operation_id="get_webhook", responses={200: WebhookOut})
    def get(self, request: Request, number: int) -> Response:
        """Return a webhook."""
        return Response(WebhookOut(self.webhook(number)).data)

    @extend_schema(operation_id="end_webhook", responses={204: None})
    def delete(self, request: Request, number: int) -> Response:
        """End a webhook; what waits for it is sent to nobody."""
        addresses.end(self.webhook(number), by=self.who(), at=clock.now())
        return Response(status=204)


class TryOut(WebhookView):
    """A message that says nothing."""

    scope = "download"

    @extend_schema(operation_id="try_webhook", request=None, responses={202: MessageOut})
    def post(self, request: Request, number: int) -> Response:
        """Send a message that says nothing; ask for it by its `key` to see what came back."""
        made = addresses.try_out(self.webhook(number), by=self.who(), at=clock.now())
        return Response(MessageOut(made).data, status=202)


class Renew(WebhookView):
    """Another secret."""

    scope = "download"

    @extend_schema(operation_id="renew_webhook", request=None, responses={200: WebhookAdded})
    def post(self, request: Request, number: int) -> Response:
        """Give a webhook another secret, told this once; for a day the former signs as well."""
        secret = addresses.renew(self.webhook(number), by=self.who(), at=clock.now())
        return Response({**WebhookOut(self.webhook(number)).data, "secret": secret})


class Messages(WebhookView):
    """What went to a webhook."""

    scope = "download"

    @extend_schema(operation_id="list_messages", parameters=[CURSOR], responses=page_of(MessageOut))
    def get(self, request: Request, number: int) -> Response:
        """List the messages of the last thirty days, the newest first; `next` leads to older ones."""
        found = self.webhook(number).messages.prefetch_related("attempts")
        self.took(f"messages of webhook:{number}")
        return self.listed(found, MessageOut)


class Callbacks(KeyView):
    """What went to the addresses that came with tasks and batches of the interface for Scale's programs."""

    scope = "download"

    @extend_schema(operation_id="list_callbacks", parameters=[CURSOR], responses=page_of(MessageOut))
    def get(self, request: Request) -> Response:
        """List the callbacks of the last thirty days, the newest first; `next` leads to older ones."""
        self.took("callbacks")
        found = self.key().client.messages.filter(webhook=None).prefetch_related("attempts")
        return self.listed(found, MessageOut)


class KeysOfCallbacks(KeyView):
    """The keys by which your servers know that a callback is ours."""

    scope = "download"

    @extend_schema(operation_id="get_callback_keys", responses=CallbackKeys)
    def get(self, request: Request) -> Response:
        """Return what comes with callbacks as `scale-callback-auth`."""
        number = self.key().client_id
        told = {name: signing.callback_key(number, test=name == "test") for name in ("live", "test")}
        return Response(CallbackKeys(told).data)


class MessageView(KeyView):
    """A view of one message."""

    scope = "download"

    def message(self, key: str) -> Message:
        """Return a message to the key's organisation; Http404 for any other."""
        loaded = Message.objects.select_related("client", "webhook")
        return get_object_or_404(loaded, client=self.key().client, key=key)


class OneMessage(MessageView):
    """One message."""

    @extend_schema(operation_id="get_message", responses={200: MessageOut})
    def get(self, request: Request, key: str) -> Response:
        """Return a message and every try to send it."""
        found = self.message(key)
        self.took(f"message {key}")
        return Response(MessageOut(found).data)


class SendAgain(MessageView):
    """One message, once more."""

    @extend_schema(operation_id="send_again", request=None, responses={202: MessageOut})
    def post(self, request: Request, key: str) -> Response:
        """Send a message again."""
        sent = addresses.send_again(self.message(key), by=self.who(), at=clock.now())
        return Response(MessageOut(sent).data, status=202)
