"""Content that may upset: named by topic, taken by choice, capped, with paid rests, and covered until uncovered."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from django.db import IntegrityError
from django.test import Client as Browser

from coop import clock
from coop.people.models import Client, Person
from coop.refusals import Refused, guard_of
from payments import instruments, rates
from payments.models import Kind
from tasks import cards, checks, claims, content, engaged, funds, jobs, offers, reviews
from tasks.models import Assignment, ContentChoice, Job, ReviewRule
from tests.tasks import orders
from tests.tasks.conftest import SAME, hand_in, make_job, work
from tests.tasks.test_instruments import DECIDE
from tests.tasks.test_promises import CLAIM, facts

pytestmark = pytest.mark.django_db
type Attack = Callable[..., None]
type Later = Callable[..., datetime]
type SignedIn = Callable[[Person], Browser]

PAY = Decimal("0.108")  # the voted 0.09 with a fifth for rests
HARD = {"self_harm": "rare", "violence": "often"}
DRAFT = """INSERT INTO tasks_job (client_id, work_type_id, title, guide, form, overlap, pay, review_rule, review_days,
    time_limit, sensitivity, content, is_onboarding, pass_mark, drafted_at, task_bytes, opened_at)
SELECT client_id, work_type_id, title, guide, form, overlap, %s, review_rule, review_days, time_limit, %s, %s,
    is_onboarding, pass_mark, drafted_at, task_bytes, %s FROM tasks_job WHERE id = %s"""


@pytest.fixture
def hard(orbit: Client, olga: Person) -> Job:
    """Return an open job whose tasks may upset."""
    return make_job(orbit, olga, tasks=90, content=HARD, pay=PAY)


@pytest.fixture
def chose(amina: Person, luis: Person) -> None:
    """Let Amina and Luis have chosen its topics."""
    for one in (amina, luis):
        content.choose(one, HARD, None, by=one, at=clock.now())


def look(job: Job, who: Person, *, minutes: int, later: Later) -> Assignment:
    """Take a task and work at it for some minutes, as the page notes; it stays open."""
    mine = claims.claim_next(job, by=who, at=clock.now())
    for _minute in range(minutes):
        later(minutes=1)
        assert engaged.note(mine, seconds=60, ago=0, by=who, at=clock.now())
    return mine


def test_nobody_takes_what_may_upset_unless_they_chose_its_topics(hard: Job, amina: Person) -> None:
    for topics in ((), ("self_harm",)):
        content.choose(amina, topics, None, by=amina, at=clock.now())
        with pytest.raises(Refused, match="have not chosen to see: Violence"):
            claims.claim_next(hard, by=amina, at=clock.now())
    content.choose(amina, HARD, None, by=amina, at=clock.now())
    assert claims.claim_next(hard, by=amina, at=clock.now()).pay == PAY


@pytest.mark.parametrize("topics", [None, [], ["violence"], ["self_harm", "hate", "medical"]], ids=str)
def test_a_claim_past_the_page_without_the_choice(
    attack: Attack, hard: Job, amina: Person, luis: Person, topics: list[str] | None, chose: None
) -> None:
    mine = claims.claim_next(hard, by=amina, at=clock.now())
    other = luis
    ContentChoice.objects.filter(person=luis).update(topics=topics or [])
    attack(CLAIM, facts(mine, other), guard="upsetting_work_is_chosen")


def test_a_claim_on_a_card_that_does_not_name_it(
    attack: Attack, hard: Job, amina: Person, luis: Person, chose: None
) -> None:
    mine = claims.claim_next(hard, by=amina, at=clock.now())
    silent = cards.read(mine.card)
    del silent["content"]
    card = cards.keep(silent)
    named = CLAIM.replace("card_id, pay +", f"'{card.pk}', pay +")
    attack(named, facts(mine, luis), guard="upsetting_work_is_chosen")


def test_a_check_of_what_one_did_not_choose(
    attack: Attack, orbit: Client, olga: Person, amina: Person, luis: Person, priya: Person, chose: None
) -> None:
    job = make_job(orbit, olga, content=HARD, pay=PAY, review_rule=ReviewRule.PEER, overlap=1)
    mine = work(job, amina, SAME)
    assert reviews.next_for(luis, at=clock.now()) == mine
    assert reviews.next_for(priya, at=clock.now()) is None
    attack(
        "INSERT INTO tasks_check (assignment_id, person_id, state) VALUES (%s, %s, 'open')",
        [mine.pk, priya.pk],
        guard="checks_that_may_upset_are_chosen",
    )


def test_checks_count_towards_the_cap_and_the_rest_and_wait_for_both(
    attack: Attack, orbit: Client, olga: Person, amina: Person, luis: Person, later: Later,
    new_job: Callable[..., Job], chose: None,
) -> None:  # fmt: skip
    content.choose(luis, HARD, 1, by=luis, at=clock.now())
    job = make_job(orbit, olga, content=HARD, pay=PAY, review_rule=ReviewRule.PEER, overlap=1)
    first, second, third = (work(job, amina, SAME) for _turn in range(3))
    calm = work(new_job(title="Calm", overlap=1, review_rule=ReviewRule.PEER), amina, SAME)
    reviews.accept(first, by=luis, at=clock.now())
    checks.take(second, by=luis, at=clock.now())
    later(seconds=59)
    assert content.exposure(luis).seen == timedelta(seconds=59)
    later(seconds=2)
    reviews.accept(second, by=luis, at=clock.now())
    later(seconds=30)
    assert content.exposure(luis).seen == timedelta(seconds=61)
    attack(
        "INSERT INTO tasks_check (assignment_id, person_id, state) VALUES (%s, %s, 'open')", [third.pk, luis.pk],
        guard="checks_of_what_upsets_have_their_cap",
    )  # fmt: skip
    with pytest.raises(Refused, match="for 1 minutes of 24 hours"):
        checks.take(third, by=luis, at=clock.now())
    no = reviews.refusal(third, by=luis, at=clock.now())
    assert no
    assert "for 1 minutes of 24 hours" in str(no.reason)
    with pytest.raises(Refused, match="for 1 minutes of 24 hours"):
        claims.claim_next(job, by=luis, at=clock.now())
    assert reviews.next_for(luis, at=clock.now()) == calm
    later(hours=24)
    assert checks.take(third, by=luis, at=clock.now())


def test_a_check_that_lapsed_counts_as_long_as_the_work_may_take(
    orbit: Client, olga: Person, amina: Person, luis: Person, later: Later, chose: None
) -> None:
    job = make_job(orbit, olga, content=HARD, pay=PAY, review_rule=ReviewRule.PEER, overlap=1)
    checks.take(work(job, amina, SAME), by=luis, at=clock.now())
    later(minutes=31)
    assert checks.lapse_due(at=clock.now()) == 1
    assert content.exposure(luis).seen == timedelta(seconds=3 * rates.current(job.work_type).estimated_seconds)


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ("", {"war": "some"}), ("", {"hate": "always"}), ("", ["hate"]), ("", {"hate": None}), ("", {"other": "some"}),
        ("Corpses", {}),
    ],
    ids=str,
)  # fmt: skip
def test_content_is_named_by_topics_of_the_list(attack: Attack, job: Job, words: str, named: Any) -> None:
    attack(DRAFT, [PAY * 1_000_000, words, json.dumps(named), None, job.pk], guard="content_is_named_by_topic")


def test_what_a_job_may_show_is_not_taken_back(attack: Attack, hard: Job) -> None:
    attack("UPDATE tasks_job SET content = '{}' WHERE id = %s", [hard.pk], guard="job_content_is_frozen")


def test_a_job_that_may_upset_pays_a_fifth_more_for_the_rests(orbit: Client, olga: Person) -> None:
    assert content.with_rests(Decimal("0.000001"), HARD) == Decimal("0.000002")
    with pytest.raises(Refused, match="at least"):
        orders.draft(orbit, olga, content=HARD, pay=PAY - Decimal("0.000001"))
    assert orders.draft(orbit, olga, content=HARD, pay=PAY).content == HARD
    with pytest.raises(IntegrityError) as caught:
        make_job(orbit, olga, title="Other", content=HARD, pay=PAY - Decimal("0.000001"))
    assert guard_of(caught.value) == "jobs_pay_for_rests"


def test_the_card_says_topics_shares_and_rests_and_an_hour_has_fifty_minutes(hard: Job) -> None:
    rate = rates.current(hard.work_type)
    card = cards.body(hard, rate, rates.fee_now(), rates.measured_time(hard.work_type, rate))
    calm = cards.body(_calm(hard), rate, rates.fee_now(), rates.measured_time(hard.work_type, rate))
    assert card["content"] == HARD
    assert card["rest"] == {"after": 3000, "for": 600}
    assert card["hourly"] == calm["hourly"]
    assert "content" not in calm
    (line,) = offers.on_the_board()
    assert str(line.hourly) == card["hourly"]
    assert offers.on_the_board(calm=True) == []


def _calm(job: Job) -> Job:
    calm = Job.objects.select_related("client", "work_type").get(pk=job.pk)
    calm.content, calm.pay = {}, Decimal("0.09")
    return calm


def test_after_fifty_minutes_come_ten_without_it(
    attack: Attack, hard: Job, new_job: Callable[..., Job], amina: Person, luis: Person, later: Later, chose: None
) -> None:
    hand_in(look(hard, amina, minutes=20, later=later), SAME)
    later(minutes=9)
    hand_in(look(hard, amina, minutes=29, later=later), SAME)
    hand_in(look(hard, amina, minutes=1, later=later), SAME)
    with pytest.raises(Refused, match="You rest"):
        claims.claim_next(hard, by=amina, at=clock.now())
    mine = claims.claim_next(hard, by=luis, at=clock.now())
    attack(CLAIM, facts(mine, amina), guard="rests_are_taken")
    assert claims.claim_next(new_job(title="Calm"), by=amina, at=clock.now())
    later(minutes=10, seconds=1)
    assert claims.claim_next(hard, by=amina, at=clock.now())


def test_ten_minutes_without_it_begin_anew(hard: Job, amina: Person, later: Later, chose: None) -> None:
    hand_in(look(hard, amina, minutes=28, later=later), SAME)
    later(minutes=10)
    hand_in(look(hard, amina, minutes=28, later=later), SAME)
    assert claims.claim_next(hard, by=amina, at=clock.now())
    assert content.exposure(amina).seen == timedelta(minutes=56)


def test_a_cap_of_ones_own_stops_before_that_of_all(
    attack: Attack, hard: Job, amina: Person, luis: Person, later: Later, chose: None
) -> None:
    content.choose(amina, HARD, 20, by=amina, at=clock.now())
    hand_in(look(hard, amina, minutes=20, later=later), SAME)
    with pytest.raises(Refused, match="for 20 minutes of 24 hours"):
        claims.claim_next(hard, by=amina, at=clock.now())
    mine = claims.claim_next(hard, by=luis, at=clock.now())
    attack(CLAIM, facts(mine, amina), guard="exposure_has_its_cap")
    later(hours=24)
    assert claims.claim_next(hard, by=amina, at=clock.now())


def test_the_cap_of_all_holds_for_who_says_nothing_and_nobody_goes_over_it(
    attack: Attack, hard: Job, amina: Person, later: Later, chose: None
) -> None:
    assert content.exposure(amina).most == timedelta(minutes=120)
    with pytest.raises(Refused, match="1 to 120 minutes"):
        content.choose(amina, HARD, 121, by=amina, at=clock.now())
    attack("UPDATE tasks_contentchoice SET minutes = 121", guard="caps_are_within_the_rules")
    attack("UPDATE tasks_contentchoice SET minutes = 0", guard="caps_are_positive")
    attack("UPDATE tasks_contentchoice SET topics = '{war}'", guard="topics_are_known")
    for _round in range(5):
        hand_in(look(hard, amina, minutes=24, later=later), SAME)
        later(minutes=10)
    with pytest.raises(Refused, match="for 120 minutes"):
        claims.claim_next(hard, by=amina, at=clock.now())


def test_without_a_script_the_time_from_taking_to_handing_in_counts(
    hard: Job, amina: Person, later: Later, chose: None
) -> None:
    mine = claims.claim_next(hard, by=amina, at=clock.now())
    later(seconds=30)
    hand_in(mine, SAME)
    assert content.exposure(amina).seen == timedelta(seconds=30)


def test_nobody_chooses_for_others(amina: Person, luis: Person) -> None:
    with pytest.raises(Refused, match="Only you"):
        content.choose(amina, HARD, None, by=luis, at=clock.now())


def test_the_page_keeps_the_choice_and_shows_what_was_seen(amina: Person, signed_in: SignedIn) -> None:
    browser = signed_in(amina)
    assert "0 s of at most" in browser.get("/me/content/").text.replace("\xa0", " ")
    assert browser.post("/me/content/", {"topics": ["war"]}).status_code == 422
    assert browser.post("/me/content/", {"minutes": "121"}).status_code == 422
    assert browser.post("/me/content/", {"topics": ["hate", "animals"], "minutes": "45"}).status_code == 302
    choice = content.chosen(amina)
    assert (choice.topics, choice.minutes) == (["animals", "hate"], 45)
    assert browser.post("/me/content/", {}).status_code == 302
    assert content.chosen(amina).topics == []


def test_a_task_is_covered_until_it_is_uncovered_and_skipping_is_not(
    hard: Job, amina: Person, signed_in: SignedIn, chose: None
) -> None:
    browser = signed_in(amina)
    mine = claims.claim_next(hard, by=amina, at=clock.now())
    page = browser.get(f"/work/{mine.pk}/").text
    cover, shielded = page.index('<details class="fold shield">'), page.index('<div class="shielded">')
    assert cover < shielded < page.index("Kettle 1") < page.index("Skip (no penalty)")
    assert "tasks/shield.css" in page
    assert "Self-harm and suicide" in page


def test_its_client_sees_the_cover_as_members_do(hard: Job, olga: Person, signed_in: SignedIn) -> None:
    place, browser = f"/c/orbit/jobs/{hard.pk}/preview/", signed_in(olga)
    for page in (browser.get(place).text, browser.post(place, {"label": "Same"}).text):
        cover, shielded = page.index('<details class="fold shield">'), page.index('<div class="shielded">')
        assert cover < shielded < page.index("Kettle 1")
        assert "tasks/shield.css" in page


def test_a_task_without_it_is_not_covered(job: Job, amina: Person, signed_in: SignedIn) -> None:
    mine = claims.claim_next(job, by=amina, at=clock.now())
    assert "shield.css" not in signed_in(amina).get(f"/work/{mine.pk}/").text


def test_a_floor_that_came_later_holds_without_the_rests(
    committed: None, attack: Attack, hard: Job, owner: psycopg.Connection, amina: Person, luis: Person, chose: None
) -> None:
    mine = claims.claim_next(hard, by=luis, at=clock.now())
    least = 100_000 * 3600 // rates.current(hard.work_type).estimated_seconds
    owner.execute(DECIDE, [Kind.FLOOR, f"country:{amina.country}", instruments.canonical({"micro_an_hour": least})])
    owner.commit()
    with pytest.raises(Refused, match="floor"):
        claims.claim_next(hard, by=amina, at=clock.now())
    attack(CLAIM, facts(mine, amina), guard="rests_are_paid")


def test_calm_work_of_the_same_client_pays_no_rests(
    hard: Job, new_job: Callable[..., Job], orbit: Client, olga: Person
) -> None:
    assert new_job(title="Calm").pay == Decimal("0.09")
    new_job(title="Better paid", pay=Decimal("0.1"))
    again = orders.draft(orbit, olga, content=HARD, pay=PAY)
    assert funds.least_pay(again) == Decimal("0.12")


def test_the_pay_keeps_its_fifth_when_the_rate_rises(hard: Job, amina: Person, chose: None) -> None:
    Job.objects.filter(pk=hard.pk).update(pay=PAY)
    assert jobs.pay_refusal(hard.work_type, PAY, hard.content) is None
    assert jobs.pay_refusal(hard.work_type, Decimal("0.107"), hard.content) is not None
