"""How far answers agree: one's own for a member, a job's for its client. Nobody is ranked."""

from collections.abc import Iterator
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from coop.people.views import me_of
from coop.refusals import refuse_if
from tasks import deletions, exports, known
from tasks.models import Estimate, Job
from tasks.quality import own, suggested
from tasks.shapes.composing import Part
from tasks.views.clients import shown_of

# Of so many of the least certain tasks the page shows the parts of the result.
LEAST_CERTAIN = 10


@require_safe
@login_required
def mine(request: HttpRequest) -> HttpResponse:
    """List by job how many of one's answers are what all came to."""
    return render(request, "tasks/work/agreement.html", {"jobs": own.of(me_of(request))[:50]})


@require_safe
@login_required
def mine_in(request: HttpRequest, number: int) -> HttpResponse:
    """Show which of one's latest answers in a job differ from what came out."""
    person = me_of(request)
    standing = get_object_or_404(own.of(person).select_related("job__work_type"), job=number)
    refuse_if(deletions.gone(standing.job))
    shown = {
        "standing": standing, "usual": own.usual_share(standing.job), "differing": own.differing(person, standing.job),
    }  # fmt: skip
    return render(request, "tasks/work/agreement_in.html", shown)


def _in_hundredths(one: dict[str, Any]) -> dict[str, Any]:
    """Return a system with its chances in parts of 10,000."""
    return {**one, **{name: round(10_000 * one[name]) for name in ("wins", "low", "high")}}


def _put_together(job: Job, estimate: Estimate) -> Iterator[tuple[str, str, str, int]]:
    """Yield task, part, what it says and how sure that is, of the least certain tasks whose result is put together."""
    doubtful = [task for task, _sure in estimate.doubtful[:LEAST_CERTAIN]]
    for _number, result in exports.of_tasks(job, doubtful):
        for name, part in result.composed.items():
            yield result.task, name, _words(part), round(10_000 * part.share)


def _words(part: Part) -> str:
    if part.even:
        return _("even")
    if isinstance(part.said, list):
        return ", ".join(part.said)
    words = {True: _("Yes"), False: _("No"), None: _("nothing")}
    return words[part.said] if isinstance(part.said, bool | None) else str(part.said)


@require_safe
@login_required
def job(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Show a client how far the answers of a job agree, and the tasks least certain (E5)."""
    found = shown_of(request, slug, number)
    estimate = Estimate.objects.filter(job=found).first()
    distance, by_parts = found.shape.distance(found.form), found.shape.by_parts(found.form)
    shown = {
        "client": found.client, "job": found, "estimate": estimate, "met": known.met(found),
        "doubtful": estimate.least_certain() if estimate else [],
        "suggested": suggested.of(found), "by_parts": by_parts,
        "composed": list(_put_together(found, estimate)) if estimate and by_parts else [],
        "agrees": found.shape.agrees(found.form), "merges": found.shape.merges(found.form),
        "systems": [_in_hundredths(one) for one in estimate.systems] if estimate else [],
        "goes_by": distance.goes_by if distance else _("whether they are the same"),
    }  # fmt: skip
    return render(request, "tasks/client/quality.html", shown)
