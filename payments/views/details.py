"""Where my money goes: what is in force, what is about to be, and saying it anew. Nobody else sees these pages."""

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from coop import clock
from coop.people.views import me_of
from payments import details, payouts, rails
from payments.forms import Destination
from payments.models import PayoutDetails

page = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
@login_required
def mine(request: HttpRequest) -> HttpResponse:
    """Show each open way to be paid: its terms, where it goes now, and what is about to take effect."""
    return render(request, "payments/details.html", {"ways": payouts.open_ways(me_of(request), at=clock.now())})


@page
@never_cache
@login_required
@reauthentication_required(allow_get=True)  # type: ignore[untyped-decorator]  # allauth's comes without types
def give(request: HttpRequest, rail: str) -> HttpResponse:
    """Say where my money goes by a rail."""
    if rail not in rails.ALL:
        raise Http404
    person, at, way = me_of(request), clock.now(), rails.of(rail)
    form = Destination(request.POST or None, rail=way)
    if form.is_valid():
        refusal = details.refusal(person, rail, form.cleaned_data, by=person)
        if refusal is None:
            given = details.give(person, rail=rail, facts=form.cleaned_data, by=person, at=at)
            messages.success(request, _said(given))
            return redirect("payments:details")
        form.add_error(None, str(refusal))
    return render(request, "payments/give_details.html", {"form": form, "rail": way})


def _said(given: PayoutDetails) -> str:
    if given.effective_at:
        return _("Saved. Your money goes there from now on.")
    return _("We write to you now. It takes effect 72 hours after that letter; until then you can cancel it.")


@require_POST
@login_required
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Cancel a change that is not in force yet."""
    given = get_object_or_404(PayoutDetails, pk=pk, person=me_of(request))
    details.cancel(given, by=me_of(request), at=clock.now())
    messages.success(request, _("Cancelled. Your money goes where it went before."))
    return redirect("payments:details")


@page
@never_cache
def letter(request: HttpRequest, token: str) -> HttpResponse:
    """Cancel a change by the link of its letter; a look alone does nothing."""
    given = details.read(token)
    if request.method != "POST":
        return render(request, "payments/details_letter.html", {"given": given, "rail": rails.of(given.rail)})
    details.cancel(given, by=None, at=clock.now())
    messages.success(request, _("Cancelled. Set a new password now: somebody was signed in as you."))
    return redirect("account_reset_password")
