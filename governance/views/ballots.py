"""Voting: choose, check, cast; the receipt; checking that a ballot is in the box."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from coop import clock
from coop.refusals import refuse_if
from governance import explaining, options, recalling, receipts, voting, ways
from governance.forms import CheckReceipt, ballot_form
from governance.views import me


@never_cache
@login_required
def ballot(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the ballot; after a choice, the page on which to check it. Nothing is cast here."""
    vote, at = get_object_or_404(voting.listed(), pk=pk), clock.now()
    if vote.rival_of_id:
        return redirect("governance:ballot", vote.rival_of_id)
    refuse_if(voting.refusal(vote, by=me(request), at=at))
    form = ballot_form(vote, request.POST or None, voter=me(request))
    seen = explaining.seen(vote, at)
    shown = {
        "vote": seen,
        "doubts": explaining.doubts(seen),
        "changes": explaining.changes_for(vote, me(request), at),
        "answer": recalling.answer_to(vote.petition),
        "ways": ways.of(vote, me(request), at),
        "voted": voting.has_voted(vote, me(request)),
        "form": form,
    }
    if form.is_valid():
        said = form.said()
        return render(request, "governance/check_vote.html", shown | {"said": said, "read": options.read(vote, said)})
    return render(request, "governance/ballot.html", shown)


@require_POST
@login_required
def cast_it(request: HttpRequest, pk: int) -> HttpResponse:
    """Cast the ballot that was checked and keep the receipt's words in the voter's own session."""
    vote, said = get_object_or_404(voting.listed(), pk=pk), request.POST.get("choice", "")
    if not options.may_say(vote, said):
        return redirect("governance:ballot", pk)
    receipt = voting.cast(vote, said, by=me(request), at=clock.now())
    request.session["receipt"] = {"vote": pk, "words": receipt.words}
    return redirect("governance:done", pk)


@never_cache
@require_safe
@login_required
def done(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the receipt, which does not show what was chosen."""
    vote, kept = get_object_or_404(voting.listed(), pk=pk), request.session.get("receipt", {})
    if kept.get("vote") != pk:
        return redirect("governance:proposal", pk)
    return render(request, "governance/done.html", {"vote": vote, "words": kept["words"]})


@never_cache
def check(request: HttpRequest) -> HttpResponse:
    """Say whether the ballot of a receipt is in the box; open to everybody."""
    form = CheckReceipt(request.POST or None)
    found = receipts.check(form.cleaned_data["words"]) if form.is_valid() else None
    return render(request, "governance/receipt.html", {"form": form, "check": found})
