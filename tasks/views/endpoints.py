"""A job's own model: where it answers, how far it was asked, and what could not be used of what it said."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from coop import clock
from coop.people.views import me_of
from coop.refusals import Refused
from tasks import forms
from tasks.endpoints import naming, protocol
from tasks.models import Endpoint
from tasks.views.clients import job_of


def _of(request: HttpRequest, slug: str, number: int) -> Endpoint:
    """Return the endpoint of a job of an organisation in which the person has a seat; any other is not found."""
    return get_object_or_404(Endpoint, job=job_of(request, slug, number))


@sensitive_post_parameters("password")
@login_required
def model(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Show how a job's model stands, and let its client name where it answers."""
    job, form = job_of(request, slug, number), forms.Endpoint(request.POST or None)
    if form.is_valid():
        try:
            naming.name(job, **form.cleaned_data, by=me_of(request), at=clock.now())
        except Refused as refused:
            form.add_error("url", str(refused.refusal))
        else:
            messages.success(request, _("Noted. It is asked within a minute or two; look here for what came back."))
            return redirect("tasks:model", slug, number)
    endpoint = Endpoint.objects.filter(job=job).first()
    shown = {
        "client": job.client, "job": job, "endpoint": endpoint, "form": form, "refusal": naming.refusal(job),
        "problem": protocol.CLOSED.get(endpoint.problem, "") if endpoint else "",
    }  # fmt: skip
    return render(request, "tasks/client/model.html", shown, status=400 if form.errors else 200)


@require_POST
@login_required
def again(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Ask from the first task on about what has no prediction yet."""
    naming.ask_again(_of(request, slug, number), by=me_of(request), at=clock.now())
    messages.success(request, _("It is asked again from the first task on."))
    return redirect("tasks:model", slug, number)


@require_POST
@login_required
def end(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Ask a model no more."""
    naming.end(_of(request, slug, number), by=me_of(request), at=clock.now())
    messages.success(request, _("It is asked no more. What it said stays."))
    return redirect("tasks:model", slug, number)
