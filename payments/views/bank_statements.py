"""The desk's pages of a statement that one officer brought: another looks at the bank, and confirms it or does not."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from coop import clock
from governance import watching
from governance.models import Right
from payments import bank_statements, reconciling
from payments.models import GivenStatement, Payout, Place
from payments.reconciling import Foreseen
from payments.runs import payout_of
from payments.views import office_of

PER_PAGE = 50


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def one(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a statement with its sums and lines, and confirm that the bank shows the same."""
    at, given = clock.now(), _given(pk)
    office = office_of(request, at)
    if request.method == "POST":
        found = bank_statements.confirm(given, by=office, at=at).found
        messages.success(request, reconciling.in_words(found))
        return _to(given)
    seen = bank_statements.foreseen(given, by=office, at=at)
    shown = _shown(given, seen, request.GET.get("page"))
    numbers = [number for line, _words in shown["booked"] if (number := payout_of(line.key))]
    whose = list(Payout.objects.filter(pk__in=numbers).values_list("person_id", flat=True))
    watching.looked(whose, subject=f"given_statement:{pk}", right=Right.MONEY, by=office.person, at=at)
    shown["refusal"] = bank_statements.refusal_to_confirm(given, by=office, at=at, seen=seen)
    shown["closed"] = bank_statements.refusal(given, by=office, at=at)
    return render(request, "payments/given_statement.html", shown)


def _shown(given: GivenStatement, seen: Foreseen, page: str | None) -> dict[str, Any]:
    came, gone = bank_statements.sums([line for line, _said in seen.lines])
    # What came in comes first: its lines say whose money it is.
    both = sorted(seen.lines, key=lambda pair: pair[0].amount <= 0)
    shown = Paginator(both, PER_PAGE).get_page(page)
    booked = [(line, bank_statements.becomes(event, seen.known.payers)) for line, event in shown]
    return {
        "given": given, "came": came, "gone": gone, "count": len(both), "page_obj": shown, "booked": booked,
        "sits": bool(seen.known.sat_for),
    }  # fmt: skip


@require_POST
@login_required
def turn_down(request: HttpRequest, pk: int) -> HttpResponse:
    """Write down that the bank shows something else."""
    at = clock.now()
    given = _given(pk)
    bank_statements.turn_down(given, by=office_of(request, at), at=at)
    messages.success(request, _("Written down. Nothing of this file is booked."))
    return _to(given)


def _to(given: GivenStatement) -> HttpResponse:
    """Lead to the page of the place that a statement is of."""
    if given.place == Place.MAIN:
        return redirect("payments:bank_statements")
    return redirect("payments:service", given.place)


def _given(pk: int) -> GivenStatement:
    return get_object_or_404(GivenStatement.objects.select_related("given_by__person"), pk=pk)
