"""A client's months as pages and files. Only who has a seat at the organisation sees them."""

from decimal import Decimal

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from coop import clock
from coop.people import clients
from coop.people.views import me_of
from payments.views import months
from tasks import invoice_files, invoices
from tasks.forms import PayIn


@require_safe
@login_required
def every(request: HttpRequest, slug: str) -> HttpResponse:
    """List the months of an organisation in which its money moved."""
    client = clients.client_of(me_of(request), slug)
    return render(request, "tasks/client/invoices.html", {"client": client, "months": invoices.months(client)})


@require_safe
@login_required
def one(request: HttpRequest, slug: str, month: str) -> HttpResponse:
    """Show a month: what came in, what each job paid, what is left."""
    found = invoices.invoice(clients.client_of(me_of(request), slug), months.named(month))
    shown = {
        "invoice": found,
        "title": invoice_files.title(found),
        "sums": invoice_files.sums(found),
        "over": found.month.after <= clock.now(),
        "formats": invoice_files.TYPES,
        "hash": invoice_files.digest(found),
        "tax": invoice_files.tax(),
    }
    return render(request, "tasks/client/invoice.html", shown)


@require_safe
@login_required
def file(request: HttpRequest, slug: str, month: str, form: str) -> HttpResponse:
    """Answer a month as a file."""
    content_type, write = invoice_files.TYPES[form]
    found = invoices.invoice(clients.client_of(me_of(request), slug), months.named(month))
    return _named(HttpResponse(write(found), content_type=content_type), f"{found.number}.{form}")


@require_safe
@login_required
def payment_request(request: HttpRequest, slug: str) -> HttpResponse:
    """Answer what an accountant pays a deposit by, as a PDF."""
    client, form = clients.client_of(me_of(request), slug), PayIn(request.GET)
    if not form.is_valid():
        return render(request, "tasks/client/payment_request.html", {"client": client, "form": form}, status=400)
    amount: Decimal = form.cleaned_data["amount"]
    paper = invoice_files.payment_request(client, amount, clock.now())
    return _named(HttpResponse(paper, content_type="application/pdf"), f"WH-{client.pk}-{amount}.pdf")


def _named(answer: HttpResponse, name: str) -> HttpResponse:
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
