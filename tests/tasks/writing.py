"""Writing a new job step by step, as a browser does without JavaScript."""

import re
from collections.abc import Mapping
from typing import Any

from django.test import Client as Browser
from django.urls import reverse

from tasks.models import Sketch
from tasks.views.drafting import STEPS


def begin(browser: Browser, kind: str = "product-match") -> str:
    """Choose the kind of work and return the address of the whole of the new job."""
    answer = browser.post(reverse("tasks:new_job", args=["orbit"]), {"kind": kind})
    assert answer.status_code == 302, answer.content
    return re.sub(r"data/$", "", answer.headers["Location"])


def fill(browser: Browser, draft: str, said: Mapping[str, Any]) -> Any:
    """Fill in the steps and go on from each; return the answer of the first that is wrong, or of the whole."""
    for step in list(STEPS)[1:]:
        answer = browser.post(f"{draft}{step}/", said)
        if answer.status_code != 302:
            return answer
    return browser.get(draft)


def post(browser: Browser, said: Mapping[str, Any], kind: str = "product-match") -> Any:
    """Write a whole job and make it; return where that leads, or the answer of the first step that is wrong."""
    draft = begin(browser, kind)
    answer = fill(browser, draft, said)
    return browser.post(f"{draft}job/") if answer.status_code == 200 else answer


def sketch(draft: str) -> Sketch:
    """Return what is kept of a new job under its address."""
    return Sketch.objects.select_related("client", "work_type").get(pk=int(draft.rstrip("/").rsplit("/", 1)[1]))
