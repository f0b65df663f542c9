"""What due process costs the cooperative: unfounded pauses, panels, repair. Each paid by the fact, once."""

from collections.abc import Callable
from datetime import datetime
from decimal import ROUND_CEILING, Decimal
from html import unescape

import pytest
from django.test import Client as Browser

from coop import clock
from coop.people.models import Person
from coop.refusals import Refusal, Refused
from governance import appeals, cases, decisions, lots, panels, standing
from governance.models import (
    Case,
    CaseGround,
    Decision,
    Equivalent,
    Measure,
    Panel,
    Pause,
    Restriction,
    Role,
    Said,
    Stage,
    Status,
)
from payments import accounts, due, entitlements, invariants, payouts
from payments.models import Entitlement, Owing
from payments.money import to_micro
from tests.governance import charging
from tests.payments import signs
from tests.payments.conftest import JOB
from tests.payments.test_attacks import POST, posting
from tests.payments.test_entitlements import ADD, FACTS, POSTED, average, pause

type Attack = Callable[..., None]
type Earn = Callable[[Person, str], int]
type Later = Callable[..., datetime]
type SignedIn = Callable[[Person], Browser]
SEAT = Decimal(12)


@pytest.fixture
def earned(earn: Earn, amina: Person, later: Later) -> None:
    """Let Amina have earned 9.1 in the weeks before."""
    earn(amina, "9.1")
    later(hours=1)


def emergency(running: Pause, samuel: Person, amina: Person, petra: Person) -> Panel:
    """Ask a panel of three about a pause, and seat it."""
    seal = lots.seal(charging.WORDS[Role.CHARGE])
    case = cases.open_emergency(running, facts="It goes on.", seal=seal, by=samuel, at=clock.now())
    panel = case.panels.get()
    charging.seat(panel, amina, petra)
    return panel


def paid(person: Person, kind: Owing) -> Decimal:
    """Return what a person was paid of a kind."""
    return sum((one.amount for one in Entitlement.objects.filter(person=person, kind=kind)), Decimal(0))


def test_an_unfounded_pause_is_paid_double(
    earned: None, amina: Person, samuel: Person, petra: Person, later: Later, attack: Attack
) -> None:
    running = pause(amina)
    panel = emergency(running, samuel, amina, petra)
    later(hours=10)
    attack(ADD, [amina.pk, Owing.UNFOUNDED, f"pause:{running.pk}", 5], guard=FACTS)
    charging.agree(panel, decisions.Finding(measure=Measure.UNFOUNDED, reasons="It was the member, on a train."))
    later(days=5)
    due.settle(amina, at=clock.now())
    due.settle(amina, at=clock.now())
    assert payouts.ready(amina) == Decimal("9.1") + 2 * average("9.1", 72)
    assert paid(amina, Owing.PAUSED) == paid(amina, Owing.UNFOUNDED) == average("9.1", 72)
    assert not any(invariants.broken().values())


def test_a_prolonged_pause_is_paid_at_the_same_average_and_no_hour_twice(
    earned: None, amina: Person, samuel: Person, petra: Person, later: Later
) -> None:
    running = pause(amina)
    panel = emergency(running, samuel, amina, petra)
    later(hours=48)
    found = decisions.Finding(
        measure=Measure.PROLONG, scope="work", days=14, reasons="The account still signs in from two places."
    )
    charging.agree(panel, found)
    later(days=20)
    entitlements.settle(at=clock.now())
    whole = average("9.1", 14 * 24)
    assert whole <= paid(amina, Owing.PAUSED) <= whole + Decimal("0.00001")


def test_who_decides_on_a_panel_is_paid_the_voted_rate_once(
    amina: Person, samuel: Person, teresa: Person, attack: Attack
) -> None:
    case = charging.charge(amina, samuel)
    panel = case.panels.get()
    seats = charging.seat(panel, amina, teresa)
    cases.say(case, kind=Said.REPLY, text="I did it alone.", by=amina, at=clock.now())
    attack(ADD, [seats[0].person_id, Owing.PANEL, f"seat:{seats[0].pk}", 5], guard=FACTS)  # nothing is decided yet
    charging.agree(panel, charging.finding(case))
    assert entitlements.settle(at=clock.now()) == 5
    assert {paid(seat.person, Owing.PANEL) for seat in seats} == {SEAT}
    for who in (seats[0].person_id, amina.pk):
        attack(ADD, [who, Owing.PANEL, f"seat:{seats[0].pk}", 5], guard=FACTS)
    again = posting(26, accounts.HEARING, accounts.payable(amina.pk), to_micro(SEAT), f"seat:{seats[0].pk}")
    attack(POST, again, guard=POSTED)


def test_a_panel_that_lets_its_time_pass_pays_who_worked(
    amina: Person, samuel: Person, teresa: Person, later: Later
) -> None:
    case = charging.charge(amina, samuel)
    panel = case.panels.get()
    seats = charging.seat(panel, amina, teresa)
    cases.say(case, kind=Said.REPLY, text="I did it alone.", by=amina, at=clock.now())
    charging.agree(panel, charging.finding(case), yes=2)
    later(days=90)
    entitlements.settle(at=clock.now())
    assert [paid(seat.person, Owing.PANEL) for seat in seats] == [SEAT, SEAT, 0, 0, 0]


