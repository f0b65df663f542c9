"""Rejected answers on pages: the client rejects one, its author reads why, the two who were drawn look at it."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Count, F, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from coop import clock
from coop.people import clients
from coop.people.views import me_of
from coop.refusals import Text, refuse_if
from governance import deciders
from payments import advances
from tasks import checks, deletions, disputes, known, overview, reviews, teams, tips
from tasks.forms import PayIn
from tasks.models import Assignment, Dispute, Ground, Peer, Tip
from tasks.views import reviewing
from tasks.views.clients import job_of, shown_of

PER_PAGE = reviews.BATCH
CAUSES = [
    ("missing", gettext_lazy("Something is missing")),
    ("guide", gettext_lazy("It is not as the guide says")),
    ("task", gettext_lazy("It is about something else than the task")),
    ("form", gettext_lazy("It is not in the form that was asked for")),
]
LONGEST_NUMBER = 19
ANSWERS = Assignment.objects.select_related("task", "job__work_type", "job__client")


class Rejection(reviewing.SendBack):
    """Why an answer is rejected, and which part of it is wrong."""

    reason = forms.CharField(
        label=gettext_lazy("What is wrong"),
        help_text=gettext_lazy("Its author and the members who decide read this. Say it so that they can see it too."),
        min_length=disputes.LEAST_REASON,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )


class Return(reviewing.SendBack):
    """Why an answer goes back to its author: a cause, and in words what to put right."""

    cause = forms.ChoiceField(label=gettext_lazy("What it is"), choices=CAUSES, widget=forms.RadioSelect)
    field_order = ("cause", "place", "reason")

    def __init__(self, *given: Any, places: dict[str, Text]) -> None:
        """Offer the parts that the answer has, under names of its own: another form about it stands beside."""
        super().__init__(*given, places=places)
        self.auto_id = "return_%s"

    def said(self) -> dict[str, str]:
        """Return what `reviews.send_back` takes; the author reads the cause before the words."""
        cause = dict(CAUSES)[self.cleaned_data["cause"]]
        return {"place": self.cleaned_data["place"], "reason": f"{cause}: {self.cleaned_data['reason']}"}


class Look(forms.Form):
    """Why an answer stands, or does not."""

    reason = forms.CharField(
        label=gettext_lazy("Why"),
        help_text=gettext_lazy("Its author reads this once it is decided, and so does the client."),
        min_length=disputes.LEAST_REASON,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )


@login_required
def answers(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """List the answers of a job that a client can look at, and those it rejected with what came out."""
    job = shown_of(request, slug, number)
    waiting = overview.waiting(job).prefetch_related("answers")
    rejected = Dispute.objects.filter(assignment__job=job).select_related("assignment__task", "settlement")
    page = Paginator(waiting, PER_PAGE).get_page(request.GET.get("page"))
    shown = {
        "client": job.client, "job": job, "at": clock.now(), "page": page,
        "listed": [(one, known.words(job, max(one.answers.all(), key=lambda it: it.number).value)) for one in page],
        "rejected": rejected.order_by("-pk")[:PER_PAGE],
    }  # fmt: skip
    return render(request, "tasks/client/answers.html", shown)


@login_required
def every(request: HttpRequest, slug: str) -> HttpResponse:
    """List what was rejected in all jobs of a client: what is being decided by its deadline, then the latest (E11)."""
    client = clients.client_of(me_of(request), slug)
    found = disputes.of(client).order_by(F("settlement__settled_at").desc(nulls_first=True), "decide_by", "pk")
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    counted = found.aggregate(
        open=Count("pk", filter=Q(settlement=None)), stood=Count("pk", filter=Q(settlement__stands=True)),
        wrong=Count("pk", filter=Q(settlement__stands=False)),
    )  # fmt: skip
    return render(request, "tasks/client/disputes.html", {"client": client, "page": page, **counted})


@login_required
def answer(request: HttpRequest, slug: str, number: int, pk: int) -> HttpResponse:
    """Show a client one answer, and reject it: one at a time, with a reason and a place."""
    job, at = job_of(request, slug, number), clock.now()
    wrong = get_object_or_404(ANSWERS, job=job, pk=pk, submitted_at__isnull=False)
    form = reviewing.form_of(wrong, *([request.POST] if request.method == "POST" else []), kind=Rejection)
    if request.method == "POST":
        refuse_if(disputes.refusal(wrong, by=me_of(request), at=at))
        if form.is_valid():
            disputes.reject(wrong, **form.cleaned_data, by=me_of(request), at=at)
            messages.success(request, _("Rejected. It is paid meanwhile; two members decide who bears it."))
            return redirect("tasks:client_answers", slug, number)
    shown = reviewing.page_of(wrong, form) | {
        "client": job.client, "dispute": _dispute(wrong), "refusal": disputes.refusal(wrong, by=me_of(request), at=at),
        "tip": Tip.objects.filter(assignment=wrong).first(), "tipping": PayIn(), **_returning(request, wrong),
    }  # fmt: skip
    return render(request, "tasks/client/answer.html", shown, status=422 if form.is_bound else 200)


def _returning(request: HttpRequest, answer: Assignment) -> dict[str, Any]:
    """Return the form by which an answer goes back to be put right, and why it cannot."""
    no = reviews.refusal_to_send_back(answer, by=me_of(request), at=clock.now(), ground=Ground.CLIENT)
    return {"returning": reviewing.form_of(answer, kind=Return), "refusal_to_return": no}


@login_required
@require_POST
def accept(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Accept the answers that were ticked, twenty at most."""
    job = job_of(request, slug, number)
    ticked = [int(pk) for pk in request.POST.getlist("answer") if pk.isdecimal() and len(pk) < LONGEST_NUMBER]
    accepted = reviews.accept_some(job, ticked, by=me_of(request), at=clock.now())
    told = ngettext("%(n)d answer accepted and paid.", "%(n)d answers accepted and paid.", len(accepted))
    messages.success(request, told % {"n": len(accepted)})
    return redirect("tasks:client_answers", slug, number)


