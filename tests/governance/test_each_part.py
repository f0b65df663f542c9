"""Each part of what the guards of a case ask, by itself: everything else is right, and the one thing is refused."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection

from coop import clock
from coop.people.models import Client, ClientSeat, Person
from governance import appeals, cases, decisions, lots, panels, resigning, standing
from governance.models import (
    Case,
    CaseGround,
    Decision,
    Equivalent,
    Measure,
    Office,
    Panel,
    Pause,
    PauseRequest,
    Role,
    Said,
    Stage,
    Status,
)
from tests.governance import charging
from tests.governance.conftest import Taken, depart, reach
from tests.governance.test_appeals import LEFT
from tests.governance.test_decisions import DECIDE, MOTION
from tests.governance.test_panels import PART, REFUSE

pytestmark = pytest.mark.django_db
type Attack = Callable[..., None]
type Step = tuple[str, str, int]

DAY = timedelta(days=1)
OPENED = "case_is_opened_by_a_named_person"
CASE = """
INSERT INTO governance_case (kind, person_id, charged_by_id, office_id, seat_id, client_id, pause_id, bylaw_id, ground,
    facts, happened_from, happened_until, measure, scope, days, remedy, opened_at)
SELECT %(kind)s::text, %(person)s, %(by)s, %(office)s, %(seat)s, %(client)s, %(pause)s,
    (SELECT id FROM governance_bylaw WHERE key = 'C2' AND version = 1 AND %(kind)s::text = 'charge'), %(ground)s,
    'Shouted.', coop_now() - interval '9 days', coop_now() - interval '8 days', %(measure)s, %(scope)s, %(days)s,
    'Say sorry.', now()
"""


def office_of(person: Person) -> int:
    return Office.objects.get(person=person).pk


def facts(person: Person, by: Person | None, **others: object) -> dict[str, object]:
    given: dict[str, object] = {
        "kind": "charge", "person": person.pk, "by": by and by.pk, "office": None, "seat": None, "client": None,
        "pause": None, "ground": "harassment", "measure": "advice", "scope": "", "days": 0,
    }  # fmt: skip
    return {**given, **others}


@pytest.fixture
def seat(olga: Person, orbit: Client) -> ClientSeat:
    """Return Olga's seat of Orbit."""
    return orbit.seats.get(person=olga)


def test_a_member_charges_in_their_own_name_without_a_post(
    amina: Person, luis: Person, newcomer: Person, taken: Taken, attack: Attack
) -> None:
    taken(CASE, facts(amina, luis))
    attack(CASE, facts(amina, newcomer), guard=OPENED)
    standing.admit(newcomer, status=Status.CANDIDATE, rule="onboarding", by=None, at=clock.now())
    attack(CASE, facts(amina, newcomer), guard=OPENED)


def test_a_case_is_about_candidates_and_members(newcomer: Person, luis: Person, taken: Taken, attack: Attack) -> None:
    attack(CASE, facts(newcomer, luis), guard=OPENED)
    standing.admit(newcomer, status=Status.CANDIDATE, rule="onboarding", by=None, at=clock.now())
    taken(CASE, facts(newcomer, luis))
    depart(newcomer)
    attack(CASE, facts(newcomer, luis), guard=OPENED)


def test_an_officer_charges_in_an_office_that_runs(
    amina: Person, samuel: Person, teresa: Person, taken: Taken, attack: Attack
) -> None:
    taken(CASE, facts(amina, samuel, office=office_of(samuel)))
    attack(CASE, facts(amina, samuel, office=office_of(teresa)), guard=OPENED)
    attack(CASE, facts(amina, samuel, office=10**9), guard=OPENED)
    reach(Office.objects.get(person=samuel).ends_at)
    attack(CASE, facts(amina, samuel, office=office_of(samuel)), guard=OPENED)


def test_a_client_charges_by_a_seat_of_its_own(
    amina: Person, olga: Person, luis: Person, seat: ClientSeat, orbit: Client, taken: Taken, attack: Attack
) -> None:
    right = {"seat": seat.pk, "client": orbit.pk}
    taken(CASE, facts(amina, olga, **right))
    attack(CASE, facts(amina, luis, **right), guard=OPENED)
    attack(CASE, facts(amina, olga, seat=seat.pk, client=None), guard=OPENED)
    other = Client.objects.exclude(pk=orbit.pk)[:1].get()
    attack(CASE, facts(amina, olga, seat=seat.pk, client=other.pk), guard=OPENED)
    open_seat = ClientSeat.objects.create(client=orbit, person=luis, created_at=clock.now())
    attack(CASE, facts(amina, luis, seat=open_seat.pk, client=orbit.pk), guard=OPENED)


