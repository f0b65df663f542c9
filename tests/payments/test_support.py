"""What members get out of the care and the education fund: by rule, or as two officers answer; never more."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from importlib import import_module
from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser

from coop import clock, own_data
from coop.people.models import Person
from coop.record.models import Event
from coop.refusals import Refused
from governance import mandates
from governance.models import Office, OfficeAct
from payments import accounts, invariants, ledger, open_ledger, payouts, statements, support
from payments.models import Account, Support, SupportAnswer, Supporting
from payments.open_ledger import Month
from payments.policies import SupportChange, impacts
from payments.policies.forms import SupportOfFund
from payments.support import Terms
from tests.governance.conftest import depart, members
from tests.payments import leftover
from tests.payments.conftest import owning
from tests.payments.test_attacks import POST, posting
from tests.payments.test_proof import touch

pytestmark = pytest.mark.django_db

type Attack = Callable[..., None]

ASK = "INSERT INTO payments_support (person_id, fund, amount, words, at) VALUES (%s, %s, %s, %s, coop_now())"
ANSWER = """INSERT INTO payments_supportanswer (support_id, office_id, agrees, words, at)
    VALUES (%s, %s, %s, %s, coop_now())"""
SUMMED = import_module("payments.migrations.0120_care_has_a_floor").SUMMED
CARE, EDUCATION = Supporting.CARE, Supporting.EDUCATION


@pytest.fixture
def funds(amina: Person, luis: Person) -> None:
    """Let two people work so much that the care fund has 200, and the education fund as much by a vote."""
    leftover.work({amina: "20000", luis: "20000"})
    leftover.divided(leftover.closed(), amina, reserve=0, education=10_000, members=0)
    leftover.work({amina: "1", luis: "1"})


def take(who: Person, amount: str) -> Support:
    return support.ask_care(Decimal(amount), by=who, at=clock.now())


def learn(who: Person, amount: str = "50") -> Support:
    return support.ask_education(Decimal(amount), "Spanish, at the night school", by=who, at=clock.now())


def agree(asked: Support, *offices: Office) -> None:
    for office in offices:
        support.answer(asked, agrees=True, by=office, at=clock.now())


def test_care_is_paid_at_once_and_without_a_reason(funds: None, amina: Person) -> None:
    ready, fund = payouts.ready(amina), ledger.balance(accounts.CARE)
    take(amina, "60")
    assert (payouts.ready(amina) - ready, fund - ledger.balance(accounts.CARE)) == (Decimal(60), Decimal(60))
    assert support.left(amina, CARE) == 40
    with pytest.raises(Refused, match="You can ask for"):
        take(amina, "40.01")
    take(amina, "40")
    (told, *_rest) = statements.entries(statements.lines(amina)[:1], amina)
    assert told.words == "Support from a fund"
    assert not Event.objects.filter(kind="support.paid").exclude(actor=None).exists()
    assert len(own_data.of(amina)["payments.Support"]) == 2
    assert not any(invariants.broken().values())


def test_after_its_days_care_can_be_asked_for_again(funds: None, amina: Person, later: Callable[..., object]) -> None:
    take(amina, "100")
    later(days=90)
    assert support.left(amina, CARE) == 0
    later(days=2)
    assert support.left(amina, CARE) == 0  # no paid work in the last 91 days
    leftover.work({amina: "1"})
    assert support.left(amina, CARE) == 100


def voted(fund: Supporting, by: Person, micro: int, days: int) -> None:
    """Let the members vote what a fund gives each."""
    said = {"key": f"fund:{fund}", "value": {"micro": micro, "days": days}, "replaces": 0}
    assert impacts.needed_rule("support", said) == "N11"
    enactment = mandates.enact(leftover.voted(said, by, policy="support"), at=clock.now())
    assert not enactment.failure


def test_what_a_fund_gives_each_is_voted(funds: None, amina: Person, luis: Person, attack: Attack) -> None:
    take(amina, "10")
    assert (support.terms(CARE), support.terms(EDUCATION)) == (
        Terms(Decimal(100), timedelta(days=91)),
        Terms(Decimal(500), timedelta(days=365)),
    )
    voted(CARE, luis, 40_000_000, 365)
    assert support.terms(CARE) == Terms(Decimal(40), timedelta(days=365))
    assert [support.left(who, CARE) for who in (amina, luis)] == [Decimal(30), Decimal(40)]
    attack(ASK, [amina.pk, "care", 30_010_000, ""], guard="support_keeps_to_its_bounds")
    with pytest.raises(Refused, match=r"up to .*40\.00 in 365 days"):
        take(amina, "30.01")
    take(amina, "30")
    assert support.left(amina, EDUCATION) == 500
    voted(EDUCATION, luis, 0, 1)
    assert support.left(amina, EDUCATION) == 0


def test_a_voter_reads_what_it_would_make_of_ones_own_room(funds: None, amina: Person) -> None:
    take(amina, "10")
    policy, key = SupportChange(), {"key": "fund:care", "replaces": 0}
    less = {**key, "value": {"micro": 20_000_000, "days": 91}}
    assert not policy.problems(less)
    assert policy.describe(less) == "What a fund gives each (Care): up to US$\u00a020.00 in 91 days for each."
    told = policy.changes_for(amina, less, clock.now())
    assert told == "You could ask for US$\u00a010.00 instead of US$\u00a090.00."
    assert not policy.changes_for(amina, {**key, "value": {"micro": 100_000_000, "days": 90}}, clock.now())
    assert policy.problems({"key": "fund:dispute", "value": {"micro": 0, "days": 1}, "replaces": 0})
    form = SupportOfFund({"fund": "care", "most": "20.00", "days": "91"})
    assert form.is_valid()
    assert form.cleaned_payload() == less


def test_the_fund_gives_no_more_than_it_has(funds: None, amina: Person, luis: Person) -> None:
    for who in (amina, luis):
        take(who, "90")
    fund = ledger.balance(accounts.CARE)
    third = members()[-1]
    leftover.work({third: "1"})
    assert fund < 100
    with pytest.raises(Refused, match="The care fund has"):
        take(third, "100")


def pays_more_than_it_has(who: Person) -> dict[str, Any]:
    """Let somebody ask for more care than the fund has, without asking the site; return the posting that would pay."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        cursor.execute(f"{ASK} RETURNING id", [who.pk, "care", 90_000_000, ""])
        ref = f"support:{cursor.fetchone()[0]}"
    return posting(41, accounts.CARE, accounts.payable(who.pk), 90_000_000, ref)


