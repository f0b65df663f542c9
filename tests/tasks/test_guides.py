"""Questions from inside a task, guides that grow by versions, and reading them, paid (E6, N4)."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.mail import EmailMessage
from django.test import Client as Browser
from django.urls import reverse
from procrastinate.contrib.django.models import ProcrastinateJob

from coop import clock
from coop.people.models import Client, Person
from coop.refusals import Refused
from payments import escrow, invariants, statements
from tasks import cards, claims, funds, guides, jobs, notices, pilots
from tasks.models import Assignment, Draft, GuideVersion, Job, Pilot, Reading
from tests.tasks import orders
from tests.tasks.conftest import SAME, hand_in, payable, work
from tests.tasks.test_api import ALL, program
from tests.tasks.test_pilots import crowd, do, post

__all__ = ["crowd"]
MORE = "Look twice.\n\nA lid counts as part of the pot."
# Eight words take half a minute, the least; at 9 cents for 30 seconds that is 9 cents.
READING = Decimal("0.09")


@pytest.fixture
def rich(orbit: Client) -> Client:
    """Return the client with money for readings."""
    orders.deposit(orbit, "50")
    return orbit


def taken(job: Job, *people: Person) -> list[Assignment]:
    """Let people take a task each."""
    return [claims.claim_next(job, by=person, at=clock.now()) for person in people]


def changed(job: Job, by: Person, guide: str = MORE, **facts: Any) -> GuideVersion:
    """Publish the next version."""
    standing = guides.latest(job)
    return guides.publish(
        job, guide=guide, after=standing.number or 1 if standing else 1, by=by, at=clock.now(), **facts
    )


def test_a_question_is_answered_in_the_guide_for_all_and_reading_it_is_paid(
    job: Job, rich: Client, olga: Person, amina: Person, luis: Person
) -> None:
    mine = claims.claim_next(job, by=amina, at=clock.now())
    asked = guides.ask(mine, words="Does the lid count?", by=amina, at=clock.now())
    assert list(guides.open_questions(job)) == [asked]
    made = changed(job, olga, guide=job.guide, replies={asked: "Yes, a lid is part of it."})
    assert made.guide == "Look twice.\n\n> Does the lid count?\n\nYes, a lid is part of it."
    assert (made.number, made.words, made.seconds, made.pay) == (2, 12, 30, READING)
    assert asked.reply.version == made
    assert not guides.open_questions(job).exists()
    hand_in(mine, SAME)
    with pytest.raises(Refused, match="changed since your last task"):
        claims.claim_next(job, by=amina, at=clock.now())
    before = payable(amina)
    assert guides.read(job, by=amina, at=clock.now()) == READING == payable(amina) - before
    assert guides.read(job, by=amina, at=clock.now()) == 0
    following = claims.claim_next(job, by=amina, at=clock.now())
    assert cards.read(following.card)["guide"] == made.digest != cards.read(mine.card)["guide"]
    assert (guides.accepted_with(mine), guides.accepted_with(following)) == (job.guide, made.guide)
    # Whoever comes new sees the guide as it stands and has nothing to catch up with.
    assert claims.claim_next(job, by=luis, at=clock.now()).card == following.card
    assert "changed guide" in statements.entries(statements.lines(amina)[:1], amina)[0].words
    assert not any(invariants.broken().values())


def test_a_clients_people_are_told_of_the_first_question_and_who_asked_of_the_answer(
    job: Job, rich: Client, olga: Person, amina: Person, luis: Person, mailoutbox: list[EmailMessage]
) -> None:
    asked = [guides.ask(one, words="And lids?", by=one.person, at=clock.now()) for one in taken(job, amina, luis)]
    changed(job, olga, replies={asked[0]: "Lids too."})
    waiting = ProcrastinateJob.objects.filter(task_name=notices.TELL).order_by("id").values_list("args", flat=True)
    told = [(one["person_id"], one["about"], one["number"]) for one in waiting]
    assert told == [(olga.pk, "asked", job.pk), (amina.pk, "answered", job.pk)]
    guides.ask(asked[1].assignment, words="Handles?", by=luis, at=clock.now())
    assert waiting.count() == 2
    luis.language = "es"
    for person, about, path in ((olga, "asked", f"/c/orbit/jobs/{job.pk}/guide/"), (luis, "answered", "/guide/")):
        notices.deliver(person, about, job.pk)
        assert path in str(mailoutbox[-1].body)
        assert "lids" not in str(mailoutbox[-1].body).lower()
    assert mailoutbox[-1].subject == "Respondieron tu pregunta sobre una gu\N{LATIN SMALL LETTER I WITH ACUTE}a"


def test_the_money_for_every_reader_is_set_aside_and_comes_back_unused(
    job: Job, rich: Client, olga: Person, amina: Person, luis: Person
) -> None:
    for who in (amina, luis):
        work(job, who, SAME)
    had, aside = escrow.available(rich), escrow.set_aside(job.pk)
    changed(job, olga)
    assert had - escrow.available(rich) == escrow.set_aside(job.pk) - aside == 2 * READING
    assert funds.needed(job) <= escrow.set_aside(job.pk)
    guides.read(job, by=amina, at=clock.now())
    jobs.close(job, by=olga, at=clock.now())
    assert escrow.set_aside(job.pk) == 0
    with pytest.raises(Refused, match="closed"):
        guides.read(job, by=luis, at=clock.now())


def test_the_price_is_known_before_and_never_more(job: Job, rich: Client, olga: Person, amina: Person) -> None:
    work(job, amina, SAME)
    assert guides.weigh(job, MORE) == guides.Change(8, 30, READING, 1, rescopes=False)
    with pytest.raises(Refused, match="costs"):
        changed(job, olga, most=Decimal("0.08"))
    assert changed(job, olga, most=READING).pay == READING


def test_longer_texts_take_and_pay_more(job: Job) -> None:
    # 300 words are two minutes at 150 a minute.
    assert guides.weigh(job, f"{job.guide}\n{'word ' * 300}").seconds == 120
    assert guides.weigh(job, f"{job.guide}\n{'word ' * 301}").seconds == 121
    assert guides.weigh(job, f"{job.guide}\n{'word ' * 300}").pay == 4 * READING


@pytest.mark.parametrize(("guide", "why"), [("Look twice.", "already"), (" ", "says how"), ("x" * 40_001, "says how")])
def test_what_is_no_change_is_refused(job: Job, rich: Client, olga: Person, guide: str, why: str) -> None:
    with pytest.raises(Refused, match=why):
        changed(job, olga, guide=guide)


def test_two_who_change_it_at_once_do_not_undo_each_other(job: Job, rich: Client, olga: Person) -> None:
    changed(job, olga)
    with pytest.raises(Refused, match="meanwhile"):
        guides.publish(job, guide="Look thrice.", after=1, by=olga, at=clock.now())


def test_nobody_publishes_without_money_for_the_readers(job: Job, orbit: Client, olga: Person, amina: Person) -> None:
    work(job, amina, SAME)
    if left := escrow.available(orbit):
        escrow.fund(job.pk, left, orbit, 7, by=olga, at=clock.now())
    with pytest.raises(Refused, match="short"):
        changed(job, olga)


def test_questions_are_three_to_a_task_by_who_does_it(job: Job, amina: Person, luis: Person) -> None:
    mine = claims.claim_next(job, by=amina, at=clock.now())
    with pytest.raises(Refused, match="somebody else"):
        guides.ask(mine, words="Why?", by=luis, at=clock.now())
    with pytest.raises(Refused, match="Write"):
        guides.ask(mine, words=" ", by=amina, at=clock.now())
    for number in range(3):
        guides.ask(mine, words=f"Why {number}?", by=amina, at=clock.now())
    with pytest.raises(Refused, match="three"):
        guides.ask(mine, words="Why?", by=amina, at=clock.now())
    hand_in(mine, SAME)
    mine.refresh_from_db()
    with pytest.raises(Refused, match="doing"):
        guides.ask(mine, words="Why?", by=amina, at=clock.now())


# A change that makes work longer is a pilot anew (N4).

LONGER = "Look twice.\n\n" + "Then read the page of exceptions once more. " * 10


def test_small_changes_add_up_to_a_pilot(job: Job, rich: Client, olga: Person) -> None:
    first = changed(job, olga, guide=f"Look twice.\n{'word ' * 40}")
    assert not first.rescopes
    assert pilots.shown(job) is None
    second = changed(job, olga, guide=f"Look twice.\n{'word ' * 40}\n{'more ' * 21}")
    assert second.rescopes
    shown = pilots.shown(job)
    assert shown is not None
    assert (shown.units, shown.is_complete) == (0, False)


def test_a_longer_guide_of_an_open_job_stops_until_the_pay_rises_by_the_ratio(
    orbit: Client, olga: Person, crowd: list[Person]
) -> None:
    job = post(orbit, olga)
    do(job, crowd[:10], 3, 30)
    orders.deposit(orbit, "200")
    changed(job, olga, guide=LONGER)
    for who in crowd[:10]:
        guides.read(job, by=who, at=clock.now())
    do(job, crowd[:10], 3, 41)
    assert pilots.measure_due(at=clock.now()) == 1
    # 41 seconds for 30 make 12.3 cents of 9.
    assert Pilot.objects.get(job=job).least_pay == Decimal("0.123")
    with pytest.raises(Refused, match="N4"):
        claims.claim_next(job, by=crowd[10], at=clock.now())
    jobs.raise_pay(job, pay=Decimal("0.123"), by=olga, at=clock.now())
    job.refresh_from_db()
    claims.claim_next(job, by=crowd[10], at=clock.now())
    # What was raised is not raised again by the same time: the measure stays the work before the change.
    clock.advance(timedelta(days=8))
    assert pilots.measure_due(at=clock.now()) == 1
    assert Pilot.objects.filter(job=job).latest("pk").least_pay == Decimal("0.123")


def test_a_measured_pilot_is_open_anew_after_the_next_long_change(
    orbit: Client, olga: Person, crowd: list[Person]
) -> None:
    job = post(orbit, olga)
    orders.deposit(orbit, "200")
    do(job, crowd[:10], 2, 30)
    for turn in range(2):
        changed(job, olga, guide=LONGER + f"\n{turn} " + f"again{turn} " * 70)
        for who in crowd[:10]:
            guides.read(job, by=who, at=clock.now())
        do(job, crowd[:10], 3, 30)
        assert pilots.measure_due(at=clock.now()) == 1, turn
    assert Pilot.objects.filter(job=job).count() == 2
    changed(job, olga, guide=LONGER)
    guides.read(job, by=crowd[0], at=clock.now())
    for _turn in range(6):
        work(job, crowd[0], SAME)
    with pytest.raises(Refused, match="being measured"):
        work(job, crowd[0], SAME)


# On pages and by programs.


def test_amina_asks_without_losing_her_draft_and_is_led_to_what_is_new(
    job: Job, rich: Client, olga: Person, amina: Person, signed_in: Callable[[Person], Browser]
) -> None:
    mine, browser = claims.claim_next(job, by=amina, at=clock.now()), signed_in(amina)
    place = reverse("tasks:task", args=[mine.pk])
    assert "Ask the client" in browser.get(place).content.decode()
    ask = reverse("tasks:ask", args=[mine.pk])
    page = browser.post(ask, {"label": "Same", "ask": "Does <b>the lid</b> count?"}, follow=True).content.decode()
    assert "Asked." in page
    assert "&lt;b&gt;the lid" in page
    assert Draft.objects.get(assignment=mine).value == SAME
    client = signed_in(olga)
    desk = reverse("tasks:client_guide", args=["orbit", job.pk])
    assert "1 question from members" in client.get(reverse("tasks:client_job", args=["orbit", job.pk])).content.decode()
    (asked,) = guides.open_questions(job)
    form = {"guide": job.guide, "after": 1, f"answer_{asked.pk}": "Yes."}
    seen = client.post(desk, form).content.decode()
    assert "What this change comes to" in seen
    assert not GuideVersion.objects.exists()
    done = client.post(desk, {**form, "most": "0.09", "publish": "1"}, follow=True)
    assert "The guide is changed" in done.content.decode()
    sent = browser.post(place, {"label": "Same", "key": "6f0b9c5e-9d1a-5c58-9a3f-4b8f6a3f2d10"})
    assert sent.headers["Location"] == reverse("tasks:guide", args=[job.pk])
    news = browser.get(sent.headers["Location"]).content.decode()
    assert "New since your last task" in news
    assert "US$\u00a00.09" in news
    go = browser.post(reverse("tasks:read_guide", args=[job.pk]), follow=True).content.decode()
    assert "for reading is yours" in go
    assert "Accept this rate" in go
    assert Reading.objects.get().person == amina
    for number in (1, 2):
        assert browser.get(reverse("tasks:guide_version", args=[job.pk, number])).status_code == 200
    assert browser.get(reverse("tasks:guide_version", args=[job.pk, 3])).status_code == 404
    assert signed_in(amina).get(desk).status_code == 404


def test_a_program_answers_questions(job: Job, rich: Client, olga: Person, amina: Person) -> None:
    call, _key = program(rich, olga, ALL)
    mine = claims.claim_next(job, by=amina, at=clock.now())
    asked = guides.ask(mine, words="Does the lid count?", by=amina, at=clock.now())
    (found,) = call("GET", f"jobs/{job.pk}/questions").json()["results"]
    assert (found["id"], found["task"], found["answer"]) == (asked.pk, "pair-1", None)
    assert amina.name not in str(found)
    answer = {"answers": [{"question": asked.pk, "words": "Yes."}], "after": 1, "most": "1"}
    assert call("POST", f"jobs/{job.pk}/guide", {**answer, "most": "0.01"}).status_code == 409
    made = call("POST", f"jobs/{job.pk}/guide", answer)
    assert (made.status_code, made.json()["number"], made.json()["pay"]) == (201, 2, "0.090000")
    assert call("POST", f"jobs/{job.pk}/guide", answer).status_code == 409
    assert [one["number"] for one in call("GET", f"jobs/{job.pk}/guide").json()["results"]] == [2]
    assert call("GET", f"jobs/{job.pk}").json()["guide"].endswith("Yes.")
    assert call("GET", f"jobs/{job.pk}/questions").json()["results"][0]["version"] == 2
