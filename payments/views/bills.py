"""The bills of the house: put forward by one officer, paid by another, within the budget that the members voted."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from coop import clock
from payments import budgets
from payments.forms import PutBillForward, SendPayout
from payments.models import Expense, Purpose
from payments.surplus import Quarter
from payments.views import office_of


@login_required
def home(request: HttpRequest) -> HttpResponse:
    """Show the quarter's budget and the bills, and put one forward."""
    at = clock.now()
    office, form = office_of(request, at), PutBillForward(request.POST or None)
    if form.is_valid():
        said = {**form.cleaned_data, "purpose": Purpose(form.cleaned_data["purpose"])}
        budgets.ask(**said, by=office, at=at)
        messages.success(request, _("The bill is put forward. Another officer pays it."))
        return redirect("payments:bills")
    bills = Expense.objects.select_related("asked_by__person", "outlay__paid_by__person").order_by("-pk")
    quarter = Quarter.of(at)
    shown = {
        "form": form, "waiting": bills.filter(outlay=None), "paid": bills.exclude(outlay=None)[:10],
        "quarter": quarter, "budget": budgets.in_force(quarter), "spending": budgets.spending(quarter),
    }  # fmt: skip
    return render(request, "payments/bills.html", shown)


@login_required
def bill(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a bill, with why this officer cannot pay it, if so; or pay it."""
    at = clock.now()
    office = office_of(request, at)
    found = get_object_or_404(Expense.objects.select_related("asked_by__person"), pk=pk, outlay=None)
    form = SendPayout(request.POST or None)
    if form.is_valid():
        budgets.pay(found, reference=form.cleaned_data["reference"], by=office, at=at)
        messages.success(request, _("Paid, and on the books."))
        return redirect("payments:bills")
    refusal = budgets.refusal_to_pay(found, by=office, at=at)
    return render(request, "payments/bill.html", {"bill": found, "form": form, "refusal": refusal})
