"""What due process costs the cooperative: unfounded pauses, panels, repair. Each paid by the fact, once."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, Decimal

import pytest

from coop import clock
from coop.people.models import Person
from governance import appeals, cases, decisions, lots, panels, resigning
from governance.models import (
    Case,
    CaseGround,
    Decision,
    Measure,
    Office,
    Panel,
    Pause,
    Restriction,
    Role,
    Said,
    Stage,
)
from payments import accounts, due, entitlements, invariants, payouts
from payments.models import Entitlement, Owing
from payments.money import to_micro
from tests.governance import charging
from tests.payments.conftest import JOB
from tests.payments.test_attacks import POST, posting
from tests.payments.test_entitlements import ADD, FACTS, POSTED, average, pause

type Attack = Callable[..., None]
type Earn = Callable[[Person, str], int]
type Later = Callable[..., datetime]
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
    charging.seat(panel, amina, teresa)
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


def test_work_that_was_kept_from_a_member_is_repaid(
    earned: None, amina: Person, samuel: Person, teresa: Person, later: Later
) -> None:
    later(days=15)
    case = cases.open_equivalent(amina, kind="no_offers", facts="No offers for 14 days.", at=clock.now())
    assert case is not None
    cases.say(case, kind=Said.EXPLANATION, text="There was no work.", by=samuel, at=clock.now())
    cases.say(case, kind=Said.CONTESTED, text="Others had work.", by=amina, at=clock.now())
    panel = panels.convene(case, stage=Stage.FIRST, by=amina, at=clock.now())
    charging.seat(panel, amina, teresa)
    charging.agree(panel, decisions.Finding(measure=Measure.REPAIR, reasons="Others had work all that time."))
    entitlements.settle(at=clock.now())
    fortnight = Decimal("1.5") * Decimal("9.1") * 14 / 91
    assert fortnight <= paid(amina, Owing.BACK_PAY) < fortnight + Decimal("0.001")


def opened(person: Person, ground: str) -> Case:
    """Return a case that opened by itself."""
    case = cases.open_equivalent(person, kind=ground, facts="It happened.", at=clock.now())
    assert case is not None
    return case


def contested(case: Case, samuel: Person, teresa: Person) -> Panel:
    """Explain a case, contest that, and seat the panel."""
    cases.say(case, kind=Said.EXPLANATION, text="There was no work.", by=samuel, at=clock.now())
    cases.say(case, kind=Said.CONTESTED, text="Others had work.", by=case.person, at=clock.now())
    panel = panels.convene(case, stage=Stage.FIRST, by=case.person, at=clock.now())
    charging.seat(panel, case.person, teresa)
    return panel


def repair(case: Case, samuel: Person, teresa: Person) -> None:
    """Let a panel decide that something is repaired, and pay it."""
    charging.agree(
        contested(case, samuel, teresa), decisions.Finding(measure=Measure.REPAIR, reasons="It was kept from them.")
    )
    entitlements.settle(at=clock.now())
    entitlements.settle(at=clock.now())


@pytest.mark.parametrize("ground", ["no_offers", "lost_tier"])
def test_silence_of_the_cooperative_repairs_what_a_panel_would(
    earned: None, amina: Person, samuel: Person, later: Later, attack: Attack, ground: str
) -> None:
    case, source = opened(amina, ground), "case:%s"
    later(days=6, hours=23)
    entitlements.settle(at=clock.now())
    attack(ADD, [amina.pk, Owing.BACK_PAY, source % case.pk, 5], guard=FACTS)
    assert paid(amina, Owing.BACK_PAY) == 0
    later(hours=2)
    assert cases.state(case, clock.now()) == cases.State.IN_FAVOUR
    entitlements.settle(at=clock.now())
    assert paid(amina, Owing.BACK_PAY) == 0  # nothing was earned before the 14 days that were kept from her
    later(days=15)
    second = opened(amina, ground)
    later(days=8)
    entitlements.settle(at=clock.now())
    entitlements.settle(at=clock.now())
    lost = second.opened_at + timedelta(days=7) - (second.opened_at - timedelta(days=14))
    exact = Decimal("1.5") * Decimal("9.1") * Decimal(str(lost.total_seconds())) / (91 * 86400)
    assert paid(amina, Owing.BACK_PAY) == exact.quantize(Decimal("0.000001"), ROUND_CEILING)


def test_an_explanation_in_time_and_a_panel_that_finds_nothing_repair_nothing(
    earned: None, amina: Person, samuel: Person, teresa: Person, later: Later
) -> None:
    later(days=15)
    case = opened(amina, "no_offers")
    cases.say(case, kind=Said.EXPLANATION, text="There was no work.", by=samuel, at=clock.now())
    later(days=60)
    panel = contested(opened(amina, "lost_tier"), samuel, teresa)
    charging.agree(panel, decisions.Finding(measure=Measure.NOTHING, reasons="There was no work for anybody."))
    later(days=60)
    entitlements.settle(at=clock.now())
    assert paid(amina, Owing.BACK_PAY) == 0


def test_a_panel_that_lets_its_time_pass_repairs_unless_the_member_let_the_lot_fail(
    earned: None, amina: Person, samuel: Person, teresa: Person, later: Later
) -> None:
    later(days=15)
    case = opened(amina, "no_offers")
    cases.say(case, kind=Said.EXPLANATION, text="There was no work.", by=samuel, at=clock.now())
    cases.say(case, kind=Said.CONTESTED, text="Others had work.", by=amina, at=clock.now())
    panels.convene(case, stage=Stage.FIRST, by=amina, at=clock.now())
    later(days=46)
    assert cases.state(case, clock.now()) == cases.State.EXPLAINED
    entitlements.settle(at=clock.now())
    assert paid(amina, Owing.BACK_PAY) == 0
    earned_again = opened(amina, "lost_tier")
    contested(earned_again, samuel, teresa)
    later(days=46)
    assert cases.state(earned_again, clock.now()) == cases.State.IN_FAVOUR
    entitlements.settle(at=clock.now())
    assert paid(amina, Owing.BACK_PAY) > 0


def test_a_payout_that_was_held_is_repaired_by_half_of_it_more(
    earned: None, amina: Person, samuel: Person, teresa: Person, treasurer: Office, later: Later
) -> None:
    payouts.request(amina, amount=Decimal("4.01"), by=amina, at=clock.now())
    late = payouts.request(amina, amount=Decimal("2.00"), by=amina, at=clock.now())
    in_time = payouts.request(amina, amount=Decimal("1.00"), by=amina, at=clock.now())
    later(hours=71)
    payouts.send(in_time, reference="A", by=treasurer, at=clock.now())
    later(hours=2)
    case = opened(amina, "held_payout")
    payouts.send(late, reference="B", by=treasurer, at=clock.now())
    repair(case, samuel, teresa)
    assert paid(amina, Owing.BACK_PAY) == Decimal("3.005")


def test_who_was_pressed_to_leave_is_repaid_the_time_since(
    earned: None, amina: Person, samuel: Person, teresa: Person, later: Later
) -> None:
    notice = resigning.give_notice(amina, pressure="pressed", at=clock.now())
    case = Case.objects.get(person=amina, ground="pressed_to_leave")
    cases.say(case, kind=Said.EXPLANATION, text="Nobody pressed anybody.", by=samuel, at=clock.now())
    assert notice.due_at
    (left,) = resigning.leave_due(later(days=7, hours=1))
    cases.say(case, kind=Said.CONTESTED, text="He did.", by=amina, at=clock.now())
    panel = panels.convene(case, stage=Stage.FIRST, by=amina, at=clock.now())
    charging.seat(panel, amina, teresa)
    later(days=10)
    charging.agree(panel, decisions.Finding(measure=Measure.REPAIR, reasons="The letters say so, word for word."))
    entitlements.settle(at=clock.now())
    lost = Decision.objects.get().decided_at - left.since
    exact = Decimal("1.5") * Decimal("9.1") * Decimal(str(lost.total_seconds())) / (91 * 86400)
    assert paid(amina, Owing.BACK_PAY) == exact.quantize(Decimal("0.000001"), ROUND_CEILING)


def test_a_repair_is_owed_to_nobody_else_and_once(
    earned: None, amina: Person, luis: Person, samuel: Person, teresa: Person, later: Later, attack: Attack
) -> None:
    payouts.request(amina, amount=Decimal("4.00"), by=amina, at=clock.now())
    later(hours=73)
    case = opened(amina, "held_payout")
    attack(ADD, [amina.pk, Owing.BACK_PAY, f"case:{case.pk}", 5], guard=FACTS)
    repair(case, samuel, teresa)
    assert paid(amina, Owing.BACK_PAY) == 2
    for who in (amina, luis):
        attack(ADD, [who.pk, Owing.BACK_PAY, f"case:{case.pk}", 5], guard=FACTS)
