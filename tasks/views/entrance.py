"""The officers' page of onboardings: which are open, and how another is opened."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coop import clock
from coop.people.models import Client
from coop.people.views import me_of
from coop.refusals import refuse_if
from tasks import onboarding
from tasks.forms import KnownQuestions


class Open(KnownQuestions):
    """An onboarding: its name, how work goes here, the questions, and how many right ones admit."""

    title = forms.CharField(label=gettext_lazy("Name"), max_length=80)
    pass_mark = forms.IntegerField(label=gettext_lazy("Right answers that admit"), min_value=1)
    field_order = ("title", "guide", "asked", "pass_mark")

    def refusal(self, count: int) -> str:
        """Say why an onboarding cannot have so many questions."""
        fits = onboarding.FEWEST <= count <= onboarding.MOST
        return "" if fits else _("An onboarding has 3 to 50 questions.")

    def clean(self) -> dict[str, Any]:
        """Ask for no more right answers than there are questions."""
        said = self.cleaned_data
        if said.get("asked") and said.get("pass_mark", 0) > len(said["asked"]):
            self.add_error("pass_mark", _("There are not so many questions."))
        return said


@login_required
def home(request: HttpRequest) -> HttpResponse:
    """Show the onboardings that are open, and open another."""
    me, at = me_of(request), clock.now()
    refuse_if(onboarding.refusal_to_open(me, at))
    form = Open(request.POST if request.method == "POST" else None)
    if form.is_valid():
        house = Client.objects.get(is_cooperative=True)
        asked = form.cleaned_data.pop("asked")
        onboarding.open_job(house, **form.cleaned_data, questions=asked, by=me, at=at)
        messages.success(request, _("Open: whoever signs up can begin."))
        return redirect("tasks:entrance")
    shown = {"form": form, "open": onboarding.jobs(), "left": onboarding.left()}
    return render(request, "tasks/work/entrance.html", shown, status=422 if form.is_bound else 200)
