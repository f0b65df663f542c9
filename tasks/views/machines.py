"""The machine that helps at a job: asked for while it is a draft, and what it learned since."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from coop import clock
from coop.people.views import me_of
from tasks import forms
from tasks.machines import learning
from tasks.models import Machine
from tasks.views.clients import job_of


@login_required
def machine(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Show what the machine of a job does and has learned; while the job is a draft, let its client choose."""
    job = job_of(request, slug, number)
    form = forms.Machine(request.POST)
    if request.method == "POST" and form.is_valid():
        learning.ask(job, **form.cleaned_data, by=me_of(request), at=clock.now())
        messages.success(request, _("Noted. It begins once a hundred answers are accepted."))
        return redirect("tasks:machine", slug, number)
    found = Machine.objects.filter(job=job).first()
    shown = {
        "client": job.client, "job": job, "machine": found, "refusal": learning.refusal(job),
        "form": forms.Machine(initial={"orders": found.orders, "shows": found.shows} if found else {}),
    }  # fmt: skip
    return render(request, "tasks/client/machine.html", shown)
