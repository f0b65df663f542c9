"""The open ledger, for everybody."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from coop import clock
from payments import open_ledger, published
from payments.models import Transfer
from payments.open_ledger import Month

MONTHS = 24


@require_safe
def ledger(request: HttpRequest) -> HttpResponse:
    """Show a month, the running one unless another is asked for."""
    now = clock.now()
    month = _month(request.GET.get("month") or str(Month.of(now)))
    return render(
        request,
        "payments/ledger.html",
        {"figures": open_ledger.figures(month), "months": _months(Month.of(now)), "formats": published.TYPES},
    )


@require_safe
def ledger_file(_request: HttpRequest, month: str, form: str) -> HttpResponse:
    """Answer a month's figures as a file."""
    content_type, write = published.TYPES[form]
    answer = HttpResponse(write(open_ledger.figures(_month(month))), content_type=content_type)
    answer["Content-Disposition"] = f'attachment; filename="workhall-{month}.{form}"'
    return answer


def _month(name: str) -> Month:
    """Return the month of a name; Http404 for what is none, or lies ahead."""
    try:
        month = Month.named(name)
    except ValueError as error:
        raise Http404 from error
    if month.first > clock.now():
        raise Http404
    return month


def _months(latest: Month) -> list[Month]:
    """Return the months to choose from, the running one first, back to the first posting, two years at most."""
    first = Transfer.objects.order_by("id").values_list("posted_at", flat=True).first()
    months = [latest]
    while first and months[-1].first > first and len(months) < MONTHS:
        months.append(months[-1].before)
    return months
