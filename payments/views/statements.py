"""My statements, month by month, as pages and files. Only the member themselves reads them."""

from dataclasses import asdict

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from coop import clock
from coop.people.views import me_of
from payments import due, monthly, sealed_statements, statement_files, year_files
from payments.views import months


@require_safe
@login_required
def every(request: HttpRequest) -> HttpResponse:
    """List the months in which one's money moved, with the totals of each year."""
    shown = {"years": monthly.years(me_of(request)), "formats": year_files.TYPES}
    return render(request, "payments/statements.html", shown)


@require_safe
@login_required
def one(request: HttpRequest, month: str) -> HttpResponse:
    """Show a month: pay by job with the vote behind each rate, other pay, payouts, and the hash of every line."""
    due.settle(me_of(request), at=clock.now())
    statement = monthly.statement(me_of(request), months.named(month))
    shown = {
        "statement": statement,
        "jobs": statement.jobs,
        "sums": statement_files.sums(statement),
        "tables": [(_("Other pay"), statement.others), (_("Payouts"), statement.payouts)],
        "hash": statement_files.digest(statement),
        "formats": statement_files.TYPES,
        "proof": sealed_statements.proof(me_of(request), statement.month),
    }
    return render(request, "payments/statement.html", shown)


@require_safe
@login_required
def file(request: HttpRequest, month: str, form: str) -> HttpResponse:
    """Answer a month as a file."""
    content_type, write = statement_files.TYPES[form]
    statement = monthly.statement(me_of(request), months.named(month))
    answer = HttpResponse(write(statement), content_type=content_type)
    answer["Content-Disposition"] = f'attachment; filename="workhall-statement-{month}.{form}"'
    return answer


@require_safe
@login_required
def year_file(request: HttpRequest, year: str, form: str) -> HttpResponse:
    """Answer a year as a file; 404 for one in which nothing moved."""
    content_type, write = year_files.TYPES[form]
    found = year_files.of(me_of(request), int(year))
    if found is None:
        raise Http404
    answer = HttpResponse(write(found), content_type=content_type)
    answer["Content-Disposition"] = f'attachment; filename="workhall-statement-{year}.{form}"'
    return answer


@require_safe
@login_required
def proof(request: HttpRequest, month: str) -> JsonResponse:
    """Answer what shows that one's statement of a month is under the root that was sealed; nothing before it was."""
    found = sealed_statements.proof(me_of(request), months.named(month))
    if found is None:
        raise Http404
    return JsonResponse(asdict(found), json_dumps_params={"indent": 1})


@require_safe
def script(_request: HttpRequest) -> HttpResponse:
    """Answer the script that checks a statement with its proof; it is the same for everybody."""
    return HttpResponse(sealed_statements.SCRIPT.read_bytes(), content_type="text/x-python; charset=utf-8")
