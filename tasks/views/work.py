"""Doing a task: the page, the draft, handing in with the next task as the answer, and every way out of it."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from coop import clock
from coop.database.kept import Given, Kept
from coop.people.models import Person
from coop.people.views import me_of
from coop.refusals import Refused, refuse_if
from governance import deciders
from tasks import (
    answers,
    cards,
    claims,
    deletions,
    disputes,
    engaged,
    extensions,
    guides,
    known,
    onboarding,
    reports,
    reviews,
    shut_out,
    skips,
    stages,
    teams,
)
from tasks.forms import EngagedTime
from tasks.models import OPEN_STATES, Assignment, AssignmentState, Decision, Ground, Job, Review, Topic
from tasks.views import reviewing
from tasks.views.guides import way_on

SHOWN = 50
EARLIER = 10
DISPUTED = (AssignmentState.DISPUTED, AssignmentState.REJECTED)


LOADED = ("task__known_answer", "job__work_type", "job__client", "card", "draft", "extension")
MINE = Kept(
    lambda: (
        Assignment.objects.filter(teams.theirs(Given("person")), pk=Given("number"))
        .select_related(*LOADED)
        .defer("task__known_answer__value", "task__known_answer__why")
        .annotate(asked_at=clock.NOW)
    )
)


def _mine(request: HttpRequest, number: int) -> tuple[Assignment, datetime]:
    """Return an assignment of the person signed in or of their team, and the time; one query.

    No other is found, and a deleted one refused.
    """
    found: Any = MINE.first(person=me_of(request).pk, number=number)
    if found is None:
        raise Http404
    refuse_if(deletions.gone(found.job))
    return found, found.asked_at


def _value(request: HttpRequest, assignment: Assignment) -> dict[str, Any]:
    return assignment.question.read(request.POST)


def _key(request: HttpRequest) -> UUID:
    """Return the key the form was sent with; a form without one is not ours."""
    try:
        return UUID(request.POST.get("key", ""))
    except ValueError as error:
        raise Http404 from error


def _page(assignment: Assignment, value: dict[str, Any], *, fresh: bool = False, **more: object) -> dict[str, Any]:
    """Return what the task page shows: the question and its fields, the card's figures, a fresh key.

    Of a `fresh` task nobody has asked anything yet.
    """
    shown = assignment.question.shown(value, assignment.pk)
    kept = {"assignment": assignment, "job": assignment.job, "key": uuid4(), "card": cards.read(assignment.card)}
    kept |= {"team": _team(assignment)}
    kept |= {"asked": () if fresh else assignment.questions.select_related("reply").order_by("pk")}
    kept |= {"unnamed": [one for one in Topic.choices if one[0] not in assignment.job.content]}
    begun = stages.begins_with_an_answer(assignment.task)
    return {**kept, **shown, "suggestion": assignment.task.prediction, "begun": begun, **more}


def _team(assignment: Assignment) -> dict[str, Any]:
    """Return whose task it is, what they said about it, and what each wrote before another went on; nothing alone."""
    if assignment.team_id is None:
        return {}
    said = assignment.team_notes.select_related("person").order_by("pk")
    before = assignment.team_drafts.select_related("person").order_by("-pk")[:EARLIER]
    earlier = [(one, assignment.question.shown(one.value, assignment.pk)) for one in before]
    return {"parts": teams.shown(assignment), "notes": said, "earlier": earlier}


def _written(assignment: Assignment) -> dict[str, Any]:
    """Return what the member wrote so far."""
    return assignment.draft.value if hasattr(assignment, "draft") else {}


def _start(assignment: Assignment) -> dict[str, Any]:
    """Return what a member starts from: what they wrote, what was sent back, or what a machine said of the task."""
    if written := _written(assignment):
        return written
    if assignment.state == AssignmentState.SENT_BACK:
        latest: dict[str, Any] = assignment.answers.latest("number").value
        return latest
    said: dict[str, Any] = (assignment.task.prediction or {}).get("value", {})
    return said


@login_required
def mine(request: HttpRequest) -> HttpResponse:
    """Show what one has open, what came back, and what is being checked; what silence has accepted is paid first."""
    me, at = me_of(request), clock.now()
    reviews.accept_silent(at=at, person=me)
    held = Assignment.objects.filter(teams.theirs(me)).select_related("job__client").order_by("-pk")
    shown = {
        "open": held.filter(state=AssignmentState.CLAIMED, expires_at__gt=at),
        "back": held.filter(state=AssignmentState.SENT_BACK, expires_at__gt=at),
        "disputed": held.filter(state__in=DISPUTED).select_related("dispute")[:SHOWN],
        "checked": held.filter(state=AssignmentState.SUBMITTED)[:SHOWN],
        "accepted": held.filter(state=AssignmentState.ACCEPTED)[:SHOWN],
    }
    return render(request, "tasks/work/mine.html", shown)


@login_required
def task(request: HttpRequest, number: int) -> HttpResponse:
    """Show a task to do, or take it in (B5)."""
    assignment, at = _mine(request, number)
    if request.method == "POST":
        return _take_in(request, assignment, at)
    if assignment.state == AssignmentState.SENT_BACK and "redo" not in request.GET:
        return redirect("tasks:back", number)
    if assignment.state in DISPUTED:
        return redirect("tasks:dispute", number)
    if no := answers.refusal(assignment, by=me_of(request), at=at):
        latest = assignment.answers.order_by("number").last()
        value = latest.value if latest else _written(assignment)
        return render(
            request, "tasks/work/closed.html", _page(assignment, value, refusal=no, known=known.shown_to(assignment))
        )
    return render(request, "tasks/work/task.html", _page(assignment, _start(assignment)))


def _take_in(request: HttpRequest, assignment: Assignment, at: datetime) -> HttpResponse:
    """Keep it for later, say what is missing, or hand it in and answer with the next task."""
    value, key = _value(request, assignment), _key(request)
    if {"later", "again", "more"} & set(request.POST):
        return _keep(request, assignment, value, at)
    # From the claim to now, as the server saw it; never more than the task's own limit.
    seconds = int(min(at - assignment.claimed_at, assignment.job.time_limit).total_seconds())
    try:
        sent = answers.submit(assignment, value=value, key=key, seconds=seconds, by=me_of(request), at=at).assignment
    except answers.Incomplete as lacking:
        shown = _page(assignment, value, problems=lacking.problems, key=key)
        return render(request, "tasks/work/task.html", shown, status=422)
    except Refused as refused:
        shown = _page(assignment, value, refusal=refused.refusal)
        return render(request, "tasks/work/closed.html", shown, status=refused.refusal.status)
    assignment.state, assignment.accept_by = sent.state, sent.accept_by
    return _next(request, assignment, at)


def _keep(request: HttpRequest, assignment: Assignment, value: dict[str, Any], at: datetime) -> HttpResponse:
    """Keep what is written so far, and lead to one's tasks; `again` to this one, and so does `more` time for it."""
    answers.save_draft(assignment, value=value, by=me_of(request), at=at)
    if "more" in request.POST:
        extensions.give(assignment, by=me_of(request), at=at)
        messages.success(request, _("You have more time, and what you wrote is saved."))
    if {"again", "more"} & set(request.POST):
        return redirect(reverse("tasks:task", args=[assignment.pk]) + "?redo#answer")
    messages.success(request, _("Saved. The task stays yours until its time is up."))
    return redirect("tasks:work")


