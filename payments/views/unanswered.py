"""The desk's pages for payouts that no rail answered for."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from coop import clock
from coop.people.views import me_of
from payments import to_officers, unanswered
from payments.forms import JudgePayout
from payments.models import Payout
from payments.views import office_of


@require_POST
@login_required
def ask(request: HttpRequest, pk: int) -> HttpResponse:
    """Have the service asked again."""
    at = clock.now()
    office, found = office_of(request, at), get_object_or_404(Payout.objects.select_related("run"), pk=pk)
    moved = unanswered.ask_again(found, by=office, at=at)
    told = _("The service said something new.") if moved else _("Asked. Where it answers later, it shows here.")
    messages.success(request, told)
    return redirect("payments:desk_payout", pk)


@require_POST
@login_required
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Write down what an officer read on the rail's own statement."""
    at = clock.now()
    found = get_object_or_404(Payout.objects.select_related("run"), pk=pk)
    office, _right = to_officers.office_for(me_of(request), found, at)
    form = JudgePayout(request.POST)
    if not form.is_valid():
        messages.error(request, _("Say what you read and on which statement; nothing was written."))
    elif unanswered.decide(found, **form.cleaned_data, by=office, at=at):
        messages.success(request, _("Two officers read the same: it is booked."))
    else:
        messages.success(request, _("Written down. It is booked once another officer reads the same."))
    return redirect("payments:desk_payout", pk)