@login_required
@require_POST
def give_back(request: HttpRequest, slug: str, number: int, pk: int) -> HttpResponse:
    """Send one answer back to its author, with cause, place and words: a redo, paid like the first."""
    wrong = get_object_or_404(ANSWERS, job=job_of(request, slug, number), pk=pk, submitted_at__isnull=False)
    at = clock.now()
    refuse_if(reviews.refusal_to_send_back(wrong, by=me_of(request), at=at, ground=Ground.CLIENT))
    form = reviewing.form_of(wrong, request.POST, kind=Return)
    if form.is_valid():
        reviews.send_back(wrong, **form.said(), by=me_of(request), at=at, ground=Ground.CLIENT)
        messages.success(request, _("Sent back. Its author reads your reason, and may hand it in once more."))
        return redirect("tasks:client_answers", slug, number)
    shown = reviewing.page_of(wrong, reviewing.form_of(wrong, kind=Rejection)) | {
        "client": wrong.job.client, "dispute": None, "tipping": PayIn(), "returning": form,
        "refusal": disputes.refusal(wrong, by=me_of(request), at=at),
    }  # fmt: skip
    return render(request, "tasks/client/answer.html", shown, status=422)


@login_required
@require_POST
def tip(request: HttpRequest, slug: str, number: int, pk: int) -> HttpResponse:
    """Give a tip for an accepted answer."""
    found = get_object_or_404(ANSWERS, job=job_of(request, slug, number), pk=pk)
    form = PayIn(request.POST)
    if form.is_valid():
        tips.give(found, amount=form.cleaned_data["amount"], by=me_of(request), at=clock.now())
        messages.success(request, _("The tip is paid."))
    else:
        messages.error(request, _("Nothing was paid: a tip is an amount in whole cents."))
    return redirect("tasks:client_answer", slug, number, pk)


