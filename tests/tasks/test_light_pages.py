"""What a task costs on the wire: the first page few requests, each further task one small answer and no file more."""

import gzip
import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from coop import clock
from coop.people.models import Client, Person
from tasks import claims, shapes
from tasks.models import Assignment, Job
from tests.browser.test_every_kind import drafted, opened
from tests.tasks.opening import vote_kind
from tests.tasks.test_kinds import EXAMPLES
from tests.test_pages import Page, compressed, with_imports

pytestmark = pytest.mark.django_db
type SignedIn = Callable[[Person], Browser]

REQUESTS = 8  # of a first visit: the page, and every file of ours that it loads; those of the task are its own
WIDGET = 3  # more where a kind is drawn by a script: that, and what it draws with
FURTHER = 2_500  # bytes of the answer that brings the next task
STATEMENTS = 12  # from handing in to the next task
# In a test each transaction of the site stands in another.
OF_THE_TEST = ("SAVEPOINT", "RELEASE SAVEPOINT")


def files(page: Page) -> set[str]:
    """Return the names of the files of ours that a page loads, with what those import."""
    return with_imports({url.removeprefix("/static/") for url in page.loads if url.startswith("/static/")})


def read(response: HttpResponseBase) -> Page:
    assert isinstance(response, HttpResponse)
    return Page("", response.content)


@pytest.fixture
def open_task(job: Job, amina: Person) -> Assignment:
    """Return Amina's open task."""
    return claims.claim_next(job, by=amina, at=clock.now())


def test_handing_in_answers_with_the_next_task_in_one_small_answer(
    open_task: Assignment, amina: Person, signed_in: SignedIn
) -> None:
    browser, address = signed_in(amina), f"/work/{open_task.pk}/"
    here = read(browser.get(address))
    sent = {"key": str(uuid4()), "label": "Same"}
    answer = browser.post(address, sent, headers={"accept-encoding": "gzip"})
    assert (answer.status_code, answer["Content-Encoding"]) == (200, "gzip")
    body = gzip.decompress(answer.content)
    assert "Kettle 2" in body.decode()
    # Compressed once more: what Django adds to each answer, so that nobody learns from its length, is drawn by lot.
    assert compressed(body) <= FURTHER
    assert not files(Page("", body)) - files(here)


def test_from_handing_in_to_the_next_task_there_are_twelve_statements_at_most(
    open_task: Assignment, amina: Person, signed_in: SignedIn
) -> None:
    browser = signed_in(amina)
    with CaptureQueriesContext(connection) as asked:
        browser.post(f"/work/{open_task.pk}/", {"key": str(uuid4()), "label": "Same"})
    said = [one["sql"] for one in asked if not one["sql"].startswith(OF_THE_TEST)]
    assert 0 < len(said) <= STATEMENTS, "\n".join(said)


@pytest.mark.parametrize("slug", shapes.names())
def test_the_first_page_of_a_task_takes_eight_requests_at_most(
    orbit: Client, olga: Person, amina: Person, signed_in: SignedIn, slug: str
) -> None:
    example: dict[str, Any] = EXAMPLES[slug][0]
    job = opened(drafted(orbit, olga, vote_kind(slug, amina), example))
    task = claims.claim_next(job, by=amina, at=clock.now())
    loaded = files(read(signed_in(amina).get(f"/work/{task.pk}/")))
    most = REQUESTS + (WIDGET if shapes.find(slug).script else 0)
    assert 1 + len(loaded) <= most, json.dumps(sorted(loaded))
