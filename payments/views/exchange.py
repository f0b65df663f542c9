"""Foreign money at the desk: what is held, and purchases noted by one officer and confirmed by another."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from coop import clock
from payments import exchange, rails
from payments.forms import NotePurchase
from payments.models import Purchase
from payments.views import office_of

LATEST = 10


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def home(request: HttpRequest) -> HttpResponse:
    """Show what is held of each currency, what waits to be confirmed, and note a purchase."""
    at = clock.now()
    office, currencies = office_of(request, at), rails.currencies()
    form = NotePurchase(request.POST or None, currencies=currencies)
    if form.is_valid():
        exchange.note(**form.cleaned_data, by=office, at=at)
        messages.success(request, _("The purchase is noted. Another officer confirms it."))
        return redirect("payments:exchange")
    ended = Purchase.objects.exclude(confirmed_at=None, turned_down_by=None)
    done = ended.select_related("noted_by__person", "confirmed_by__person", "turned_down_by__person")
    waiting = exchange.waiting()[:LATEST]
    shown = {
        "form": form, "kept": [(one, exchange.held(one), exchange.price(one)) for one in currencies],
        "waiting": [(one, exchange.refusal_to_own(one, by=office)) for one in waiting],
        "done": done.order_by("-pk")[:LATEST],
    }  # fmt: skip
    return render(request, "payments/exchange.html", shown)


@require_POST
@login_required
def confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """Confirm a purchase by the bank's statements."""
    at = clock.now()
    office = office_of(request, at)
    exchange.confirm(get_object_or_404(Purchase, pk=pk), by=office, at=at)
    messages.success(request, _("Confirmed. Members are paid at this price from now on."))
    return redirect("payments:exchange")


@require_POST
@login_required
def turn_down(request: HttpRequest, pk: int) -> HttpResponse:
    """Write down that the bank shows no such purchase."""
    at = clock.now()
    office = office_of(request, at)
    exchange.turn_down(get_object_or_404(Purchase, pk=pk), by=office, at=at)
    messages.success(request, _("Written down. Nothing of this purchase is booked."))
    return redirect("payments:exchange")
