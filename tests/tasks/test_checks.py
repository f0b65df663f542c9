"""Checking is paid work (E6): taken at a known pay, paid with the decision, funded before anybody works."""

import json
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

import psycopg
import pytest
from django.db import connection
from django.test import Client as Browser

from coop import clock
from coop.people.models import Client, Person
from coop.refusals import Refused
from governance import policies
from payments import escrow, invariants
from payments.models import Transfer
from payments.policies import impacts
from tasks import checks, disputes, funds, jobs, reviews
from tasks.models import Assignment, Check, Ground, Job, ReviewRule
from tests.conftest import person
from tests.tasks import disputing, orders
from tests.tasks.conftest import DIFFERENT, SAME, committed_money, hand_in, make_job, payable, work
from tests.tasks.test_promises import TRANSFER, account

pytestmark = pytest.mark.django_db
type Attack = Callable[..., None]
type Later = Callable[..., datetime]

CENTS = Decimal("0.027")  # 30 % of 0.09
TAKE = "INSERT INTO tasks_check (assignment_id, person_id, pay, state) VALUES (%s, %s, %s, %s)"
REVIEW = """INSERT INTO tasks_review (assignment_id, reviewer_id, decision, ground, reason, place, at)
    VALUES (%s, %s, 'accept', 'peer', '', '', coop_now())"""


@pytest.fixture
def job(orbit: Client, olga: Person) -> Job:
    return make_job(orbit, olga, review_rule=ReviewRule.PEER, overlap=1)


@pytest.fixture
def mine(job: Job, amina: Person) -> Assignment:
    return work(job, amina, SAME)


@pytest.fixture
def check(mine: Assignment, luis: Person) -> Check:
    return checks.take(mine, by=luis, at=clock.now())


def kinds(of: Check) -> dict[int, Decimal]:
    return dict(Transfer.objects.filter(ref=f"check:{of.pk}").values_list("kind", "amount"))


def test_a_check_is_taken_with_its_pay_behind_it_and_paid_with_the_decision(
    job: Job, mine: Assignment, check: Check, luis: Person
) -> None:
    assert check.pay == checks.pay_of(mine) == CENTS
    assert (committed_money(job, luis), payable(luis)) == (CENTS, Decimal(0))
    reviews.accept(mine, by=luis, at=clock.now())
    check.refresh_from_db()
    assert (check.state, committed_money(job, luis), payable(luis)) == ("done", Decimal(0), CENTS)
    assert kinds(check) == {3: CENTS, 9: CENTS}
    assert not any(invariants.broken().values())


def test_sending_back_and_the_check_of_the_redo_are_each_paid(
    mine: Assignment, luis: Person, priya: Person, amina: Person
) -> None:
    reviews.send_back(mine, reason="The sizes differ.", place="labels", by=luis, at=clock.now())
    hand_in(mine, DIFFERENT)
    reviews.accept(mine, by=priya, at=clock.now())
    assert (payable(luis), payable(priya), payable(amina)) == (CENTS, CENTS, Decimal("0.09"))


def test_a_rejection_by_a_member_is_a_paid_check(orbit: Client, olga: Person, amina: Person) -> None:
    disputing.learned(orbit, olga)
    wrong = work(disputing.checked(orbit, olga), amina, SAME)
    carmen = person("carmen")
    disputes.reject(wrong, reason=disputing.REASON, place="labels", by=carmen, at=clock.now(), ground=Ground.PEER)
    assert payable(carmen) == CENTS
    assert disputing.books_hold()


def test_the_most_that_checks_come_to_is_set_aside_before_the_work(job: Job) -> None:
    price = jobs.price(job)
    assert (price.checks, price.total) == (5 * 2 * CENTS, 5 * (Decimal("0.099") + 2 * CENTS))
    assert escrow.set_aside(job.pk) == price.total == funds.needed(job)
    assert jobs.money_of(job)["checks"] == price.checks


