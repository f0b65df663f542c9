"""Payouts to whoever handles money: sent by another of them, confirmed by the auditor, never by the payee (D8)."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser
from django.utils import translation

from coop import clock
from coop.audit import payouts as walked
from coop.people.models import Person
from coop.refusals import Refused
from governance import offices
from governance.models import Office, OfficeAct, Right
from payments import accounts, background, came_back, deposits, details, ledger, payouts, runs, to_officers, unanswered
from payments.models import Payout, PayoutState, PayRun, RailEvent
from tests.payments import test_mpesa
from tests.payments.conftest import owning
from tests.payments.test_attacks import CONFIRM, SEND
from tests.payments.test_unanswered import JUDGE, SAY, read
from tests.payments.ways import go_on, sound, state

service, opened = test_mpesa.service, test_mpesa.opened
asked, released = test_mpesa.asked, test_mpesa.released
type Attack = Callable[..., None]
type Earn = Callable[[Person, str], int]
type Later = Callable[..., datetime]
type SignedIn = Callable[[Person], Browser]
HANDS, SAYS = "payouts_go_by_two_officers", "verdicts_come_after_72_hours"
ELECT = """INSERT INTO governance_office (person_id, post, seat, mandate_id, starts_at, ends_at)
    SELECT %s, 'auditor', 1, mandate_id, starts_at + interval '1 minute', ends_at + interval '1 minute'
    FROM governance_office WHERE post = 'treasurer'"""

INSPECTOR = """INSERT INTO governance_post
    (name, version, term_days, seats, rights, excludes, abolished, mandate_id, since)
    SELECT 'inspector', 1, 365, 1, to_jsonb(%s::text[]), '[]', false, mandate_id, since
    FROM governance_post WHERE name = 'treasurer' ORDER BY version LIMIT 1"""


@pytest.fixture
def auditor(priya: Person, now: datetime) -> Office:
    """Give Priya the post of auditor, as the founding might have."""
    with owning(), connection.cursor() as cursor:
        cursor.execute(ELECT, [priya.pk])
    return offices.require(priya, offices.AUDITOR, now)


@pytest.fixture
def hers(earn: Earn, teresa: Person, secretary: Office, now: datetime) -> Payout:
    """Return a payout to the treasurer that the secretary sent."""
    earn(teresa, "5")
    payout = payouts.request(teresa, amount=Decimal(5), by=teresa, at=now)
    return payouts.send(payout, reference="R", by=secretary, at=now)


@pytest.mark.parametrize("arrived", [True, False])
def test_the_auditor_confirms_what_goes_to_the_treasurer(
    hers: Payout, auditor: Office, teresa: Person, now: datetime,
    arrived: bool,  # noqa: FBT001 - as a case
) -> None:  # fmt: skip
    (payouts.settle if arrived else payouts.fail)(hers, by=auditor, at=now)
    assert state(hers) == (PayoutState.SETTLED if arrived else PayoutState.FAILED)
    assert payouts.ready(teresa) == (0 if arrived else Decimal(5))
    assert ledger.balance(accounts.CLEARING_OUT) == 0
    told = OfficeAct.objects.get(person=teresa, act="settled_payout", subject=f"payout:{hers.pk}")
    assert (told.office, told.duty) == (auditor, Right.BOOKS)
    assert not list(walked.walk(bool))


def test_nobody_is_a_hand_of_a_payout_to_themselves(
    earn: Earn, hers: Payout, treasurer: Office, secretary: Office, auditor: Office, priya: Person, now: datetime,
    attack: Attack,
) -> None:  # fmt: skip
    for office in (treasurer, secretary):
        attack(CONFIRM, ["settled", office.pk, hers.pk], guard=HANDS)
        with pytest.raises(Refused):
            payouts.settle(hers, by=office, at=now)
    earn(priya, "5")
    own = payouts.request(priya, amount=Decimal(5), by=priya, at=now)
    attack(SEND, ["R", auditor.pk, own.pk], guard=HANDS)
    payouts.send(own, reference="R", by=treasurer, at=now)
    attack(CONFIRM, ["settled", auditor.pk, own.pk], guard=HANDS)
    with pytest.raises(Refused):
        payouts.settle(own, by=auditor, at=now)


def test_the_auditor_has_no_other_power_over_money(
    earn: Earn, hers: Payout, auditor: Office, treasurer: Office, amina: Person, petra: Person, now: datetime,
    attack: Attack,
) -> None:  # fmt: skip
    earn(amina, "5")
    earn(petra, "5")
    another, officers = (payouts.request(one, amount=Decimal(5), by=one, at=now) for one in (amina, petra))
    for payout in (another, officers):
        attack(SEND, ["R", auditor.pk, payout.pk], guard=HANDS)
        with pytest.raises(Refused, match="treasurer or the secretary"):
            payouts.send(payout, reference="R", by=auditor, at=now)
        assert not payouts.destination(payout, by=auditor, at=now)
    payouts.send(another, reference="R", by=treasurer, at=now)
    attack(CONFIRM, ["settled", auditor.pk, another.pk], guard=HANDS)
    with pytest.raises(Refused, match="treasurer or the secretary"):
        payouts.settle(another, by=auditor, at=now)
    with pytest.raises(Refused):
        deposits.office_of(auditor.person, now)


def test_who_audits_no_more_confirms_no_more(hers: Payout, auditor: Office, later: Later, attack: Attack) -> None:
    later(seconds=(auditor.ends_at - clock.now()).total_seconds() + 1)
    attack(CONFIRM, ["settled", auditor.pk, hers.pk], guard=HANDS)
    with pytest.raises(Refused):
        payouts.settle(hers, by=auditor, at=clock.now())


def leave(treasurer: Office, later: Later) -> datetime:
    """Let the treasurer's term end; nobody follows."""
    return later(seconds=(treasurer.ends_at - clock.now()).total_seconds() + 1)


