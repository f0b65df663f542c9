"""Every kind of answer at work: voted, ordered on its page, done, checked, shown to the client and taken home."""

import csv
from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.test import Client as Browser

from coop import clock
from coop.people.models import Client, Person
from tasks import checks, claims, exports, shapes
from tasks.models import Answer, Assignment, Draft, Job
from tests.tasks import writing
from tests.tasks.opening import order, vote_kind
from tests.tasks.test_kinds import EXAMPLES, sent
from tests.tasks.test_work_pages import field, said

pytestmark = pytest.mark.django_db
type SignedIn = Callable[[Person], Browser]

# What a client types on the page for a new job, and the form that it makes.
WRITTEN: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "rating": (
        {"scales": "Kind | not at all | very\nTrue", "steps": "7"},
        {"scales": [{"name": "Kind", "least": "not at all", "most": "very", "steps": 7}, {"name": "True", "steps": 7}]},
    ),
    "ranking": ({"ties": "on"}, {"ties": True}),
    "conversation": ({"labels": "Good\nBad", "candidates": "on"}, {"labels": ["Good", "Bad"], "candidates": True}),
    "rewriting": ({"min_reason": "10"}, {"min_reason": 10, "unchanged": False}),
    "steps": (
        {"most": "8", "answer": "on", "markdown": "on"},
        {"most": 8, "justify": False, "answer": True, "markdown": True},
    ),
    "step_check": ({"why": "on"}, {"why": True}),
    "spans": (
        {"labels": "person\nfirm", "relations": "works for"},
        {"labels": ["person", "firm"], "relations": ["works for"]},
    ),
    "freeform": (
        {"schema": '{"type": "object", "properties": {"brand": {"type": "string"}}}'},
        {"schema": {"type": "object", "properties": {"brand": {"type": "string"}}}},
    ),
    "moderation": (
        {"categories": "Threats | of violence\nSpam"},
        {"categories": [{"name": "Threats", "about": "of violence"}, {"name": "Spam"}]},
    ),
}  # fmt: skip


FORM = "application/x-www-form-urlencoded"


def body(page: HttpResponseBase) -> str:
    assert isinstance(page, HttpResponse)
    return page.content.decode()


def part_of(page: HttpResponseBase) -> str:
    """Return the text of a part of a page in one line; it is no whole page."""
    assert page.status_code == 200
    assert "<html" not in body(page)
    return " ".join(body(page).split())


def filled(question: shapes.Question, value: dict[str, Any], seed: int) -> QueryDict:
    """Return what a browser sends of a kind's fields that were filled in with a value."""
    return sent(render_to_string(question.shape.template, question.shown(value, seed))).copy()


def try_out(job: Job, example: dict[str, Any], browser: Browser) -> None:
    """Look at a job's first task as its client."""
    address, task = f"/c/orbit/jobs/{job.pk}/preview/", job.tasks.earliest("position")
    assert example["form"]["question"] in body(browser.get(address))
    assert "It would not be taken" in said(browser.post(address, {}))
    question = shapes.Question.of(job.work_type.shape, job.form, task.data)
    fields = filled(question, example["value"], task.pk).urlencode()
    assert "It would be taken" in said(browser.post(address, fields, FORM))


def do(mine: Assignment, browser: Browser) -> None:
    """Leave a task empty, fill it in, keep it, hand it in; nothing is written before it is kept."""
    address, value = f"/work/{mine.pk}/", EXAMPLES[mine.job.work_type.shape][0]["value"]
    key = field(browser.get(address), "key")
    assert "Still to do:" in part_of(browser.post(f"{address}check/", {}))
    assert browser.post(address, {"key": key}).status_code == 422
    fields = filled(mine.question, value, mine.pk)
    assert "Complete" in part_of(browser.post(f"{address}check/", fields.urlencode(), FORM))
    assert not Answer.objects.filter(assignment=mine).exists()
    assert not Draft.objects.filter(assignment=mine).exists()
    assert browser.post(f"{address}draft/", fields.urlencode(), FORM).status_code == 204
    assert filled(mine.question, Draft.objects.get(assignment=mine).value, mine.pk) == fields
    fields["key"] = key
    assert "being checked until" in said(browser.post(address, fields.urlencode(), FORM))
    assert Answer.objects.get(assignment=mine).value | {"shown": 0} == value | {"shown": 0}


def take_home(job: Job, example: dict[str, Any]) -> None:
    """Read a job's answers from the client's file."""
    head, row = csv.reader("".join(exports.answers_csv(job)).splitlines(keepends=True))
    cells = {**dict(zip(head, row, strict=True)), "shown": ""}
    assert {column: cells[column] for column in example["cells"]} == {
        column: "" if column == "shown" else cell for column, cell in example["cells"].items()
    }
    assert len(list(exports.results_csv(job))) == 2


@pytest.mark.parametrize("name", list(WRITTEN))
def test_a_kind_is_voted_and_ordered_on_its_page(
    name: str, olga: Person, orbit: Client, amina: Person, signed_in: SignedIn
) -> None:
    kind, (typed, form) = vote_kind(name, amina), WRITTEN[name]
    asked = {"title": "New", "question": "Well?", "guide": "Look twice.", "overlap": 1, "review_rule": "peer",
             "minutes": 60, "pay": "0.5"}  # fmt: skip
    browser = signed_in(olga)
    page = writing.post(browser, asked | typed, kind.slug)
    assert page.status_code == 302, said(page)
    assert Job.objects.latest("pk").form == {"question": "Well?", **form}
    if not kind.slug.endswith(("rating", "ranking", "check", "spans", "moderation", "conversation")):
        page = writing.post(browser, asked | typed | {"review_rule": "majority"}, kind.slug)
        assert "No two answers of this kind are the same" in said(page)


@pytest.mark.parametrize("name", list(WRITTEN))
def test_a_kind_is_tried_done_checked_shown_and_taken_home(
    name: str, orbit: Client, olga: Person, amina: Person, luis: Person, priya: Person, signed_in: SignedIn
) -> None:
    example = EXAMPLES[name][0]
    job = order(orbit, olga, vote_kind(name, amina), example["form"], [example["data"]] * 2)
    try_out(job, example, signed_in(olga))
    assert signed_in(luis).get(f"/c/orbit/jobs/{job.pk}/preview/").status_code == 404
    mine, browser = claims.claim_next(job, by=luis, at=clock.now()), signed_in(luis)
    do(mine, browser)
    mine.refresh_from_db()
    checks.take(mine, by=priya, at=clock.now())
    of_client = f"/c/orbit/jobs/{job.pk}/answers/{mine.pk}/"
    for who, address in ((priya, "/review/"), (olga, of_client), (luis, f"/work/{mine.pk}/")):
        assert example["form"]["question"] in body(signed_in(who).get(address)), address
    back = {"place": next(iter(mine.question.shape.parts(job.form))), "reason": "The second part is not right."}
    assert signed_in(priya).post(f"/review/{mine.pk}/back/", back).status_code == 302
    assert "The second part is not right." in said(browser.get(f"/work/{mine.pk}/back/"))
    take_home(job, example)