def _next(request: HttpRequest, done: Assignment, at: datetime) -> HttpResponse:
    """Answer with the next task of the job directly (B6); with the job's page when none is left."""
    try:
        following = claims.claim_next(done.job, by=me_of(request), at=at)
    except Refused as refused:
        further = _turned_away(refused, done.job, me_of(request), at)
        if cards.are_other(refused):
            messages.success(request, _("Sent. The terms of this job have changed since your last task."))
            return further
        if further.url == reverse("tasks:guide", args=[done.job_id]):
            messages.success(request, _("Sent. The guide of this job has changed since your last task."))
            return further
        messages.success(request, _("Sent. There is no further task for you in this job at this moment."))
        return _after_the_last(done, further)
    if following.card_id == done.card_id:
        following.card = done.card
    step = onboarding.step(done) if done.job.is_onboarding else None
    more: dict[str, Any] = {"sent": done, "step": step, "known": known.shown_to(done)}
    shown = _page(following, _start(following), fresh=following.claimed_at == at, **more)
    return render(request, "tasks/work/task.html", shown)


def _after_the_last(done: Assignment, further: HttpResponseRedirect) -> HttpResponseRedirect:
    """Lead on from the last task of a job: to what was known of it, where it was."""
    if done.job.tests_id:
        return redirect("tasks:skill", done.job.tests_id)
    if done.job.is_onboarding:
        return redirect("tasks:start")
    return redirect("tasks:task", done.pk) if known.shown_to(done) else further


def _turned_away(refused: Refused, job: Job, me: Person, at: datetime) -> HttpResponseRedirect:
    """Note that somebody got no further task, unless they are only to read its terms anew, and lead them on."""
    if not cards.are_other(refused):
        shut_out.kept(refused.refusal, job=job, by=me, at=at)
    return way_on(job, me)