def test_what_was_sent_to_the_treasurer_is_confirmed_after_the_term(
    hers: Payout, auditor: Office, treasurer: Office, later: Later, priya: Person, signed_in: SignedIn, attack: Attack
) -> None:
    at = leave(treasurer, later)
    attack(CONFIRM, ["settled", treasurer.pk, hers.pk], guard=HANDS)
    assert to_officers.waiting(at).get() == hers
    assert "Did the money arrive?" in signed_in(priya).get(f"/desk/payouts/{hers.pk}/").text
    payouts.settle(hers, by=auditor, at=at)
    assert state(hers) == PayoutState.SETTLED
    assert not list(walked.walk(bool))


def test_what_a_run_took_to_the_treasurer_is_read_after_the_term(
    asked: Payout, released: PayRun, later: Later, treasurer: Office, auditor: Office, attack: Attack
) -> None:
    go_on()
    leave(treasurer, later)
    attack(JUDGE, [asked.pk, auditor.pk, True, "x"], guard=SAYS)
    give_to_treasurer(asked, treasurer)
    assert not read(asked, auditor, arrived=True)


def give_to_treasurer(payout: Payout, treasurer: Office) -> None:
    """Make a payout that went with a run the treasurer's, as if its member had been elected since."""
    with owning(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE payments_payout DISABLE TRIGGER USER")
        cursor.execute("UPDATE payments_payout SET person_id = %s WHERE id = %s", [treasurer.person_id, payout.pk])
        cursor.execute("ALTER TABLE payments_payout ENABLE TRIGGER USER")


def write_down(payout: Payout, office: Office) -> None:
    """Have a word of an officer who handles no money stand beside the auditor's, whatever the guards say."""
    with owning(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE payments_verdict DISABLE TRIGGER USER")
        cursor.execute(JUDGE, [payout.pk, office.pk, True, "x"])
        cursor.execute("ALTER TABLE payments_verdict ENABLE TRIGGER USER")


def test_what_no_service_answered_for_is_ended_by_one_who_handles_money_and_the_auditor(
    asked: Payout, released: PayRun, later: Later, treasurer: Office, secretary: Office, auditor: Office, attack: Attack
) -> None:
    go_on()
    later(hours=73)
    attack(JUDGE, [asked.pk, auditor.pk, True, "x"], guard=SAYS)
    with pytest.raises(Refused, match="treasurer or the secretary"):
        read(asked, auditor, arrived=True)
    give_to_treasurer(asked, treasurer)
    attack(JUDGE, [asked.pk, treasurer.pk, True, "x"], guard=SAYS)
    assert not read(asked, auditor, arrived=True)
    write_down(asked, Office.objects.get(post="safety officer"))
    attack(SAY, ["settled", asked.pk], guard="two_officers_end_what_was_never_answered")
    assert read(asked, secretary, arrived=True)
    assert RailEvent.objects.get(payout=asked).outcome == "settled"


def test_a_payout_to_an_officer_goes_with_no_run_and_names_no_run(
    earn: Earn, teresa: Person, later: Later, signed_in: SignedIn
) -> None:
    earn(teresa, "5")
    facts = {"holder": "Teresa", "account": "GB33BUKB20201555555555", "bic": ""}
    given = details.give(teresa, rail="bank", facts=facts, by=teresa, at=clock.now())
    background.tell_of_details(details=given.pk)
    at = later(hours=73)
    payout = payouts.request(teresa, amount=Decimal(5), rail="bank", by=teresa, at=at)
    assert runs.prepare("bank", at=later(days=2)) is None
    assert runs.due_by(payout, at=clock.now()) is None
    page = signed_in(teresa).get(f"/pay/payouts/{payout.pk}/").text
    assert "It goes with the next pay run" not in page
    assert "An officer sends it, another confirms that it arrived." in page


@pytest.mark.parametrize(("language", "said", "run"), [
    ("en", "An officer sends it then", "pay run"), ("es", "Entonces lo envía una persona con cargo", "tanda de pago"),
])  # fmt: skip
def test_what_came_back_to_an_officer_is_not_promised_with_a_run(
    hers: Payout, amina: Person, language: str, said: str, run: str
) -> None:
    hers.rail = "bank"
    with translation.override(language):
        assert said in came_back.again(hers)
        assert run not in came_back.again(hers)
        hers.person = amina
        assert said not in came_back.again(hers)
        assert run in came_back.again(hers)


def test_who_holds_both_from_before_acts_by_the_money(hers: Payout, petra: Person, secretary: Office) -> None:
    with owning(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE governance_office DISABLE TRIGGER USER")
        cursor.execute(ELECT, [petra.pk])
    assert to_officers.office_for(petra, hers, clock.now()) == (secretary, Right.MONEY)


@pytest.mark.parametrize(("right", "apart"), [
    ("checks_the_books", True), ("handles_money", True), ("asks_for_pauses", True), ("keeps_panels", False),
])  # fmt: skip
def test_no_other_name_of_a_post_lets_who_handles_money_check_the_books(
    treasurer: Office, now: datetime, right: str, *, apart: bool
) -> None:
    """The site says what the database says of a post whose name is in no list."""
    with owning(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE governance_post DISABLE TRIGGER USER")
        cursor.execute(INSPECTOR, [[right]])
        cursor.execute("SELECT governance_posts_exclude('treasurer', 'inspector')")
        assert cursor.fetchone() == (apart,)
    clash = offices.clash(treasurer.person, "inspector", now, treasurer.ends_at)
    assert clash == (treasurer if apart else None)


def test_the_auditors_page_leads_to_the_payout_and_back(
    hers: Payout, auditor: Office, priya: Person, amina: Person, petra: Person, signed_in: SignedIn
) -> None:
    browser, address = signed_in(priya), f"/desk/payouts/{hers.pk}/"
    assert "/desk/officers/" in browser.get("/").text
    assert address in browser.get("/desk/officers/").text
    assert address in signed_in(petra).get("/desk/officers/").text
    assert "Did the money arrive?" in browser.get(address).text
    assert browser.get("/desk/").status_code == 403
    assert signed_in(amina).get("/desk/officers/").status_code == 403
    answer = browser.post(f"{address}confirm/", {"result": "arrived"})
    assert (answer.status_code, answer["Location"]) == (302, "/desk/officers/")
    assert state(hers) == PayoutState.SETTLED
    assert address not in browser.get("/desk/officers/").text
    looks = OfficeAct.objects.filter(office=auditor, act="looked", person=hers.person)
    assert set(looks.values_list("duty", flat=True)) == {Right.BOOKS}


def test_the_auditor_sees_no_payout_to_anybody_else(
    asked: Payout, auditor: Office, priya: Person, signed_in: SignedIn
) -> None:
    browser = signed_in(priya)
    assert browser.get(f"/desk/payouts/{asked.pk}/").status_code == 403
    assert browser.post(f"/desk/payouts/{asked.pk}/decide/", {"arrived": "yes", "words": "x"}).status_code == 403
    assert not to_officers.waiting(clock.now()).exists()
    assert unanswered.refusal(asked, by=auditor, at=clock.now())
    assert sound()


def past_the_guard(payout: Payout, statement: str, params: list[Any]) -> list[str]:
    """Write of a payout whatever its guards say, and return what the nightly proof finds."""
    with owning(), connection.cursor() as cursor:
        for table in ("payments_payout", "payments_verdict", "payments_railevent"):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(statement, params)
        for table in ("payments_payout", "payments_verdict", "payments_railevent"):
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
    payout.refresh_from_db()
    return [one.row for one in (*walked.ended(), *walked.decided())]


def test_the_nightly_proof_asks_by_which_right_a_payout_was_ended(
    earn: Earn, auditor: Office, treasurer: Office, secretary: Office, amina: Person, now: datetime
) -> None:
    earn(amina, "5")
    payout = payouts.request(amina, amount=Decimal(5), by=amina, at=now)
    payouts.send(payout, reference="R", by=treasurer, at=now)
    found = [f"payments_payout {payout.pk}"]
    assert past_the_guard(payout, CONFIRM, ["settled", auditor.pk, payout.pk]) == found
    assert past_the_guard(payout, CONFIRM, ["settled", secretary.pk, payout.pk]) == []
    sent = "UPDATE payments_payout SET sent_by_id = %s WHERE id = %s"
    assert past_the_guard(payout, sent, [Office.objects.get(post="safety officer").pk, payout.pk]) == found


def test_the_nightly_proof_asks_by_which_right_an_officer_read(
    asked: Payout, released: PayRun, later: Later, treasurer: Office, secretary: Office, auditor: Office
) -> None:
    go_on()
    later(hours=73)
    read(asked, treasurer, arrived=True)
    past_the_guard(asked, JUDGE, [asked.pk, auditor.pk, True, "x"])
    found = past_the_guard(asked, SAY, ["settled", asked.pk])
    assert found == [f"payments_railevent {RailEvent.objects.get(payout=asked).pk}"]
    assert past_the_guard(asked, JUDGE, [asked.pk, secretary.pk, True, "x"]) == []
