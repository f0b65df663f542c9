"""Paying in by card, for an organisation: how much, and the way to the page on which it is paid."""

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from coop import clock
from coop.people import clients
from coop.people.views import me_of
from payments import cards, rails
from payments.forms import PayInByCard


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def pay_in(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask how much is to be paid, then lead to the page of the processor's."""
    person = me_of(request)
    client = clients.client_of(person, slug)
    form, there = PayInByCard(request.POST or None), ""
    if form.is_valid():
        refusal = cards.refusal(form.cleaned_data["amount"])
        if refusal is None:
            back = settings.ORIGIN + reverse("tasks:client_money", args=[client.slug])
            there = cards.begin(client, **form.cleaned_data, back=back, by=person, at=clock.now())
        else:
            form.add_error("amount", str(refusal))
    shown = {"client": client, "form": form, "there": there, "rail": rails.of("stripe"), "offered": cards.offered()}
    return render(request, "tasks/client/card.html", shown)
