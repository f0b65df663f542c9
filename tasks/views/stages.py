"""A client's stages on a page: what follows what, what arrived, what could not, and the form that joins two drafts."""

from typing import Any, cast

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coop import clock
from coop.people.views import me_of
from tasks import funds, stages
from tasks.models import Job, Stage, Takes
from tasks.views.clients import job_of


class Join(forms.Form):
    """Which draft a job follows, what of it becomes a task, and what that shows."""

    after = forms.ModelChoiceField(label=gettext_lazy("It follows"), queryset=Job.objects.none())
    takes = forms.ChoiceField(
        label=gettext_lazy("What becomes a task"), choices=Takes, initial=Takes.EACH, widget=forms.RadioSelect
    )
    carries = forms.CharField(
        label=gettext_lazy("What its tasks show of an answer"),
        help_text=gettext_lazy("One on each line, as: steps = steps.text. Left empty: what usually fits."),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    apart_from_all = forms.BooleanField(
        label=gettext_lazy("Nobody who answered at any stage before"), initial=True, required=False,
        help_text=gettext_lazy("Otherwise nobody who answered at the stage right before."),
    )  # fmt: skip

    def __init__(self, *args: Any, job: Job, **kwargs: Any) -> None:
        """Offer the older drafts of the same client."""
        super().__init__(*args, **kwargs)
        drafts = Job.objects.filter(client=job.client_id, opened_at=None, closed_at=None, pk__lt=job.pk)
        cast("forms.ModelChoiceField[Job]", self.fields["after"]).queryset = drafts.order_by("-pk")
        self.job = job

    def facts(self) -> dict[str, Any]:
        """Return what `stages.join` takes."""
        said = self.cleaned_data
        lines = [line.split("=", 1) for line in said["carries"].splitlines() if line.strip()]
        named = {line[0].strip(): line[-1].strip() for line in lines}
        return {**said, "carries": named or stages.carried(said["after"], self.job, said["takes"])}

    def clean(self) -> dict[str, Any]:
        """Ask what the act asks."""
        if not self.errors:
            facts = self.facts()
            told = {name: facts[name] for name in ("after", "takes", "carries")}
            if no := stages.refusal(self.job, **told):
                self.add_error(None, str(no))
        return self.cleaned_data


@login_required
def shown(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Show what a job follows and what follows it; join it to an older draft."""
    job = job_of(request, slug, number)
    own = Stage.objects.filter(job=job).select_related("after", "job__work_type").first()
    form = Join(request.POST if request.method == "POST" else None, job=job)
    if form.is_valid():
        stages.join(job, **form.facts(), by=me_of(request), at=clock.now())
        messages.success(request, _("Joined. Its tasks come from there; set its money aside and open it first."))
        return redirect("tasks:client_stages", slug, number)
    facts = {
        "client": job.client, "job": job, "stage": own, "form": form, "arrived": own and stages.arrived(own),
        "to_come": funds.tasks_to_come(job), "problems": stages.problems(own) if own else [],
        "next": Stage.objects.filter(after=job).select_related("job__work_type").order_by("pk"),
        "joinable": not own and not job.opened_at and not job.closed_at and not job.tasks.exists(),
    }  # fmt: skip
    return render(request, "tasks/client/stages.html", facts, status=400 if form.is_bound else 200)