def _dispute(assignment: Assignment) -> dict[str, Any] | None:
    """Return what its parties read of a dispute, or None where there is none."""
    known = Dispute.objects.select_related("settlement", "rejected_by")
    dispute = known.filter(assignment=assignment).first()
    if dispute is None:
        return None
    return {
        "it": dispute, "place": reviewing.part(assignment, dispute.place),
        "settlement": getattr(dispute, "settlement", None), "findings": disputes.findings(dispute),
        "since": deciders.public_since(), "rule": disputes.RULE,
    }  # fmt: skip


@login_required
def mine(request: HttpRequest, number: int) -> HttpResponse:
    """Show its author why an answer was rejected, that it is paid, who decides by when, and how it ended."""
    assignment, at = get_object_or_404(ANSWERS, teams.theirs(me_of(request)), pk=number), clock.now()
    dispute = Dispute.objects.filter(assignment=assignment).select_related("assignment__job").first()
    if dispute is None:
        raise Http404
    disputes.go_on(dispute, at=at)
    assignment.refresh_from_db()
    gone = deletions.gone(assignment.job)
    shown = {"assignment": assignment, "job": assignment.job} if gone else reviewing.page_of(assignment, None)
    return render(request, "tasks/work/dispute.html", shown | {"dispute": _dispute(assignment), "gone": gone})


@login_required
def desk(request: HttpRequest) -> HttpResponse:
    """Show the rejected answers that a member was drawn to look at, each paid."""
    places = disputes.offered_to(me_of(request), clock.now())
    return render(request, "tasks/work/looks.html", {"places": places, "pay": advances.peer_pay()})


@login_required
def look(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a drawn member a rejected answer, and take what they find; of its author and client they see nothing."""
    at, me = clock.now(), me_of(request)
    place = get_object_or_404(Peer.objects.select_related("dispute__assignment"), pk=pk, person=me)
    refuse_if(disputes.find_refusal(place, by=me, at=at))
    form = Look(request.POST) if request.method == "POST" else Look()
    if form.is_valid() and request.POST.get("stands") in {"yes", "no"}:
        stands = request.POST["stands"] == "yes"
        disputes.find(place, stands=stands, reason=form.cleaned_data["reason"], by=me, at=at)
        messages.success(request, _("Thank you. Your look is paid; what you found is open once it is decided."))
        return redirect("tasks:looks")
    wrong = ANSWERS.get(pk=place.dispute.assignment_id)
    shown = reviewing.page_of(wrong, form) | {
        "place": place, "pay": advances.peer_pay(), "reason": place.dispute.reason,
        "part": reviewing.part(wrong, place.dispute.place),
    }  # fmt: skip
    return render(request, "tasks/work/look.html", shown, status=422 if form.is_bound else 200)


@login_required
def reject_as_peer(request: HttpRequest, number: int) -> HttpResponse:
    """Reject an answer as a member who checks it."""
    assignment, at = get_object_or_404(ANSWERS, pk=number), clock.now()
    refuse_if(disputes.refusal(assignment, by=me_of(request), at=at, ground=Ground.PEER))
    check = checks.require(assignment, by=me_of(request), at=at)
    form = reviewing.form_of(assignment, *([request.POST] if request.method == "POST" else []), kind=Rejection)
    if form.is_valid():
        disputes.reject(assignment, **form.cleaned_data, by=me_of(request), at=at, ground=Ground.PEER)
        told = _("Rejected. It is paid meanwhile; two others decide.")
        messages.success(request, f"{told} {reviewing.earned(check.pay)}")
        return redirect("tasks:review")
    shown = reviewing.page_of(assignment, form)
    return render(request, "tasks/work/reject.html", shown, status=422 if form.is_bound else 200)
