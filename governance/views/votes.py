"""Votes: what is open, reading a proposal, its result."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from coop import clock
from governance import (
    explaining,
    petitions,
    proposals,
    reading,
    recalling,
    rivals,
    standing,
    supporting,
    voting,
    ways,
)
from governance.models import Proposal
from governance.views import me, reader


def _found(request: HttpRequest, pk: int) -> Proposal:
    """Return a published proposal, or a draft to its author and, once it looks for support, to all; Http404 else."""
    known = Proposal.objects.select_related(
        "rule", "tally", "mandate__enactment", "first_reading__tally", "proposed_by", "petition", "rival_of"
    )
    proposal = get_object_or_404(known, pk=pk)
    hidden = proposal.published_at is None and proposal.proposed_by != request.user
    if hidden and not (reader(request) and supporting.is_open(proposal)):
        raise Http404
    return proposal


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show all votes, open ones first; to a member also their drafts and whether they have voted."""
    at, person = clock.now(), reader(request)
    known = voting.listed()
    drafts = Proposal.objects.filter(published_at=None, proposed_by=person) if person else Proposal.objects.none()
    open_now = voting.open_now(at)
    decided = known.filter(closes_at__lte=at).exclude(pk__in=[vote.pk for vote in open_now])
    shown: dict[str, Any] = {
        "coming": known.filter(opens_at__gt=at, rival_of=None).order_by("opens_at"),
        "drafts": drafts.order_by("-id")[:10],
        "gathering": supporting.gathering()[:10] if person else [],
        "page_obj": Paginator(decided, 10).get_page(request.GET.get("page")),
    }
    listed = list(shown["page_obj"])
    shown["took_part"] = voting.voted_in([*open_now, *listed], person) if person else set()
    shown["open"] = [(vote, vote.pk in shown["took_part"]) for vote in open_now]
    shown["decided"] = [explaining.seen(vote, at) for vote in listed]
    shown["refusal"] = standing.refusal(person, doing="propose", at=at) if person else None
    return render(request, "governance/votes.html", shown)


@require_safe
def proposal(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a proposal: what it would change for the reader, what it needs, when; a draft as it will be read."""
    found, at, person = _found(request, pk), clock.now(), reader(request)
    draft, vote = found.published_at is None, explaining.seen(found, at, person)
    shown = {
        "vote": vote,
        "doubts": explaining.doubts(vote),
        "changes": explaining.changes_for(found, person, at),
        "answer": recalling.answer_to(found.petition),
        "phases": [] if draft else explaining.phases(found, at),
        "turnout": None if draft else proposals.turnout(found),
        "said": 0 if draft else reading.number_about(f"proposal:{found.pk}"),
        "voted": bool(person and not draft and voting.has_voted(found, person)),
        "ways": [] if draft else ways.of(found, person, at),
        "rivals_until": None if draft else rivals.until(rivals.first_of(found)),
    }
    if person and shown["rivals_until"]:
        cannot = rivals.window_refusal(rivals.first_of(found), at=at) or standing.refusal(
            person, doing="propose", at=at
        )
        shown["can_rival"] = cannot is None
    if draft and person:
        shown["backed"], shown["backs"] = supporting.of(found), supporting.said(found, person)
        shown["cannot_back"] = supporting.refusal(found, by=person, at=at)
    ask = proposals.publish_refusal if draft else voting.refusal
    shown["refusal"] = ask(found, by=person, at=at) if person else None
    return render(request, "governance/draft.html" if draft else "governance/proposal.html", shown)


@require_POST
@login_required
def publish(request: HttpRequest, pk: int) -> HttpResponse:
    """Publish a draft: from here on its text stands and its roll is frozen."""
    proposals.publish(_found(request, pk), by=me(request), at=clock.now())
    messages.success(request, _("Published. Nobody can change it now, you neither."))
    return redirect("governance:proposal", pk)


@require_POST
@login_required
def back(request: HttpRequest, pk: int) -> HttpResponse:
    """Back a draft, or take that back; the author's own word puts it before the members."""
    act = supporting.withdraw if "withdraw" in request.POST else supporting.back
    act(_found(request, pk), by=me(request), at=clock.now())
    return redirect("governance:proposal", pk)


@require_POST
@login_required
def stop(request: HttpRequest, pk: int) -> HttpResponse:
    """Sign the petition to stop a decision that waits; the last signature it needs publishes the vote."""
    petition = petitions.ask_to_stop(_found(request, pk), by=me(request), at=clock.now())
    called = petitions.called(petition)
    messages.success(request, _("Signed. The vote is called.") if called else _("Signed."))
    return redirect("governance:proposal", called.pk) if called else redirect("governance:result", pk)


@require_POST
@login_required
def read_again(request: HttpRequest, pk: int) -> HttpResponse:
    """Draft the second reading of a proposal that passed its first."""
    draft = proposals.draft_second_reading(_found(request, pk), by=me(request), at=clock.now())
    return redirect("governance:proposal", draft.pk)


@require_POST
@login_required
def carry_on(request: HttpRequest, pk: int) -> HttpResponse:
    """Do what is due on a vote: anybody may."""
    voting.carry_on(_found(request, pk), at=clock.now())
    return redirect("governance:result", pk)


@require_safe
def result(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what came out, against what was needed, and how far it is carried out."""
    found, at = _found(request, pk), clock.now()
    vote = explaining.seen(found, at)
    if found.closes_at is None or at < voting.closes(found, at):
        return redirect("governance:proposal", pk)
    person, petition = reader(request), petitions.to_stop(found)
    # What comes after the count is told by the tracker.
    phases = explaining.phases(found, at)[: 3 if vote.counted else None]
    shown = {
        "vote": vote,
        "outcome": explaining.outcome(vote),
        "ways": ways.of(found, None, at),
        "tracker": explaining.tracker(vote) if vote.counted else [],
        "lines": explaining.result(found) if vote.counted else [],
        "turnout": proposals.turnout(found),
        "phases": phases,
        "petition": petition,
        "stop_vote": petitions.called(petition) if petition else None,
        "signed": petitions.signed(petition) if petition else None,
        "can_stop": bool(person and not petitions.stop_refusal(found, by=person, at=at)),
    }
    return render(request, "governance/result.html", shown)
