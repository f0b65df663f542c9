"""A client's webhooks: added, tried out, renewed, ended; what went to them, what came back, and sending it again."""

import json

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from coop import clock
from coop.people import clients
from coop.people.views import me_of
from coop.refusals import Refused
from tasks import forms
from tasks.models import Message, Webhook
from tasks.webhooks import addresses, signing

PER_PAGE = 50


def _of(request: HttpRequest, slug: str, number: int) -> Webhook:
    """Return a webhook of an organisation in which the person has a seat; any other is not found."""
    client = clients.client_of(me_of(request), slug)
    return get_object_or_404(Webhook.objects.select_related("client"), client=client, pk=number)


def _to(webhook: Webhook) -> HttpResponseRedirect:
    return redirect("tasks:webhook", webhook.client.slug, webhook.pk)


@never_cache
@login_required
def every(request: HttpRequest, slug: str) -> HttpResponse:
    """List the webhooks, and add one; its secret is on the answer to that and nowhere after."""
    client = clients.client_of(me_of(request), slug)
    form, secret = forms.NewWebhook(request.POST or None), ""
    if form.is_valid():
        try:
            _made, secret = addresses.add(client, **form.cleaned_data, by=me_of(request), at=clock.now())
            form = forms.NewWebhook()
        except Refused as refused:
            form.add_error("url", str(refused.refusal))
    found = client.webhooks.select_related("created_by").order_by("ended_at", "-pk")
    shown = {"client": client, "form": form, "secret": secret, "webhooks": found}
    return render(request, "tasks/client/webhooks.html", shown, status=400 if form.errors else 200)


@require_safe
@login_required
def one(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Show what went to a webhook, the newest first."""
    return _show(request, _of(request, slug, number))


def _show(request: HttpRequest, webhook: Webhook, secret: str = "") -> HttpResponse:
    page = Paginator(webhook.messages.order_by("-pk"), PER_PAGE).get_page(request.GET.get("page"))
    kinds = [(kind, words) for kind, words in addresses.KINDS.items() if kind in webhook.kinds]
    shown = {"client": webhook.client, "webhook": webhook, "page": page, "kinds": kinds, "secret": secret}
    return render(request, "tasks/client/webhook.html", shown)


@require_POST
@login_required
def try_out(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Send a message that says nothing."""
    webhook = _of(request, slug, number)
    addresses.try_out(webhook, by=me_of(request), at=clock.now())
    messages.success(request, _("A message is on its way. Look here in a moment for what came back."))
    return _to(webhook)


@never_cache
@require_POST
@login_required
def renew(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Give a webhook another secret, and show it this once."""
    webhook = _of(request, slug, number)
    return _show(request, webhook, addresses.renew(webhook, by=me_of(request), at=clock.now()))


@require_POST
@login_required
def end(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """End a webhook."""
    addresses.end(_of(request, slug, number), by=me_of(request), at=clock.now())
    messages.success(request, _("The webhook has ended."))
    return redirect("tasks:webhooks", slug)


@never_cache
@require_safe
@login_required
def callbacks(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what went to the addresses that came with tasks and batches, and the keys by which their servers know us."""
    client = clients.client_of(me_of(request), slug)
    keys = [
        (label, signing.callback_key(client.pk, test=test))
        for label, test in ((_("Key of live tasks"), False), (_("Key of tasks that try things out"), True))
    ]
    page = Paginator(client.messages.filter(webhook=None).order_by("-pk"), PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "tasks/client/callbacks.html", {"client": client, "keys": keys, "page": page})


def _message(request: HttpRequest, slug: str, key: str) -> Message:
    """Return a message of an organisation in which the person has a seat; any other is not found."""
    client = clients.client_of(me_of(request), slug)
    return get_object_or_404(Message.objects.select_related("client", "webhook"), client=client, key=key)


@require_safe
@login_required
def message(request: HttpRequest, slug: str, key: str) -> HttpResponse:
    """Show one message and every try to send it."""
    found = _message(request, slug, key)
    body = json.dumps(found.payload, indent=2, ensure_ascii=False)
    tries = [(one, addresses.CLOSED.get(one.problem, "")) for one in found.attempts.order_by("-pk")]
    shown = {"client": found.client, "message": found, "tries": tries, "body": body}
    return render(request, "tasks/client/message.html", shown)


@require_POST
@login_required
def again(request: HttpRequest, slug: str, key: str) -> HttpResponse:
    """Send a message again."""
    addresses.send_again(_message(request, slug, key), by=me_of(request), at=clock.now())
    messages.success(request, _("It is sent again."))
    return redirect("tasks:message", slug, key)
