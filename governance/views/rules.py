"""What was decided and what holds: the rules in force with their votes, and every decision with how far it is."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from coop import clock
from governance import explaining, rulebook, voting


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show the rules in force: version, day, vote, and what it changed; only those that say the words asked for."""
    at, words = clock.now(), request.GET.get("q", "")[:100]
    books = (rulebook.rules(at), rulebook.numbers(at), rulebook.bylaws(at))
    rules, numbers, bylaws = (rulebook.matching(entries, words) for entries in books)
    return render(
        request, "governance/rules.html", {"words": words, "rules": rules, "numbers": numbers, "bylaws": bylaws}
    )


@require_safe
def decisions(request: HttpRequest) -> HttpResponse:
    """Show every counted vote: the question, the result, how many took part, and how far it is carried out."""
    at = clock.now()
    page = Paginator(voting.listed().exclude(tally=None), 20).get_page(request.GET.get("page"))
    decided = [explaining.decided(explaining.seen(vote, at)) for vote in page]
    return render(request, "governance/decisions.html", {"decided": decided, "page_obj": page})
