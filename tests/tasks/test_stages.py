"""Jobs that follow each other: what one comes to becomes the tasks of the next, with its money, by other hands."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from django.core.files.storage import default_storage
from django.db import connection
from django.test import Client as Browser
from django.urls import reverse

from coop import clock
from coop.database import roles
from coop.people.models import Client, Person
from coop.record.models import Event
from coop.refusals import Refused
from payments import escrow, invariants
from tasks import answers, claims, exports, files, funds, holding, jobs, reviews, stages, sweeping
from tasks.models import HandOver, Job, JobFile, ReviewRule, Stage, Takes, Task
from tests.tasks import handing_in, orders
from tests.tasks.conftest import DIFFERENT, SAME, work
from tests.tasks.opening import vote_kind
from tests.tasks.test_api import ALL, program

type Make = Callable[..., tuple[Job, Job]]


@pytest.fixture
def chain(orbit: Client, olga: Person) -> Make:
    """Return a function that opens two jobs of which the second takes what the first comes to."""
    orders.deposit(orbit, "500")

    def make(takes: str, *, rows: int = 2, overlap: int = 3, carries: dict[str, str] | None = None) -> tuple[Job, Job]:
        rule = ReviewRule.PEER if overlap == 1 else ReviewRule.MAJORITY
        first = orders.draft(orbit, olga, overlap=overlap, review_rule=rule)
        second = orders.draft(orbit, olga, title="Decide", overlap=1, review_rule=ReviewRule.PEER)
        orders.send(first, orders.rows_of(rows))
        stages.join(
            second, after=first, takes=takes, carries=carries or {"answered": "labels"}, by=olga, at=clock.now()
        )
        for job in (second, first):
            jobs.fund(job, by=olga, at=clock.now())
            jobs.open(job, by=olga, at=clock.now())
        return Job.objects.get(pk=first.pk), Job.objects.get(pk=second.pk)

    return make


def answer(job: Job, *who: tuple[Person, dict[str, Any]]) -> None:
    """Let people answer the next task of a job each."""
    for person, value in who:
        work(job, person, value)


def hand_on() -> int:
    return stages.hand_on_due(at=clock.now())


def test_only_what_does_not_agree_comes_to_who_decides(
    chain: Make, amina: Person, luis: Person, priya: Person, petra: Person
) -> None:
    first, second = chain(Takes.SPLIT, rows=2, overlap=2)
    assert funds.tasks_to_come(second) == 2
    answer(first, (amina, SAME), (luis, SAME))
    assert hand_on() == 1
    assert stages.arrived(second.stage) == stages.Arrived(made=0, agreed=1, problems=0)
    answer(first, (amina, SAME), (luis, DIFFERENT))
    # Two answers that differ wait for a member, or for silence.
    assert hand_on() == 0
    clock.advance(timedelta(days=4))
    reviews.accept_silent(at=clock.now())
    assert (hand_on(), hand_on()) == (1, 0)
    task = second.tasks.get()
    assert task.data["answered"] == ["Different", "Same"]
    assert (task.external_id, task.data["left"]) == ("p1", "Kettle 1")
    assert funds.tasks_to_come(second) == 0
    for who in (amina, luis):
        with pytest.raises(Refused, match="no task left"):
            claims.claim_next(second, by=who, at=clock.now())
    assert work(second, petra, SAME).task == task
    assert not any(invariants.broken().values())


def test_each_answer_is_handed_on_when_it_is_accepted(
    chain: Make, amina: Person, luis: Person, priya: Person, petra: Person
) -> None:
    first, second = chain(Takes.EACH, rows=1)
    assert funds.tasks_to_come(second) == 3
    answer(first, (amina, SAME), (luis, SAME))
    assert hand_on() == 0
    answer(first, (priya, SAME))
    assert hand_on() == 3
    made = list(second.tasks.order_by("position"))
    assert [task.external_id for task in made] == ["p0-1", "p0-2", "p0-3"]
    assert made[0].data["answered"] == ["Same"]
    with pytest.raises(Refused):
        claims.claim_next(second, by=amina, at=clock.now())
    assert claims.claim_next(second, by=petra, at=clock.now()).task in made


@pytest.mark.parametrize("from_all", [True, False])
def test_a_chain_of_three_keeps_apart_as_far_as_chosen(
    orbit: Client, olga: Person, amina: Person, luis: Person, petra: Person, *, from_all: bool
) -> None:
    orders.deposit(orbit, "500")
    three = [orders.draft(orbit, olga, title=title, overlap=1, review_rule="peer") for title in ("A", "B", "C")]
    orders.send(three[0], orders.rows_of(2))
    for before, job in pairwise(three):
        stages.join(
            job, after=before, takes=Takes.EACH, carries={f"from_{before.title.lower()}": "labels"},
            apart_from_all=from_all, by=olga, at=clock.now(),
        )  # fmt: skip
    assert [funds.tasks_to_come(job) for job in three] == [0, 2, 2]
    for job in reversed(three):
        jobs.fund(job, by=olga, at=clock.now())
        jobs.open(job, by=olga, at=clock.now())
        job.refresh_from_db()
    for job, who in zip(three, (amina, petra), strict=False):
        reviews.accept(work(job, who, SAME), by=luis, at=clock.now())
        assert hand_on() == 1
    assert set(three[2].tasks.get().data) == {"left", "right", "from_a", "from_b"}
    assert [funds.tasks_to_come(job) for job in three] == [0, 1, 1]
    with pytest.raises(Refused, match="no task left"):
        claims.claim_next(three[2], by=petra, at=clock.now())
    if from_all:
        with pytest.raises(Refused, match="no task left"):
            claims.claim_next(three[2], by=amina, at=clock.now())
    else:
        claims.claim_next(three[2], by=amina, at=clock.now())
    assert not any(invariants.broken().values())


def test_whoever_judged_an_answer_gives_none_to_its_task(
    chain: Make, amina: Person, luis: Person, petra: Person
) -> None:
    first, second = chain(Takes.EACH, rows=1, overlap=1)
    answer(first, (amina, SAME))
    reviews.accept(first.assignments.get(), by=luis, at=clock.now())
    hand_on()
    claims.claim_next(second, by=petra, at=clock.now())
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM tasks_apart WHERE source_id = %s", [first.tasks.get().pk])
        assert cursor.fetchone() == (1,)
    with pytest.raises(Refused):
        claims.claim_next(first, by=petra, at=clock.now())


def test_the_money_of_all_that_can_come_is_there_before_anybody_works(
    chain: Make, orbit: Client, olga: Person, amina: Person, luis: Person
) -> None:
    before = escrow.available(orbit)
    first, second = chain(Takes.EACH, rows=2, overlap=1)
    # Two answers of nine cents with a fee of a tenth and two checks each, as if the tasks were there.
    assert escrow.set_aside(second.pk) == funds.needed(second) == escrow.set_aside(first.pk) == jobs.price(second).total
    answer(first, (amina, SAME))
    reviews.accept(first.assignments.get(), by=luis, at=clock.now())
    aside = escrow.set_aside(second.pk)
    assert hand_on() == 1
    assert (escrow.set_aside(second.pk), funds.needed(second)) == (aside, aside)
    # The first ends early: what it came to stays, what can come no more is free.
    jobs.close(first, by=olga, at=clock.now())
    assert funds.tasks_to_come(second) == 0
    assert funds.needed(second) == aside / 2
    jobs.close(second, by=olga, at=clock.now())
    assert second.tasks.count() == 1
    assert before - escrow.available(orbit) == Decimal("0.126")


def test_a_closed_stage_takes_nothing_and_keeps_what_arrived(
    chain: Make, olga: Person, amina: Person, luis: Person
) -> None:
    first, second = chain(Takes.EACH, rows=2, overlap=1)
    answer(first, (amina, SAME))
    reviews.accept(first.assignments.get(), by=luis, at=clock.now())
    hand_on()
    jobs.close(second, by=olga, at=clock.now())
    answer(first, (amina, SAME))
    reviews.accept(first.assignments.latest("pk"), by=luis, at=clock.now())
    assert hand_on() == 0
    assert second.tasks.count() == 1
    assert first.assignments.filter(state="accepted").count() == 2


def test_what_the_next_kind_cannot_show_is_kept_with_the_problem(
    orbit: Client, olga: Person, amina: Person, luis: Person, petra: Person
) -> None:
    orders.deposit(orbit, "500")
    kinds = vote_kind("steps", amina), vote_kind("step_check", amina)
    write = orders.draft(
        orbit,
        olga,
        work_type=kinds[0],
        form={"question": "Solve it."},
        overlap=1,
        pay=Decimal("0.5"),
        review_rule="peer",
    )
    orders.send(write, '{"id": "a", "text": "1+1?"}\n', "tasks.jsonl")
    right, wrong = (
        orders.draft(
            orbit, olga, work_type=kinds[1], title=title, form={"question": "Is each step right?"}, overlap=1,
            pay=Decimal("0.5"), review_rule="peer",
        )
        for title in ("Check", "Misjoined")
    )  # fmt: skip
    usual = stages.carried(write, right, Takes.EACH)
    assert usual == {"steps": "steps.text"}
    stages.join(right, after=write, takes=Takes.EACH, carries=usual, by=olga, at=clock.now())
    stages.join(wrong, after=write, takes=Takes.EACH, carries={"steps": "answer"}, by=olga, at=clock.now())
    for job in (right, wrong, write):
        jobs.fund(job, by=olga, at=clock.now())
        jobs.open(job, by=olga, at=clock.now())
    steps = [{"text": "Add.", "why": "Sum."}, {"text": "It is 2.", "why": "One more."}]
    work(Job.objects.get(pk=write.pk), amina, {"steps": steps, "answer": "2"})
    reviews.accept(write.assignments.get(), by=luis, at=clock.now())
    assert hand_on() == 2
    assert right.tasks.get().data == {"text": "1+1?", "steps": ["Add.", "It is 2."]}
    checked = {"verdicts": ["right", "right"], "why": ["", ""], "first_wrong": 0}
    work(Job.objects.get(pk=right.pk), petra, checked)
    assert not wrong.tasks.exists()
    assert stages.arrived(wrong.stage).problems == 1
    assert "steps" in stages.problems(wrong.stage)[0].problem


BOX = {"type": "box", "label": "car", "x": 1, "y": 1, "width": 9, "height": 9}


@pytest.fixture
def drafts(orbit: Client, olga: Person, amina: Person, settings: Any, tmp_path: Path) -> list[Job]:
    """Return drafts to draw a car, to review that, and one whose labels are others; the first and last have a.png."""
    settings.MEDIA_ROOT = tmp_path
    orders.deposit(orbit, "500")
    kind = vote_kind("image", amina)
    draw, review, other = (
        orders.draft(
            orbit, olga, work_type=kind, title=title, form={"question": "Where?", "labels": labels, "types": ["box"]},
            overlap=1, pay=Decimal("0.5"), review_rule="peer",
        )
        for title, labels in (("Draw", ["car"]), ("Review", ["car", "bus"]), ("Misjoined", ["bus"]))
    )  # fmt: skip
    handing_in.taken_in(draw, "a.png", handing_in.image(40, 30))
    handing_in.taken_in(other, "a.png", handing_in.image(50, 30))
    orders.send(draw, '{"id": "a", "image": "a.png"}\n', "tasks.jsonl")
    return [draw, review, other]


@pytest.fixture
def drawn(drafts: list[Job], olga: Person, amina: Person, petra: Person) -> list[Job]:
    """Return them opened, the second and third after the first, in which Amina drew a car that was handed on."""
    draw, review, other = drafts
    usual = stages.carried(draw, review, Takes.EACH)
    assert usual == {"prediction": "value"}
    with pytest.raises(Refused, match="begins"):
        stages.join(review, after=draw, takes=Takes.WHOLE, carries=usual, by=olga, at=clock.now())
    for job in (review, other):
        stages.join(job, after=draw, takes=Takes.EACH, carries=usual, by=olga, at=clock.now())
    for job in (other, review, draw):
        jobs.fund(job, by=olga, at=clock.now())
        jobs.open(job, by=olga, at=clock.now())
    reviews.accept(work(Job.objects.get(pk=draw.pk), amina, {"shapes": [BOX]}), by=petra, at=clock.now())
    held, own = holding.held(draw.client), other.files.get()
    assert hand_on() == 2
    # Handed in once; what a stage was given itself under that name comes first.
    assert other.files.get() == own
    assert holding.held(draw.client) == held
    return drafts


def test_luis_puts_right_what_amina_drew(
    drawn: list[Job], luis: Person, petra: Person, signed_in: Callable[[Person], Browser]
) -> None:
    draw, review, other = drawn
    shown, before = review.files.get(), JobFile.objects.get(job=draw)
    assert (shown.file, shown.facts, shown.usable) == (before.file, before.facts, True)
    assert shown.key != before.key
    # What came of both was read and is named no more; here nothing commits, which would delete it.
    assert sweeping.sweep(before=clock.now() + timedelta(days=9)) == 2
    assert all(default_storage.exists(str(job.files.get().file.name)) for job in (review, other))
    task = review.tasks.get()
    assert (task.data, task.prediction) == ({"image": "a.png"}, {"value": {"shapes": [BOX]}})
    # Where the labels are others, nobody begins with an answer that could not be sent.
    assert not other.tasks.exists()
    assert stages.problems(other.stage)[0].problem

    mine = claims.claim_next(Job.objects.get(pk=review.pk), by=luis, at=clock.now())
    page = signed_in(luis).get(reverse("tasks:task", args=[mine.pk])).content.decode()
    assert "Another member answered this" in page
    assert "A machine" not in page
    assert f"/media/{shown.key}/" in page
    seen = signed_in(luis).get(f"/media/{shown.key}/")
    assert (seen.status_code, len(b"".join(seen))) == (200, shown.bytes)
    assert signed_in(luis).get(f"/media/{before.key}/").status_code == 404
    assert signed_in(petra).get(f"/media/{shown.key}/").status_code == 404
    wide = {**BOX, "width": 12}
    answers.submit(mine, value={"shapes": [BOX, wide]}, key=uuid4(), seconds=9, by=luis, at=clock.now())
    (row,) = exports.rows(review)
    assert row.touched == [False, True]


def test_only_files_that_the_client_named_come_along_and_after_the_stages_own(
    orbit: Client, olga: Person, amina: Person, petra: Person, settings: Any, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = tmp_path
    orders.deposit(orbit, "500")
    kind, box = vote_kind("image", amina), {"type": "box", "label": "b.png", "x": 1, "y": 1, "width": 9, "height": 9}
    form = {"question": "Where?", "labels": ["b.png"], "types": ["box"]}
    facts: dict[str, Any] = {"work_type": kind, "form": form, "overlap": 1, "pay": Decimal("0.5")}
    draw, review = (orders.draft(orbit, olga, title=title, review_rule="peer", **facts) for title in ("Draw", "Review"))
    for name in ("a.png", "b.png"):
        handing_in.taken_in(draw, name, handing_in.image(40, 30))
    orders.send(draw, '{"id": "a", "image": "a.png"}\n', "tasks.jsonl")
    # Whoever draws says in a label which file the stage would show besides.
    carries = {"prediction": "value", "more": "shapes.label"}
    stages.join(review, after=draw, takes=Takes.EACH, carries=carries, by=olga, at=clock.now())
    for job in (review, draw):
        jobs.fund(job, by=olga, at=clock.now())
        jobs.open(job, by=olga, at=clock.now())
    reviews.accept(work(Job.objects.get(pk=draw.pk), amina, {"shapes": [box]}), by=petra, at=clock.now())
    coming = files.receive(review, handing_in.sent(c_png=handing_in.image(20, 20)), by=olga, at=clock.now())
    assert hand_on() == 0
    files.take_in(coming, at=clock.now())
    assert hand_on() == 1
    assert set(review.files.values_list("name", flat=True)) == {"a.png", "c.png"}
    assert Event.objects.get(kind="stages.handed_on").data == {}, "how much is nobody else's business (E10)"


def test_it_goes_on_where_it_stopped(chain: Make, monkeypatch: pytest.MonkeyPatch, amina: Person, luis: Person) -> None:
    first, second = chain(Takes.WHOLE, rows=3, overlap=2)
    for _turn in range(3):
        answer(first, (amina, SAME), (luis, SAME))
    monkeypatch.setattr(stages, "AT_ONCE", 1)
    assert stages._some(second.stage, clock.now()) == 1  # noqa: SLF001 - one portion, as if it stopped there
    assert hand_on() == 2
    assert sorted(second.tasks.values_list("position", flat=True)) == [1, 2, 3]
    assert second.tasks.get(position=1).data["answered"] == [["Same"], ["Same"]]
    assert HandOver.objects.count() == 3


def test_a_chain_opens_from_its_end_and_joins_drafts_only(orbit: Client, olga: Person, luis: Person) -> None:
    orders.deposit(orbit, "100")
    first, second = orders.draft(orbit, olga), orders.draft(orbit, olga, title="Decide")
    orders.send(first, orders.rows_of(2))
    facts: dict[str, Any] = {"takes": Takes.SPLIT, "carries": {"answered": "labels"}, "at": clock.now()}
    for wrong, why in (
        ({"after": second}, "older"), ({"takes": "split", "after": second}, "older"), ({"carries": {}}, "which part"),
        ({"carries": {"a b": "labels"}}, "which part"), ({"carries": {"a": "b;c"}}, "which part"),
    ):  # fmt: skip
        with pytest.raises(Refused, match=why):
            stages.join(second, **{"after": first, "by": olga, **facts, **wrong})
    with pytest.raises(Refused, match="seat"):
        stages.join(second, after=first, by=luis, **facts)
    stages.join(second, after=first, by=olga, **facts)
    with pytest.raises(Refused, match="already"):
        stages.join(second, after=first, by=olga, **facts)
    with pytest.raises(Refused, match="stage before"):
        orders.send(second, orders.rows_of(1))
    jobs.fund(first, by=olga, at=clock.now())
    with pytest.raises(Refused, match="stages after"):
        jobs.open(first, by=olga, at=clock.now())
    with pytest.raises(Refused, match="set aside"):
        jobs.open(second, by=olga, at=clock.now())
    jobs.fund(second, by=olga, at=clock.now())
    jobs.open(second, by=olga, at=clock.now())
    jobs.open(first, by=olga, at=clock.now())


# On the page and by programs.


def test_olga_joins_two_drafts_and_sees_what_arrives(
    orbit: Client, olga: Person, amina: Person, luis: Person, signed_in: Callable[[Person], Browser]
) -> None:
    first, second = orders.draft(orbit, olga, overlap=2), orders.draft(orbit, olga, title="Decide")
    orders.send(first, orders.rows_of(1))
    browser, place = signed_in(olga), reverse("tasks:client_stages", args=["orbit", second.pk])
    assert "Let it follow another draft" in browser.get(place).content.decode()
    form = {"after": first.pk, "takes": "split", "carries": "an answer = labels", "apart_from_all": "on"}
    assert browser.post(place, form).status_code == 400
    done = browser.post(place, {**form, "carries": ""}, follow=True).content.decode()
    assert "Joined." in done
    assert Stage.objects.get().carries == {"answered": "labels"}
    assert "Decide" in browser.get(reverse("tasks:client_stages", args=["orbit", first.pk])).content.decode()
    assert "Stages" in browser.get(reverse("tasks:client_job", args=["orbit", second.pk])).content.decode()
    assert signed_in(amina).get(place).status_code == 404


def test_a_program_joins_them(orbit: Client, olga: Person) -> None:
    call, _key = program(orbit, olga, ALL)
    first, second = orders.draft(orbit, olga, overlap=2), orders.draft(orbit, olga, title="Decide")
    orders.send(first, orders.rows_of(2))
    assert call("GET", f"jobs/{second.pk}/stage").status_code == 404
    made = call("POST", f"jobs/{second.pk}/stage", {"after": first.pk, "takes": "split"})
    assert (made.status_code, made.json()["to_come"], made.json()["carries"]) == (201, 2, {"answered": "labels"})
    assert call("POST", f"jobs/{second.pk}/stage", {"after": first.pk, "takes": "split"}).status_code == 409
    assert call("GET", f"jobs/{second.pk}/stage").json()["made"] == 0
    assert Task.objects.filter(job=second).count() == 0


@pytest.fixture
def calls(superuser: psycopg.Connection) -> Iterator[Callable[[], int]]:
    """Return a function that says how often, in this transaction, one task was asked whether it is new to somebody."""
    superuser.autocommit = True
    superuser.execute(f"GRANT SET ON PARAMETER track_functions TO {roles.WEB}")

    def counted() -> int:
        cursor.execute("SELECT calls FROM pg_stat_xact_user_functions WHERE funcname = 'tasks_is_new_to'")
        return sum(number for (number,) in cursor.fetchall())

    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL track_functions = 'all'")
        yield counted
    superuser.execute(f"REVOKE SET ON PARAMETER track_functions FROM {roles.WEB}")


def test_what_was_made_of_ones_own_answers_is_passed_over_at_once(
    chain: Make, job: Job, amina: Person, luis: Person, petra: Person, calls: Callable[[], int]
) -> None:
    first, second = chain(Takes.EACH, rows=5, overlap=1)
    for _turn in range(5):
        reviews.accept(work(first, amina, SAME), by=luis, at=clock.now())
    assert hand_on() == 5
    with pytest.raises(Refused, match="no task left"):
        claims.claim_next(second, by=amina, at=clock.now())
    claims.claim_next(second, by=petra, at=clock.now())
    assert calls() == 0
    claims.claim_next(job, by=petra, at=clock.now())
    assert calls() == 1