def test_nobody_charges_in_two_capacities(amina: Person, samuel: Person, orbit: Client, attack: Attack) -> None:
    both = ClientSeat.objects.create(client=orbit, person=samuel, created_at=clock.now(), accepted_at=clock.now())
    attack(CASE, facts(amina, samuel, office=office_of(samuel), seat=both.pk, client=orbit.pk), guard=OPENED)


def test_a_limit_for_a_clients_work_names_the_client_that_charges(
    amina: Person, olga: Person, seat: ClientSeat, orbit: Client, taken: Taken, attack: Attack
) -> None:
    limit = {"seat": seat.pk, "client": orbit.pk, "measure": "limit", "days": 5}
    taken(CASE, facts(amina, olga, **limit, scope=f"client:{orbit.pk}"))
    taken(CASE, facts(amina, olga, **limit, scope="job:1"))
    attack(CASE, facts(amina, olga, **limit, scope=f"client:{orbit.pk + 1}"), guard=OPENED)


def test_a_charge_hangs_on_no_pause(
    amina: Person, samuel: Person, paused: Callable[..., Pause], attack: Attack
) -> None:
    attack(CASE, facts(amina, samuel, office=office_of(samuel), pause=paused(amina).pk), guard=OPENED)


def test_an_equivalent_is_opened_by_nobody_and_once(
    amina: Person, luis: Person, samuel: Person, seat: ClientSeat, paused: Callable[..., Pause], taken: Taken,
    attack: Attack,
) -> None:  # fmt: skip
    none = {"kind": "equivalent", "ground": "muted", "measure": "nothing"}
    for one in (luis, amina):
        charging.kept_quiet(one)
    taken(CASE, facts(amina, None, **none))
    for hung in ({"office": office_of(samuel)}, {"seat": seat.pk}, {"pause": paused(amina).pk}):
        attack(CASE, facts(amina, None, **none, **hung), guard=OPENED)
    cases.open_equivalent(amina, kind=Equivalent.MUTED, at=clock.now())
    attack(CASE, facts(amina, None, **none), guard=OPENED)
    attack(CASE, facts(amina, None, **{**none, "ground": "held_payout"}), guard="equivalents_stand_on_facts")
    taken(CASE, facts(luis, None, **none))


def test_a_pause_is_prolonged_by_one_of_its_two_officers_while_it_runs(
    amina: Person, luis: Person, samuel: Person, teresa: Person, paused: Callable[..., Pause], taken: Taken,
    attack: Attack,
) -> None:  # fmt: skip
    petra = Person.objects.get(email__startswith="petra")
    pause = paused(amina)
    asks = {"kind": "emergency", "ground": "", "measure": "prolong", "scope": "work", "days": 3, "pause": pause.pk}
    for officer in (samuel, teresa):
        taken(CASE, facts(amina, officer, **asks, office=office_of(officer)))
    attack(CASE, facts(amina, petra, **asks, office=office_of(petra)), guard=OPENED)
    attack(CASE, facts(luis, samuel, **asks, office=office_of(samuel)), guard=OPENED)
    reach(pause.ends_at)
    attack(CASE, facts(amina, samuel, **asks, office=office_of(samuel)), guard=OPENED)


@pytest.fixture
def answered(charged: Case, seated: Panel, amina: Person) -> Panel:
    """Return a seated panel whose case the member has answered."""
    cases.say(charged, kind=Said.REPLY, text="I wrote them myself.", by=amina, at=clock.now())
    return seated


@pytest.fixture
def elsewhere(luis: Person, samuel: Person, teresa: Person) -> Decision:
    """Return a decision of another case: Luis is advised."""
    return charging.decide(luis, samuel, teresa, evidence=(("Other", "Of another case."),))


def test_a_motion_is_of_a_seat_of_its_own_panel(
    answered: Panel, charged: Case, elsewhere: Decision, taken: Taken, attack: Attack
) -> None:
    own, other = (panels.sitting_on(panel)[0].pk for panel in (answered, elsewhere.panel))
    advice = ["advice", "", 0]
    taken(MOTION, [answered.pk, own, *advice])
    attack(MOTION, [answered.pk, other, *advice], guard="motion_is_written_by_the_panel")
    charging.agree(answered, charging.finding(charged))
    attack(MOTION, [answered.pk, own, *advice], guard="motion_is_written_by_the_panel")


def test_a_decision_is_of_its_own_case_panel_and_motion(
    answered: Panel, charged: Case, elsewhere: Decision, attack: Attack
) -> None:
    guard = "decision_is_the_panels"
    motion = charging.agree(answered, charging.finding(charged), yes=2)
    for said in (
        [charged.pk, answered.pk, elsewhere.motion_id], [elsewhere.case_id, answered.pk, motion.pk],
        [charged.pk, elsewhere.panel_id, motion.pk], [charged.pk, answered.pk, motion.pk],
    ):  # fmt: skip
        attack(DECIDE, said, guard=guard)