def test_what_nobody_checked_comes_back_to_the_client(job: Job, mine: Assignment, olga: Person) -> None:
    reviews.accept(mine, by=olga, at=clock.now(), ground=Ground.CLIENT)
    before = escrow.available(job.client)
    jobs.close(job, by=olga, at=clock.now())
    assert escrow.available(job.client) == before + 4 * Decimal("0.099") + 10 * CENTS


def test_a_raise_of_the_job_raises_the_check(job: Job, olga: Person, amina: Person, luis: Person) -> None:
    orders.deposit(job.client, "100")
    job = jobs.raise_pay(job, pay=Decimal("0.10"), by=olga, at=clock.now())
    assert checks.take(work(job, amina, SAME), by=luis, at=clock.now()).pay == Decimal("0.03")


def test_nobody_decides_an_answer_that_somebody_is_checking(
    mine: Assignment, check: Check, priya: Person, olga: Person, later: Later
) -> None:
    for by, ground in ((priya, Ground.PEER), (olga, Ground.CLIENT)):
        with pytest.raises(Refused, match="is checking this answer"):
            reviews.accept(mine, by=by, at=clock.now(), ground=ground)
    assert reviews.next_for(priya, at=clock.now()) is None
    reviews.accept(mine, by=olga, at=later(minutes=31), ground=Ground.CLIENT)
    assert checks.lapse_due(at=clock.now()) == 1


def test_agreement_waits_for_who_is_checking(
    orbit: Client, olga: Person, amina: Person, luis: Person, priya: Person, teresa: Person
) -> None:
    job = make_job(orbit, olga, tasks=1)
    odd, one, _two = work(job, amina, DIFFERENT), work(job, luis, SAME), work(job, priya, SAME)
    checks.take(odd, by=teresa, at=clock.now())
    one.refresh_from_db()
    assert one.state == "accepted"
    reviews.send_back(odd, reason="Look at the size.", place="labels", by=teresa, at=clock.now())
    hand_in(odd, SAME)
    odd.refresh_from_db()
    assert odd.state == "accepted"


def test_time_frees_an_answer_and_gives_the_money_back(
    job: Job, mine: Assignment, check: Check, luis: Person, priya: Person, later: Later
) -> None:
    held = escrow.set_aside(job.pk)
    at = later(minutes=31)
    assert [checks.lapse_due(at=at), checks.lapse_due(at=at)] == [1, 0]
    assert (escrow.set_aside(job.pk), committed_money(job, luis)) == (held + CENTS, Decimal(0))
    assert reviews.next_for(luis, at=at) is None
    assert reviews.next_for(priya, at=at) == mine
    with pytest.raises(Refused, match="Take this check first"):
        checks.require(mine, by=luis, at=at)


def test_the_money_of_a_check_that_lapsed_in_a_closed_job_goes_to_its_client(
    job: Job, check: Check, olga: Person, later: Later
) -> None:
    jobs.close(job, by=olga, at=clock.now())
    before = escrow.available(job.client)
    checks.lapse_due(at=later(minutes=31))
    assert escrow.available(job.client) == before + CENTS


def test_one_check_at_a_time(job: Job, check: Check, luis: Person, priya: Person) -> None:
    other = work(job, priya, SAME)
    with pytest.raises(Refused, match="another answer to check"):
        checks.take(other, by=luis, at=clock.now())


def test_nobody_checks_for_nothing(job: Job, mine: Assignment, olga: Person, luis: Person, attack: Attack) -> None:
    jobs.close(job, by=olga, at=clock.now())
    assert reviews.next_for(luis, at=clock.now()) is None
    with pytest.raises(Refused, match="nobody checks for nothing"):
        checks.take(mine, by=luis, at=clock.now())
    attack(TAKE, [mine.pk, luis.pk, None, "open"], guard="checks_are_paid_from_what_is_set_aside")


def test_a_review_without_its_pay(mine: Assignment, luis: Person, attack: Attack) -> None:
    with connection.cursor() as cursor:
        cursor.execute(REVIEW, [mine.pk, luis.pk])
    attack("SET CONSTRAINTS ALL IMMEDIATE", guard="checks_are_paid")


