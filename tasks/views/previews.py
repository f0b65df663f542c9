"""A client's job as members will see it: the same fields, checked as theirs are; and what it knows to be right."""

import json
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from coop import clock
from coop.people.views import me_of
from tasks import known
from tasks.models import KnownAnswer, Task
from tasks.views.clients import shown_of


@login_required
def preview(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Show a client its tasks one by one as members see them, and say whether an answer would be taken."""
    job = shown_of(request, slug, number)
    page = Paginator(job.tasks.order_by("position"), 1).get_page(request.GET.get("page"))
    if not page.object_list:
        raise Http404
    task = page.object_list[0]
    question, told = job.question(task), KnownAnswer.objects.filter(task=task).first()
    begun = _begun(task, told if job.opened_at is None else None)
    value = question.read(request.POST) if request.method == "POST" else begun["value"]
    shown: dict[str, Any] = {
        "client": job.client, "job": job, "tasks": page, "known": told, **begun, **question.shown(value, task.pk),
        "why": request.POST.get("why", begun["why"]),
    }  # fmt: skip
    if "known" in request.POST:
        task.job = job
        if no := known.refusal(task, value, shown["why"]):
            return render(request, "tasks/client/preview.html", {**shown, "problems": [str(no)]}, status=422)
        known.say(task, value=value, why=shown["why"], by=me_of(request), at=clock.now())
        messages.success(request, _("Kept as the known answer to this task."))
        return redirect(f"{request.path}?page={page.number}")
    if request.method == "POST" and "again" not in request.POST:
        as_json = json.dumps(value, indent=1, ensure_ascii=False)
        shown |= {"problems": question.problems(value), "checked": True, "value_as_json": as_json}
    return render(request, "tasks/client/preview.html", shown, status=422 if shown.get("problems") else 200)


def _begun(task: Task, told: KnownAnswer | None) -> dict[str, Any]:
    """Return what the fields start from: what is known as long as that can be said anew, else what a machine said."""
    if told:
        return {"value": told.value, "why": told.why}
    return {"value": (task.prediction or {}).get("value", {}), "why": "", "suggestion": task.prediction}