@login_required
@require_POST
def draft(request: HttpRequest, number: int) -> HttpResponse:
    """Keep what is written so far; the page's script sends it by itself."""
    assignment, at = _mine(request, number)
    answers.save_draft(assignment, value=_value(request, assignment), by=me_of(request), at=at)
    return HttpResponse(status=204)


@login_required
@require_POST
def check(request: HttpRequest, number: int) -> HttpResponse:
    """Say what is still missing in what is written so far, while one works; nothing is written."""
    assignment, _at = _mine(request, number)
    try:
        value = _value(request, assignment)
    except Refused as refused:
        no = refused.refusal
        return render(request, "tasks/work/check.html", {"problems": [no], "checked": True}, status=no.status)
    wrong = answers.problems(assignment, value)
    shown = assignment.question.shown(value, assignment.pk) | {"problems": wrong, "checked": True, "reading": True}
    return render(request, "tasks/work/check.html", shown)


@login_required
@require_POST
def ask(request: HttpRequest, number: int) -> HttpResponse:
    """Keep what is written so far, then ask the client about the task."""
    assignment, at = _mine(request, number)
    answers.save_draft(assignment, value=_value(request, assignment), by=me_of(request), at=at)
    words = request.POST.get("ask", "")
    if no := guides.refusal_to_ask(assignment, words, by=me_of(request)):
        messages.error(request, str(no))
    else:
        guides.ask(assignment, words=words, by=me_of(request), at=at)
        messages.success(request, _("Asked. The answer will stand in the guide, for all. What you wrote is kept."))
    return redirect(reverse("tasks:task", args=[number]) + "?redo#answer")


@login_required
@require_POST
def engaged_time(request: HttpRequest, number: int) -> HttpResponse:
    """Note for how long the task was worked at; the page's script says it once a minute while it is used."""
    told = EngagedTime(request.POST)
    if not told.is_valid():
        return HttpResponse(status=422)
    assignment, at = _mine(request, number)
    engaged.note(assignment, **told.cleaned_data, by=me_of(request), at=at)
    return HttpResponse(status=204)


@login_required
@require_POST
def skip(request: HttpRequest, number: int) -> HttpResponse:
    """Skip a task without penalty and open the next one."""
    assignment, at = _mine(request, number)
    paid = "paid" in request.POST
    skips.skip(assignment, by=me_of(request), at=at) if paid else claims.skip(assignment, by=me_of(request), at=at)
    messages.success(request, _("Skipped. It is not offered to you again, and nothing is held against you."))
    try:
        return redirect("tasks:task", claims.claim_next(assignment.job, by=me_of(request), at=at).pk)
    except Refused as refused:
        return _turned_away(refused, assignment.job, me_of(request), at)


@login_required
@require_POST
def leave(request: HttpRequest, number: int) -> HttpResponse:
    """Give a task back."""
    assignment, at = _mine(request, number)
    claims.leave(assignment, by=me_of(request), at=at)
    messages.success(request, _("Given back. Nothing is held against you."))
    return redirect("tasks:jobs")


@login_required
@require_POST
def report(request: HttpRequest, number: int) -> HttpResponse:
    """Report what a task shows to the safety officer."""
    assignment, at = _mine(request, number)
    words, paid = request.POST.get("words", "").replace("\0", ""), "paid" in request.POST
    topic = request.POST.get("topic", "")
    reports.report(assignment, words=words, by=me_of(request), at=at, paid=paid, topic=topic)
    messages.success(request, _("Thank you. The safety officer reads it. The task is not offered to you again."))
    return redirect("tasks:work")


@login_required
def back(request: HttpRequest, number: int) -> HttpResponse:
    """Show why an answer came back, the place, and what one can do (B7)."""
    assignment, _at = _mine(request, number)
    review = assignment.reviews.filter(decision=Decision.SEND_BACK).select_related("reviewer").first()
    if review is None or assignment.state not in OPEN_STATES:
        return redirect("tasks:task", number)
    value = assignment.answers.latest("number").value
    return render(
        request,
        "tasks/work/back.html",
        _page(
            assignment, value, review=review, place=reviewing.part(assignment, review.place), decided=_decided(review)
        ),
    )


def _decided(review: Review) -> deciders.Decided:
    """Return who sent an answer back: for a client by name, of members who check each other's work the role alone."""
    who = _("a member who checks answers")
    if review.ground == Ground.CLIENT and review.reviewer:
        who = f"{review.reviewer.name} ({review.assignment.job.client.name})"
    appeal = _(
        "Send it again unchanged: another member checks it then, and a second time it is not sent back. Or say in the"
        " assembly what is wrong with it or with the guide."
    )
    return deciders.Decided(who, disputes.RULE, deciders.public_since(), appeal)
