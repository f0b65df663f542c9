"""The time of a task: noted once a minute while its page is used, told later after a lost connection, else silent."""

from typing import Any
from urllib.parse import parse_qs

import pytest
from playwright.sync_api import Page, Request

from coop import clock, demo
from coop.people.models import Person
from tasks import claims
from tasks.models import Job, Span
from tests.browser.conftest import Door

MINUTE = 61_000


@pytest.fixture
def task(live_server: Any, amina: Person, door: Door) -> Page:
    """Open a task on Amina's phone, whose clock can be moved."""
    demo.populate(clock.now())
    job = Job.objects.get(work_type__slug="compare-answers", opened_at__isnull=False)
    page = door(amina, javascript=True)
    page.clock.install()
    page.goto(f"/work/{claims.claim_next(job, by=amina, at=clock.now()).pk}/")
    return page


def said(request: Request) -> tuple[int, int]:
    """Return what was said, after seeing that nothing else was."""
    fields = parse_qs(request.post_data or "")
    assert set(fields) == {"seconds", "ago", "csrfmiddlewaretoken"}
    return int(fields["seconds"][0]), int(fields["ago"][0])


def test_a_minute_of_use_is_said_once_and_an_idle_one_is_not(task: Page) -> None:
    asked: list[Request] = []
    task.on("request", lambda request: asked.append(request) if "/time/" in request.url else None)
    task.mouse.move(40, 40)
    with task.expect_response("**/time/") as answer:
        task.clock.run_for(MINUTE)
    assert answer.value.status == 204
    assert said(asked[0]) == (60, 0)
    task.clock.run_for(5 * MINUTE)
    assert len(asked) == 1
    assert Span.objects.count() == 1


def test_what_was_used_without_a_connection_is_said_when_it_is_back(task: Page) -> None:
    task.route("**/time/", lambda route: route.abort())
    task.mouse.move(40, 40)
    with task.expect_event("requestfailed"):
        task.clock.run_for(MINUTE)
    task.unroute("**/time/")
    with task.expect_request("**/time/") as request:
        task.clock.run_for(MINUTE)
    assert said(request.value) == (60, 60)
