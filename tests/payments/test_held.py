"""A payout that two officers hold (part 6): 72 hours from when it was asked for at most, and then it goes out (E3)."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import psycopg
import pytest
from django.test import Client as Browser

from coop import clock
from coop.people.models import Person
from coop.refusals import Refused
from governance.models import Office, Pause, PauseRequest
from payments import entitlements, invariants, payouts, runs, watch
from payments.models import Payout, PayoutState, PayRun
from tests.database.bare import ask_alone, changed, empty, plant, stop_the_clock, written
from tests.governance.test_pauses import PAUSE
from tests.payments import bank
from tests.payments.test_entitlements import pause
from tests.payments.test_runs import asked, released

__all__ = ["asked", "released"]
type Attack = Callable[..., None]
type Later = Callable[..., datetime]
type Earn = Callable[[Person, str], int]
HOUR, STEP = timedelta(hours=1), timedelta(microseconds=1)
NOW = datetime(2030, 1, 1, tzinfo=UTC)
SEND = "UPDATE payments_payout SET state = 'sent', reference = 'X', sent_by_id = %s, sent_at = coop_now() WHERE id = %s"


@pytest.fixture
def payout(earn: Earn, amina: Person, later: Later) -> Payout:
    """Return a payout of Amina's, asked for ten hours ago."""
    earn(amina, "5")
    asked_for = payouts.request(amina, amount=Decimal(5), by=amina, at=clock.now())
    later(hours=10)
    return asked_for


@pytest.fixture
def held(payout: Payout, amina: Person) -> Pause:
    """Hold it for a day."""
    return pause(amina, scope=f"payout:{payout.pk}", hours=24)


def test_what_is_held_is_not_sent(payout: Payout, held: Pause, treasurer: Office, later: Later, attack: Attack) -> None:
    with pytest.raises(Refused, match="Two officers hold this payout"):
        payouts.send(payout, reference="X", by=treasurer, at=clock.now())
    attack(SEND, [treasurer.pk, payout.pk], guard="what_is_held_is_not_sent")
    at = later(hours=24, minutes=1)
    payouts.send(payout, reference="X", by=treasurer, at=at)
    assert Payout.objects.get(pk=payout.pk).state == PayoutState.SENT


def test_no_other_payout_is_held(payout: Payout, held: Pause, amina: Person, earn: Earn, treasurer: Office) -> None:
    earn(amina, "3")
    other = payouts.request(amina, amount=Decimal(3), by=amina, at=clock.now())
    payouts.send(other, reference="Y", by=treasurer, at=clock.now())
    assert Payout.objects.get(pk=other.pk).state == PayoutState.SENT


def test_a_payout_is_held_no_longer_than_72_hours_from_when_it_was_asked_for(
    payout: Payout, amina: Person, samuel: Person, teresa: Person, attack: Attack
) -> None:
    scope = f"payout:{payout.pk}"
    with pytest.raises(Refused, match="of these 61 are left"):
        pause(amina, scope=scope, hours=62)
    request = PauseRequest.objects.create(
        person=amina, ground="payment_fraud", scope=scope, reason="Look.", evidence="0" * 64, hours=62,
        first_officer=Office.objects.get(person=samuel), asked_at=clock.now(),
    )  # fmt: skip
    said = [Office.objects.get(person=teresa).pk, 1, request.pk]
    attack(PAUSE, said, guard="payout_is_held_for_72_hours")
    longest = pause(amina, scope=scope, hours=61)
    assert Pause.objects.get(pk=longest.pk).ends_at <= payout.requested_at + 72 * HOUR


def test_nobody_holds_anothers_payout_or_one_that_has_gone_out(
    payout: Payout, amina: Person, luis: Person, treasurer: Office
) -> None:
    with pytest.raises(Refused, match="no payout of theirs"):
        pause(luis, scope=f"payout:{payout.pk}", hours=1)
    payouts.send(payout, reference="X", by=treasurer, at=clock.now())
    with pytest.raises(Refused, match="no payout of theirs"):
        pause(amina, scope=f"payout:{payout.pk}", hours=1)


def test_a_hold_stops_no_work_and_pays_no_average(held: Pause, payout: Payout, amina: Person, later: Later) -> None:
    later(hours=24)
    assert entitlements.owed(amina) == []
    assert not any(invariants.broken().values())