def reversed_on_appeal(decision: Decision, amina: Person, teresa: Person) -> None:
    """Appeal, and let nine others decide that nothing follows."""
    appeals.appeal(decision, reasons="It was somebody else.", by=amina, at=clock.now())
    panel = decision.case.panels.get(stage=Stage.APPEAL)
    if not charging.seat(panel, amina, teresa):
        raise Refused(Refusal("Nobody is left who may sit on it."))
    charging.agree(panel, decisions.Finding(measure=Measure.NOTHING, reasons="The records show another account."))


@pytest.mark.parametrize(
    ("measure", "scope"), [(Measure.PAUSE, "work"), (Measure.LIMIT, f"job:{JOB}")], ids=["pause", "limit"]
)
def test_who_is_reinstated_has_one_and_a_half_times_the_time_lost(
    earn: Earn, amina: Person, samuel: Person, teresa: Person, later: Later, attack: Attack, measure: Measure,
    scope: str,
) -> None:  # fmt: skip
    earn(amina, "9.1")
    decision = charging.decide(
        amina, samuel, teresa, ground=CaseGround.DATA_TAKEN, measure=measure, scope=scope, days=30
    )
    later(days=7 + 10)
    source = f"restriction:{decision.restriction.pk}"
    attack(ADD, [amina.pk, Owing.BACK_PAY, source, 5], guard=FACTS)  # it stands so far
    reversed_on_appeal(decision, amina, teresa)
    later(hours=1)
    entitlements.settle(at=clock.now())
    whole = paid(amina, Owing.PAUSED) + paid(amina, Owing.BACK_PAY)
    lost = Restriction.objects.get().decision.appeal.appealed_at - decision.restriction.starts_at
    exact = Decimal("1.5") * Decimal("9.1") * Decimal(str(lost.total_seconds())) / (91 * 86400)
    assert whole == exact.quantize(Decimal("0.000001"), ROUND_CEILING)
    assert paid(amina, Owing.PAUSED) == 0 if measure == Measure.LIMIT else paid(amina, Owing.PAUSED) > 0
    attack(ADD, [amina.pk, Owing.BACK_PAY, source, 5], guard=FACTS)
    assert entitlements.owed(amina) == []


def test_an_objection_that_did_not_stand_took_no_pay_from_anybody(
    earn: Earn, newcomer: Person, samuel: Person, teresa: Person, later: Later
) -> None:
    standing.admit(newcomer, status=Status.CANDIDATE, rule="onboarding", by=None, at=clock.now())
    earn(newcomer, "9.1")
    decision = charging.decide(newcomer, samuel, teresa, measure=Measure.OBJECTION, scope="membership", days=90)
    later(days=7 + 10)
    reversed_on_appeal(decision, newcomer, teresa)
    later(hours=1)
    entitlements.settle(at=clock.now())
    assert not paid(newcomer, Owing.PAUSED) + paid(newcomer, Owing.BACK_PAY)
    assert entitlements.owed(newcomer) == []


def repaired(member: Person, samuel: Person, teresa: Person, ground: Equivalent) -> Case:
    """Return a case that opened by itself and in which a panel decided that the cooperative repairs it."""
    case = signs.shown(ground, member)
    cases.say(case, kind=Said.EXPLANATION, text="There was no work.", by=samuel, at=clock.now())
    cases.say(case, kind=Said.CONTESTED, text="Others had work.", by=member, at=clock.now())
    panel = panels.convene(case, stage=Stage.FIRST, by=member, at=clock.now())
    charging.seat(panel, member, teresa)
    charging.agree(panel, decisions.Finding(measure=Measure.REPAIR, reasons="Others had work all that time."))
    entitlements.settle(at=clock.now())
    return case


def told(amina: Person, case: Case, signed_in: SignedIn) -> str:
    """Return the page of a case as a member reads it."""
    return unescape(signed_in(amina).get(f"/cases/{case.pk}/").text)


def test_work_that_was_kept_from_a_member_is_repaid(
    earned: None, amina: Person, samuel: Person, teresa: Person, signed_in: SignedIn
) -> None:
    case = repaired(amina, samuel, teresa, Equivalent.NO_OFFERS)
    assert "pays one and a half times what the member lost" in told(amina, case, signed_in)
    fortnight = Decimal("1.5") * Decimal("9.1") * 14 / 91
    assert fortnight <= paid(amina, Owing.BACK_PAY) < fortnight + Decimal("0.001")


WORDS = {
    Equivalent.HELD_PAYOUT: "The payout is sent now. Nothing is paid on top",
    Equivalent.MUTED: "What stands in the way of speaking and being read is taken away. Nothing is paid.",
    Equivalent.PRESSED_TO_LEAVE: "No payment follows from this by itself",
}


@pytest.mark.parametrize("ground", sorted(WORDS))
def test_of_what_was_not_work_kept_from_a_member_the_repair_pays_nothing_and_says_so(
    earned: None, amina: Person, samuel: Person, teresa: Person, signed_in: SignedIn, ground: Equivalent
) -> None:
    case = repaired(amina, samuel, teresa, ground)
    assert paid(amina, Owing.BACK_PAY) == 0
    assert WORDS[ground] in told(amina, case, signed_in)


def test_silence_is_in_the_members_favour_and_pays_nothing(
    earned: None, amina: Person, later: Later, signed_in: SignedIn
) -> None:
    case = signs.shown(Equivalent.NO_OFFERS, amina)
    assert cases.state(case, later(days=8)) == cases.State.IN_FAVOUR
    entitlements.settle(at=clock.now())
    assert paid(amina, Owing.BACK_PAY) == 0
    assert "No payment follows from that by itself" in told(amina, case, signed_in)
