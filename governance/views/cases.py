"""Cases: mine, one with everything in it, opening one, answering, appealing. Only parties and panel read one."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from coop import clock
from coop.people.models import Person
from coop.refusals import refuse_if
from governance import appeals, awaiting, casefile, cases, deciders, lots, offices, panels, pauses, register, watching
from governance.forms_cases import OpenCase, Piece, Prolong, Words
from governance.models import Case, Decision, Pause, Said, Stage
from governance.views import me


def readable(pk: int, reader: Person) -> Case:
    """Return a case that a person may read, or may explain as an officer; for everybody else there is none."""
    case = casefile.load(pk)
    if case is None or not (cases.may_read(case, reader) or awaiting.reads(case, reader, clock.now())):
        raise Http404
    return case


# Several forms stand on one page: each field has an id of its own.
FORMS = {name: Words(auto_id=f"{name}_%s") for name in ("answer", "time", "word")} | {
    "piece": Piece(auto_id="piece_%s")
}


@require_safe
@login_required
def home(request: HttpRequest) -> HttpResponse:
    """Show the cases I am in, and as an officer those that wait for an explanation and the lots that need my part."""
    at, person = clock.now(), me(request)
    open_ones = awaiting.of(person, at)[:50]
    watching.looked([case.person_id for case in open_ones], subject="cases", right=None, by=person, at=at)
    unexplained = [(case, casefile.title(case), case.opened_at + cases.EXPLAIN) for case in open_ones]
    mine = [(case, casefile.title(case), cases.state(case, at)) for case in cases.of(person)[:50]]
    shown = {"cases": mine, "unexplained": unexplained, "waits": casefile.witness_waits(person, at)}
    return render(request, "governance/cases.html", shown)


@require_safe
def public(request: HttpRequest) -> HttpResponse:
    """Show everybody how many cases there were, on what grounds, with which result and how long they took."""
    return render(request, "governance/register.html", {"lines": register.lines(clock.now())})


@require_safe
@login_required
def case(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a case to those who may read it: everything."""
    at, person = clock.now(), me(request)
    it = readable(pk, person)
    if not (writes := cases.may_read(it, person)):
        watching.looked([it.person_id], subject=f"case:{it.pk}", right=None, by=person, at=at)
    first = next((d for d in it.decisions.all() if d.panel.stage == Stage.FIRST), None)
    shown = {
        "case": it, "title": casefile.title(it), "facts": casefile.facts(it),
        "state": cases.state(it, at), "entries": casefile.entries(it, person),
        "steps": casefile.steps(it, at), "decisions": casefile.decided(it, person),
        "mine": it.person_id == person.pk, "writes": writes, "shows": cases.is_a_side(it, person), **FORMS,
        "charger": casefile.named(it, it.charged_by, person), "member": casefile.named(it, it.person, person),
        "may_answer": cases.say_refusal(it, Said.REPLY, by=person, at=at) is None,
        "may_ask_time": cases.say_refusal(it, Said.MORE_TIME, by=person, at=at) is None,
        "may_explain": cases.say_refusal(it, Said.EXPLANATION, by=person, at=at) is None,
        "appeal": first and appeals.refusal(first, by=person, at=at) is None and first,
    }  # fmt: skip
    return render(request, "governance/case.html", shown)


@login_required
def open_case(request: HttpRequest) -> HttpResponse:
    """Charge somebody in writing, as an officer or as a member."""
    at, form = clock.now(), OpenCase(request.POST or None)
    if form.is_valid():
        said = form.cleaned_data
        charge = form.charge(at, capacity=next(iter(offices.held_by(me(request), at)), None))
        refusal = cases.charge_refusal(said["member"], charge, by=me(request), at=at)
        if refusal is None:
            it = cases.charge(said["member"], charge, seal=lots.seal(said["words"]), by=me(request), at=at)
            messages.success(request, _("Opened. Keep your words for the lot; the file is open for 48 hours."))
            return redirect("governance:case", it.pk)
        form.add_error(None, str(refusal))
    return render(request, "governance/open_case.html", {"form": form})


@require_POST
@login_required
def say(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """Write into a case: an answer, a word, an explanation; or ask for more time."""
    form = Words(request.POST)
    it = readable(pk, me(request))
    if kind not in Said.values or (kind != Said.EXPLANATION and not cases.may_read(it, me(request))):
        raise Http404
    if form.is_valid():
        with transaction.atomic():
            cases.say(it, kind=kind, text=form.cleaned_data["text"], by=me(request), at=clock.now())
            if kind == Said.CONTESTED:
                panels.convene(it, stage=Stage.FIRST, by=me(request), at=clock.now())
        messages.success(request, _("Written; it stands in the file."))
    else:
        messages.error(request, _("Nothing was written: the words were missing."))
    return redirect("governance:case", pk)


@require_POST
@login_required
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """Put a piece of evidence into the file, as one of the two sides."""
    form, it = Piece(request.POST), readable(pk, me(request))
    if not cases.is_a_side(it, me(request)):
        raise Http404
    if form.is_valid():
        piece = cases.show(it, **form.cleaned_data, by=me(request), at=clock.now())
        late = _("Added, but too late to be used: the 48 hours are over.")
        messages.success(request, _("Added to the file.") if piece.citable else late)
    return redirect("governance:case", pk)


@login_required
def appeal(request: HttpRequest, pk: int) -> HttpResponse:
    """Appeal against a decision; nothing of it has effect from then on."""
    it, form = readable(pk, me(request)), Words(request.POST or None)
    decision = get_object_or_404(Decision, case=it, panel__stage=Stage.FIRST)
    refuse_if(appeals.refusal(decision, by=me(request), at=clock.now()))
    if form.is_valid():
        appeals.appeal(decision, reasons=form.cleaned_data["text"], by=me(request), at=clock.now())
        messages.success(request, _("Appealed. Nothing has effect until nine others have decided."))
        return redirect("governance:case", pk)
    return render(request, "governance/appeal.html", {"form": form, "case": it, "decision": decision})


@login_required
def prolong(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask a panel of three to prolong a pause, as one of its two officers."""
    pause = get_object_or_404(Pause.objects.select_related("person", *pauses.OFFICERS), pk=pk)
    at, form = clock.now(), Prolong(request.POST or None)
    refuse_if(cases.emergency_refusal(pause, by=me(request), at=at))
    if form.is_valid():
        seal = lots.seal(form.cleaned_data["words"])
        it = cases.open_emergency(pause, facts=form.cleaned_data["facts"], seal=seal, by=me(request), at=at)
        messages.success(request, _("A panel of three by lot is asked. The pause ends by itself unless they decide."))
        return redirect("governance:case", it.pk)
    decided = deciders.of_pause(pause, deciders.public_since())
    return render(request, "governance/prolong.html", {"form": form, "pause": pause, "decided": decided})
