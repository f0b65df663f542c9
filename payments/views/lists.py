"""A service's own list of what moved, beside our books: asked for, seen by another officer, differences explained."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from coop import clock
from coop.refusals import Refusal, refuse_if
from payments import at_services, bank_statements, lists
from payments.forms import ExplainDifference, ReadList
from payments.models import SERVICES, BankStatement, Place
from payments.views import office_of

PER_PAGE = 20
LATEST = 10


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def one(request: HttpRequest, place: str) -> HttpResponse:
    """Show a service's lists beside our books and what differs, and write down why."""
    at, where = clock.now(), _service(place)
    office = office_of(request, at)
    form = ExplainDifference(request.POST or None)
    if form.is_valid():
        at_services.explain(where, **form.explanation(), by=office, at=at)
        messages.success(request, _("Written down."))
        return redirect("payments:service", where)
    compared, differences = at_services.beside([where])
    page = Paginator(differences, PER_PAGE).get_page(request.GET.get("page"))
    form.offer(list(page))
    said = at_services.explanations(where, list(page))
    shown = {
        "place": where, "form": form, "refusal": lists.refusal(where, by=office, at=at), "compared": compared,
        "file": ReadList() if where in lists.WRITTEN else None,
        "given": bank_statements.waiting().filter(place=where),
        "statements": BankStatement.objects.filter(place=where).order_by("-pk")[:LATEST],
        "page_obj": page, "rows": [(one, [why for why in said if at_services.is_about(why, one)]) for one in page],
    }  # fmt: skip
    return render(request, "payments/service.html", shown)


@require_POST
@login_required
def ask(request: HttpRequest, place: str) -> HttpResponse:
    """Have the service asked for its list."""
    at, where = clock.now(), _service(place)
    lists.ask(where, by=office_of(request, at), at=at)
    messages.success(request, _("Kept. Another officer sees the same at the service and confirms it."))
    return redirect("payments:service", where)


@require_POST
@login_required
def give(request: HttpRequest, place: str) -> HttpResponse:
    """Take the file of a service that is not asked."""
    at, where = clock.now(), _service(place)
    form = ReadList(request.POST, request.FILES)
    if where not in lists.WRITTEN:
        raise Http404(place)
    office = office_of(request, at)
    refuse_if(None if form.is_valid() else Refusal(_("Choose the file first."), status=400))
    lists.give(form.cleaned_data["file"].read(lists.LARGEST + 1), where, by=office, at=at)
    messages.success(request, _("Kept. Another officer sees the same at the service and confirms it."))
    return redirect("payments:service", where)


def _service(name: str) -> Place:
    if name not in SERVICES:
        raise Http404(name)
    return Place(name)
