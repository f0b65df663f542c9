"""When the tasks and answers of a job are deleted: the day, said by its client before it opens."""

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponseRedirect
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from coop import clock
from coop.people.views import me_of
from tasks import deletions
from tasks.views.clients import job_of


class Day(forms.Form):
    """A day, or none."""

    on = forms.DateField(required=False)


@require_POST
@login_required
def name(request: HttpRequest, slug: str, number: int) -> HttpResponseRedirect:
    """Say on which day a job's contents are deleted; a refusal stands on the job's page."""
    job, form, at = job_of(request, slug, number), Day(request.POST), clock.now()
    on = form.cleaned_data["on"] if form.is_valid() else None
    no = deletions.refusal(job, on, at=at) if form.is_valid() else _("Write a day as 2027-03-31.")
    if no:
        messages.error(request, str(no))
    else:
        deletions.name(job, on, by=me_of(request), at=at)
        messages.success(request, _("Kept. It stands on the rate card, too."))
    return redirect("tasks:client_job", slug, number)
