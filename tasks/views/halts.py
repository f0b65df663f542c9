"""A client pauses an open job, and lets it go on."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from coop import clock
from coop.people.views import me_of
from coop.refusals import Refused
from tasks import halts
from tasks.views.clients import job_of


@login_required
@require_POST
def pause(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Offer a job no more for a while."""
    job, me = job_of(request, slug, number), me_of(request)
    try:
        halts.begin(job, reason=request.POST.get("reason", "").replace("\0", ""), by=me, at=clock.now())
    except Refused as refused:
        messages.error(request, str(refused.refusal))
    else:
        messages.success(request, _("Paused: nobody takes more of it. What is taken goes on and is paid."))
    return redirect("tasks:client_job", slug, number)


@login_required
@require_POST
def resume(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Offer it again."""
    halts.end(job_of(request, slug, number), by=me_of(request), at=clock.now())
    messages.success(request, _("It goes on: members can take its tasks again."))
    return redirect("tasks:client_job", slug, number)
