"""Movements that should not be there, at the desk: called wrong by one officer, taken back by the word of another."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from coop import clock
from payments import corrections
from payments.forms import SayWrong
from payments.models import Transfer
from payments.views import office_of

PER_PAGE = 50


@require_safe
@login_required
def home(request: HttpRequest) -> HttpResponse:
    """Show what one officer called wrong, and every movement that can be taken back."""
    office_of(request, clock.now())
    page = Paginator(corrections.correctable(), PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "payments/corrections.html", {"waiting": corrections.waiting(), "page_obj": page})


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def one(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a movement and what officers said of it, and take another's word."""
    at = clock.now()
    office = office_of(request, at)
    found = get_object_or_404(Transfer.objects.select_related("debit", "credit"), pk=pk)
    form = SayWrong(request.POST or None)
    if form.is_valid():
        back = corrections.say(found, **form.cleaned_data, by=office, at=at)
        messages.success(request, _("It is taken back.") if back else _("Written down. Another officer says it too."))
        return redirect("payments:corrections")
    shown = {
        "transfer": found, "form": form, "said": corrections.of(found),
        "refusal": corrections.refusal(found, by=office, at=at),
    }  # fmt: skip
    return render(request, "payments/correction.html", shown)