def test_by_whatever_way_the_care_fund_is_not_taken_below_nothing(amina: Person, attack: Attack) -> None:
    leftover.work({amina: "20"})
    assert 0 < ledger.balance(accounts.CARE) < 90
    attack(POST, pays_more_than_it_has(amina), guard="account_above_its_floor")


def test_a_fund_without_a_floor_is_seen_every_night(funds: None) -> None:
    assert not invariants.broken()["I2"]
    for said in ("floor = NULL, tracked = true", "floor = 0, tracked = false", "floor = -1, tracked = true"):
        touch("payments_account", f"UPDATE payments_account SET {said} WHERE code = 'fund:care'")
        assert len(invariants.broken()["I2"]) == 1


def test_a_care_fund_that_paid_what_it_did_not_have_is_filled_before_it_is_bounded(
    amina: Person, attack: Attack
) -> None:
    leftover.work({amina: "20"})
    touch("payments_account", "UPDATE payments_account SET floor = NULL, tracked = false WHERE code = 'fund:care'")
    had = ledger.balance(accounts.CARE)
    with connection.cursor() as cursor:
        cursor.execute(POST, pays_more_than_it_has(amina))
    assert invariants.broken()["I2"]
    with owning():
        attack(SUMMED, guard=f"The care fund (fund:care) has paid {(90 - had).normalize():f} USD more")
    leftover.work({amina: "20000"})
    with owning(), connection.cursor() as cursor:
        cursor.execute(SUMMED)
    care = Account.objects.get(code=accounts.CARE, currency="USD")
    assert (care.floor, care.tracked, care.balance) == (0, True, ledger.recomputed(care))
    assert not any(invariants.broken().values())


