"""My account at Stripe: where it stands there, and the way to it. Nobody else sees this page."""

from allauth.account.decorators import reauthentication_required
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from coop import clock
from coop.people.views import me_of
from payments import connecting, rails


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
@reauthentication_required(allow_get=True)  # type: ignore[untyped-decorator]  # allauth's comes without types
def account(request: HttpRequest) -> HttpResponse:
    """Show where my account at Stripe stands, or lead there: to a new one, or on with what Stripe still asks."""
    person = me_of(request)
    there = connecting.begin(person, by=person, at=clock.now()) if request.method == "POST" else ""
    shown = {
        "rail": rails.of(connecting.RAIL), "given": connecting.standing(person), "there": there,
        "refusal": connecting.refusal(person, by=person), "state": None if there else connecting.state(person),
    }  # fmt: skip
    return render(request, "payments/stripe_account.html", shown)
