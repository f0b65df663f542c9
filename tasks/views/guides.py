"""Guides of open jobs on pages: members read what changed and are paid; clients answer questions in a new version."""

from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from coop import clock, markdown
from coop.people.models import Person
from coop.people.views import me_of
from coop.refusals import refuse_if
from payments.templatetags.money import money
from tasks import guides
from tasks.models import Job, Question
from tasks.views.clients import job_of

ANSWERED_AT_ONCE = 20


class ChangeGuide(forms.Form):
    """A guide as it is to be, and answers to questions; `after` is the version it changes, `most` the price shown."""

    guide = forms.CharField(
        label=gettext_lazy("The guide"),
        max_length=guides.LONGEST,
        widget=forms.Textarea(attrs={"rows": 14}),
        help_text=gettext_lazy("Markdown. Answers to questions are put at its end."),
    )
    after = forms.IntegerField(widget=forms.HiddenInput)
    most = forms.DecimalField(
        widget=forms.HiddenInput, required=False, min_value=0, max_digits=18, decimal_places=6
    )  # fmt: skip

    def __init__(self, *args: Any, questions: list[Question], **kwargs: Any) -> None:
        """Ask for an answer to each question, none of them needed."""
        super().__init__(*args, **kwargs)
        self.questions = {f"answer_{question.pk}": question for question in questions}
        for name, question in self.questions.items():
            self.fields[name] = forms.CharField(
                label=question.words, required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 3}),
                help_text=_("Asked about task %(id)s.") % {"id": question.assignment.task.external_id},
            )  # fmt: skip
        self.order_fields([*self.questions, "guide"])

    def replies(self) -> dict[Question, str]:
        """Return what was answered, by question."""
        said = {question: self.cleaned_data[name] for name, question in self.questions.items()}
        return {question: words for question, words in said.items() if words}


def _open(request: HttpRequest, number: int) -> Job:
    """Return an open job to whoever may read its guide; raise Refused for others."""
    job = get_object_or_404(Job.objects.filter(opened_at__isnull=False).select_related("client"), pk=number)
    refuse_if(guides.refusal_to_read(job, by=me_of(request)))
    return job


def way_on(job: Job, me: Person) -> HttpResponseRedirect:
    """Lead whoever cannot take a task now to what changed in its guide, if that is why; else to the job."""
    return redirect("tasks:guide" if guides.unread(job, by=me) else "tasks:job", job.pk)


@login_required
def shown(request: HttpRequest, number: int) -> HttpResponse:
    """Show a job's guide, before anything is accepted; to whoever worked by an older one, what is new."""
    job = _open(request, number)
    new = guides.unread(job, by=me_of(request)) if not job.closed_at else []
    facts = {
        "job": job, "guide": markdown.html(job.guide_now), "versions": job.guide_versions.order_by("-number"),
        "news": [(version, markdown.html(guides.fresh_lines(version))) for version in new],
        "pay": sum((version.pay or Decimal(0) for version in new), Decimal(0)),
        "seconds": sum(version.seconds or 0 for version in new),
    }  # fmt: skip
    return render(request, "tasks/work/guide.html", facts)


@login_required
def version(request: HttpRequest, number: int, which: int) -> HttpResponse:
    """Show a guide as it was; the first is the job's own."""
    job = _open(request, number)
    text = job.guide if which == 1 else get_object_or_404(job.guide_versions, number=which).guide
    if which == 1 and not job.guide_versions.exists():
        raise Http404
    facts = {"job": job, "guide": markdown.html(text), "which": which, "versions": [], "news": []}
    return render(request, "tasks/work/guide.html", facts)


@login_required
@require_POST
def read(request: HttpRequest, number: int) -> HttpResponse:
    """Pay who has read what changed, and lead on."""
    paid = guides.read(_open(request, number), by=me_of(request), at=clock.now())
    if paid:
        messages.success(request, _("%(pay)s for reading is yours. You can go on.") % {"pay": money(paid, "USD")})
    return redirect("tasks:job", number)


@login_required
def change(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Show a client the questions about its job and the guide; publish a change after its price was seen."""
    job = job_of(request, slug, number)
    standing = guides.latest(job)
    begun = {"guide": job.guide_now, "after": standing.number if standing else 1}
    questions = list(guides.open_questions(job)[:ANSWERED_AT_ONCE])
    form = ChangeGuide(request.POST if request.method == "POST" else None, questions=questions, initial=begun)
    shown = {"client": job.client, "job": job, "form": form, "versions": job.guide_versions.order_by("-number")}
    if not form.is_valid():
        return render(request, "tasks/client/guide.html", shown, status=400 if form.is_bound else 200)
    said = form.cleaned_data
    whole = guides.with_answers(said["guide"], form.replies())
    no = guides.refusal_to_change(job, whole)
    if no is None and said["most"] is not None and "publish" in request.POST:
        guides.publish(
            job, guide=said["guide"], replies=form.replies(), after=said["after"], most=said["most"], by=me_of(request),
            at=clock.now(),
        )  # fmt: skip
        messages.success(
            request, _("The guide is changed. Whoever worked by the old one reads what is new, and is paid.")
        )
        return redirect("tasks:client_guide", slug, number)
    weighed = guides.weigh(job, whole)
    form.data = request.POST.copy()
    form.data["most"] = str(weighed.cost)
    shown |= {"refusal": no, "change": weighed}
    return render(request, "tasks/client/guide.html", shown)
