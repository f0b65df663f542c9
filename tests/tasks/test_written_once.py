"""A query whose SQL is written once answers as the query itself does, and is the same whoever wrote it."""

import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from importlib import import_module
from typing import Any

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db.models import Model, QuerySet
from django.test import Client as Browser
from pytest_django import DjangoAssertNumQueries

from coop import clock, frame
from coop.database import compartment
from coop.database.kept import Given, Kept
from coop.people import authentication, keys, sessions
from coop.people.models import Client, Person
from payments import rates
from tasks import answers, claims, extensions, jobs, known
from tasks.models import Assignment, Draft, Job, Lot
from tasks.scale import finding, projects
from tasks.views import work
from tests.tasks import orders
from tests.tasks.conftest import SAME
from tests.walls import material

pytestmark = pytest.mark.django_db
type Facts = dict[str, Any]

LOADED = ("task", "job__work_type", "draft")
# What tells of the moment it was asked.
MOMENT = "asked_at"
THREADS, ROUNDS = 4, 40
APPS = {"coop", "tasks", "payments", "governance"}


def theirs(person: Any, number: Any) -> QuerySet[Assignment]:
    return Assignment.objects.filter(person=person, pk=number).select_related(*LOADED)


KEPT = Kept(lambda: theirs(Given("person"), Given("number")))


@pytest.fixture
def held(job: Job, amina: Person) -> Assignment:
    """Return Amina's open task."""
    return claims.claim_next(job, by=amina, at=clock.now())


@pytest.fixture
def full(orbit: Client, olga: Person, amina: Person) -> Assignment:
    """Return a task of Amina's with all that can stand beside one."""
    draft = orders.ready(orbit, olga)
    known.say(draft.tasks.order_by("position")[0], value=SAME, why="They are.", by=olga, at=clock.now())
    mine = claims.claim_next(jobs.open(draft, by=olga, at=clock.now()), by=amina, at=clock.now())
    answers.save_draft(mine, value=SAME, by=amina, at=clock.now())
    extensions.give(mine, by=amina, at=clock.now())
    return mine


@pytest.fixture
def lots(orbit: Client, olga: Person) -> list[Lot]:
    """Return the jobs that orders of a program opened: one without a batch, one with."""
    orders.deposit(orbit, "500")
    call = material.program(orbit, olga, ["read", "post", "fund", "download"])
    for path, said in (
        ("projects", {"name": "Pairs", "type": "categorization", "params": {"work_type": "product-match"}}),
        ("batches", {"project": "Pairs", "name": "First"}),
        ("task/categorization", material.CATEGORIES | {"project": "Pairs"}),
        ("task/categorization", material.CATEGORIES | {"batch": "First"}),
        ("batches/First/finalize", {}),
    ):
        assert call.post(f"/v1/{path}", said, content_type="application/json").status_code == 200
    alone, batched = Lot.objects.order_by("batch_id").filter(project__name="Pairs")
    return [alone, batched] if alone.batch_id is None else [batched, alone]


def every() -> set[Kept[Any]]:
    """Return the site's own kept queries."""
    import_module(settings.ROOT_URLCONF)
    ours = [module for name, module in sys.modules.items() if name.split(".")[0] in APPS]
    return {one for module in ours for one in vars(module).values() if isinstance(one, Kept)}


def facts(found: Model, seen: set[int] | None = None) -> Facts:
    """Return all that Django knows of a row and of what was loaded with it."""
    seen = {id(found)} if seen is None else seen | {id(found)}
    own = {name: value for name, value in vars(found).items() if name not in {"_state", MOMENT}}
    state = dict(vars(found._state))  # noqa: SLF001 - what Django knows of a row
    beside = {
        name: facts(one, seen) if isinstance(one, Model) else one
        for name, one in state.pop("fields_cache", {}).items()
        if id(one) not in seen
    }
    return own | state | {"class": type(found), "beside": beside}


