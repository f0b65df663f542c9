"""Which of two solutions members prefer, on word problems of which it is known which one is right."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from coop import clock
from coop.people.models import Client, Person
from tasks import claims, exports, jobs, known
from tasks.models import Job
from tests.tasks import opening, orders
from tests.tasks.conftest import hand_in

PROBLEMS = Path(settings.BASE_DIR).parent / "shared" / "data" / "math-solutions" / "comparisons.jsonl"
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not PROBLEMS.exists(), reason=f"the problems are not at {PROBLEMS}: NOTHING WAS SCORED"),
]
COUNT = 20


def problems() -> list[dict[str, Any]]:
    """Return the first problems, each with two solutions of which one is right."""
    with PROBLEMS.open() as file:
        return [json.loads(next(file)) for _turn in range(COUNT)]


def right(row: dict[str, Any]) -> str:
    return "a" if row["a_correct"] else "b"


def value(side: str, strength: str) -> dict[str, Any]:
    return {"preference": f"{side}_{strength}", "reason": ""}


@pytest.fixture
def job(orbit: Client, olga: Person, amina: Person) -> Job:
    """Return a job of these problems, three answers each; its client knows the right one, and why."""
    form = {"question": "Which solution is right?", "min_reason": 0}
    kind = opening.vote_kind("comparison", amina)
    draft = orders.draft(orbit, olga, work_type=kind, pay=Decimal("0.5"), form=form)
    rows = [{name: row[name] for name in ("id", "prompt", "response_a", "response_b")} for row in problems()]
    assert orders.send(draft, "\n".join(map(json.dumps, rows)), "tasks.jsonl").problems == []
    for task, row in zip(draft.tasks.order_by("position"), problems(), strict=True):
        task.job = draft
        known.say(task, value=value(right(row), "much"), why=row["reference"], by=olga, at=clock.now())
    orders.deposit(orbit, "500")
    jobs.fund(draft, by=olga, at=clock.now())
    return jobs.open(draft, by=olga, at=clock.now())


def test_what_members_prefer_is_scored_against_the_truth(job: Job, amina: Person, luis: Person, priya: Person) -> None:
    """Amina errs on every fifth, Luis on every fourth, Priya prefers the first one whatever it says."""
    truth = {row["id"]: right(row) for row in problems()}
    other = {"a": "b", "b": "a"}
    said: dict[str, list[str]] = {}
    for place, who in enumerate((amina, luis, priya)):
        for turn in range(COUNT):
            mine = claims.claim_next(job, by=who, at=clock.now())
            so = truth[mine.task.external_id]
            err = turn % (5 - place) == 0
            side = "a" if who == priya else other[so] if err else so
            hand_in(mine, value(side, "little"))
            said.setdefault(mine.task.external_id, []).append(side)
    expected = {name: max(sides, key=sides.count) for name, sides in said.items()}
    found = {one.task: (one.value or {})["preference"].split("_")[0] for one in exports.results(job)}
    assert found == expected
    score = sum(found[name] == truth[name] for name in truth)
    assert score == sum(expected[name] == truth[name] for name in truth)
    assert COUNT / 2 < score < COUNT
    alike = sum(sides.count(truth[name]) for name, sides in said.items())
    assert known.met(job) == known.Met(known=COUNT, answers=3 * COUNT, same=alike)
