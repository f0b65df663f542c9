"""The treasurer's desk: deposits from the bank's statement, payouts by two officers, the state of the books."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from coop import clock
from coop.people.views import me_of
from governance import watching
from governance.models import Office, Right
from payments import (
    bank_statements,
    books,
    cards,
    deposits,
    invariants,
    paybacks,
    payouts,
    places,
    runs,
    to_officers,
    unanswered,
    unconfirmed,
)
from payments.forms import JudgePayout, RecordDeposit, SendPayout
from payments.models import Deposit, Payout, PayoutState
from payments.views import office_of


@require_safe
@login_required
def home(request: HttpRequest) -> HttpResponse:
    """Show what waits for an officer, and the books."""
    at = clock.now()
    office = office_of(request, at)
    waiting = Payout.objects.select_related("person", "sent_by__person").order_by("id")
    shown: dict[str, Any] = {
        "asked": list(waiting.filter(state=PayoutState.REQUESTED, run=None)),
        "sent": list(waiting.filter(state=PayoutState.SENT, run=None)),
        "unanswered": list(unanswered.waiting(at=at)),
        "back": list(paybacks.waiting()),
        "noted": list(deposits.unproved()),
        "given": list(bank_statements.waiting()),
        "deposits": Deposit.objects.select_related("client").order_by("-id")[:10],
        "form": RecordDeposit(),
        "debts": cards.debts(),
        "holdings": places.holdings(),
        "trial": books.trial_balance(),
        "checks": invariants.checks(),
        "now": at,
    }
    whose = [payout.person_id for payout in (*shown["asked"], *shown["sent"], *shown["unanswered"])]
    watching.looked(whose, subject="desk", right=Right.MONEY, by=office.person, at=at)
    return render(request, "payments/desk.html", shown)


@login_required
def deposit(request: HttpRequest) -> HttpResponse:
    """Record a line of the bank's statement."""
    office = office_of(request, clock.now())
    form = RecordDeposit(request.POST or None)
    if form.is_valid():
        refusal = deposits.refusal(
            form.cleaned_data["amount"], form.cleaned_data["reference"], by=office, at=clock.now()
        )
        if refusal is None:
            deposits.record(**form.cleaned_data, by=office, at=clock.now())
            words = _("Written down. It is credited once another officer confirms it or a statement has it.")
            messages.success(request, words)
            return redirect("payments:desk")
        form.add_error("reference", str(refusal))
    return render(request, "payments/deposit.html", {"form": form})


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def noted_deposit(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a deposit that an officer wrote down, and confirm that it arrived."""
    at = clock.now()
    office = office_of(request, at)
    found = get_object_or_404(Deposit.objects.select_related("client", "recorded_by__person"), pk=pk)
    if request.method == "POST":
        deposits.confirm(found, by=office, at=at)
        messages.success(request, _("Confirmed. It is credited."))
        return redirect("payments:desk")
    refusal = deposits.refusal_to_confirm(found, by=office, at=at)
    shown = {"deposit": found, "alike": deposits.alike(found), "refusal": refusal}
    return render(request, "payments/noted_deposit.html", shown)


@require_safe
@login_required
def payout(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a payout to an officer, with the step that is due and why they cannot take it, if so."""
    at, found = clock.now(), _payout(pk)
    office, right = to_officers.office_for(me_of(request), found, at)
    due = payouts.refusal_to_send if found.state == PayoutState.REQUESTED else payouts.refusal_to_confirm
    refusal = due(found, by=office, at=at)
    watching.looked([found.person_id], subject=f"payout:{pk}", right=right, by=office.person, at=at)
    where, latest = payouts.destination(found, by=office, at=at), runs.due_by(found, at=at)
    shown = {"payout": found, "form": SendPayout(), "refusal": refusal, "where": where, "due": latest}
    shown |= unanswered.told(found)
    return render(request, "payments/desk_payout.html", shown | _service(found, office))


def _service(found: Payout, office: Office) -> dict[str, Any]:
    """Return what the page shows of a payout that waits for its rail's word."""
    if not unanswered.is_waiting(found):
        return {"waits": False}
    no = unanswered.refusal(found, by=office, at=clock.now())
    said = found.verdicts.select_related("office__person").order_by("pk")
    return {
        "waits": True, "asked": unanswered.is_asked(found), "refusal": no, "judge": JudgePayout(), "verdicts": said,
        "unconfirmed": unconfirmed.lines([found.pk]), "on_a_line": unconfirmed.asked([found.pk]),
    }  # fmt: skip


@require_POST
@login_required
def send(request: HttpRequest, pk: int) -> HttpResponse:
    """Write down that the money was sent."""
    office, found = office_of(request, clock.now()), _payout(pk)
    form = SendPayout(request.POST)
    if form.is_valid():
        payouts.send(found, reference=form.cleaned_data["reference"], by=office, at=clock.now())
        messages.success(request, _("Written down. Another officer confirms that it arrived."))
        return redirect("payments:desk")
    where = payouts.destination(found, by=office, at=clock.now())
    return render(request, "payments/desk_payout.html", {"payout": found, "form": form, "where": where})


@require_POST
@login_required
def confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """Confirm that the money arrived, or that it came back."""
    at, found = clock.now(), _payout(pk)
    office, right = to_officers.office_for(me_of(request), found, at)
    act = payouts.fail if request.POST.get("result") == "came_back" else payouts.settle
    act(found, by=office, at=at)
    messages.success(request, _("Confirmed."))
    return redirect("payments:desk" if right == Right.MONEY else "payments:to_officers")


@require_safe
@login_required
def payouts_to_officers(request: HttpRequest) -> HttpResponse:
    """Show which payouts to those who handle money are under way, to them and to whoever checks the books."""
    at, person = clock.now(), me_of(request)
    right = to_officers.right_to_look(person, at)
    found = list(to_officers.waiting(at))
    watching.looked([one.person_id for one in found], subject="desk/officers", right=right, by=person, at=at)
    return render(request, "payments/to_officers.html", {"queue": found, "now": at})


def _payout(pk: int) -> Payout:
    return get_object_or_404(
        Payout.objects.select_related("person", "details", "run", "sent_by__person", "settled_by__person"), pk=pk
    )
