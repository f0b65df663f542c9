"""Clients' money that goes back, at the desk: where it came from, sent by one officer, seen by another."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from coop import clock
from governance.models import Office
from payments import paybacks
from payments.forms import SendPayout
from payments.models import PayBack, PayBackState
from payments.views import office_of


def _found(pk: int) -> PayBack:
    loaded = PayBack.objects.select_related(
        "client", "deposit", "card", "asked_by", "sent_by__person", "settled_by__person"
    )
    return get_object_or_404(loaded, pk=pk)


@require_safe
@login_required
def one(request: HttpRequest, pk: int) -> HttpResponse:
    """Show an officer what is to go back where, with the step that is due and why they cannot take it, if so."""
    return _show(request, _found(pk), office_of(request, clock.now()), SendPayout())


def _show(request: HttpRequest, found: PayBack, office: Office, form: SendPayout, status: int = 200) -> HttpResponse:
    due = paybacks.refusal_to_send if found.state == PayBackState.REQUESTED else paybacks.refusal_to_confirm
    shown: dict[str, Any] = {"payback": found, "form": form, "refusal": due(found, by=office, at=clock.now())}
    return render(request, "payments/desk_payback.html", shown, status=status)


@require_POST
@login_required
def send(request: HttpRequest, pk: int) -> HttpResponse:
    """Write down that it was sent."""
    office, found, form = office_of(request, clock.now()), _found(pk), SendPayout(request.POST)
    if not form.is_valid():
        return _show(request, found, office, form, status=400)
    paybacks.send(found, reference=form.cleaned_data["reference"], by=office, at=clock.now())
    messages.success(request, _("Written down. Another officer confirms that it arrived."))
    return redirect("payments:desk")


@require_POST
@login_required
def confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """Confirm that it arrived, or that it came back."""
    office, found = office_of(request, clock.now()), _found(pk)
    act = paybacks.fail if request.POST.get("result") == "came_back" else paybacks.settle
    act(found, by=office, at=clock.now())
    messages.success(request, _("Confirmed."))
    return redirect("payments:desk")
