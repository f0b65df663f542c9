"""A client's pages: its jobs and money, a new job, one job, its data, what it takes home. Another's are not there."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from coop import clock, markdown
from coop.people import clients
from coop.people.models import SEATED, ClientSeat
from coop.people.views import me_of
from coop.refusals import refuse_if
from payments import accounts, cards, escrow, ledger, rates, reconciling
from tasks import (
    access_log,
    bounded,
    datasets,
    deletions,
    disputes,
    exports,
    forms,
    funds,
    growing,
    guides,
    halts,
    hidden,
    jobs,
    known,
    overview,
    pilots,
    shortfalls,
    sketches,
)
from tasks.models import Estimate, Job, Share

PER_PAGE = 20
EXPORTS: dict[tuple[str, str], Callable[[Job], Iterator[str]]] = {
    ("answers", "jsonl"): lambda job: exports.jsonl(exports.rows(job)),
    ("answers", "csv"): exports.answers_csv,
    ("results", "jsonl"): lambda job: exports.jsonl(exports.results(job)),
    ("results", "csv"): exports.results_csv,
}
TYPES = {"jsonl": "application/x-ndjson; charset=utf-8", "csv": "text/csv; charset=utf-8"}


def job_of(request: HttpRequest, slug: str, number: int) -> Job:
    """Return a job of an organisation in which the person has a seat; anything else is not found."""
    client = clients.client_of(me_of(request), slug)
    found = Job.objects.select_related("client", "work_type").annotate(halted=halts.NOW)
    return get_object_or_404(found, client=client, pk=number)


def shown_of(request: HttpRequest, slug: str, number: int) -> Job:
    """Return a job whose tasks and answers are to be shown; raise Refused once they are deleted."""
    job = job_of(request, slug, number)
    refuse_if(deletions.gone(job))
    return job


def _to(job: Job) -> HttpResponseRedirect:
    return redirect("tasks:client_job", job.client.slug, job.pk)


@login_required
def mine(request: HttpRequest) -> HttpResponse:
    """Lead to the organisation of the person, list several, or say how to found one."""
    seats = ClientSeat.objects.filter(SEATED, person=me_of(request)).select_related("client")
    if len(seats) == 1:
        return redirect("tasks:client", seats[0].client.slug)
    return render(request, "tasks/client/mine.html", {"seats": seats})


@login_required
def home(request: HttpRequest, slug: str) -> HttpResponse:
    """Show an organisation's jobs with where they stand, and its money (E1)."""
    client = clients.client_of(me_of(request), slug)
    listed = (
        client.jobs.select_related("work_type", "lot__project", "lot__batch").annotate(halted=halts.NOW).order_by("-pk")
    )
    page = Paginator(listed, PER_PAGE).get_page(request.GET.get("page"))
    lines = overview.lines(list(page))
    held = sum(line.held for line in lines if not line.job.closed_at)
    shown = {"client": client, "page": page, "lines": lines, "available": escrow.available(client), "held": held,
             "begun": sketches.under_way(client).count(),
             "disputed": disputes.of(client).filter(settlement=None).count()}  # fmt: skip
    return render(request, "tasks/client/home.html", shown)


@login_required
def money(request: HttpRequest, slug: str) -> HttpResponse:
    """Show an organisation's balance, every movement of it, and how to deposit (E4, E8)."""
    client = clients.client_of(me_of(request), slug)
    code = accounts.client(client.pk)
    page = Paginator(ledger.lines_of(code), PER_PAGE).get_page(request.GET.get("page"))
    named = {f"job:{job.pk}": job for job in client.jobs.filter(pk__in=_numbers(line.ref for line in page))}
    lines = [(line, named.get(line.ref)) for line in page]
    shown = {
        "client": client,
        "available": escrow.available(client),
        "page": page,
        "lines": lines,
        "code": code,
        "reference": reconciling.client_reference(client),
        "asking": forms.PayIn(),
        "cards": cards.offered(),
        "by_card": cards.payments_of(client)[:5],
        "held": escrow.held(client),
        "owed": escrow.owed(client),
    }
    return render(request, "tasks/client/money.html", shown)


def _numbers(refs: Iterable[str]) -> list[int]:
    """Return the numbers of the jobs among what transfers are about."""
    return [int(ref.removeprefix("job:")) for ref in refs if ref.startswith("job:")]


