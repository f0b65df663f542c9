"""What machines said before: brought with the tasks, marked on the page, compared with what members hand in."""

import json
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client as Browser
from django.urls import reverse

from coop import clock
from coop.people.models import Client, Person
from coop.refusals import Refused
from tasks import claims, exports, jobs, predictions, shapes
from tasks.models import Job, Task
from tasks.quality import estimates, suggested
from tests.tasks import orders
from tests.tasks.conftest import DIFFERENT, SAME, hand_in, work
from tests.tasks.test_api import ALL, program
from tests.tasks.test_work_pages import field, said

type Attack = Callable[..., None]
type SignedIn = Callable[[Person], Browser]

KETTLES = {"left": "Kettle", "right": "Steel kettle"}


def lines(*found: dict[str, Any]) -> str:
    """Return rows as JSONL."""
    return "".join(json.dumps(row) + "\n" for row in found)


def guessed(label: str, **more: Any) -> dict[str, Any]:
    """Return a row with a guess."""
    return {**KETTLES, "prediction": {"value": {"labels": [label]}, **more}}


def ticked(page: Any) -> list[str]:
    """Return the labels that a page has chosen."""
    return re.findall(r'value="(\w+)"[^>]*\bchecked', page.content.decode())


@pytest.fixture
def draft(orbit: Client, olga: Person) -> Job:
    """Return a draft without tasks."""
    return orders.draft(orbit, olga)


@pytest.fixture
def job(orbit: Client, olga: Person) -> Job:
    """Return an open job of which two tasks bring a guess and a third does not."""
    job = orders.draft(orbit, olga)
    rows = lines(guessed("Same", model="matcher 3", score=0.7), guessed("Different"), KETTLES)
    assert orders.send(job, rows, "tasks.jsonl").problems == []
    orders.deposit(orbit, "1000")
    jobs.fund(job, by=olga, at=clock.now())
    return jobs.open(job, by=olga, at=clock.now())


def test_a_prediction_is_kept_apart_from_what_is_shown(job: Job) -> None:
    first, second, third = job.tasks.order_by("position")
    assert first.data == second.data == third.data == KETTLES
    assert first.prediction == {"value": SAME, "model": "matcher 3", "score": 0.7}
    assert second.prediction == {"value": DIFFERENT}
    assert third.prediction is None


def test_a_cell_of_a_table_holds_a_prediction_as_json(draft: Job) -> None:
    upload = orders.send(draft, 'id,left,right,prediction\n1,a,b,"{""value"": {""labels"": [""Same""]}}"\n2,c,d,\n')
    assert upload.problems == []
    assert [task.prediction for task in draft.tasks.order_by("position")] == [{"value": SAME}, None]


@pytest.mark.parametrize(
    ("prediction", "words"),
    [
        ("Same", "is an object with"),
        (["Same"], "is an object with"),
        ({}, "“value” is missing"),
        ({"value": {"labels": ["Other"]}}, "Choose from the labels shown"),
        ({"value": {"labels": []}}, "Choose an answer"),
        ({"value": {}}, "“labels” is missing"),
        ({"value": {"labels": ["Same"], "more": 1}}, "“more” is not asked for"),
        ({"value": {"labels": ["Same"]}, "score": 1.1}, "“score” is at most 1"),
        ({"value": {"labels": ["Same"]}, "model": "x" * 121}, "“model” has at most 120"),
        ({"value": {"labels": ["Same"]}, "by": "me"}, "“by” is not asked for"),
        ({"regions": [{"type": "rectanglelabels"}]}, "regions of the prediction cannot be read"),
        ({"regions": 7}, "regions of the prediction cannot be read"),
        ({"annotations": []}, "regions of the prediction cannot be read"),
    ],
    ids=str,
)
def test_a_prediction_is_checked_as_an_answer_is(draft: Job, prediction: object, words: str) -> None:
    upload = orders.send(draft, lines(KETTLES, {**KETTLES, "prediction": prediction}), "tasks.jsonl")
    assert [one["line"] for one in upload.problems] == [2]
    assert words in upload.problems[0]["problem"]
    assert not draft.tasks.exists()


def test_a_member_starts_from_it_and_reads_that_it_is_a_machines(job: Job, amina: Person, signed_in: SignedIn) -> None:
    browser = signed_in(amina)
    mine = claims.claim_next(job, by=amina, at=clock.now())
    page = browser.get(reverse("tasks:task", args=[mine.pk]))
    assert "A machine filled this in" in said(page)
    assert "“matcher 3” said what stands below" in said(page)
    assert ticked(page) == ["Same"]
    sent = {"key": field(page, "key"), "label": "Different"}
    second = browser.post(reverse("tasks:task", args=[mine.pk]), sent)
    assert "A machine filled this in" in said(second)
    assert "matcher 3" not in said(second)
    following = claims.claim_next(job, by=amina, at=clock.now())
    third = browser.post(
        reverse("tasks:task", args=[following.pk]), {"key": field(second, "key"), "label": "Different"}
    )
    assert "A machine filled this in" not in said(third)


def test_what_a_member_wrote_goes_before_what_a_machine_said(job: Job, amina: Person, signed_in: SignedIn) -> None:
    browser = signed_in(amina)
    mine = claims.claim_next(job, by=amina, at=clock.now())
    browser.post(reverse("tasks:draft", args=[mine.pk]), {"label": "Different"})
    assert ticked(browser.get(reverse("tasks:task", args=[mine.pk]))) == ["Different"]