def test_a_rejection_by_a_member_without_its_pay(orbit: Client, olga: Person, amina: Person, attack: Attack) -> None:
    disputing.learned(orbit, olga)
    mine = work(disputing.checked(orbit, olga), amina, SAME)
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO tasks_dispute (assignment_id, rejected_by_id, looks_for, reason, place)
            VALUES (%s, %s, 'peer', 'These are two kettles.', 'labels')""",
            [mine.pk, person("carmen").pk],
        )
    attack("SET CONSTRAINTS ALL IMMEDIATE", guard="checks_that_reject_are_paid")


def test_a_check_without_its_money_or_with_less(job: Job, mine: Assignment, luis: Person, attack: Attack) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"{TAKE} RETURNING id", [mine.pk, luis.pk, None, "open"])
        (number,) = cursor.fetchone()
    sides = account(f"job:{job.pk}:escrow"), account(f"job:{job.pk}:commit:{luis.pk}")
    attack(TRANSFER, [3, *sides, 20_000, f"check:{number}"], guard="checks_are_paid_as_taken")
    attack("SET CONSTRAINTS ALL IMMEDIATE", guard="money_follows_the_check")


@pytest.mark.parametrize(
    ("who", "pay", "state"),
    [("amina", None, "open"), ("nia", None, "open"), ("olga", None, "open"), ("luis", 90_000, "open"),
     ("luis", None, "done")],
)  # fmt: skip
def test_a_check_is_taken_by_others_at_the_voted_pay(
    mine: Assignment, attack: Attack, who: str, pay: int | None, state: str
) -> None:
    attack(TAKE, [mine.pk, person(who).pk, pay, state], guard="checks_are_taken_by_others")


def test_a_check_in_the_last_half_hour(mine: Assignment, luis: Person, attack: Attack, later: Later) -> None:
    later(days=2, hours=23, minutes=31)
    attack(TAKE, [mine.pk, luis.pk, None, "open"], guard="checks_are_taken_by_others")


@pytest.mark.parametrize("state", ["done", "lapsed"])
def test_a_check_ends_decided_or_by_time(check: Check, attack: Attack, state: str) -> None:
    ended = "UPDATE tasks_check SET state = %s WHERE id = %s"
    attack(ended, [state, check.pk], guard="checks_end_decided_or_by_time")


def test_terms_and_rows_of_checks_stay(check: Check, attack: Attack) -> None:
    attack("UPDATE tasks_check SET pay = 1", guard="permission denied")
    attack("DELETE FROM tasks_check", guard="permission denied")


def test_a_client_decides_over_somebodys_check(mine: Assignment, check: Check, olga: Person, attack: Attack) -> None:
    attack(REVIEW.replace("'peer'", "'client'"), [mine.pk, olga.pk], guard="what_is_being_checked_waits")
    reject = """INSERT INTO tasks_dispute (assignment_id, rejected_by_id, looks_for, reason, place)
        VALUES (%s, %s, 'client', 'These are two kettles.', 'labels')"""
    attack(reject, [mine.pk, olga.pk], guard="what_is_being_checked_is_not_rejected")


@pytest.mark.parametrize(
    "move",
    [
        (9, "job:{job}:commit:{luis}", "member:{luis}:payable", 27_000),
        (9, "job:{job}:commit:{amina}", "member:{amina}:payable", 27_000),
        (4, "job:{job}:commit:{luis}", "job:{job}:escrow", 27_000),
    ],
    ids=["before it is decided", "to somebody else", "back before its time is over"],
)
def test_the_money_of_a_check_moves_as_it_was_taken(
    check: Check, amina: Person, attack: Attack, move: tuple[int, str, str, int]
) -> None:
    kind, *codes, amount = move
    names = {"job": check.assignment.job_id, "luis": check.person_id, "amina": amina.pk}
    sides = [account(str(code).format(**names)) for code in codes]
    attack(TRANSFER, [kind, *sides, amount, f"check:{check.pk}"], guard="checks_are_paid_as_taken")


def test_the_page_shows_the_pay_before_the_answer(
    job: Job, mine: Assignment, luis: Person, signed_in: Callable[[Person], Browser]
) -> None:
    browser = signed_in(luis)
    before = browser.get("/review/").text
    assert "US$\u00a00.027" in before
    assert "Steel kettle" not in before
    assert browser.post(f"/review/{mine.pk}/accept/").status_code == 409
    assert browser.get(f"/review/{mine.pk}/reject/").status_code == 409
    browser.post(f"/review/{mine.pk}/take/")
    assert "Steel kettle" in browser.get("/review/").text
    said = browser.post(f"/review/{mine.pk}/accept/", follow=True).text
    assert "Your check is paid: US$\u00a00.027" in said
    assert "Checked an answer" in browser.get("/pay/").text


def test_even_the_owner_cannot_change_what_a_check_pays(
    committed: None, check: Check, owner: psycopg.Connection
) -> None:
    for change in ("pay = pay - 1", "until = until - interval '1 hour'", "person_id = person_id + 1"):
        with pytest.raises(psycopg.errors.CheckViolation) as caught, owner.transaction(force_rollback=True):
            owner.execute(f"UPDATE tasks_check SET {change} WHERE id = {check.pk}")
        assert caught.value.diag.constraint_name == "check_terms_are_frozen"


@pytest.mark.parametrize(("share", "rule"), [(2_999, "N3"), (3_000, "N10"), (4_000, "N10")])
def test_a_vote_decides_what_a_check_pays(attack: Attack, share: int, rule: str) -> None:
    for key in ("", "work_type:1"):
        payload = {"key": key, "value": {"share": share}, "replaces": 1}
        assert impacts.needed_rule("checking", payload) == rule
        assert impacts.replayed("checking", payload)["cut"] is (rule == "N3")
    write = """INSERT INTO payments_instrument (kind, key, version, value, mandate_id, since)
        VALUES ('checking', '', 2, %s, (SELECT id FROM governance_mandate WHERE proposal_id IS NULL), coop_now())"""
    attack(write, [f'{{"share":{share}}}'], guard="instrument_is_what_the_vote_said")


def test_a_vote_on_checks_says_who_would_lose(
    committed: None, mine: Assignment, luis: Person, owner: psycopg.Connection
) -> None:
    reviews.accept(mine, by=luis, at=clock.now())
    change = {"key": "", "value": {"share": 2_000}, "replaces": 1}
    assert in_full(owner, change) == (1, 1, 1, "-0.009")
    told = impacts.replayed("checking", change)
    assert (told["people"], told["units"], told["losing"], told["difference"]) == (None, None, None, None)
    other = change | {"key": f"work_type:{mine.job.work_type_id + 1}"}
    assert in_full(owner, other) == (0, 0, 0, "0")


def in_full(owner: psycopg.Connection, change: dict[str, object]) -> tuple[object, ...]:
    """Return the people, units, those who lose and the sum of a report, also of few people."""
    (found,) = owner.execute("SELECT payments_impact_in_full('checking', %s)", [json.dumps(change)]).fetchone() or ({},)
    return tuple(found[name] for name in ("people", "units", "losing", "difference"))


def test_whoever_checked_reads_what_their_checks_would_have_paid(mine: Assignment, luis: Person, amina: Person) -> None:
    reviews.accept(mine, by=luis, at=clock.now())
    said: dict[str, object] = {"key": "", "value": {"share": 2_000}, "replaces": 1}
    told = policies.find("checking").changes_for(luis, said, clock.now()).replace("\u00a0", " ")
    assert told == (
        "The checks that you did in the last 28 days paid US$ 0.027. By this they would have paid about US$ 0.018."
    )
    assert policies.find("checking").changes_for(amina, said, clock.now()) == ""
    other = said | {"key": f"work_type:{mine.job.work_type_id + 1}", "replaces": 0}
    assert policies.find("checking").changes_for(luis, other, clock.now()) == ""
