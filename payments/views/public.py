"""The open ledger, for everybody."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from coop import clock
from payments import accounts, budgets, invariants, open_ledger, post_pay, proof, published, raises, surplus
from payments import ledger as books
from payments.open_ledger import Month
from payments.surplus import Quarter
from payments.views import months

# How many months there are to choose from.
MONTHS = 24


@require_safe
def ledger(request: HttpRequest) -> HttpResponse:
    """Show a month, the running one unless another is asked for."""
    now = clock.now()
    month = months.named(request.GET.get("month") or str(Month.of(now)))
    latest = open_ledger.months(Month.of(now))[: -MONTHS - 1 : -1]
    return render(
        request,
        "payments/ledger.html",
        {
            "figures": open_ledger.figures(month),
            "posts": post_pay.paid(str(month)),
            "months": latest or [Month.of(now)],
            "formats": published.TYPES,
            "proof": proof.latest(),
            "asked": invariants.ALL,
            "closes": surplus.history(),
            "raises": raises.running(now),
            "reserve": books.balance(accounts.RESERVE),
            "fewest": open_ledger.FEWEST,
            "quarter": Quarter.of(now),
            "budget": budgets.in_force(Quarter.of(now)),
            "spending": budgets.spending(Quarter.of(now)),
        },
    )


@require_safe
def ledger_file(_request: HttpRequest, month: str, form: str) -> HttpResponse:
    """Answer a month's figures as a file."""
    content_type, write = published.TYPES[form]
    answer = HttpResponse(write(open_ledger.figures(months.named(month))), content_type=content_type)
    answer["Content-Disposition"] = f'attachment; filename="workhall-{month}.{form}"'
    return answer
