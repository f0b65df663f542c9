"""A client's unspent money asked back: how much, where it goes, where each part stands."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from coop import clock
from coop.people import clients
from coop.people.views import me_of
from payments import escrow, paybacks
from payments.forms import AskBack

SHOWN = 20


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def every(request: HttpRequest, slug: str) -> HttpResponse:
    """Show where a client's money can go back to and what was asked before; by a post ask for some of it."""
    person = me_of(request)
    client = clients.client_of(person, slug)
    form = AskBack(request.POST or None)
    if form.is_valid():
        refusal = None
        if not paybacks.asked_with(client, form.cleaned_data["key"]):
            refusal = paybacks.refusal(client, form.cleaned_data["amount"], by=person)
        if refusal is None:
            paybacks.ask(client, **form.cleaned_data, by=person, at=clock.now())
            messages.success(request, _("Asked for. Two officers send it back where it came from."))
            return redirect("tasks:paybacks", slug)
        form.add_error("amount", str(refusal))
    shown = {
        "client": client, "form": form, "available": escrow.available(client), "most": paybacks.most(client),
        "asked": paybacks.of(client)[:SHOWN],
    }  # fmt: skip
    return render(request, "tasks/client/paybacks.html", shown, status=400 if form.errors else 200)


@require_POST
@login_required
def call_off(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Let what was asked back stay."""
    person = me_of(request)
    client = clients.client_of(person, slug)
    paybacks.call_off(get_object_or_404(paybacks.of(client), pk=number), by=person, at=clock.now())
    messages.success(request, _("Called off: the money is available again."))
    return redirect("tasks:paybacks", slug)
