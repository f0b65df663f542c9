"""How far answers agree: one's own for a member, a job's for its client. Nobody is ranked."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from coop.people.views import me_of
from coop.refusals import refuse_if
from tasks import deletions, known
from tasks.models import Estimate
from tasks.quality import own, suggested
from tasks.views.clients import shown_of


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


@require_safe
@login_required
def job(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Show a client how far the answers of a job agree, and the tasks least certain (E5)."""
    found = shown_of(request, slug, number)
    estimate = Estimate.objects.filter(job=found).first()
    distance = found.shape.distance(found.form)
    shown = {
        "client": found.client, "job": found, "estimate": estimate, "met": known.met(found),
        "doubtful": estimate.least_certain() if estimate else [],
        "suggested": suggested.of(found),
        "agrees": found.shape.agrees(found.form), "merges": found.shape.merges(found.form),
        "systems": [_in_hundredths(one) for one in estimate.systems] if estimate else [],
        "goes_by": distance.goes_by if distance else _("whether they are the same"),
    }  # fmt: skip
    return render(request, "tasks/client/quality.html", shown)