def test_two_officers_agree_and_it_is_paid(funds: None, amina: Person, treasurer: Office, secretary: Office) -> None:
    ready, asked = payouts.ready(amina), learn(amina)
    agree(asked, treasurer)
    assert payouts.ready(amina) == ready
    assert list(support.waiting()) == [asked]
    agree(asked, secretary)
    assert payouts.ready(amina) == ready + 50
    assert not support.waiting()
    assert support.left(amina, EDUCATION) == 450


def test_one_no_ends_it_and_leaves_the_room(funds: None, amina: Person, treasurer: Office, secretary: Office) -> None:
    asked = learn(amina, "500")
    with pytest.raises(Refused):
        learn(amina, "0.01")
    support.answer(asked, agrees=False, words="Not a course.", by=treasurer, at=clock.now())
    with pytest.raises(Refused, match="it is decided"):
        agree(asked, secretary)
    assert not support.waiting()
    assert support.left(amina, EDUCATION) == 500


def test_the_education_fund_gives_no_more_than_it_has(amina: Person, treasurer: Office, secretary: Office) -> None:
    leftover.work({amina: "1"})
    asked = learn(amina)
    agree(asked, treasurer)
    with pytest.raises(Refused, match="The education fund has"):
        agree(asked, secretary)
    assert list(support.waiting()) == [asked]


def test_support_keeps_to_its_bounds(funds: None, amina: Person, newcomer: Person, attack: Attack) -> None:
    guard = "support_keeps_to_its_bounds"
    for person, fund, micro in (
        (amina, "care", 100_010_000), (amina, "care", 0), (amina, "care", 10_001), (amina, "education", 500_010_000),
        (newcomer, "care", 10_000), (members()[-1], "care", 10_000),
    ):  # fmt: skip
        attack(ASK, [person.pk, fund, micro, "" if fund == "care" else "x"], guard=guard)
    with owning():
        attack(ASK, [newcomer.pk, "care", 10_000, ""], guard=guard)
    depart(amina)
    attack(ASK, [amina.pk, "care", 10_000, ""], guard=guard)


def test_nobody_says_why_they_need_care(funds: None, amina: Person, attack: Attack) -> None:
    guard = "nobody_says_why_they_need_care"
    attack(ASK, [amina.pk, "care", 10_000, "I was upset"], guard=guard)
    attack(ASK, [amina.pk, "education", 10_000, " "], guard=guard)


def test_two_officers_answer_and_nobody_for_themselves(
    funds: None, amina: Person, teresa: Person, treasurer: Office, secretary: Office, attack: Attack
) -> None:
    leftover.work({teresa: "1"})
    asked, own, care, guard = learn(amina), learn(teresa), take(amina, "1"), "support_is_answered_by_officers"
    other = Office.objects.exclude(post__in=["treasurer", "secretary"])[0]
    for facts in ([asked.pk, other.pk], [own.pk, treasurer.pk], [care.pk, treasurer.pk], [0, treasurer.pk]):
        attack(ANSWER, [*facts, True, ""], guard=guard)
    attack(ANSWER, [asked.pk, treasurer.pk, False, " "], guard="a_no_says_why")
    for office in (other, treasurer):
        with pytest.raises(Refused):
            agree(own, office)
    agree(asked, treasurer)
    attack(ANSWER, [asked.pk, treasurer.pk, True, ""], guard=guard)
    agree(asked, secretary)
    attack(ANSWER, [asked.pk, secretary.pk, False, "no"], guard=guard)


