"""Pauses, for officers: ask for one, confirm one. The member it is about reads theirs on “My standing”."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from coop import clock
from coop.refusals import refuse_if
from governance import offices, pauses, watching
from governance.forms import AskPause
from governance.models import Pause, PauseRequest, Reach, Right
from governance.views import me


@require_safe
@login_required
def home(request: HttpRequest) -> HttpResponse:
    """Show officers what waits for a second officer and what runs."""
    at = clock.now()
    refuse_if(offices.right_refusal(me(request), Right.PAUSES, at))
    waiting = [(asked, pauses.confirm_refusal(asked, by=me(request), at=at)) for asked in pauses.waiting(at)]
    running = pauses.running_now(at)
    shown = [asked.person_id for asked, _refusal in waiting] + [pause.person_id for pause in running]
    watching.looked(shown, subject="pauses", right=Right.PAUSES, by=me(request), at=at)
    facts = {"waiting": waiting, "running": running, "longest": pauses.longest(at)}
    return render(request, "governance/pauses.html", facts)


@login_required
def ask(request: HttpRequest) -> HttpResponse:
    """Ask for a pause as the first officer; nothing happens until a second one confirms it."""
    at = clock.now()
    form = AskPause(request.POST or None, longest=pauses.longest(at))
    refuse_if(offices.right_refusal(me(request), Right.PAUSES, at))
    if form.is_valid():
        said = form.cleaned_data
        evidence = pauses.evidence_of(said["evidence"])
        refusal = (
            pauses.order_refusal(said["ground"], said["order"], at=at)
            or pauses.ask_refusal(said["member"], by=me(request), evidence=evidence, at=at)
            or pauses.hold_refusal(said["member"], said["scope"], hours=said["hours"], at=at)
        )
        if refusal is None:
            pauses.ask(
                said["member"], ground=said["ground"], scope=said["scope"], reason=said["reason"], evidence=evidence,
                hours=said["hours"], order=said["order"], by=me(request), at=at,
            )  # fmt: skip
            messages.success(request, _("Asked. Nothing is paused until an officer with another post confirms it."))
            return redirect("governance:pauses")
        form.add_error(None, str(refusal))
    return render(request, "governance/ask_pause.html", {"form": form})


def _begun(pause: Pause) -> str:
    """Say what has begun, to the second officer."""
    if pause.reach == Reach.SESSION:
        return _("Every sign-in of the account has ended.")
    return _("Paused. It ends by itself in %(hours)s hours.") % {"hours": pause.request.hours}


@require_POST
@login_required
def confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """Confirm a pause as the second officer."""
    asked = get_object_or_404(PauseRequest.objects.select_related("person", "first_officer"), pk=pk)
    pause = pauses.confirm(asked, by=me(request), at=clock.now())
    messages.success(request, _begun(pause))
    return redirect("governance:pauses")
