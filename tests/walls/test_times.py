"""When a member began is theirs: all that a client can open, taken together, has the beginning of no work in it."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
from django.test import Client as Browser
from django.urls import reverse

from coop import clock
from coop.people.models import Client, Person
from tasks import access_log, checks, claims, exports, reviews
from tasks.models import Assignment, Check, Job
from tests.conftest import person
from tests.tasks.conftest import SAME, hand_in, make_job, work
from tests.tasks.test_api import ALL, program
from tests.walls import addresses, material
from tests.walls.material import Material
from tests.walls.test_walk import content, places

pytestmark = pytest.mark.django_db
type SignedIn = Callable[[Person], Browser]
type Later = Callable[..., datetime]


@pytest.fixture
def orbits(orbit: Client, olga: Person, settings: Any, tmp_path: Any) -> Material:
    settings.MEDIA_ROOT = tmp_path / "uploads"
    return material.made(orbit, olga)


def done(job: Job, who: Person, checker: Person, later: Later) -> tuple[Assignment, Check]:
    """Let one do a task of a job in seven minutes, and another check it in three; each minute is of one thing."""
    later(minutes=5)
    mine = claims.claim_next(job, by=who, at=clock.now())
    later(minutes=7)
    hand_in(mine, SAME)
    later(minutes=5)
    check = checks.take(mine, by=checker, at=clock.now())
    later(minutes=3)
    reviews.accept(mine, by=checker, at=clock.now())
    return Assignment.objects.get(pk=mine.pk), Check.objects.get(pk=check.pk)


def told(browser: Browser, it: Material) -> Iterator[str]:
    """Yield all that a client's own browser or program is answered wherever it asks."""
    for route, methods in addresses.every():
        if not route.startswith("admin/") and "GET" in methods:
            for values in places(route, it):
                yield content(browser.get(addresses.filled(route, values)))
    for subject in (f"job:{it.job.pk}", f"check:{Check.objects.latest('pk').pk}"):
        for page in ("/record/", "/api/v1/records"):
            yield content(browser.get(page, {"subject": subject}))
    yield content(browser.get(f"/api/v1/jobs/{it.job.pk}/answers", {"state": "all"}))
    yield content(browser.get(f"/c/orbit/jobs/{it.job.pk}/results.jsonl"))


def says(text: str, moment: datetime | None) -> bool:
    """Tell whether a text has a moment in it, as programs or as pages write one."""
    assert moment is not None
    return any(
        form in text for form in (f"{moment:%Y-%m-%dt%H:%M}", f"{moment:%H:%M:%S}", str(int(moment.timestamp())))
    )


def test_nothing_that_a_client_opens_tells_when_work_was_begun(
    orbits: Material, olga: Person, signed_in: SignedIn, later: Later
) -> None:
    answer, check = done(orbits.job, person(material.WORKERS[4]), person(material.WORKERS[5]), later)
    later(days=1)
    scale, ours = (material.program(orbits.client, olga, ALL, kind) for kind in ("Basic", "Bearer"))
    found = [text for browser in (signed_in(olga), scale, ours) for text in told(browser, orbits)]
    assert any(says(text, answer.submitted_at) for text in found), "the walk sees when an answer was handed in"
    for began in (answer.claimed_at, check.taken_at):
        assert [text[:200] for text in found if says(text, began)] == []


def test_the_log_tells_the_day_once_it_is_over_in_an_order_that_tells_nothing(
    orbit: Client, olga: Person, amina: Person, luis: Person, later: Later
) -> None:
    job = make_job(orbit, olga, tasks=3, overlap=1)
    began = clock.now()
    for who in (luis, amina, luis):
        hand_in(claims.claim_next(job, by=who, at=clock.now()), SAME)
        later(minutes=1)
    assert list(access_log.of(orbit, at=clock.now())) == []
    seen = list(access_log.of(orbit, at=later(days=2)))
    assert [one.subject for one in seen] == sorted(one.subject for one in seen)
    assert {one.who for one in seen} == {exports.pseudonym(orbit.pk, one.pk) for one in (amina, luis)}
    assert {len(json.loads(one.line())["at"]) for one in seen} == {len("2026-11-28")}
    assert {one.at for one in seen} <= {began.date(), clock.now().date()}


def test_no_question_of_a_moment_finds_the_hour(
    orbit: Client, olga: Person, amina: Person, signed_in: SignedIn, later: Later
) -> None:
    """Asked for what was before each minute, the page would tell when it was by where the line begins to be there."""
    job = make_job(orbit, olga, tasks=1, overlap=1)
    mine = work(job, amina, SAME)
    later(days=1)
    day = mine.claimed_at.replace(hour=0, minute=0, second=0, microsecond=0)
    for before, lines in ((day, 0), (day.replace(microsecond=1), 1), (mine.claimed_at, 1)):
        page = signed_in(olga).get(reverse("tasks:access", args=["orbit"]), {"before": before.isoformat()})
        assert len(page.context["seen"]) == lines


def test_a_task_does_not_tell_who_asks_again_and_again_when_it_was_taken(
    orbit: Client, olga: Person, amina: Person
) -> None:
    job = make_job(orbit, olga, tasks=1, overlap=1)
    call = program(orbit, olga, ALL)[0]
    before = call("GET", f"jobs/{job.pk}/tasks").json()
    mine = claims.claim_next(job, by=amina, at=clock.now())
    assert call("GET", f"jobs/{job.pk}/tasks").json() == before
    hand_in(mine, SAME)
    assert call("GET", f"jobs/{job.pk}/tasks").json() != before
