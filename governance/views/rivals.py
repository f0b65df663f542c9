"""Another way on the ballot of a published proposal."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from coop import clock
from coop.refusals import Refused
from governance import explaining, policies, proposals, rivals, standing, voting
from governance.forms import Words
from governance.models import Proposal
from governance.views import me


@login_required
def propose(request: HttpRequest, pk: int) -> HttpResponse:
    """Write another way to what a proposal would change, filled in with the proposal's own values."""
    first, at = rivals.first_of(get_object_or_404(voting.listed(), pk=pk)), clock.now()
    kind = policies.find(first.policy)
    change = kind.form_class(request.POST or None, initial=rivals.filled_in(first))
    words = Words(request.POST or None)
    if change.is_valid() and words.is_valid():
        try:
            return redirect("governance:proposal", _draft(request, first, change.cleaned_payload(), words).pk)  # type: ignore[attr-defined]
        except Refused as refused:
            change.add_error(None, str(refused.refusal))
    shown = {
        "first": explaining.seen(first, at), "until": rivals.until(first), "change": change, "words": words,
        "refusal": rivals.window_refusal(first, at=at) or standing.refusal(me(request), doing="propose", at=at),
    }  # fmt: skip
    return render(request, "governance/rival.html", shown)


def _draft(request: HttpRequest, first: Proposal, payload: dict[str, object], words: Words) -> Proposal:
    said = words.cleaned_data
    return proposals.draft_rival(first, payload=payload, **said, by=me(request), at=clock.now())
