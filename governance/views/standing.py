"""My standing: my status, my posts, and any pause of mine with its reason and its end."""

from datetime import datetime

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from coop import clock
from coop.people.models import Person
from governance import (
    awaiting,
    casefile,
    deciders,
    decisions,
    offices,
    pauses,
    resigning,
    standing,
    turned_away,
    watching,
)
from governance.forms import Leave
from governance.models import Resignation, Restriction, Standing, Status
from governance.views import me

ACTS = 50


@require_safe
@login_required
def mine(request: HttpRequest) -> HttpResponse:
    """Show the reader their own standing."""
    at, person, since = clock.now(), me(request), deciders.public_since()
    status = standing.status(person)
    shown = {
        "status": status,
        "history": Standing.objects.filter(person=person).select_related("mandate__proposal").order_by("-id"),
        "refusal": standing.refusal(person, doing="vote", at=at),
        "notice": resigning.running(person),
        "restrictions": decisions.restrictions_of(person, at),
        "objection": _objection(person, at) if status == Status.CANDIDATE else None,
        "offices": offices.held_by(person, at),
        "unexplained": awaiting.of(person, at),
        "running": [(pause, deciders.of_pause(pause, since)) for pause in pauses.running(person, at)],
        "turned_away": turned_away.of(person)[:ACTS],
        "acts": watching.concerning(person)[:ACTS],
        "past": [(pause, deciders.of_pause(pause, since)) for pause in pauses.all_of(person) if pause.ends_at <= at],
    }
    return render(request, "governance/standing.html", shown)


def _objection(person: Person, at: datetime) -> tuple[Restriction, deciders.Decided] | None:
    """Return the objection that keeps a candidate from becoming a member, with who decided it, or None."""
    bar = standing.objection(person, at)
    case = casefile.load(bar.decision.case_id) if bar else None
    if bar is None or case is None:
        return None
    return bar, next(said for decision, said in casefile.decided(case, person) if decision.pk == bar.decision_id)


@login_required
def leave(request: HttpRequest) -> HttpResponse:
    """Let a person give notice, by their own word only; they can take it back until they have left."""
    person, form = me(request), Leave(request.POST or None)
    if form.is_valid():
        resigning.give_notice(person, pressure=form.cleaned_data["pressure"], at=clock.now())
        messages.success(request, _("You leave in seven days, unless you take it back. Your pay stays yours."))
        return redirect("governance:standing")
    shown = {"form": form, "status": standing.status(person), "notice": resigning.running(person)}
    return render(request, "governance/leave.html", shown)


@require_POST
@login_required
def stay(request: HttpRequest) -> HttpResponse:
    """Take a notice back."""
    notice = get_object_or_404(Resignation, person=me(request), taken_back_at=None)
    resigning.take_back(notice, by=me(request), at=clock.now())
    messages.success(request, _("Taken back: you stay, and nothing has changed."))
    return redirect("governance:standing")


@require_POST
@login_required
def come_back(request: HttpRequest) -> HttpResponse:
    """Let whoever left be what they were."""
    resigning.come_back(me(request), by=me(request), at=clock.now())
    messages.success(request, _("You are back, as what you were."))
    return redirect("governance:standing")
