"""What members reported and a card did not say: the officer's desk, and the client's way to name it."""

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from coop import clock
from coop.people.views import me_of
from coop.refusals import Refused, refuse_if
from governance import offices, parameters
from governance.models import Right
from tasks import hidden
from tasks.models import Job
from tasks.views.clients import job_of


class Find(forms.Form):
    """Why a job showed what its card did not say."""

    reason = forms.CharField(
        label=gettext_lazy("Why, for everybody to read"), max_length=2000, widget=forms.Textarea(attrs={"rows": 3})
    )
    with_data = forms.BooleanField(
        label=gettext_lazy("It came with the client's data: the other jobs with it show it too, and wait as well"),
        required=False,
    )


@login_required
def desk(request: HttpRequest) -> HttpResponse:
    """Show an officer who reads reports what members reported of tasks, by job and topic."""
    refuse_if(offices.right_refusal(me_of(request), Right.REPORTS, clock.now()))
    shown = {
        "waiting": hidden.waiting(), "form": Find(), "least": hidden.ENOUGH,
        "dollars": parameters.value("hidden_dollars", clock.now()),
    }  # fmt: skip
    return render(request, "tasks/work/hidden_desk.html", shown)


@login_required
@require_POST
def find(request: HttpRequest, number: int, topic: str) -> HttpResponse:
    """Find a topic at a job."""
    refuse_if(offices.right_refusal(me_of(request), Right.REPORTS, clock.now()))
    job, form = get_object_or_404(Job, pk=number), Find(request.POST)
    if not form.is_valid():
        messages.error(request, _("Say why, in a sentence: everybody reads it."))
        return redirect("tasks:hidden_desk")
    try:
        found = hidden.find(job, topic=topic, **form.cleaned_data, by=me_of(request), at=clock.now())
    except Refused as refused:
        messages.error(request, str(refused.refusal))
    else:
        messages.success(request, _("Found: the job is paused until its client has named it.") + f" ({found.topic})")
    return redirect("tasks:hidden_desk")


@login_required
@require_POST
def name(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Name at a job what was found."""
    job = job_of(request, slug, number)
    try:
        hidden.name(
            job, topic=request.POST.get("topic", ""), share=request.POST.get("share", ""), by=me_of(request),
            at=clock.now(),
        )  # fmt: skip
    except Refused as refused:
        messages.error(request, str(refused.refusal))
    else:
        messages.success(request, _("Named: the card says so from now on."))
    return redirect("tasks:client_job", slug, number)
