"""A client's job as members will see it: the same fields, checked as theirs are; nothing is written."""

import json
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from tasks.views.clients import job_of


@login_required
def preview(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Show a client its tasks one by one as members see them, and say whether an answer would be taken."""
    job = job_of(request, slug, number)
    page = Paginator(job.tasks.order_by("position"), 1).get_page(request.GET.get("page"))
    if not page.object_list:
        raise Http404
    task = page.object_list[0]
    question = job.question(task.data)
    suggested = (task.prediction or {}).get("value", {})
    value = question.read(request.POST) if request.method == "POST" else suggested
    shown: dict[str, Any] = {
        "client": job.client,
        "job": job,
        "tasks": page,
        "suggestion": task.prediction,
        **question.shown(value, task.pk),
    }
    if request.method == "POST" and "again" not in request.POST:
        as_json = json.dumps(value, indent=1, ensure_ascii=False)
        shown |= {"problems": question.problems(value), "checked": True, "value_as_json": as_json}
    return render(request, "tasks/client/preview.html", shown, status=422 if shown.get("problems") else 200)
