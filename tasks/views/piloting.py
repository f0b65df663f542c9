"""What a paid pilot showed (E3): adopt it, at the pay that keeps the hour, or edit and run it again."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from coop import clock
from coop.people.views import me_of
from tasks import drafting, forms_job, measuring, sketches
from tasks.forms import Raise
from tasks.models import Sketch
from tasks.views.clients import job_of, shown_of


@require_safe
@login_required
def shown(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Show what a job measured, what members asked, and where answers differ."""
    job = shown_of(request, slug, number)
    measured, sketch = measuring.of(job), drafting.of_job(job)
    found: dict[str, Any] = {
        "client": job.client, "job": job, "measured": measured, "asked": measuring.asked(job), "draft": sketch,
        "whole": measuring.is_whole(job),
        "adopting": Raise(initial={"pay": (measured.keeps_the_hour or job.pay).normalize()}),
    }  # fmt: skip
    return render(request, "tasks/client/piloted.html", found)


@require_POST
@login_required
def adopt(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Make the job of what the pilot did not ask, at the pay that was chosen, and lead to its money."""
    job = job_of(request, slug, number)
    sketch = get_object_or_404(Sketch.objects.select_related("client", "work_type"), pilot=job, dropped_at=None)
    if sketch.job_id:
        return redirect("tasks:fund_job", slug, sketch.job_id)
    pay = request.POST.get("pay", "")
    form = forms_job.whole(sketch.work_type, sketch.said | {"pay": pay})
    if not form.is_valid():
        first = next(iter(form.errors.values()))[0]
        messages.error(request, _("Nothing was made: %(words)s") % {"words": first})
        return redirect("tasks:pilot", slug, number)
    made = sketches.make(sketch, form.facts(), by=me_of(request), at=clock.now())
    messages.success(request, _("The job is made. Set its money aside and open it."))
    return redirect("tasks:fund_job", slug, made.pk)
