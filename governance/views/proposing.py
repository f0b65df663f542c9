"""Writing a proposal: its values and words, what they would do, and the draft that only its author sees."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from coop import clock
from coop.refusals import Refused
from governance import checking, policies, proposals, standing
from governance.forms import Words
from governance.views import me


@require_safe
@login_required
def kinds(request: HttpRequest) -> HttpResponse:
    """Show what can be proposed by writing; go straight on when there is one kind only.

    What members call by a petition or by standing has nothing to fill in.
    """
    known = [policy for policy in policies.known() if policy.form_class.base_fields]
    if len(known) == 1:
        return redirect("governance:propose", known[0].name)
    return render(request, "governance/kinds.html", {"policies": known})


@login_required
def propose(request: HttpRequest, policy: str) -> HttpResponse:
    """Write a proposal of one kind; it stays a draft until its author publishes it."""
    kind, at = policies.find(policy), clock.now()
    change, words = kind.form_class(request.POST or None, initial=_said(request)), Words(request.POST or None)
    if change.is_valid() and words.is_valid():
        payload = change.cleaned_payload()  # type: ignore[attr-defined]
        refusal = proposals.draft_refusal(policy, payload, by=me(request), at=at)
        if refusal is None:
            draft = proposals.draft(policy=policy, payload=payload, **words.cleaned_data, by=me(request), at=at)
            return redirect("governance:proposal", draft.pk)
        change.add_error(None, str(refusal))
    refusal = standing.refusal(me(request), doing="propose", at=at)
    shown = {"policy": kind, "change": change, "words": words, "refusal": refusal}
    return render(request, "governance/propose.html", shown)


def _said(request: HttpRequest) -> dict[str, object]:
    """Return the values that a link carries to the form, for its reader to change."""
    return {name: said if len(said) > 1 else said[0] for name, said in request.GET.lists()}


@never_cache
@login_required
def check(request: HttpRequest, policy: str) -> HttpResponse:
    """Show what the proposal in a form would do, and what is wrong with it; nothing is saved."""
    kind, at = policies.find(policy), clock.now()
    refusal = standing.refusal(me(request), doing="propose", at=at)
    if request.method != "POST" or refusal:
        return redirect("governance:propose", policy)
    # What is missing in the words is said beside the rest, so the form holds them and does not judge them.
    change, words = kind.form_class(request.POST), Words(initial=request.POST.dict())
    shown: dict[str, object] = {"policy": kind, "change": change, "words": words}
    if change.is_valid():
        payload = change.cleaned_payload()  # type: ignore[attr-defined]
        said = {name: request.POST.get(name, "") for name in ("title", "text")}
        try:
            shown["tried"] = checking.attempt(policy=policy, payload=payload, **said, by=me(request), at=at)
        except Refused as refused:
            shown["unclear"] = refused.refusal
    return render(request, "governance/propose.html", shown)
