"""Checking what other members handed in: the answer read-only, accept or send back with reason and place."""

from decimal import Decimal
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from coop import clock, markdown
from coop.people.views import me_of
from coop.refusals import Text, refuse_if
from governance import standing
from payments.templatetags.money import money
from tasks import checks, deletions, disputes, guides, reviews
from tasks.models import Assignment


class SendBack(forms.Form):
    """Why an answer goes back, and which part of it."""

    place = forms.ChoiceField(label=gettext_lazy("Which part of the answer"), widget=forms.RadioSelect)
    reason = forms.CharField(
        label=gettext_lazy("What is wrong, so that it can be put right"),
        help_text=gettext_lazy("Its author reads this. They may hand it in once more, paid."),
        min_length=10,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def __init__(self, *given: Any, places: dict[str, Text]) -> None:
        """Offer the parts that the answer has, each by its name with its words."""
        super().__init__(*given)
        cast("forms.ChoiceField", self.fields["place"]).choices = list(places.items())
        if len(places) == 1:
            self.fields["place"].initial = next(iter(places))


def earned(pay: Decimal | None) -> str:
    """Say what a check has just paid."""
    return _("Your check is paid: %(sum)s.") % {"sum": money(pay or Decimal(0), "USD")}


def _waiting(number: int) -> Assignment:
    return get_object_or_404(Assignment.objects.select_related("task", "job__work_type"), pk=number)


def form_of[Form: SendBack](assignment: Assignment, *given: Any, kind: "type[Form]") -> Form:
    """Return a form about an answer, that offers its parts."""
    return kind(*given, places=assignment.job.shape.parts(assignment.job.form))


def part(assignment: Assignment, place: str) -> Text:
    """Return how a part of an answer is called."""
    return assignment.job.shape.parts(assignment.job.form).get(place, place)


def page_of(assignment: Assignment, form: forms.Form | None) -> dict[str, Any]:
    """Return what a page shows of an answer: the question, what was answered, the guide; not who answered."""
    refuse_if(deletions.gone(assignment.job))
    shown = assignment.question.shown(assignment.answers.latest("number").value, assignment.pk)
    guide = markdown.html(guides.accepted_with(assignment))
    return {"assignment": assignment, "job": assignment.job, "guide": guide, "form": form, **shown}


@login_required
def review(request: HttpRequest) -> HttpResponse:
    """Show the answer one has taken to check; else what the next check is and pays, or that there is none."""
    me, at = me_of(request), clock.now()
    no = standing.refusal(me, doing="review", at=at)
    held = None if no else checks.held_by(me, at)
    shown: dict[str, Any] = {"looks": disputes.offered_to(me, at).count(), "refusal": no, "check": held}
    if held:
        shown |= page_of(held.assignment, form_of(held.assignment, kind=SendBack))
    elif not no:
        shown |= _offer(reviews.next_for(me, at=at))
    return render(request, "tasks/work/review.html", shown)


def _offer(following: Assignment | None) -> dict[str, Any]:
    """Return what is shown before a check is taken: what it is and pays, of the answer itself nothing."""
    if following is None:
        return {}
    return {"next": following, "job": following.job, "pay": checks.pay_of(following), "time": checks.TIME}


@login_required
@require_POST
def take(request: HttpRequest, number: int) -> HttpResponse:
    """Take an answer to check, at the pay that was shown."""
    assignment, me, at = _waiting(number), me_of(request), clock.now()
    refuse_if(reviews.refusal(assignment, by=me, at=at))
    checks.take(assignment, by=me, at=at)
    return redirect("tasks:review")


@login_required
@require_POST
def accept(request: HttpRequest, number: int) -> HttpResponse:
    """Accept an answer."""
    assignment, me, at = _waiting(number), me_of(request), clock.now()
    refuse_if(reviews.refusal(assignment, by=me, at=at))
    pay = checks.require(assignment, by=me, at=at).pay
    reviews.accept(assignment, by=me, at=at)
    messages.success(request, _("Accepted, and paid to its author at once.") + " " + earned(pay))
    return redirect("tasks:review")


@login_required
@require_POST
def send_back(request: HttpRequest, number: int) -> HttpResponse:
    """Send an answer back with reason and place."""
    assignment, at = _waiting(number), clock.now()
    # Asked before anything is shown: an answer is read by those who may check it, nobody else.
    refuse_if(reviews.refusal_to_send_back(assignment, by=me_of(request), at=at))
    check = checks.require(assignment, by=me_of(request), at=at)
    form = form_of(assignment, request.POST, kind=SendBack)
    if not form.is_valid():
        return render(request, "tasks/work/review.html", page_of(assignment, form) | {"check": check}, status=422)
    said = form.cleaned_data
    reviews.send_back(assignment, reason=said["reason"], place=said["place"], by=me_of(request), at=at)
    told = _("Sent back. Its author reads your reason, and may hand it in once more.")
    messages.success(request, f"{told} {earned(check.pay)}")
    return redirect("tasks:review")
