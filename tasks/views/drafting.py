"""A new job in seven steps (E2): each is saved, can be left and taken up again; then a pilot, or the job itself."""

from typing import Any, cast

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.files.base import ContentFile, File
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from coop import clock
from coop.people import clients
from coop.people.models import Client
from coop.people.views import me_of
from coop.refusals import refuse_if
from payments import escrow, founding
from payments.models import WorkType
from tasks import bounded, datasets, draft_files, drafting, forms_job, sketches
from tasks.forms import FilesField, files_help
from tasks.models import Sketch

# The steps in their order, with their names.
STEPS = {
    "kind": gettext_lazy("Kind of work"),
    "data": gettext_lazy("Data"),
    "questions": gettext_lazy("Questions"),
    "guide": gettext_lazy("Guide"),
    "quality": gettext_lazy("Quality"),
    "price": gettext_lazy("Price"),
    "rules": gettext_lazy("Rules"),
}


class Rows(forms.Form):
    """The tasks of a new job, as a file or as lines."""

    file = forms.FileField(
        label=gettext_lazy("File of tasks"), max_length=500, required=False, allow_empty_file=True,
        help_text=gettext_lazy("CSV with a first line that names the columns, or JSONL, in UTF-8."),
    )  # fmt: skip
    lines = forms.CharField(
        label=gettext_lazy("Or write the lines here"), max_length=200_000, required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )  # fmt: skip

    shows = FilesField(
        label=gettext_lazy("Files that tasks show"), max_length=500, required=False, allow_empty_file=True
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Say what files may be."""
        super().__init__(*args, **kwargs)
        self.fields["shows"].help_text = files_help()

    def given(self) -> "File[bytes] | None":
        """Return what was given as a file; None where nothing was."""
        if file := self.cleaned_data["file"]:
            return cast("File[bytes]", file)
        lines = self.cleaned_data["lines"].strip()
        return ContentFile(lines.encode(), name=str(_("lines written here"))) if lines else None


def sketch_of(request: HttpRequest, slug: str, number: int) -> Sketch:
    """Return a job that a client of the person is writing; anything else is not found."""
    client = clients.client_of(me_of(request), slug)
    return get_object_or_404(sketches.under_way(client).select_related("client"), pk=number)


def _to(sketch: Sketch, step: str = "") -> HttpResponseRedirect:
    named = [sketch.client.slug, sketch.pk]
    return redirect("tasks:draft_step", *named, step) if step else redirect("tasks:draft_job", *named)


@login_required
def new_job(request: HttpRequest, slug: str) -> HttpResponse:
    """Let a client choose the kind of work, or go on with a job it has begun."""
    client = clients.client_of(me_of(request), slug)
    if request.method == "POST":
        return _to(sketches.begin(client, work_type=_kind(request), by=me_of(request), at=clock.now()), "data")
    return _kinds(request, client)


def _kind(request: HttpRequest) -> WorkType:
    return get_object_or_404(founding.for_clients(), slug=request.POST.get("kind", ""))


def _kinds(request: HttpRequest, client: Client, sketch: Sketch | None = None) -> HttpResponse:
    begun = [] if sketch else sketches.under_way(client)[: sketches.MOST]
    shown = {"client": client, "kinds": drafting.kinds(), "begun": begun, "draft": sketch}
    return render(request, "tasks/client/kinds.html", shown | _steps("kind"))


def _steps(step: str) -> dict[str, Any]:
    """Return where among the steps one is."""
    names = list(STEPS)
    place = names.index(step) if step in names else len(names)
    return {"steps": list(STEPS.items()), "step": step, "number": place + 1, "name": STEPS.get(step, ""),
            "former": names[place - 1] if place else ""}  # fmt: skip


@login_required
def step(request: HttpRequest, slug: str, number: int, step: str) -> HttpResponse:
    """Show one step of a new job, and keep what was filled in, right or not."""
    if step not in STEPS:
        raise Http404
    sketch = sketch_of(request, slug, number)
    if step == "kind":
        return _change_kind(request, sketch)
    if request.method != "POST":
        form = forms_job.NewJob(work_type=sketch.work_type, step=step, initial=drafting.started(sketch))
        return _show(request, sketch, form, Rows())
    refuse_if(datasets.too_large() if bounded.was_cut_off(request) else None)
    form = forms_job.NewJob(request.POST, work_type=sketch.work_type, step=step)
    sketch = sketches.keep(sketch, form.said(), by=me_of(request))
    rows = Rows(request.POST, request.FILES)
    if step == "data" and rows.is_valid():
        sketch = _brought(request, sketch, rows)
    return _after(request, sketch, form, rows)


def _brought(request: HttpRequest, sketch: Sketch, rows: Rows) -> Sketch:
    """Keep what was brought: files that tasks show, and the tasks."""
    if given := rows.cleaned_data["shows"]:
        sketch = draft_files.receive(sketch, given, by=me_of(request))
    if file := rows.given():
        sketch = sketches.bring(sketch, file, by=me_of(request))
    return sketch


def _change_kind(request: HttpRequest, sketch: Sketch) -> HttpResponse:
    if request.method != "POST":
        return _kinds(request, sketch.client, sketch)
    return _to(sketches.change_kind(sketch, _kind(request), by=me_of(request)), "data")


def _after(request: HttpRequest, sketch: Sketch, form: forms_job.NewJob, rows: Rows) -> HttpResponse:
    """Lead from a step that is saved to where its sender wants to go; stay where something is wrong."""
    if "later" in request.POST:
        messages.success(request, _("Saved. You find it again under “Post a job”."))
        return redirect("tasks:new_job", sketch.client.slug)
    if not form.is_valid() or not rows.is_valid():
        return _show(request, sketch, form, rows, status=400)
    if "look" in request.POST:
        return _show(request, sketch, form, rows)
    if form.step == "data" and rows.cleaned_data["shows"]:
        return redirect("tasks:draft_files", sketch.client.slug, sketch.pk)
    names = [*STEPS, ""]
    return _to(sketch, names[names.index(form.step) + 1])


def _show(request: HttpRequest, sketch: Sketch, form: forms_job.NewJob, rows: Rows, status: int = 200) -> HttpResponse:
    seen = not form.fields.keys().isdisjoint(sketch.said)  # of a step that was not saved yet nothing is wrong
    shown: dict[str, Any] = {
        "client": sketch.client, "draft": sketch, "form": form, **_steps(form.step),
        "findings": [one for one in drafting.findings(sketch) if one.step == form.step] if seen else [],
    }  # fmt: skip
    if form.step == "data":
        each = sketch.bytes // max(sketch.rows, 1)
        shown |= {"rows": rows, "needs_files": form.shape.files, "each": each, "files": draft_files.counts(sketch)}
    if form.step == "questions":
        shown |= {"preview": drafting.preview(sketch), "job": drafting.told(sketch)}
    if form.step == "quality":
        shown |= {"who": drafting.who_may(sketch.work_type)}
    if form.step in {"quality", "price"}:
        shown |= drafting.money(sketch)
    return render(request, "tasks/client/step.html", shown, status=status)


@login_required
@require_POST
def look(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Show how a task would look to members with what is filled in now; nothing is saved."""
    sketch = sketch_of(request, slug, number)
    form = forms_job.NewJob(request.POST, work_type=sketch.work_type, step="questions")
    sketch.said = sketch.said | form.said()
    return render(request, "tasks/client/draft_preview.html", {"preview": drafting.preview(sketch)})


@login_required
@require_safe
def whole(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Show the whole of a new job: what to look at again, what it costs, and how it goes on."""
    return _whole(request, sketch_of(request, slug, number))


def _whole(request: HttpRequest, sketch: Sketch, status: int = 200) -> HttpResponse:
    found = drafting.findings(sketch)
    listed = [(step, name, [one for one in found if one.step == step]) for step, name in STEPS.items()]
    shown = {
        "client": sketch.client, "draft": sketch, "listed": listed, **_steps("whole"),
        "stops": any(one.stops for one in found), "preview": drafting.preview(sketch),
        "job": drafting.told(sketch), **drafting.money(sketch),
        "available": escrow.available(sketch.client), "refusal_to_pilot": sketches.refusal_to_pilot(sketch),
    }  # fmt: skip
    return render(request, "tasks/client/draft.html", shown, status=status)


@login_required
@require_POST
def make(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Make the job; sent twice it leads to the one job."""
    client = clients.client_of(me_of(request), slug)
    sketch = get_object_or_404(client.sketches.select_related("work_type", "client", "job"), pk=number, dropped_at=None)
    if sketch.job:
        return redirect("tasks:client_job", slug, sketch.job.pk)
    form = drafting.whole(sketch)
    if not form.is_valid():
        return _whole(request, sketch, status=400)
    again = "again" in request.POST
    job = sketches.make(sketch, form.facts(), again=again, by=me_of(request), at=clock.now())
    if job.uploads.filter(problem_count__gt=0).exists():
        messages.error(request, _("The job is made, but its data has problems. They are listed below."))
        return redirect("tasks:client_data", slug, job.pk)
    messages.success(request, _("The job is made. Nobody sees it before you set its money aside and open it."))
    return redirect("tasks:client_job", slug, job.pk)


@login_required
@require_POST
def run_pilot(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Ask the first tasks, paid, to measure how long they take."""
    sketch = sketch_of(request, slug, number)
    form = drafting.whole(sketch)
    if not form.is_valid():
        return _whole(request, sketch, status=400)
    job = sketches.pilot(sketch, form.facts(), by=me_of(request), at=clock.now())
    messages.success(request, _("The pilot is open. Its result is here as soon as members have answered."))
    return redirect("tasks:pilot", slug, job.pk)


@login_required
@require_POST
def drop(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Forget a job that was begun."""
    sketches.drop(sketch_of(request, slug, number), by=me_of(request), at=clock.now())
    messages.success(request, _("What you had written is gone, its files too."))
    return redirect("tasks:new_job", slug)
