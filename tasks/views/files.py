"""Files of a job: handing them in, what became of them, and each of them for those who may see it."""

import re
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.files import File
from django.db.models import Count, Q
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.csp import CSP
from django.utils.translation import gettext as _
from django.views.decorators.csp import csp_override
from django.views.decorators.http import require_safe

from coop import clock
from coop.people.views import me_of
from coop.refusals import refuse_if
from tasks import bounded, datasets, files, forms
from tasks.models import Delivery, FileKind, Job, JobFile, SketchFile
from tasks.views.clients import job_of

SHOWN = 10
FILES_SHOWN = 50
# Of a file nothing runs and nothing is loaded, should it ever be opened as a page.
CLOSED: dict[str, list[str]] = {"default-src": [CSP.NONE], "sandbox": [""]}
DAY = 86_400
MOST_AT_ONCE = 1 << 24


@login_required
def handed_in(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Show the deliveries of a job with every problem found, and take another one."""
    job, form = job_of(request, slug, number), brought(request)
    if form.is_valid():
        files.receive(job, form.cleaned_data["file"], by=me_of(request), at=clock.now())
        messages.info(request, _("We have the files and are reading them."))
        return redirect("tasks:client_files", slug, number)
    return _page(request, job, form)


def brought(request: HttpRequest) -> forms.Files:
    """Return the form of files with what came; raise Refused where that was cut off as too large."""
    if request.method != "POST":
        return forms.Files()
    form = forms.Files(request.POST, request.FILES)
    refuse_if(datasets.too_large() if bounded.was_cut_off(request) else None)
    return form


def _page(request: HttpRequest, job: Job, form: forms.Files) -> HttpResponse:
    deliveries = [(one, _read_of(one), files.problems(one)) for one in job.deliveries.order_by("-pk")[:SHOWN]]
    usable = job.files.filter(usable=True)
    shown: dict[str, Any] = {
        "client": job.client, "job": job, "form": form, "refusal": files.refusal(job), "deliveries": deliveries,
        "files": usable.order_by("pk")[:FILES_SHOWN], "count": usable.count(),
    }  # fmt: skip
    page = render(request, "tasks/client/files.html", shown, status=400 if form.is_bound else 200)
    if any(one.finished_at is None for one, _progress, _problems in deliveries):
        page["Refresh"] = "3"
    return page


def _read_of(delivery: Delivery) -> dict[str, int]:
    """Return how many files of a delivery are read, of how many."""
    return delivery.files.aggregate(read=Count("pk", filter=Q(done_at__isnull=False)), all=Count("pk"))


@require_safe
@csp_override(CLOSED)
def file(request: HttpRequest, key: UUID, *, small: bool = False, frame: int | None = None) -> HttpResponseBase:
    """Send a file, or one frame of a video, to those who may see it; for everybody else it is not there."""
    found = get_object_or_404(JobFile.objects.select_related("job"), key=key)
    if not request.user.is_authenticated or not files.may_see(found, by=request.user, at=clock.now()):
        raise Http404
    return sent(request, found, small=small, frame=frame)


def sent(
    request: HttpRequest, found: JobFile | SketchFile, *, small: bool, frame: int | None = None
) -> HttpResponseBase:  # fmt: skip
    """Return a file, the part of it that was asked for, or one frame of a video, to whoever may see it."""
    kept = found.small if small and found.small else found.file
    # Of a video nobody needs all frames at once.
    if frame is None and found.kind == FileKind.VIDEO:
        raise Http404
    if not kept.storage.exists(str(kept.name)):
        raise Http404
    content_type = "image/webp" if kept == found.small else found.content_type
    response: HttpResponseBase
    if frame is not None:
        response = HttpResponse(_frame(found, frame), content_type="image/webp")
    elif wanted := re.fullmatch(r"bytes=(\d{1,12})-(\d{0,12})", request.headers.get("Range", "")):
        with kept.open("rb") as opened:
            response = _part(opened, kept.size, (int(wanted[1]), wanted[2]), content_type)
    else:
        response = FileResponse(kept.open("rb"), content_type=content_type)
    # The address is this file's for good; it is this browser's alone.
    response["Cache-Control"] = f"private, max-age={DAY}, immutable"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Content-Disposition"] = "inline"
    response["Accept-Ranges"] = "bytes" if frame is None else "none"
    return response


def _frame(found: JobFile | SketchFile, number: int) -> bytes:
    """Return one frame of a video; raise Http404 where there is none."""
    frames = found.facts.get("frames", [])
    if number >= len(frames):
        raise Http404
    _second, start, length = frames[number]
    with found.file.open("rb") as opened:
        opened.seek(start)
        return bytes(opened.read(length))


def _part(opened: "File[bytes]", size: int, wanted: tuple[int, str], content_type: str) -> HttpResponse:
    """Return one part of a file, as players ask for when somebody moves along a recording; no more of it is read.

    Of a long part its beginning, which says so: who wants more asks for more.
    """
    first, last = wanted
    end = min(int(last) if last else size - 1, size - 1, first + MOST_AT_ONCE - 1)
    if first > end:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    opened.seek(first)
    response = HttpResponse(opened.read(end - first + 1), content_type=content_type, status=206)
    response["Content-Range"] = f"bytes {first}-{end}/{size}"
    return response