@pytest.mark.parametrize(("step", "fits"), [
    (("limit", "job:12", 10), True), (("limit", "job:12", 9), True),
    (("retraining", "", 0), True), (("nothing", "", 0), True),
    (("limit", "job:12", 11), False), (("limit", "job:13", 10), False), (("pause", "work", 1), False),
    (("limit", "mute", 1), False), (("expulsion", "", 0), False),
    (("repair", "", 0), False), (("unfounded", "", 0), False),
])  # fmt: skip
def test_no_panel_goes_further_than_the_charge(
    amina: Person, samuel: Person, teresa: Person, taken: Taken, attack: Attack, step: Step, fits: object,
) -> None:  # fmt: skip
    limit = {"measure": Measure.LIMIT, "scope": "job:12", "days": 10}
    case = charging.charge(amina, samuel, ground=CaseGround.DATA_TAKEN, **limit)
    panel = case.panels.get()
    sits = charging.seat(panel, amina, teresa)[0].pk
    cases.say(case, kind=Said.REPLY, text="No.", by=amina, at=clock.now())
    said = [panel.pk, sits, *step]
    taken(MOTION, said) if fits else attack(MOTION, said, guard="decision_goes_no_further")


@pytest.mark.parametrize(("step", "fits"), [
    (("limit", "job:12", 10), True), (("limit", "job:12", 3), True), (("advice", "", 0), True),
    (("limit", "job:12", 11), False), (("limit", "job:13", 10), False), (("pause", "work", 1), False),
])  # fmt: skip
def test_no_appeal_goes_further_than_the_decision(
    amina: Person, samuel: Person, teresa: Person, taken: Taken, attack: Attack, step: Step, fits: object,
) -> None:  # fmt: skip
    limit = {"measure": Measure.LIMIT, "scope": "job:12", "days": 10}
    decision = charging.decide(amina, samuel, teresa, ground=CaseGround.DATA_TAKEN, **limit)
    appeals.appeal(decision, reasons="No.", by=amina, at=clock.now())
    nine = decision.case.panels.get(stage=Stage.APPEAL)
    sits = charging.seat(nine, amina, teresa)[0].pk
    said = [nine.pk, sits, *step]
    taken(MOTION, said) if fits else attack(MOTION, said, guard="decision_goes_no_further")


@pytest.mark.parametrize(("step", "fits"), [
    (("prolong", "job:1", 3), True), (("nothing", "", 0), True), (("unfounded", "", 0), True),
    (("prolong", "work", 3), False), (("advice", "", 0), False),
    (("repair", "", 0), False), (("pause", "work", 3), False),
])  # fmt: skip
def test_a_panel_on_a_pause_prolongs_it_or_not(
    amina: Person, samuel: Person, petra: Person, paused: Callable[..., Pause], taken: Taken, attack: Attack,
    step: Step, fits: object,
) -> None:  # fmt: skip
    seal = lots.seal(charging.WORDS[Role.CHARGE])
    pause = paused(amina, scope="job:1")
    case = cases.open_emergency(pause, facts="It goes on.", seal=seal, by=samuel, at=clock.now())
    panel = case.panels.get()
    sits = charging.seat(panel, amina, petra)[0].pk
    said = [panel.pk, sits, *step]
    taken(MOTION, said) if fits else attack(MOTION, said, guard="decision_goes_no_further")


@pytest.mark.parametrize(("measure", "fits"), [("nothing", True), ("repair", True), ("advice", False)])
def test_a_panel_on_an_equivalent_repairs_it_or_not(
    amina: Person, samuel: Person, teresa: Person, taken: Taken, attack: Attack, measure: str, fits: object
) -> None:
    case = charging.unexplained(amina)
    cases.say(case, kind=Said.EXPLANATION, text="No work.", by=samuel, at=clock.now())
    cases.say(case, kind=Said.CONTESTED, text="Others had some.", by=amina, at=clock.now())
    panel = panels.convene(case, stage=Stage.FIRST, by=amina, at=clock.now())
    sits = charging.seat(panel, amina, teresa)[0].pk
    said = [panel.pk, sits, measure, "", 0]
    taken(MOTION, said) if fits else attack(MOTION, said, guard="decision_goes_no_further")


def test_each_refuses_in_their_own_name(
    seated: Panel, amina: Person, samuel: Person, luis: Person, taken: Taken, attack: Attack
) -> None:
    first = panels.sitting_on(seated)[0]
    right = {"member": amina.pk, "charge": samuel.pk, "self": first.person_id}
    for side, by in right.items():
        taken(REFUSE, [first.pk, side, by])
        for other in {*right.values(), luis.pk} - {by}:
            attack(REFUSE, [first.pk, side, other], guard="each_side_refuses_two")
    attack(REFUSE, [first.pk, "gone", None], guard="each_side_refuses_two")


