"""Compartments on pages: officers say why they look into a client's; the client reads who saw what of it."""

from datetime import datetime

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from coop import clock
from coop.people import clients
from coop.people.models import Client
from coop.people.views import me_of
from coop.refusals import Refused, refuse_if
from governance import offices
from tasks import access_log, onboarding
from tasks.models.access import LONGEST_REASON

PER_PAGE = 50
LONGEST_SKIP = 10


class SayWhy(forms.Form):
    """Into which client's compartment an officer looks, and why."""

    client = forms.ModelChoiceField(
        label=gettext_lazy("Client"), queryset=Client.objects.filter(is_cooperative=False).order_by("name")
    )
    words = forms.CharField(
        label=gettext_lazy("Why you look"),
        max_length=LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("The client reads it, with your name and each thing you look at."),
    )


@never_cache
@login_required
def reasons(request: HttpRequest) -> HttpResponse:
    """Show an officer for which reasons they may look now, and take another one."""
    me, at = me_of(request), clock.now()
    refuse_if(offices.refusal(me, at))
    form = SayWhy(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            access_log.say(**form.cleaned_data, by=me, at=at)
        except Refused as refused:
            form.add_error("words", str(refused.refusal))
        else:
            messages.success(request, _("Written down. You see what this client has for eight hours."))
            return redirect("tasks:reasons")
    opens = onboarding.refusal_to_open(me, at) is None
    shown = {"form": form, "running": access_log.running(me, at=at), "opens": opens}
    return render(request, "tasks/work/reasons.html", shown, status=422 if form.errors else 200)


@require_safe
@login_required
def seen(request: HttpRequest, slug: str) -> HttpResponse:
    """Show a client who saw or fetched what it has here, the latest first."""
    client = clients.client_of(me_of(request), slug)
    at, skip = clock.now(), _skip(request)
    before = _before(request, at)
    found = access_log.page(client, before=before, skip=skip, most=PER_PAGE, at=at)
    older = skip + PER_PAGE if len(found) == PER_PAGE else None
    shown = {"client": client, "seen": found, "before": before, "older": older}
    return render(request, "tasks/client/access.html", shown)


@require_safe
@login_required
def table(request: HttpRequest, slug: str) -> StreamingHttpResponse:
    """Hand the whole of it out as CSV."""
    client = clients.client_of(me_of(request), slug)
    headers = {"Content-Disposition": f'attachment; filename="{client.slug}-access.csv"'}
    lines = access_log.csv(client, at=clock.now())
    return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8", headers=headers)


def _skip(request: HttpRequest) -> int:
    """Return how many lines to pass over; none where no such number is given."""
    said = request.GET.get("skip", "")
    return int(said) if said.isascii() and said.isdecimal() and len(said) < LONGEST_SKIP else 0


def _before(request: HttpRequest, at: datetime) -> datetime:
    """Return before which moment to look; now where none, or nothing that is one, is given."""
    try:
        said = parse_datetime(request.GET.get("before", ""))
    except ValueError:
        said = None
    return said if said and said.tzinfo else at
