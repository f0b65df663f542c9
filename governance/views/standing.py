"""My standing: my status, my posts, and any pause of mine with its reason and its end."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from coop import clock
from governance import offices, pauses, standing
from governance.forms import Leave
from governance.models import Standing
from governance.views import me


@require_safe
@login_required
def mine(request: HttpRequest) -> HttpResponse:
    """Show the reader their own standing."""
    at, person = clock.now(), me(request)
    shown = {
        "status": standing.status(person),
        "history": Standing.objects.filter(person=person).select_related("mandate__proposal").order_by("-id"),
        "refusal": standing.refusal(person, doing="vote", at=at),
        "offices": offices.held_by(person, at),
        "running": pauses.running(person, at),
        "past": [pause for pause in pauses.all_of(person) if pause.ends_at <= at],
    }
    return render(request, "governance/standing.html", shown)


@login_required
def leave(request: HttpRequest) -> HttpResponse:
    """Let a person leave, by their own word only."""
    form = Leave(request.POST or None)
    if form.is_valid():
        standing.leave(me(request), at=clock.now())
        messages.success(request, _("You have left. Your pay stays yours; you can still sign in and be paid out."))
        return redirect("governance:standing")
    return render(request, "governance/leave.html", {"form": form, "status": standing.status(me(request))})