def test_no_side_refuses_once_the_panel_has_moved(
    charged: Case, answered: Panel, amina: Person, taken: Taken, attack: Attack
) -> None:
    last = panels.sitting_on(answered)[4]
    taken(REFUSE, [last.pk, "member", amina.pk])
    charging.agree(answered, charging.finding(charged), yes=1)
    attack(REFUSE, [last.pk, "member", amina.pk], guard="each_side_refuses_two")
    taken(REFUSE, [last.pk, "self", last.person_id])
    for seat in panels.sitting_on(answered)[1:3]:
        decisions.vote(answered.motions.get(), agrees=True, by=seat.person, at=clock.now())
    attack(REFUSE, [last.pk, "self", last.person_id], guard="each_side_refuses_two")


def test_each_seals_their_own_part(
    charged: Case, amina: Person, samuel: Person, luis: Person, teresa: Person, taken: Taken, attack: Attack
) -> None:  # fmt: skip
    panel, seal, guard = charged.panels.get(), lots.seal("words"), "lot_is_sealed_by_three"
    taken(PART, [panel.pk, "member", amina.pk, seal])
    taken(PART, [panel.pk, "witness", teresa.pk, seal])
    for role, person in (("member", samuel), ("member", teresa), ("witness", luis), ("witness", samuel),
                         ("witness", amina), ("king", teresa)):  # fmt: skip
        attack(PART, [panel.pk, role, person.pk, seal], guard=guard)
    reach(Office.objects.get(person=teresa).ends_at)
    attack(PART, [panel.pk, "witness", teresa.pk, seal], guard=guard)


def test_no_witness_has_a_seat_of_the_client_it_is_about(
    amina: Person, teresa: Person, olga: Person, orbit: Client, taken: Taken, attack: Attack
) -> None:
    case = charging.charge(amina, olga, capacity=orbit.seats.get(person=olga), client=orbit)
    said = [case.panels.get().pk, "witness", teresa.pk, lots.seal("words")]
    taken(PART, said)
    ClientSeat.objects.create(client=orbit, person=teresa, created_at=clock.now(), accepted_at=clock.now())
    attack(PART, said, guard="lot_is_sealed_by_three")


PAUSE = """
INSERT INTO governance_pause (request_id, person_id, ground, scope, reason, evidence, first_officer_id,
    second_officer_id, starts_at, ends_at)
SELECT id, {}, now(), coop_now() + interval '1 hour' FROM governance_pauserequest WHERE id = %s
"""
AGREED = {"person_id": "%s", "ground": "'violence'", "scope": "'job:9'", "reason": "'Other.'",
          "evidence": "repeat('0a', 32)", "first_officer_id": "%s"}  # fmt: skip


@pytest.mark.parametrize("changed", [None, *AGREED])
def test_the_second_officer_agrees_to_the_very_same(
    amina: Person, luis: Person, teresa: Person, asked: Callable[..., PauseRequest], taken: Taken, attack: Attack,
    changed: str | None,
) -> None:  # fmt: skip
    other = {"person_id": luis.pk, "first_officer_id": office_of(Person.objects.get(email__startswith="petra"))}
    told = ", ".join(AGREED[name] % other.get(name, "") if name == changed and name in other else
                     AGREED[name] if name == changed else name for name in AGREED)  # fmt: skip
    statement = PAUSE.format(f"{told}, {office_of(teresa)}")
    if changed is None:
        taken(statement, [asked(amina).pk])
    else:
        attack(statement, [asked(amina).pk], guard="pause_needs_two_officers")


def test_the_second_officer_holds_a_post(amina: Person, asked: Callable[..., PauseRequest], attack: Attack) -> None:
    attack(PAUSE.format(f"{', '.join(AGREED)}, {10**9}"), [asked(amina).pk], guard="pause_needs_two_officers")


def test_who_leaves_has_said_so_themselves_as_who_they_are_now(
    amina: Person, luis: Person, taken: Taken, attack: Attack
) -> None:
    guard = "standing_is_lowered_only_by_mandate"
    notice = resigning.give_notice(amina, pressure="none", at=clock.now())
    attack(LEFT, [amina.pk, amina.pk], guard=guard)
    reach(notice.due_at)
    attack(LEFT, [luis.pk, luis.pk], guard=guard)
    founding = "SELECT id FROM governance_mandate WHERE proposal_id IS NULL"
    by_mandate = LEFT.replace("recorded_by_id)", "recorded_by_id, mandate_id)").replace("%s)", f"%s, ({founding}))")
    attack(by_mandate, [amina.pk, amina.pk], guard=guard)
    taken(LEFT, [amina.pk, amina.pk])
    with connection.cursor() as cursor:
        cursor.execute(LEFT, [amina.pk, amina.pk])
    attack(LEFT, [amina.pk, amina.pk], guard=guard)
