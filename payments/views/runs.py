"""Pay runs and bank statements at the desk: preview, two officers, the bank's file, and what the bank says after."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from coop import clock
from coop.refusals import Refused
from governance import watching
from governance.models import Right
from payments import bank_statements, deposits, questions, rails, reconciling, runs, unconfirmed
from payments.forms import AnswerQuestion, ReadStatement
from payments.models import BankStatement, Deposit, PayRun, Place, RailEvent
from payments.views import office_of

PER_PAGE = 20
LATEST = 10


@require_safe
@login_required
def home(request: HttpRequest) -> HttpResponse:
    """Show the runs, newest first, and what a run of each rail would take now."""
    office_of(request, clock.now())
    at = clock.now()
    waiting = [(rail, runs.waiting(rail.name, at=at).count()) for rail in rails.ALL.values() if rail.in_runs]
    latest = [(run, rails.of(run.rail), runs.progress(run)) for run in PayRun.objects.order_by("-id")[:LATEST]]
    return render(request, "payments/runs.html", {"waiting": waiting, "runs": latest})


@require_POST
@login_required
def prepare(request: HttpRequest, rail: str) -> HttpResponse:
    """Prepare a run of what waits."""
    office_of(request, clock.now())
    run = runs.prepare(rails.of(rail).name, at=clock.now()) if rail in rails.ALL else None
    if run is None:
        messages.info(request, _("Nobody is waiting for money by this way."))
        return redirect("payments:runs")
    return redirect("payments:run", run.pk)


@require_safe
@login_required
def run(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a run: what it comes to, where it differs from the books, how far it is, and the step that is due."""
    office, at, found = office_of(request, clock.now()), clock.now(), _run(pk)
    page = Paginator(found.payouts.select_related("person").order_by("pk"), PER_PAGE).get_page(request.GET.get("page"))
    watching.looked(
        [payout.person_id for payout in page], subject=f"pay_run:{pk}", right=Right.MONEY, by=office.person, at=at
    )
    due = _due(found)
    shown = {
        "run": found, "rail": rails.of(found.rail), "preview": runs.preview(found), "progress": runs.progress(found),
        "page_obj": page, "due": due, "refusal": DUE[due](found, by=office, at=at) if due else None,
    }  # fmt: skip
    return render(request, "payments/run.html", shown)


DUE = {"check": runs.refusal_to_check, "release": runs.refusal_to_release, "hand_over": runs.refusal_to_hand_over}
ACTS = {"check": runs.check, "release": runs.release, "hand_over": runs.hand_over}


def _due(found: PayRun) -> str:
    """Return the step that is due, as "release"; nothing once the rail has all of it."""
    if found.checked_at is None:
        return "check"
    if found.released_at is None:
        return "release"
    return "" if found.handed_over_at or not rails.of(found.rail).has_file else "hand_over"


@require_POST
@login_required
def step(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the step of a run that the page offered."""
    office, found, due = office_of(request, clock.now()), _run(pk), request.POST.get("step", "")
    if due != _due(found) or due not in ACTS:
        messages.info(request, _("This step was taken already."))
        return redirect("payments:run", pk)
    ACTS[due](found, by=office, at=clock.now())
    messages.success(request, _("Written down."))
    return redirect("payments:run", pk)


@require_POST
@login_required
def take_apart(request: HttpRequest, pk: int) -> HttpResponse:
    """Take what has not gone out of a run."""
    runs.take_apart(_run(pk), by=office_of(request, clock.now()), at=clock.now())
    messages.success(request, _("What had not gone waits again."))
    return redirect("payments:runs")


@require_POST
@never_cache
@login_required
def file(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer the bank's file of a released run."""
    content = runs.file(_run(pk), by=office_of(request, clock.now()), at=clock.now())
    answer = HttpResponse(content, content_type="application/xml")
    answer["Content-Disposition"] = f'attachment; filename="workhall-run-{pk}.xml"'
    return answer


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def statements(request: HttpRequest) -> HttpResponse:
    """Take a file of the bank's, and show what does not fit: another amount, said twice, unknown, missing."""
    at = clock.now()
    office = office_of(request, at)
    form = ReadStatement(request.POST or None, request.FILES or None)
    if form.is_valid():
        try:
            bank_statements.give(form.cleaned_data["file"].read(), by=office, at=at)
        except Refused as refused:
            form.add_error("file", str(refused.refusal))
        else:
            messages.success(request, _("Kept. Nothing moves before another officer has seen the same at the bank."))
            return redirect("payments:bank_statements")
    missing = list(reconciling.missing(at=at)[:PER_PAGE])
    whose = [payout.person_id for payout in missing]
    watching.looked(whose, subject="statements", right=Right.MONEY, by=office.person, at=at)
    shown = {
        "form": form, "statements": BankStatement.objects.filter(place=Place.MAIN).order_by("-id")[:LATEST],
        "given": bank_statements.waiting().filter(place=Place.MAIN),
        "page_obj": Paginator(questions.waiting(), PER_PAGE).get_page(request.GET.get("page")),
        "missing": missing, "now": at, "compared": reconciling.compared(),
        "unconfirmed": unconfirmed.lines([one.pk for one in missing]),
        "on_a_line": unconfirmed.asked([one.pk for one in missing]),
    }  # fmt: skip
    return render(request, "payments/bank_statements.html", shown)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def question(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what a rail said that fitted nothing, and write down what became of it."""
    office, at, event = office_of(request, clock.now()), clock.now(), _question(pk)
    form = AnswerQuestion(request.POST or None)
    if form.is_valid():
        questions.answer(event, **form.cleaned_data, by=office, at=at)
        messages.success(request, _("Written down."))
        return redirect("payments:bank_statements")
    whose = [event.payout.person_id] if event.payout else []
    watching.looked(whose, subject=f"rail_event:{pk}", right=Right.MONEY, by=office.person, at=at)
    refusal = questions.refusal(event, by=office, at=at)
    shown = {"event": event, "alike": deposits.like(event)[:PER_PAGE], "form": form, "refusal": refusal}
    return render(request, "payments/question.html", shown)


@require_POST
@login_required
def is_deposit(request: HttpRequest, pk: int, deposit: int) -> HttpResponse:
    """Write down that a line is a deposit."""
    office, found = office_of(request, clock.now()), get_object_or_404(Deposit, pk=deposit)
    questions.is_deposit(_question(pk), deposit=found, by=office, at=clock.now())
    messages.success(request, _("Written down. The deposit is credited."))
    return redirect("payments:bank_statements")


def _question(pk: int) -> RailEvent:
    asked = RailEvent.objects.filter(outcome__in=questions.WAIT)
    return get_object_or_404(asked.select_related("payout", "statement", "answer__by__person"), pk=pk)


def _run(pk: int) -> PayRun:
    return get_object_or_404(PayRun.objects.select_related("checked_by__person", "released_by__person"), pk=pk)
