"""Panels: the lot and its proof, refusing, the desk where those who sit read, hear, move and vote."""

from datetime import timedelta

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from coop import clock
from coop.people.models import Person
from governance import casefile, cases, decisions, lots, panels
from governance.forms_cases import Hear, Lot, Move, OpenLot
from governance.models import Motion, Panel, PanelSeat, Role
from governance.views import me


def of_mine(pk: int, reader: Person) -> Panel:
    """Return a panel whose case a person may read, or whose lot they help to make; there is none for others."""
    panel = get_object_or_404(Panel.objects.select_related("case__person", "case__charged_by", "case__client"), pk=pk)
    if not cases.may_read(panel.case, reader) and panels.role_of(panel, reader, clock.now()) is None:
        raise Http404
    return panel


@require_safe
@login_required
def lot(request: HttpRequest, pk: int) -> HttpResponse:
    """Show how a panel is made: the parts, the list, the seats; with what the reader can do now."""
    at, person = clock.now(), me(request)
    panel = of_mine(pk, person)
    part = panel.parts.filter(person=person).first()
    seats = list(panels.sitting_on(panel).select_related("panel__case"))
    shown = {
        "panel": panel, "case": panel.case, "reads": cases.may_read(panel.case, person), "part": part,
        "parts": panel.parts.select_related("reveal").order_by("role"), "member_by": panels.member_by(panel),
        "seats": [(seat, casefile.named(panel.case, seat.person, person), panels.refuse_refusal(seat, by=person, at=at)
                   is None) for seat in seats],
        "seal": Lot() if panels.seal_refusal(panel, by=person, at=at) is None else None,
        "open": OpenLot() if part and not hasattr(part, "reveal") else None,
        "sits": any(seat.person_id == person.pk for seat in seats), "roles": dict(Role.choices),
    }  # fmt: skip
    return render(request, "governance/lot.html", shown)


@require_safe
@login_required
def proof(request: HttpRequest, pk: int) -> JsonResponse:
    """Answer everything from which the draw can be computed again."""
    panel = of_mine(pk, me(request))
    if not cases.may_read(panel.case, me(request)):
        raise Http404
    return JsonResponse(panels.proof(panel))


@require_POST
@login_required
def seal(request: HttpRequest, pk: int) -> HttpResponse:
    """Seal my part of the lot."""
    panel, form = of_mine(pk, me(request)), Lot(request.POST)
    if form.is_valid():
        panels.commit(panel, lots.seal(form.cleaned_data["words"]), by=me(request), at=clock.now())
        messages.success(request, _("Sealed. Keep your words: you open your part with them."))
    return redirect("governance:lot", pk)


@require_POST
@login_required
def open_part(request: HttpRequest, pk: int) -> HttpResponse:
    """Open my part of the lot with the words that I sealed."""
    panel, form = of_mine(pk, me(request)), OpenLot(request.POST)
    part = get_object_or_404(panel.parts.select_related("panel__case"), person=me(request))
    if form.is_valid():
        panels.reveal(part, form.cleaned_data["words"], at=clock.now())
        messages.success(request, _("Opened."))
    return redirect("governance:lot", pk)


@require_POST
@login_required
def refuse(request: HttpRequest, pk: int) -> HttpResponse:
    """Refuse a member of a panel as one of the sides, or decline my own seat."""
    seat = get_object_or_404(PanelSeat.objects.select_related("panel__case"), pk=pk)
    of_mine(seat.panel_id, me(request))
    panels.refuse(seat, by=me(request), at=clock.now())
    messages.success(request, _("Refused; the next in the order of the lot takes the place."))
    mine = seat.person_id == me(request).pk
    return redirect("governance:cases") if mine else redirect("governance:lot", seat.panel_id)


def at_desk(pk: int, reader: Person) -> Panel:
    """Return a panel for somebody who sits on it; there is none for others, the parties included."""
    panel = of_mine(pk, reader)
    if not panels.sitting_on(panel).filter(person=reader).exists():
        raise Http404
    return panel


@login_required
def desk(request: HttpRequest, pk: int) -> HttpResponse:
    """Move a decision, and see the motions and their votes, as somebody who sits on the panel."""
    panel, at, person = at_desk(pk, me(request)), clock.now(), me(request)
    form = Move(request.POST or None, panel=panel)
    if form.is_valid():
        finding = form.finding(panel.case)
        refusal = decisions.move_refusal(panel, finding, by=person, at=at)
        if refusal is None:
            decisions.move(panel, finding, by=person, at=at)
            messages.success(request, _("Moved, and you agree to it. The others vote now."))
            return redirect("governance:desk", pk)
        form.add_error(None, str(refusal))
    motions = [(motion, decisions.agreed(motion), decisions.needed(panel, motion.measure),
                decisions.vote_refusal(motion, by=person, at=at) is None)
               for motion in casefile.open_motions(panel)]  # fmt: skip
    shown = {"panel": panel, "case": panel.case, "form": form, "motions": motions, "hear": Hear()}
    return render(request, "governance/desk.html", shown)


@require_POST
@login_required
def vote(request: HttpRequest, pk: int) -> HttpResponse:
    """Agree to a motion of my panel, or not."""
    motion = get_object_or_404(Motion.objects.select_related("panel__case"), pk=pk)
    at_desk(motion.panel_id, me(request))
    decisions.vote(motion, agrees=request.POST.get("agrees") == "yes", by=me(request), at=clock.now())
    messages.success(request, _("Your vote is given."))
    return redirect("governance:desk", motion.panel_id)


@require_POST
@login_required
def hear(request: HttpRequest, pk: int) -> HttpResponse:
    """Write down a hearing that ended just now."""
    panel, form, at = at_desk(pk, me(request)), Hear(request.POST), clock.now()
    if form.is_valid():
        began = at - timedelta(minutes=form.cleaned_data["minutes"])
        panels.hear(panel, began_at=began, ended_at=at, text=form.cleaned_data["text"], by=me(request), at=at)
        messages.success(request, _("Written; it stands in the file. What your seat is paid pays for the hearing too."))
    return redirect("governance:desk", pk)
