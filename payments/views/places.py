"""Where the cooperative's money lies, and what moved between two places: noted by one officer, confirmed by another."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from coop import clock
from payments import lists, moves, places, rails
from payments.forms import NoteMove
from payments.models import Move
from payments.views import office_of

LATEST = 10


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def home(request: HttpRequest) -> HttpResponse:
    """Show what lies where and what waits to be confirmed, and note a move."""
    at = clock.now()
    office = office_of(request, at)
    form = NoteMove(request.POST or None, currencies=rails.currencies())
    if form.is_valid():
        moves.note(**form.move(), by=office, at=at)
        messages.success(request, _("The move is noted. Another officer confirms it."))
        return redirect("payments:places")
    ended = Move.objects.exclude(confirmed_at=None, turned_down_by=None)
    done = ended.select_related("noted_by__person", "confirmed_by__person", "turned_down_by__person")
    shown = {
        "form": form, "holdings": places.holdings(), "services": [*lists.ASKED, *lists.WRITTEN],
        "unlisted": lists.never_confirmed(),
        "done": done.order_by("-pk")[:LATEST],
        "waiting": [(one, moves.refusal_to_own(one, by=office)) for one in moves.waiting()],
    }  # fmt: skip
    return render(request, "payments/places.html", shown)


@require_POST
@login_required
def confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """Confirm a move by what the bank or the service shows."""
    at = clock.now()
    office = office_of(request, at)
    moves.confirm(get_object_or_404(Move, pk=pk), by=office, at=at)
    messages.success(request, _("Confirmed. It is in the books."))
    return redirect("payments:places")


@require_POST
@login_required
def turn_down(request: HttpRequest, pk: int) -> HttpResponse:
    """Write down that the two places show no such move."""
    at = clock.now()
    office = office_of(request, at)
    moves.turn_down(get_object_or_404(Move, pk=pk), by=office, at=at)
    messages.success(request, _("Written down. Nothing of this move is booked."))
    return redirect("payments:places")
