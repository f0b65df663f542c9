"""The open ledger, for everybody."""

from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from coop import clock
from payments import accounts, budgets, open_ledger, owing, post_pay, proof, published, raises, surplus
from payments import ledger as books
from payments.open_ledger import Month
from payments.surplus import Quarter
from payments.views import months

# How many months there are to choose from.
MONTHS = 24


@require_safe
def ledger(request: HttpRequest) -> HttpResponse:
    """Show a month, the last one that is over unless another is asked for."""
    now = clock.now()
    latest = open_ledger.months(Month.of(now))[: -MONTHS - 1 : -1] or [Month.of(now)]
    month = months.named(request.GET.get("month") or str(_last_over(latest, now)))
    return render(
        request,
        "payments/ledger.html",
        {
            "figures": open_ledger.told(month, at=now),
            "posts": post_pay.paid(str(month)),
            "months": latest,
            "formats": published.TYPES,
            "proof": proof.latest(),
            "asked": proof.asked().values(),
            "closes": surplus.history(),
            "raises": raises.running(now),
            "reserve": books.balance(accounts.RESERVE),
            "fewest": owing.FEWEST,
            "quarter": Quarter.of(now),
            "budget": budgets.in_force(Quarter.of(now)),
            "spending": budgets.spending(Quarter.of(now)),
        },
    )


def _last_over(latest: list[Month], now: datetime) -> Month:
    return next((month for month in latest if month.is_over(now)), latest[0])


@require_safe
def ledger_file(_request: HttpRequest, month: str, form: str) -> HttpResponse:
    """Answer a month's figures as a file."""
    content_type, write = published.TYPES[form]
    answer = HttpResponse(write(open_ledger.told(months.named(month), at=clock.now())), content_type=content_type)
    answer["Content-Disposition"] = f'attachment; filename="workhall-{month}.{form}"'
    return answer
