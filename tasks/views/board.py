"""What there is to do: the board, a job with its rate card, its guide, and the onboarding."""

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from coop import clock, markdown
from coop.people.views import me_of
from coop.refusals import Refused
from governance import standing
from payments import escrow, rates
from tasks import answers, cards, claims, guides, hidden, offers, onboarding, sharing, shut_out, teams
from tasks.models import Job

PER_PAGE = 10


def _open(number: int) -> Job:
    """Return a job that everybody may see; drafts are their client's own."""
    seen = Job.objects.filter(opened_at__isnull=False)
    return get_object_or_404(seen.select_related("client", "work_type", "asks"), pk=number)


def jobs(request: HttpRequest) -> HttpResponse:
    """Show the open jobs, the best paid by the hour first (B3); to visitors too."""
    calm = request.GET.get("calm") == "1"
    me, at = request.user if request.user.is_authenticated else None, clock.now()
    lines = offers.on_the_board(calm=calm, by=me)
    page = Paginator(lines, PER_PAGE).get_page(request.GET.get("page"))
    no = standing.refusal(me, doing="work", at=at) if me else None
    if me:
        shut_out.note_board((line.job for line in lines), calm=calm, by=me, at=at)
    shown = {"page": page, "calm": calm, "refusal": no, "onboarding": onboarding.job() if no else None}
    return render(request, "tasks/work/jobs.html", shown)


def job(request: HttpRequest, number: int) -> HttpResponse:
    """Show a job with its rate card, and the button that accepts it (B4)."""
    found, at = _open(number), clock.now()
    if found.tests_id:
        return redirect("tasks:skill", found.tests_id)
    if found.is_onboarding:
        return redirect("tasks:start")
    rate = rates.current(found.work_type)
    share = teams.share(found, of=request.user) if request.user.is_authenticated else None
    words = cards.body(found, rate, rates.fee_now(), rates.measured_time(found.work_type, rate), share)
    shown = {
        "job": found,
        "rate": rate,
        "card": cards.figures(words),
        "left": offers.left(found),
        "aside": escrow.set_aside(number),
        "hidden": hidden.of(found),
    }
    if request.user.is_authenticated:
        shown |= {
            "digest": cards.keep(words).pk,
            "refusal": shut_out.kept(claims.refusal(found, by=request.user, at=at), job=found, by=request.user, at=at),
            "expected": sharing.expected(request.user, [found])[found.pk],
            "teams": teams.refusal_at(found) is None,
        }
    return render(request, "tasks/work/job.html", shown)


@login_required
@require_POST
def claim(request: HttpRequest, number: int) -> HttpResponse:
    """Accept the rate card shown and open the next task of the job; first hand in what was saved in time."""
    found, at, me = _open(number), clock.now(), me_of(request)
    answers.hand_in_saved(at=at, person=me)
    card = request.POST.get("card", "").replace("\0", "")
    try:
        return redirect("tasks:task", claims.claim_next(found, by=me, at=at, card=card).pk)
    except Refused as refused:
        if guides.unread(found, by=me):
            return redirect("tasks:guide", found.pk)
        if not cards.are_other(refused):
            shut_out.kept(refused.refusal, job=found, by=me, at=at)
        raise


@login_required
def start(request: HttpRequest) -> HttpResponse:
    """Show the onboarding: its length, its pay, how far one is, and what comes after (B1)."""
    me = me_of(request)
    so_far = onboarding.progress(me)
    if so_far is None:
        raise Http404(_("No onboarding is open at this moment."))
    rate = rates.current(so_far.job.work_type)
    words = cards.body(so_far.job, rate, rates.fee_now(), rates.measured_time(so_far.job.work_type, rate))
    shown = {
        "progress": so_far,
        "card": cards.figures(words),
        "digest": cards.keep(words).pk,
        "seconds": words["seconds"] * so_far.total,
        "status": standing.status(me),
        "refusal": None if so_far.finished else claims.refusal(so_far.job, by=me, at=clock.now()),
        "guide": markdown.html(so_far.job.guide),
    }
    return render(request, "tasks/work/start.html", shown)