def test_a_client_sees_it_as_members_will(job: Job, olga: Person, signed_in: SignedIn) -> None:
    page = signed_in(olga).get(reverse("tasks:preview", args=["orbit", job.pk]))
    assert "“matcher 3” said what stands below" in said(page)


def test_exports_tell_what_was_touched(job: Job, amina: Person, luis: Person) -> None:
    for who, value in ((amina, SAME), (luis, DIFFERENT)):
        work(job, who, value)
    first, second = (one.row() for one in exports.rows(job))
    assert first["prediction"] == second["prediction"] == {"value": SAME, "model": "matcher 3", "score": 0.7}
    assert (first["touched"], second["touched"]) == ([False], [True])
    for _turn in range(2):
        work(job, amina, SAME)
    assert "touched" not in [one.row() for one in exports.rows(job)][-1]


@pytest.mark.parametrize(
    ("kind", "before", "after", "touched"),
    [
        ("image", {"shapes": [{"x": 1}, {"x": 2}]}, {"shapes": [{"x": 2.0}, {"x": 3}]}, [False, True]),
        ("image", {"shapes": [{"x": 1}]}, {"shapes": [{"x": 1}, {"x": 1}]}, [False, True]),
        ("image", {"shapes": [{"x": 1}]}, {"shapes": [], "nothing": True}, []),
        (
            "spans",
            {"spans": [{"a": 1}, {"b": 1}], "relations": [{"from": 0, "to": 1, "label": "r"}]},
            {"spans": [{"c": 1}, {"a": 1}, {"b": 1}], "relations": [{"from": 1, "to": 2, "label": "r"}]},
            [True, False, False, False],
        ),
        ("rating", {"ratings": {"a": 1}}, {"ratings": {"a": 1}}, [False]),
        ("ranking", {"ranks": [1, 2]}, {"ranks": [1, 2], "shown": [2, 1]}, [False]),
    ],
)
def test_each_element_is_compared_by_itself(
    kind: str, before: dict[str, Any], after: dict[str, Any], touched: list[bool]
) -> None:
    assert predictions.touched(shapes.find(kind), {"value": before}, after) == touched


def test_checking_a_machine_is_paid_the_voted_rate_at_least(
    orbit: Client, olga: Person, job: Job, amina: Person
) -> None:
    with pytest.raises(Refused, match="voted"):
        orders.draft(orbit, olga, pay=Decimal("0.089999"))
    assert work(job, amina, SAME).pay == Decimal("0.09")


def test_what_a_machine_said_never_changes(job: Job, draft: Job, attack: Attack) -> None:
    task = job.tasks.get(position=1)
    for value in ("NULL", "'{\"value\": {}}'"):
        change = f"UPDATE tasks_task SET prediction = {value} WHERE id = %s"
        attack(change, [task.pk], guard="predictions_come_before_work")
    put = """INSERT INTO tasks_task (job_id, position, external_id, data, open_slots, prediction)
        VALUES (%s, 1, 'x', '{}', 3, %s)"""
    attack(put, [draft.pk, '{"model": "x"}'], guard="predictions_hold_a_value")


@pytest.fixture
def crowd(newcomer: Person, amina: Person, luis: Person, priya: Person) -> list[Person]:
    """Return five people who may work."""
    others = Person.objects.filter(standings__status="member").exclude(pk__in=[amina.pk, luis.pk, priya.pk])
    return [amina, luis, priya, *others.order_by("pk")[:2]]


def test_a_client_sees_how_much_goes_through_unread_and_of_nobody_alone(
    orbit: Client, olga: Person, crowd: list[Person], signed_in: SignedIn
) -> None:
    job = orders.draft(orbit, olga, overlap=5)
    assert orders.send(job, lines(*[guessed("Same")] * 4), "tasks.jsonl").problems == []
    orders.deposit(orbit, "1000")
    jobs.fund(job, by=olga, at=clock.now())
    job = jobs.open(job, by=olga, at=clock.now())
    for person in crowd[:4]:
        for turn in range(4):
            work(job, person, SAME if turn else DIFFERENT)
    assert suggested.of(job) == []
    for turn in range(4):
        hand_in(claims.claim_next(job, by=crowd[4], at=clock.now()), SAME if turn else DIFFERENT)
    quarters = suggested.of(job)
    assert [quarter.answers for quarter in quarters] == [5, 5, 5, 5]
    assert sum(quarter.kept for quarter in quarters) == 4 * 7_500
    page = said(signed_in(olga).get(reverse("tasks:client_quality", args=["orbit", job.pk])))
    assert "What machines had said" in page
    assert estimates.estimate(job, at=clock.now())
    told = program(orbit, olga, ALL)[0]("GET", f"jobs/{job.pk}/quality").json()["suggested"]
    assert [(one["answers"], one["kept"]) for one in told] == [(one.answers, one.kept) for one in quarters]
    assert all(person.name not in page for person in crowd)


def test_onboarding_questions_bring_no_guess(attack: Attack) -> None:
    known = Task.objects.filter(gold__isnull=False)
    assert known.exists()
    assert not known.filter(prediction__isnull=False).exists()