def test_once_72_hours_are_over_it_is_a_case_by_itself(held: Pause, payout: Payout, later: Later) -> None:
    assert watch.look(at=later(hours=61)) == 0
    assert watch.look(at=later(hours=2)) == 1


def test_the_member_reads_it_at_the_money(
    held: Pause, payout: Payout, amina: Person, luis: Person, signed_in: Callable[[Person], Browser]
) -> None:
    mine = signed_in(amina)
    for address in ("/pay/", f"/pay/payouts/{payout.pk}/", "/standing/", "/"):
        page = mine.get(address)
        assert page.status_code == 200, address
        assert "A payout of yours is held" in page.text, address
        assert "The money stays yours" in page.text, address
    assert "is not prolonged" in mine.get("/standing/").text
    assert "held" not in signed_in(luis).get("/pay/").text


def test_a_run_goes_without_what_is_held(
    asked: list[Payout], released: PayRun, treasurer: Office, later: Later
) -> None:
    mine = asked[0]
    pause(mine.person, scope=f"payout:{mine.pk}", hours=48)
    content = runs.file(released, by=treasurer, at=clock.now())
    keys = [key for key, _amount, _name in bank.orders(content)]
    assert keys == [runs.key_of(one.pk) for one in asked[1:]]
    runs.hand_over(released, by=treasurer, at=clock.now())
    left = Payout.objects.get(pk=mine.pk)
    assert (left.state, left.run) == (PayoutState.REQUESTED, None)
    assert runs.prepare("bank", at=later(hours=47)) is None
    again = runs.prepare("bank", at=later(hours=2))
    assert again
    assert [one.pk for one in again.payouts.all()] == [mine.pk]


def test_what_begins_to_be_held_in_a_run_that_was_made_stays_behind(
    asked: list[Payout], treasurer: Office, secretary: Office
) -> None:
    run = runs.prepare("bank", at=clock.now())
    assert run
    pause(asked[2].person, scope=f"payout:{asked[2].pk}", hours=48)
    runs.check(run, by=treasurer, at=clock.now())
    run = runs.release(run, by=secretary, at=clock.now())
    assert runs.carry_out(run, at=clock.now()) == 4
    assert Payout.objects.get(pk=asked[2].pk).run is None


HOLD = {"person_id": 1, "scope": "payout:7", "starts_at": NOW, "ends_at": NOW + 62 * HOUR}


@pytest.fixture
def till(superuser: psycopg.Connection) -> psycopg.Connection:
    """Let a payout of the first person's wait since ten hours."""
    empty(superuser, "governance_pause", "payments_payout")
    stop_the_clock(superuser, NOW)
    plant(superuser, "payments_payout", id=7, person_id=1, state="requested", requested_at=NOW - 10 * HOUR)
    return superuser


@pytest.mark.parametrize(("world", "change", "holds"), [
    ("SELECT", {}, True), ("SELECT", {"ends_at": NOW + 62 * HOUR + STEP}, False), ("SELECT", {"person_id": 2}, False),
    ("SELECT", {"scope": "payout:8"}, False), ("SELECT", {"scope": "work", "ends_at": NOW + 99 * HOUR}, True),
    ("UPDATE payments_payout SET state = 'sending'", {}, False), ("DELETE FROM payments_payout", {}, False),
    ("UPDATE payments_payout SET state = 'sent'", {}, False),
], ids=str)  # fmt: skip
def test_what_may_be_held(till: psycopg.Connection, world: str, change: dict[str, object], *, holds: bool) -> None:
    till.execute(world.encode())
    ask_alone(till, "payout_is_held_for_72_hours", "governance_pause")
    assert (written(till, "governance_pause", HOLD | change) != "payout_is_held_for_72_hours") == holds


@pytest.mark.parametrize(("change", "state", "goes"), [
    ({}, "sent", False), ({}, "sending", False), ({}, "failed", True), ({"person_id": 2}, "sent", True),
    ({"scope": "payout:8"}, "sent", True), ({"starts_at": NOW + STEP}, "sent", True), ({"ends_at": NOW}, "sent", True),
    ({"ends_at": NOW + STEP}, "sent", False),
], ids=str)  # fmt: skip
def test_what_does_not_go_out(till: psycopg.Connection, change: dict[str, object], state: str, *, goes: bool) -> None:
    plant(till, "governance_pause", **HOLD | change)
    ask_alone(till, "what_is_held_is_not_sent", "payments_payout")
    assert (changed(till, "payments_payout", 7, state=state) != "what_is_held_is_not_sent") == goes
