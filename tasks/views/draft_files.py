"""Files of a job that is being written: handed in, seen by its client, made into tasks, taken away."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.csp import csp_override
from django.views.decorators.http import require_POST, require_safe

from coop.people.views import me_of
from tasks import draft_files, forms, sketches
from tasks.models import Sketch
from tasks.views.drafting import sketch_of
from tasks.views.files import CLOSED, FILES_SHOWN, brought, sent


@login_required
def every(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Show the files of a new job with what is wrong with each, and take more."""
    sketch, form = sketch_of(request, slug, number), brought(request)
    if form.is_valid():
        draft_files.receive(sketch, form.cleaned_data["file"], by=me_of(request))
        return redirect("tasks:draft_files", slug, number)
    return _page(request, sketch, form)


@login_required
@require_POST
def fetch(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Have files fetched from where they lie; what is wrong with an address stands beside the field."""
    sketch, form = sketch_of(request, slug, number), forms.Addresses(request.POST)
    if form.is_valid() and (no := draft_files.refusal_to_fetch(sketch, form.cleaned_data["addresses"])):
        form.add_error("addresses", str(no))
    if not form.is_valid():
        return _page(request, sketch, forms.Files(), form)
    draft_files.fetch(sketch, form.cleaned_data["addresses"], by=me_of(request))
    return redirect("tasks:draft_files", slug, number)


def _page(
    request: HttpRequest, sketch: Sketch, form: forms.Files, addresses: forms.Addresses | None = None
) -> HttpResponse:  # fmt: skip
    files, counts = draft_files.taken_in(sketch), draft_files.counts(sketch)
    each = sum(1 for _task in draft_files.one_each(sketch))
    shown: dict[str, Any] = {
        "client": sketch.client, "draft": sketch, "form": form, "count": files.count(), "files": files[:FILES_SHOWN],
        "counts": counts, "problems": draft_files.problems(sketch), "each": each,
        "addresses": addresses or forms.Addresses(),
    }  # fmt: skip
    page = render(request, "tasks/client/draft_files.html", shown, status=400 if form.is_bound or addresses else 200)
    if counts["read"] < counts["all"]:
        page["Refresh"] = "3"
    return page


@login_required
@require_POST
def ask_one_each(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Let the tasks be one for each file."""
    sketch = sketches.ask_one_each(sketch_of(request, slug, number), by=me_of(request))
    messages.success(request, _("%(rows)d tasks, one for each file.") % {"rows": sketch.rows})
    return redirect("tasks:draft_step", slug, number, "questions")


@login_required
@require_POST
def take_away(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Delete all files of a new job."""
    draft_files.take_away(sketch_of(request, slug, number), by=me_of(request))
    messages.success(request, _("The files are gone."))
    return redirect("tasks:draft_step", slug, number, "data")


@require_safe
@csp_override(CLOSED)
def one(
    request: HttpRequest, slug: str, number: int, key: UUID, *, small: bool = False, frame: int | None = None
) -> HttpResponseBase:
    """Send a file of a new job, or a frame of its video, to its client; for everybody else it is not there."""
    if not request.user.is_authenticated:
        raise Http404
    found = get_object_or_404(draft_files.taken_in(sketch_of(request, slug, number)), key=key)
    return sent(request, found, small=small, frame=frame)
