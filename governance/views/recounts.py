"""Counting again: the page of a closed vote and its files, open to everybody."""

from collections.abc import Callable, Mapping

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from governance import counting, recounting, voting
from governance.models import Proposal


def _counted(pk: int) -> Proposal:
    """Return a vote that was counted and whose files are sealed; Http404 else."""
    return get_object_or_404(voting.listed().filter(tally__files__isnull=False), pk=pk)


SAID = {
    "recount.py": _("The script, the same for every vote."),
    "rule.json": _("What was asked, the rule as it stood then, and what came out."),
    "roll.csv": _("The roll: a line for each elector, without names."),
    "ballots.csv": _("What was counted: no names, no receipts, no times."),
    "receipts.csv": _("The receipt of each ballot, as SHA-256 of its words, in their own order."),
}


@require_safe
def home(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what to download, what counting it again shows, and what it cannot show."""
    vote = _counted(pk)
    digests = vote.tally.files or {}
    shown = {
        "vote": vote,
        "files": [(name, words, digests.get(name)) for name, words in SAID.items()],
        "few": not recounting.is_told(vote),
        "merged": not all(counting.is_shown(count) for count in vote.tally.counts.values()),
    }
    return render(request, "governance/recount.html", shown)


def _rule(vote: Proposal, _name: str) -> HttpResponseBase:
    return JsonResponse(recounting.rule(vote), json_dumps_params={"indent": 1, "ensure_ascii": False})


def _script(_vote: Proposal, _name: str) -> HttpResponseBase:
    return HttpResponse(recounting.SCRIPT.read_bytes(), content_type="text/x-python; charset=utf-8")


def _table(vote: Proposal, name: str) -> HttpResponseBase:
    return StreamingHttpResponse(recounting.table(vote, name), content_type="text/csv; charset=utf-8")


FILES: Mapping[str, Callable[[Proposal, str], HttpResponseBase]] = {
    "recount.py": _script, "rule.json": _rule, **dict.fromkeys(recounting.TABLES, _table),
}  # fmt: skip


@require_safe
def file(_request: HttpRequest, pk: int, name: str) -> HttpResponseBase:
    """Answer one of the files, to be kept."""
    if name not in FILES:
        raise Http404
    answer = FILES[name](_counted(pk), name)
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