def test_money_leaves_as_it_was_asked_and_answered(
    funds: None, amina: Person, luis: Person, treasurer: Office, secretary: Office, attack: Attack
) -> None:
    asked, guard, mine = learn(amina), "support_moves_as_it_was_asked", accounts.payable(amina.pk)
    ref = f"support:{asked.pk}"
    agree(asked, treasurer)
    attack(POST, posting(41, accounts.EDUCATION, mine, 50_000_000, ref), guard=guard)
    with connection.cursor() as cursor:
        cursor.execute(ANSWER, [asked.pk, secretary.pk, True, ""])
    attack("SET CONSTRAINTS ALL IMMEDIATE", guard="support_is_paid_when_two_agree")
    attack(POST, posting(41, accounts.EDUCATION, mine, 50_000_001, ref), guard=guard)
    attack(POST, posting(41, accounts.CARE, mine, 50_000_000, ref), guard=guard)
    attack(POST, posting(41, accounts.EDUCATION, accounts.payable(luis.pk), 50_000_000, ref), guard=guard)
    attack(POST, posting(41, accounts.EDUCATION, mine, 50_000_000, "support:0"), guard=guard)
    attack(POST, posting(41, accounts.TRAINING, mine, 50_000_000, ref), guard=guard)
    for table in ("support", "supportanswer"):
        attack(f"UPDATE payments_{table} SET id = id", guard="permission denied")


def test_care_is_not_written_down_without_the_money(funds: None, amina: Person, attack: Attack) -> None:
    with connection.cursor() as cursor:
        cursor.execute(ASK, [amina.pk, "care", 10_000, ""])
    attack("SET CONSTRAINTS ALL IMMEDIATE", guard="care_is_paid_at_once")


def test_the_open_ledger_tells_sums_and_counts_from_five_people_on(
    funds: None, amina: Person, treasurer: Office, secretary: Office
) -> None:
    five = [*members()[-4:], amina]
    leftover.work(dict.fromkeys(five, "10"))
    for who in five:
        take(who, "2")
    before = {flow.name: flow for flow in open_ledger.figures(Month.of(clock.now())).flows}
    assert (before["care"].amount, before["care"].people) == (Decimal(10), 5)
    agree(learn(amina), treasurer, secretary)
    flows = {flow.name: flow for flow in open_ledger.figures(Month.of(clock.now())).flows}
    # One person got something to learn: told with the next larger sum, which is that of care.
    assert "education" not in flows
    assert "care" not in flows
    assert (flows["several"].amount, flows["several"].people) == (Decimal(60), None)
    assert flows["work"].people == 6


def test_a_member_asks_and_officers_answer_on_pages(
    funds: None, amina: Person, teresa: Person, petra: Person, signed_in: Callable[[Person], Browser]
) -> None:
    mine = signed_in(amina)
    assert mine.post("/pay/support/care/", {"amount": "101"}).status_code == 200
    assert mine.post("/pay/support/care/", {"amount": "10"}).status_code == 302
    assert mine.post("/pay/support/education/", {"amount": "20", "words": "Algebra"}).status_code == 302
    assert mine.get("/pay/support/books/").status_code == 404
    asked = Support.objects.get(fund="education")
    desk = signed_in(teresa)
    page = desk.get("/desk/support/").text
    assert "Algebra" in page
    assert "US$\u00a010" not in page
    assert OfficeAct.objects.filter(person=amina, act="looked", subject="desk").exists()
    assert desk.post(f"/desk/support/{asked.pk}/", {"agrees": "no", "words": ""}).status_code == 200
    assert desk.post(f"/desk/support/{asked.pk}/", {"agrees": "yes"}).status_code == 302
    assert signed_in(petra).post(f"/desk/support/{asked.pk}/", {"agrees": "yes"}).status_code == 302
    assert "Teresa said yes." in mine.get("/pay/support/").text
    assert mine.get("/desk/support/").status_code == 403
    assert SupportAnswer.objects.count() == 2
