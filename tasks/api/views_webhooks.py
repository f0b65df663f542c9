"""The API's view of webhooks: what the page of them does."""

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from coop import clock, door
from tasks.api.serializers import Page
from tasks.api.views import CURSOR, KeyView, Newest
from tasks.models import Attempt, Message, Webhook
from tasks.webhooks import addresses


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


class MessagePage(Page):
    """A page of messages, the newest first."""

    results = MessageOut(many=True)


class Webhooks(KeyView):
    """The organisation's webhooks."""

    scope = {"GET": "read", "POST": "download"}

    @extend_schema(operation_id="list_webhooks", responses=WebhookOut(many=True))
    def get(self, request: Request) -> Response:
        """List the webhooks, those that have ended last."""
        return Response(WebhookOut(self.key().client.webhooks.order_by("ended_at", "-pk"), many=True).data)

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


def _page(view: KeyView, found: QuerySet[Message], request: Request) -> Response:
    pages = Newest()
    page = pages.paginate_queryset(found.prefetch_related("attempts"), request, view=view)
    return pages.get_paginated_response(MessageOut(page, many=True).data)


class Messages(WebhookView):
    """What went to a webhook."""

    scope = "download"

    @extend_schema(operation_id="list_messages", parameters=[CURSOR], responses=MessagePage)
    def get(self, request: Request, number: int) -> Response:
        """List the messages of the last thirty days, the newest first; `next` leads to older ones."""
        found = self.webhook(number).messages.all()
        self.took(f"messages of webhook:{number}")
        return _page(self, found, request)


class Callbacks(KeyView):
    """What went to the addresses that came with tasks and batches of the interface for Scale's programs."""

    scope = "download"

    @extend_schema(operation_id="list_callbacks", parameters=[CURSOR], responses=MessagePage)
    def get(self, request: Request) -> Response:
        """List the callbacks of the last thirty days, the newest first; `next` leads to older ones."""
        self.took("callbacks")
        return _page(self, self.key().client.messages.filter(webhook=None), request)


class SendAgain(KeyView):
    """One message."""

    scope = "download"

    @extend_schema(operation_id="send_again", request=None, responses={202: MessageOut})
    def post(self, request: Request, key: str) -> Response:
        """Send a message again."""
        loaded = Message.objects.select_related("client", "webhook")
        found = get_object_or_404(loaded, client=self.key().client, key=key)
        sent = addresses.send_again(found, by=self.who(), at=clock.now())
        return Response(MessageOut(sent).data, status=202)
