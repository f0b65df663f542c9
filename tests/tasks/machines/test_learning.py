"""The machine at a job: what it puts in front, whom it shows what, and what nobody can make it do."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from coop import clock
from coop.people.models import Client, Person
from coop.refusals import Refused
from tasks import background, claims, jobs
from tasks.machines import learning
from tasks.models import Job, Machine, Task
from tests.tasks import opening, orders
from tests.tasks.conftest import work
from tests.tasks.test_api import program
from tests.tasks.test_claims import statements
from tests.tasks.test_work_pages import said

type Attack = Callable[..., None]
type Make = Callable[..., Job]
type SignedIn = Callable[[Person], Browser]

FORM = {"question": "What is it?", "labels": ["fruit", "car"]}
FRUIT, CAR = {"labels": ["fruit"]}, {"labels": ["car"]}
# The first six teach; of the others the one without a word of theirs is the most doubtful.
TEXTS = [
    "ripe apple orchard", "fast van engine", "ripe pear orchard", "fast truck engine", "ripe plum orchard",
    "fast bus engine", "ripe orchard", "something else entirely", "fast engine", "ripe ripe orchard",
]  # fmt: skip
DOUBTED = "something else entirely"


@pytest.fixture
def make(orbit: Client, olga: Person, monkeypatch: pytest.MonkeyPatch) -> Make:
    """Return a function that opens a job of ten texts with a machine, or without."""
    monkeypatch.setattr(learning, "LEAST", 12)

    def made(*, orders_by_doubt: bool = True, shows: bool = False, asked: bool = True, brought: Any = None) -> Job:
        job = orders.draft(orbit, olga, form=FORM, overlap=2)
        rows = [{"id": text, "text": text, **({"prediction": brought} if brought else {})} for text in TEXTS]
        sent = "".join(json.dumps(row) + "\n" for row in rows)
        assert orders.send(job, sent, "tasks.jsonl").problems == []
        if asked:
            learning.ask(job, orders=orders_by_doubt, shows=shows, by=olga, at=clock.now())
        orders.deposit(orbit, "1000")
        jobs.fund(job, by=olga, at=clock.now())
        return jobs.open(job, by=olga, at=clock.now())

    return made


@pytest.fixture
def answer(amina: Person, luis: Person) -> Callable[[Job], None]:
    """Return a function by which two members agree on the first six tasks."""

    def answered(job: Job) -> None:
        for turn in range(6):
            for who in (amina, luis):
                work(job, who, CAR if turn % 2 else FRUIT)

    return answered


def in_front(job: Job) -> list[str]:
    """Return the tasks in front, in their order."""
    found = Task.objects.filter(job=job, turn__isnull=False).order_by("turn")
    return list(found.values_list("external_id", flat=True))


def test_what_it_doubts_most_is_asked_first(
    make: Make, answer: Callable[[Job], None], priya: Person, amina: Person
) -> None:
    job = make()
    answer(job)
    assert learning.teach_due(at=clock.now()) == 1
    assert in_front(job)[0] == DOUBTED
    assert set(in_front(job)) == set(TEXTS[6:])
    machine = Machine.objects.get(job=job)
    assert (machine.learned, machine.tried, machine.agreed) == (12, 2, 2)
    assert claims.claim_next(job, by=priya, at=clock.now()).task.external_id == DOUBTED
    assert claims.claim_next(job, by=amina, at=clock.now()).task.external_id == DOUBTED


def test_a_claim_in_its_order_takes_as_many_statements(
    make: Make, answer: Callable[[Job], None], priya: Person
) -> None:
    job = make()
    answer(job)
    learning.teach_due(at=clock.now())
    work(job, priya, FRUIT)
    at = clock.now()
    with CaptureQueriesContext(connection) as asked:
        claims.claim_next(job, by=priya, at=at)
    assert len(statements(asked)) == 4


def test_where_nothing_is_left_in_front_the_usual_order_goes_on(
    make: Make, answer: Callable[[Job], None], priya: Person
) -> None:
    job = make()
    answer(job)
    learning.teach_due(at=clock.now())
    first = [work(job, priya, FRUIT).task.external_id for _turn in range(4)]
    assert sorted(first) == sorted(TEXTS[6:])
    with pytest.raises(Refused, match="no task left for you"):
        claims.claim_next(job, by=priya, at=clock.now())


def test_it_waits_for_answers_and_for_a_fifth_more(
    make: Make, answer: Callable[[Job], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    job = make()
    assert learning.teach_due(at=clock.now()) == 0
    answer(job)
    background.teach_machines(0)
    assert Machine.objects.get(job=job).learned == 12
    assert learning.teach_due(at=clock.now()) == 0
    Machine.objects.filter(job=job).update(learned=10)
    assert learning.teach_due(at=clock.now()) == 1


def test_one_machine_that_fails_holds_up_no_other(
    make: Make, answer: Callable[[Job], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = make(), make()
    answer(one)
    answer(other)
    whole = learning.teach

    def fails(machine: Machine, *, at: datetime) -> bool:
        if machine.job == one:
            raise ValueError
        return whole(machine, at=at)

    monkeypatch.setattr(learning, "teach", fails)
    assert learning.teach_due(at=clock.now()) == 1


def test_what_was_in_front_makes_room(
    make: Make, answer: Callable[[Job], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    job = make()
    answer(job)
    learning.teach_due(at=clock.now())
    monkeypatch.setattr(learning, "IN_FRONT", 1)
    assert learning.teach(Machine.objects.select_related("job__work_type").get(job=job), at=clock.now())
    assert in_front(job) == [DOUBTED]


def test_its_guess_is_shown_where_the_client_says_so(
    make: Make, answer: Callable[[Job], None], priya: Person, signed_in: SignedIn
) -> None:
    job = make(orders_by_doubt=False, shows=True)
    answer(job)
    learning.teach_due(at=clock.now())
    assert in_front(job) == []
    shown = job.tasks.filter(prediction__isnull=False)
    guessed: dict[str, Any] = dict(shown.values_list("external_id", "prediction"))
    assert set(guessed) == set(TEXTS[6:])
    assert guessed["fast engine"]["value"] == CAR
    assert 0.5 <= guessed["fast engine"]["score"] < 1
    mine = claims.claim_next(job, by=priya, at=clock.now())
    page = signed_in(priya).get(reverse("tasks:task", args=[mine.pk]))
    assert "“Workhall baseline” said what stands below" in said(page)


def test_it_shows_nothing_unless_asked_to_and_never_over_what_was_brought(
    make: Make, answer: Callable[[Job], None]
) -> None:
    silent = make()
    answer(silent)
    learning.teach_due(at=clock.now())
    assert not silent.tasks.filter(prediction__isnull=False).exists()


def test_what_the_client_brought_stays(make: Make, answer: Callable[[Job], None]) -> None:
    brought = {"value": FRUIT, "model": "mine"}
    job = make(shows=True, brought=brought)
    answer(job)
    learning.teach_due(at=clock.now())
    assert all(task.prediction == brought for task in job.tasks.all())


def test_a_lesson_looks_at_so_many_tasks_and_no_more(
    make: Make, answer: Callable[[Job], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(learning, "LOOKED_AT", 2)
    job = make()
    answer(job)
    with CaptureQueriesContext(connection) as asked:
        learning.teach_due(at=clock.now())
    assert len(in_front(job)) == 2
    writing = [query["sql"] for query in asked if query["sql"].lstrip().startswith(("WITH", "UPDATE"))]
    assert len(writing) == 2  # all tasks at once, and the machine


def test_it_learns_choices_only_and_is_chosen_in_a_draft(
    make: Make, orbit: Client, olga: Person, amina: Person
) -> None:
    with pytest.raises(Refused, match="before a job opens"):
        learning.ask(make(asked=False), orders=True, shows=True, by=olga, at=clock.now())
    kind = opening.vote_kind("rating", amina)
    form = {"question": "?", "scales": [{"name": "Good", "steps": 5}]}
    draft = orders.draft(orbit, olga, form=form, work_type=kind, pay=make().pay * 10)
    with pytest.raises(Refused, match="labels of a job"):
        learning.ask(draft, orders=True, shows=True, by=olga, at=clock.now())


def test_a_client_chooses_on_a_page_and_reads_what_was_learned(
    make: Make, answer: Callable[[Job], None], orbit: Client, olga: Person, luis: Person, signed_in: SignedIn
) -> None:
    draft = orders.draft(orbit, olga)
    browser, address = signed_in(olga), reverse("tasks:machine", args=["orbit", draft.pk])
    page = browser.post(address, {"orders": "on"}, follow=True)
    assert "Tasks it doubts most come first yes" in said(page)
    assert signed_in(luis).get(address).status_code == 404
    job = make()
    answer(job)
    learning.teach_due(at=clock.now())
    page = signed_in(olga).get(reverse("tasks:machine", args=["orbit", job.pk]))
    assert "Answers it learned from 12" in said(page)
    assert "of 2 answered tasks that were kept back from it" in said(page)
    assert "before a job opens" in said(page)


def test_a_program_chooses_too(orbit: Client, olga: Person) -> None:
    call, _key = program(orbit, olga, ["read", "post"])
    path = f"jobs/{orders.draft(orbit, olga).pk}/machine"
    assert call("GET", path).status_code == 404
    assert call("POST", path, {"orders": True}).status_code == 400
    made = call("POST", path, {"orders": True, "shows": False})
    assert made.json() == {"orders": True, "shows": False, "learned": 0, "tried": 0, "agreed": 0, "at": None}
    assert call("GET", path).json() == made.json()


ASK = """INSERT INTO tasks_machine (job_id, orders, shows, asked_at, learned, tried, agreed)
VALUES (%s, true, true, coop_now(), 0, 0, 0)"""
TURN = "UPDATE tasks_task SET turn = 1 WHERE id = %s"
SAY = "UPDATE tasks_task SET prediction = %s WHERE id = %s"
OURS = '{"value": {"labels": ["car"]}, "model": "Workhall baseline"}'


def test_nothing_is_put_in_front_where_no_machine_was_asked_for(make: Make, attack: Attack) -> None:
    for job in (make(asked=False), make(orders_by_doubt=False)):
        attack(TURN, [job.tasks.all()[0].pk], guard="predictions_come_before_work")


def test_no_guess_comes_unasked_late_in_anothers_name_or_over_what_was_brought(
    make: Make, attack: Attack, amina: Person
) -> None:
    guard = "predictions_come_before_work"
    attack(SAY, [OURS, make().tasks.all()[0].pk], guard=guard)
    job = make(shows=True)
    mine = claims.claim_next(job, by=amina, at=clock.now())
    attack(SAY, [OURS, mine.task_id], guard=guard)
    claims.leave(mine, by=amina, at=clock.now())
    attack(SAY, [OURS, mine.task_id], guard=guard)
    other = job.tasks.get(position=5)
    attack(SAY, ['{"value": {}, "model": "mine"}', other.pk], guard=guard)
    attack(SAY, [None, make(shows=True, brought={"value": CAR}).tasks.all()[0].pk], guard=guard)


def test_slots_and_data_stay_out_of_its_hands(make: Make, attack: Attack) -> None:
    task = make().tasks.all()[0]
    change = "UPDATE tasks_task SET turn = 1, open_slots = 1 WHERE id = %s"
    attack(change, [task.pk], guard="open_slots_follow_assignments")
    attack("UPDATE tasks_task SET position = 99 WHERE id = %s", [task.pk], guard="permission denied")


def test_what_a_machine_does_is_said_before_a_job_opens(make: Make, attack: Attack) -> None:
    job, guard = make(), "machines_are_chosen_before_work"
    attack("UPDATE tasks_machine SET shows = true WHERE job_id = %s", [job.pk], guard=guard)
    attack(ASK, [make(asked=False).pk], guard=guard)
    attack("DELETE FROM tasks_machine WHERE job_id = %s", [job.pk], guard="permission denied")


def test_no_choice_by_an_older_view(attack_from_the_past: Attack, orbit: Client, olga: Person) -> None:
    draft = orders.draft(orbit, olga)
    attack_from_the_past(ASK, [draft.pk], guard="machines_are_chosen_before_work")
