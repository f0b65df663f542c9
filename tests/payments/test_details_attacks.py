"""Somebody with the site's own rights on the database tries to send a member's money elsewhere (L8)."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

import pytest

from coop import clock
from coop.people.models import Person
from payments import details, envelopes, payouts
from payments.models import Payout, PayoutDetails
from tests.payments.conftest import owning
from tests.payments.test_details import IBAN, give

type Attack = Callable[..., None]
type Earn = Callable[[Person, str], int]
type Later = Callable[..., datetime]

GIVE = """INSERT INTO payments_payoutdetails
    (person_id, rail, version, sealed, fingerprint, hint, given_at, told_at, effective_at)
    VALUES (%(person)s, %(rail)s, %(version)s, %(sealed)s, %(fingerprint)s, 'mine', %(given)s, %(told)s, %(effect)s)"""
ASK = """INSERT INTO payments_payout
    (person_id, amount, currency, rail, details_id, method, state, reference, requested_at, key)
    VALUES (%s, 5000000, 'USD', %s, %s, %s, 'requested', '', coop_now(), gen_random_uuid())"""
WAITS, WHERE, STEPS = (
    "details_take_72_hours", "payouts_reach_their_persons_place", "details_are_told_stopped_or_erased",
)  # fmt: skip


def row(person: Person, **facts: object) -> dict[str, object]:
    envelope = envelopes.seal(IBAN, place="x")
    begun = {"rail": "bank", "version": 1, "given": clock.now(), "told": None, "effect": None}
    return {"person": person.pk, "sealed": envelope.sealed, "fingerprint": envelope.fingerprint, **begun, **facts}


@pytest.fixture
def earned(earn: Earn, amina: Person) -> Person:
    earn(amina, "5")
    return amina


@pytest.mark.parametrize(
    "facts",
    [
        {"effect": "2020-01-01"}, {"told": "2020-01-01"}, {"version": 2}, {"version": 0}, {"sealed": "IBAN DE89 3704"},
        {"sealed": ""}, {"fingerprint": ""},
    ],
)  # fmt: skip
def test_details_are_not_written_as_if_they_had_waited(
    earned: Person, attack: Attack, facts: dict[str, object]
) -> None:
    attack(GIVE, row(earned, **facts), guard=WAITS)


def test_a_change_and_a_withdrawal_within_72_hours_are_refused(earned: Person, later: Later, attack: Attack) -> None:
    given = give(earned)
    for hours in (0, 71):
        later(hours=hours or 0.001)
        attack(ASK, [earned.pk, "bank", given.pk, given.hint], guard=WHERE)
    attack("UPDATE payments_payoutdetails SET effective_at = coop_now() WHERE id = %s", [given.pk], guard="permission")
    with owning():
        for moment in ("coop_now()", "NULL"):
            change = f"UPDATE payments_payoutdetails SET effective_at = {moment} WHERE id = %s"
            attack(change, [given.pk], guard=STEPS)
    later(hours=2)
    assert payouts.request(earned, amount=Decimal(5), rail="bank", by=earned, at=clock.now()).details == given


def test_the_hours_are_the_databases_own(earned: Person, attack: Attack) -> None:
    given = details.give(earned, rail="bank", facts=IBAN, by=earned, at=clock.now())
    PayoutDetails.objects.filter(pk=given.pk).update(told_at="2020-01-01T00:00Z")
    attack(ASK, [earned.pk, "bank", given.pk, given.hint], guard=WHERE)
    told = "UPDATE payments_payoutdetails SET told_at = coop_now() WHERE id = %s"
    attack(told, [given.pk], guard=STEPS)


def test_money_goes_to_nobody_elses_place(earned: Person, teresa: Person, attack: Attack) -> None:
    """An officer puts her own place under a member's payout, or words that nobody said."""
    (hers,), (mine,) = (details.in_force(person, at=clock.now()) for person in (teresa, earned))
    attack(ASK, [earned.pk, "by_hand", hers.pk, hers.hint], guard=WHERE)
    attack(ASK, [earned.pk, "by_hand", mine.pk, "M-Pesa 0700 999 999"], guard=WHERE)
    attack(ASK, [earned.pk, "by_hand", None, "M-Pesa 0700 999 999"], guard=WHERE)
    attack(ASK, [earned.pk, "bank", mine.pk, mine.hint], guard=WHERE)


def test_a_cancelled_place_takes_no_money(earned: Person, later: Later, attack: Attack) -> None:
    given = give(earned)
    details.cancel(given, by=earned, at=clock.now())
    later(hours=100)
    attack(ASK, [earned.pk, "bank", given.pk, given.hint], guard=WHERE)
    attack("UPDATE payments_payoutdetails SET cancelled_at = NULL WHERE id = %s", [given.pk], guard=STEPS)


def test_a_former_place_takes_no_money(earned: Person, later: Later, attack: Attack) -> None:
    (before,) = details.in_force(earned, at=clock.now())
    give(earned, rail="by_hand")
    later(hours=73)
    attack(ASK, [earned.pk, "by_hand", before.pk, before.hint], guard=WHERE)


def test_what_was_said_is_never_edited(earned: Person, attack: Attack) -> None:
    (mine,) = details.in_force(earned, at=clock.now())
    for change in ("person_id = person_id + 1", "rail = 'bank'", "version = 9", "fingerprint = 'x'"):
        attack(f"UPDATE payments_payoutdetails SET {change} WHERE id = %s", [mine.pk], guard="permission denied")
        with owning():
            guard = "payments_payoutdetails_is_frozen"
            attack(f"UPDATE payments_payoutdetails SET {change} WHERE id = %s", [mine.pk], guard=guard)
    for change in ("hint = 'mine'", "sealed = 'DE89 in clear'", "sealed = ''", "cancelled_at = coop_now()"):
        attack(f"UPDATE payments_payoutdetails SET {change} WHERE id = %s", [mine.pk], guard=STEPS)


def test_a_place_is_not_erased_while_it_is_needed(earned: Person, attack: Attack) -> None:
    erase = "UPDATE payments_payoutdetails SET sealed = '', hint = '', erased_at = coop_now() WHERE person_id = %s"
    attack(erase, [earned.pk], guard=STEPS)
    attack("DELETE FROM payments_payoutdetails", guard="permission denied")


def test_a_payout_keeps_the_place_it_was_asked_with(earned: Person, later: Later) -> None:
    payout = payouts.request(earned, amount=Decimal(5), by=earned, at=clock.now())
    before = payout.details
    give(earned, rail="by_hand")
    later(hours=73)
    assert Payout.objects.get(pk=payout.pk).details == before


def test_a_closed_way_pays_nobody(earned: Person, attack: Attack) -> None:
    envelope = envelopes.seal(IBAN, place=f"{earned.pk}:moon:1")
    PayoutDetails.objects.create(
        person=earned, rail="moon", version=1, sealed=envelope.sealed, fingerprint=envelope.fingerprint, hint="mine",
        given_at=clock.now(),
    )  # fmt: skip
    attack(ASK, [earned.pk, "moon", None, "mine"], guard="payouts_keep_to_the_instruments")


def test_no_view_of_the_past_is_asked(attack_from_the_past: Attack, amina: Person) -> None:
    from_then = ASK.replace("%s", "{}").format(amina.pk, "'by_hand'", "NULL", "'x'")
    attack_from_the_past(from_then, [], guard="payouts_arrive_as_quoted")
    facts = row(amina)
    given = GIVE.replace("%(given)s", "coop_now()")
    attack_from_the_past(given, facts, guard=WAITS)