@login_required
def job_page(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Show one job: what is still to do before it opens, or how far it is (E5)."""
    job = job_of(request, slug, number)
    found = shortfalls.standing(job)
    pay = max(job.pay, found.least_pay) if found else job.pay
    return _show(request, job, forms.Raise(initial={"pay": pay.normalize()}))


def _show(request: HttpRequest, job: Job, raising: forms.Raise, status: int = 200) -> HttpResponse:
    uploads, progress = list(job.uploads.order_by("-pk")[:5]), jobs.progress(job)
    shown: dict[str, Any] = {
        "client": job.client, "job": job, "quote": jobs.price(job), "progress": progress,
        "missing": jobs.missing(job), "available": escrow.available(job.client), "held": escrow.set_aside(job.pk),
        "refusal_to_fund": jobs.refusal_to_fund(job), "refusal_to_open": jobs.refusal_to_open(job, at=clock.now()),
        "coming": funds.tasks_to_come(job), "guide": markdown.html(job.guide_now),
        "questions": guides.open_questions(job).count(), "uploads": uploads, "raising": raising,
        "rate": jobs.voted_rate(job.work_type), "pilot": pilots.shown(job), **_going_on(job, progress),
        "shortfall": shortfalls.standing(job), "due": shortfalls.due(job), "hidden": hidden.of(job),
        "shares": Share.choices, "halt": halts.standing(job), "longest": halts.LONGEST_REASON,
        "refusal_to_halt": halts.refusal(job, by=me_of(request), at=clock.now()),
    }  # fmt: skip
    if shown["rate"]:
        time = rates.measured_time(job.work_type, shown["rate"])
        shown |= {"time": time, "hourly": rates.hourly(job.pay, time.usual)}
    return _fresh(render(request, "tasks/client/job.html", shown, status=status), waiting=_pending(uploads))


def _going_on(job: Job, progress: jobs.Progress) -> dict[str, Any]:
    """Return what is shown of a job that was opened: when it may be done, how far answers agree, what waits."""
    if not job.opened_at:
        return {}
    left = progress.unclaimed + progress.claimed + progress.sent_back
    estimate = Estimate.objects.filter(job=job).first()
    return {
        "going": overview.under_way(job, left, at=clock.now()), "estimate": estimate, "met": known.met(job),
        "grows": datasets.refusal(job) is None,
        "doubtful": estimate.least_certain(10) if estimate else [],
        "oldest": overview.oldest_question(job),
    }  # fmt: skip


def _pending(uploads: list[Any]) -> bool:
    return any(upload.finished_at is None for upload in uploads)


def _fresh(response: HttpResponse, *, waiting: bool) -> HttpResponse:
    """Let the browser look again while a file is being read."""
    if waiting:
        response["Refresh"] = "3"
    return response


@login_required
def data(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Show the data sets of a job with every problem found, and take another one."""
    job = job_of(request, slug, number)
    sent = request.method == "POST"
    most = datasets.AT_ONCE_MAX_BYTES if job.opened_at else None
    form = forms.Data(request.POST, request.FILES, most=most) if sent else forms.Data(most=most)
    if sent:
        refuse_if(datasets.too_large() if bounded.was_cut_off(request) else None)
        if form.is_valid():
            return _received(request, job, form)
    uploads = list(job.uploads.order_by("-pk")[:PER_PAGE])
    shown = {"client": job.client, "job": job, "form": form, "uploads": uploads, "refusal": datasets.refusal(job)}
    if job.opened_at and not job.closed_at:
        shown |= {"each": growing.price(job, 1), "available": escrow.available(job.client)}
    page = render(request, "tasks/client/data.html", shown, status=400 if form.is_bound else 200)
    return _fresh(page, waiting=_pending(uploads))


def _received(request: HttpRequest, job: Job, form: forms.Data) -> HttpResponse:
    """Hand a file over and lead to what became of it."""
    upload = datasets.receive(job, form.given(), by=me_of(request), at=clock.now())
    if upload.problem_count:
        messages.error(request, _("Nothing was added: the file has problems. They are listed below."))
    elif upload.finished_at:
        messages.success(request, _("%(rows)d tasks added.") % {"rows": upload.rows})
    else:
        messages.info(request, _("We have the file and are reading it."))
    return redirect("tasks:client_data", job.client.slug, job.pk)


@login_required
def fund(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Show what a job costs at most and how its money comes and goes (E4); by a post, set what is missing aside."""
    job = job_of(request, slug, number)
    if request.method == "POST":
        jobs.fund(job, by=me_of(request), at=clock.now())
        messages.success(request, _("The money is set aside."))
        return _to(job)
    shown = {
        "client": job.client, "job": job, "quote": jobs.price(job), "missing": jobs.missing(job),
        "held": escrow.set_aside(job.pk), "deposited": escrow.deposited(job.pk),
        "available": escrow.available(job.client), "refusal": jobs.refusal_to_fund(job), "cards": cards.offered(),
        "reference": reconciling.client_reference(job.client), "asking": forms.PayIn(),
    }  # fmt: skip
    return render(request, "tasks/client/fund.html", shown)


@login_required
@require_POST
def open_job(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Open a job for work."""
    job = jobs.open(job_of(request, slug, number), by=me_of(request), at=clock.now())
    messages.success(request, _("The job is open. Members can see it on the board."))
    return _to(job)


@login_required
@require_POST
def raise_pay(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Raise a job's pay; a refusal stands beside the field."""
    job, form = job_of(request, slug, number), forms.Raise(request.POST)
    if form.is_valid() and (refusal := jobs.refusal_to_raise(job, form.cleaned_data["pay"])):
        form.add_error("pay", str(refusal))
    if not form.is_valid():
        return _show(request, job, form, status=400)
    jobs.raise_pay(job, pay=form.cleaned_data["pay"], by=me_of(request), at=clock.now())
    messages.success(request, _("The pay is raised. What is claimed already keeps its pay."))
    return _to(job)


@login_required
@require_POST
def close_job(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Close a job and give its unclaimed money back."""
    job = jobs.close(job_of(request, slug, number), by=me_of(request), at=clock.now())
    messages.success(request, _("The job is closed. What nobody had claimed is available again."))
    return _to(job)


@login_required
def download(request: HttpRequest, slug: str, number: int, ending: str) -> StreamingHttpResponse:
    """Stream a job's answers, or with ?view=results one line for each task (E7)."""
    job, view = shown_of(request, slug, number), request.GET.get("view", "answers")
    if (view, ending) not in EXPORTS:
        raise Http404
    access_log.fetched(job.client, f"job:{job.pk} {view} {ending}", by=me_of(request))
    response = StreamingHttpResponse(EXPORTS[view, ending](job), content_type=TYPES[ending])
    response["Content-Disposition"] = f'attachment; filename="job-{job.pk}-{view}.{ending}"'
    return response
