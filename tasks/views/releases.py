"""Versions of a job's data set: asked for, listed, downloaded, and items left out of later ones. Its client's alone."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Prefetch
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from coop import clock
from coop.people.views import me_of
from tasks import access_log, formats, release_files, releases
from tasks.formats import card
from tasks.forms import NewRelease, Withdrawing
from tasks.models import Job, Release, ReleaseFile, Withdrawal
from tasks.views.clients import job_of, shown_of

SHOWN = 20


def release_of(job: Job, number: int) -> Release:
    """Return a version that is whole; any other is not found."""
    return get_object_or_404(job.releases.exclude(finished_at=None).select_related("job__work_type"), number=number)


@require_safe
@login_required
def every(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """List the versions, with the forms for the next and for leaving items out."""
    return _show(request, job_of(request, slug, number), NewRelease(), Withdrawing())


def _show(request: HttpRequest, job: Job, asking: NewRelease, leaving: Withdrawing) -> HttpResponse:
    files = Prefetch("files", ReleaseFile.objects.exclude(asked_at=None))
    found = list(job.releases.order_by("-number").prefetch_related(files)[:SHOWN])
    offered = formats.offered(job)
    shown = {
        "client": job.client, "job": job, "releases": [_told(one, offered) for one in found], "asking": asking,
        "leaving": leaving, "withdrawn": Withdrawal.objects.filter(task__job=job).count(),
        "refusal": releases.refusal(job, releases.ALL),
    }  # fmt: skip
    wrong = asking.is_bound or leaving.is_bound
    page = render(request, "tasks/client/releases.html", shown, status=400 if wrong else 200)
    if any(one.finished_at is None or any(file.is_being_made for file in one.files.all()) for one in found):
        page["Refresh"] = "5"
    return page


def _told(release: Release, offered: list[formats.Format]) -> tuple[Release, list[tuple[Any, ...]]]:
    """Return a version, and its formats each with its file, if there is one, and how many parts are read for it."""
    files = {file.name: file for file in release.files.all()}
    return release, [(one, files.get(one.name), one.reads(release)) for one in offered]


def _back(job: Job) -> HttpResponseRedirect:
    return redirect("tasks:releases", job.client.slug, job.pk)


@require_POST
@login_required
def ask(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Have the next version written."""
    job, form = job_of(request, slug, number), NewRelease(request.POST)
    if not form.is_valid():
        return _show(request, job, form, Withdrawing())
    releases.ask(job, splits=form.splits(), by=me_of(request), at=clock.now())
    messages.success(request, _("The version is being written."))
    return _back(job)


@require_POST
@login_required
def withdraw(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Leave items out of later versions."""
    job, form = job_of(request, slug, number), Withdrawing(request.POST)
    if not form.is_valid():
        return _show(request, job, NewRelease(), form)
    count = releases.withdraw(
        job, form.cleaned_data["names"], reason=form.cleaned_data["reason"], by=me_of(request),
        at=clock.now(),
    )  # fmt: skip
    messages.success(request, _("%(count)d items are left out from the next version on.") % {"count": count})
    return _back(job)


@require_safe
@login_required
def download(request: HttpRequest, slug: str, number: int, release: int, name: str) -> HttpResponseBase:
    """Hand out a version in one of its formats, from where the headers ask; one that is being made is waited for."""
    found = release_of(shown_of(request, slug, number), release)
    try:
        wanted = formats.find(name, found.job)
    except KeyError as error:
        raise Http404 from error
    subject = f"job:{number} version {release} {name}"
    file = release_files.ask(found, wanted, at=clock.now())
    if file.finished_at is None:
        messages.info(request, _("The file is being made. Take it from here once it is whole."))
        return _back(found.job)
    access_log.fetched(found.job.client, subject, by=me_of(request))
    return release_files.sent(file, request.headers)


@require_safe
@login_required
def certificate(request: HttpRequest, slug: str, number: int, release: int) -> HttpResponse:
    """Hand out the signed pay certificate of a version."""
    found = release_of(job_of(request, slug, number), release)
    headers = {"Content-Disposition": f'attachment; filename="job-{number}-version-{release}-certificate.json"'}
    return HttpResponse(card.bundle(found), content_type="application/json", headers=headers)
