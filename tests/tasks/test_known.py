"""Known answers: given before the work, paid like all others, shown afterwards with why, and no ground for anything."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from django.test import Client as Browser
from django.urls import reverse

from coop import clock
from coop.people.models import Client, Person
from coop.refusals import Refused
from tasks import claims, jobs, known
from tasks.models import Job, KnownAnswer
from tests.tasks import orders
from tests.tasks.conftest import DIFFERENT, SAME, hand_in
from tests.tasks.test_api import ALL, program

WHY = "Both name the same maker and size."
INSERT = "INSERT INTO tasks_knownanswer (task_id, value, why, written_by_id) VALUES (%s, '{}', %s, %s)"


@pytest.fixture
def draft(orbit: Client, olga: Person) -> Job:
    """Return a funded draft of four tasks."""
    return orders.ready(orbit, olga)


def test_a_known_answer_is_shown_afterwards_with_why_and_paid_alike(
    draft: Job, olga: Person, amina: Person, luis: Person
) -> None:
    task = draft.tasks.order_by("position").first()
    assert task is not None
    known.say(task, value=DIFFERENT, why="A first thought.", by=olga, at=clock.now())
    known.say(task, value=SAME, why=WHY, by=olga, at=clock.now())
    job = jobs.open(draft, by=olga, at=clock.now())
    mine = [claims.claim_next(job, by=who, at=clock.now()) for who in (amina, luis)]
    assert known.shown_to(mine[0]) is None
    for one, value in zip(mine, (SAME, DIFFERENT), strict=True):
        hand_in(one, value)
        one.refresh_from_db()
    assert known.shown_to(mine[0]) == known.Shown("Same", WHY, same=True)
    assert known.shown_to(mine[1]) == known.Shown("Same", WHY, same=False)
    assert {one.state for one in mine} == {"submitted"}
    assert mine[0].pay == mine[1].pay
    assert known.met(job) == known.Met(known=1, answers=2, same=1)


def test_what_is_no_answer_or_says_no_reason_is_refused(draft: Job, olga: Person) -> None:
    task = draft.tasks.first()
    assert task is not None
    with pytest.raises(Refused, match="why"):
        known.say(task, value=SAME, why=" ", by=olga, at=clock.now())
    with pytest.raises(Refused):
        known.say(task, value={"labels": ["Neither"]}, why=WHY, by=olga, at=clock.now())
    jobs.open(draft, by=olga, at=clock.now())
    task.refresh_from_db()
    with pytest.raises(Refused, match="draft"):
        known.say(draft.tasks.select_related("job").get(pk=task.pk), value=SAME, why=WHY, by=olga, at=clock.now())


def test_nobody_knows_better_afterwards(draft: Job, olga: Person, luis: Person, attack: Callable[..., None]) -> None:
    guard, (one, other) = "known_answers_come_before_the_work", draft.tasks.all()[:2]
    attack(INSERT, [one.pk, WHY, luis.pk], guard=guard)
    attack(INSERT, [one.pk, " ", olga.pk], guard=guard)
    known.say(one, value=SAME, why=WHY, by=olga, at=clock.now())
    jobs.open(draft, by=olga, at=clock.now())
    attack(INSERT, [other.pk, WHY, olga.pk], guard=guard)
    attack("UPDATE tasks_knownanswer SET why = 'No.'", guard=guard)
    attack("UPDATE tasks_knownanswer SET task_id = 1", guard="permission denied")


def test_olga_says_it_on_the_preview_and_amina_reads_it_after_sending(
    draft: Job, olga: Person, amina: Person, signed_in: Callable[[Person], Browser]
) -> None:
    place, browser = reverse("tasks:preview", args=["orbit", draft.pk]), signed_in(olga)
    assert "the known answer" in browser.get(place).content.decode()
    wrong = browser.post(place, {"label": "Same", "why": " ", "known": "1"})
    assert wrong.status_code == 422
    kept = browser.post(place, {"label": "Same", "why": WHY, "known": "1"}, follow=True).content.decode()
    assert WHY in kept
    job = jobs.open(draft, by=olga, at=clock.now())
    assert "the known answer" not in browser.get(place).content.decode()
    member, mine = signed_in(amina), claims.claim_next(job, by=amina, at=clock.now())
    address = reverse("tasks:task", args=[mine.pk])
    assert WHY not in member.get(address).content.decode()
    sent = member.post(address, {"label": "Different", "key": str(uuid4())}).content.decode()
    assert WHY in sent
    assert WHY in member.get(address).content.decode()
    assert "1 known answer" in browser.get(reverse("tasks:client_quality", args=["orbit", job.pk])).content.decode()


def test_a_program_says_all_or_none(draft: Job, orbit: Client, olga: Person) -> None:
    call, _key = program(orbit, olga, ALL)
    path = f"jobs/{draft.pk}/known"
    rows = [{"id": "p0", "value": SAME, "why": WHY}, {"id": "p1", "value": {"labels": []}, "why": WHY}]
    assert call("POST", path, rows).status_code == 422
    assert call("POST", path, [{**rows[0], "id": "nothing"}]).status_code == 422
    assert not KnownAnswer.objects.exists()
    assert call("POST", path, rows[:1]).json() == rows[:1]
    assert call("GET", path).json()["results"] == rows[:1]