def test_its_rows_are_those_of_the_query(
    full: Assignment, held: Assignment, amina: Person, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for mine in (full, held):
        kept: Any = KEPT.first(person=amina.pk, number=mine.pk)
        assert facts(kept) == facts(theirs(amina, mine.pk).get())
        with django_assert_num_queries(0):
            assert kept.job.work_type == mine.job.work_type
            assert hasattr(kept, "draft") == (mine is full)
        assert kept.pay == mine.pay


def asked(full: Assignment, lots: list[Lot], olga: Person) -> dict[Kept[Any], Facts]:
    """Return the site's own kept queries with what each is asked."""
    me, now = full.person, clock.now()
    browser = Browser()
    browser.force_login(me, backend=settings.AUTHENTICATION_BACKENDS[0])
    _key, secret = keys.issue(full.job.client, name="asked", scopes=["read"], by=olga, at=now)
    alone, batched = lots
    terms = {"project": alone.project_id, "digest": alone.digest}
    return {
        frame.HOUSE: {"person": me.pk},
        sessions.SESSION: {"key": Session.objects.get(pk=browser.session.session_key).pk, "at": now},
        sessions.PERSON: {"person": me.pk},
        authentication.LIVE: {"digest": authentication.digest(secret)},
        work.MINE: {"person": me.pk, "number": full.pk},
        rates.CURRENT: {"work_type": full.job.work_type_id},
        finding.ALONE: terms,
        finding.IN_BATCH: terms | {"batch": batched.batch_id},
        projects.NEWEST: {
            "project__client": full.job.client_id,
            "project__test": False,
            "project__name": alone.project.name,
        },
    }


def test_each_of_the_site_answers_as_django_does(
    full: Assignment, lots: list[Lot], olga: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    all_asked = asked(full, lots, olga)
    assert set(all_asked) == every()
    for one, said in all_asked.items():
        found = one.first(**said)
        compartment.leave()
        with monkeypatch.context() as filled:
            filled.setattr(Given, "as_sql", lambda place, *_by, said=said: ("%s", [said[place.name]]))
            (plain,) = one._query()[:1]  # noqa: SLF001 - the query itself, as Django asks and reads it
        compartment.leave()
        assert found is not None
        assert facts(found) == facts(plain)
        assert hasattr(found, MOMENT) == hasattr(plain, MOMENT)
    mine: Any = work.MINE.first(**all_asked[work.MINE])
    assert (mine.draft.value, mine.extension.pk, mine.task.known_answer.pk) == (SAME, mine.pk, mine.task_id)
    assert isinstance(mine.asked_at, datetime)
    # What is right is not with a page whose task is not answered yet.
    assert mine.task.known_answer.get_deferred_fields() == {"value", "why"}


def test_it_is_filled_anew_each_time(held: Assignment, amina: Person, luis: Person) -> None:
    assert KEPT.first(person=luis.pk, number=held.pk) is None
    Draft.objects.create(assignment=held, value={"labels": []}, saved_at=clock.now(), written_by=amina)
    found: Any = KEPT.first(person=amina.pk, number=held.pk)
    assert found.draft.value == {"labels": []}
    with pytest.raises(KeyError):
        KEPT.first(person=amina.pk)
    with pytest.raises(ValueError, match="None"):
        KEPT.first(person=amina.pk, number=None)


def test_it_is_written_once(held: Assignment, amina: Person) -> None:
    written: list[QuerySet[Assignment]] = []

    def query() -> QuerySet[Assignment]:
        written.append(theirs(Given("person"), Given("number")))
        return written[-1]

    kept = Kept(query)
    assert [kept.first(person=amina.pk, number=number) for number in (held.pk, 0, held.pk)] == [held, None, held]
    assert len(written) == 1


@pytest.fixture
def in_turns() -> Iterator[None]:
    """Let threads take turns so quickly that none makes a plan in one go."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(usual)


@pytest.mark.usefixtures("in_turns")
@pytest.mark.parametrize("one", [work.MINE, frame.HOUSE, authentication.LIVE], ids=["mine", "house", "live"])
def test_threads_that_ask_first_together_write_the_same(one: Kept[Any]) -> None:
    right = one._plan  # noqa: SLF001 - as it was made by one alone
    with ThreadPoolExecutor(THREADS) as threads:
        for _round in range(ROUNDS):
            kept = Kept(one._query)  # noqa: SLF001
            made = list(threads.map(after(kept), [0, 0.0005, 0.001, 0.0015]))
            for plan in [*made, kept._plan]:  # noqa: SLF001
                assert (plan.sql, plan.own, plan.names, plan.beside) == (
                    right.sql,
                    right.own,
                    right.names,
                    right.beside,
                )
                assert [place for place, _steps in plan.converters] == [place for place, _steps in right.converters]
                assert len(plan.related) == len(right.related)


def after(kept: Kept[Any]) -> Callable[[float], Any]:
    """Return a function that makes a plan after so many seconds."""

    def plan(seconds: float) -> Any:
        time.sleep(seconds)
        return kept._plan  # noqa: SLF001

    return plan
