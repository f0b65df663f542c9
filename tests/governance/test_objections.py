"""An objection to membership (R2): a panel's decision alone keeps a candidate from it, in time, once, for a time."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from django.test import Client as Browser

from coop import clock
from coop.people.models import Client, Person
from coop.refusals import Refused
from governance import appeals, assembly, cases, decisions, panels, standing
from governance.models import Case, Decision, Measure, Panel, Restriction, Said, Stage, Status
from tests.database.bare import ask_alone, empty, plant, stop_the_clock, written
from tests.governance import charging
from tests.governance.conftest import Taken, reach
from tests.governance.test_cases import CASE, row
from tests.governance.test_decisions import DECIDE, MOTION
from tests.governance.test_standing import INSERT

pytestmark = pytest.mark.django_db
type Attack = Callable[..., None]
DAY, STEP = timedelta(days=1), timedelta(microseconds=1)
OBJECTION: dict[str, Any] = {"measure": Measure.OBJECTION, "scope": standing.MEMBERSHIP, "days": 90}


@pytest.fixture
def candidate(newcomer: Person, now: datetime) -> Person:
    """Return Nia as a candidate of today."""
    standing.admit(newcomer, status=Status.CANDIDATE, rule="onboarding", by=None, at=now)
    return newcomer


@pytest.fixture
def due(candidate: Person) -> datetime:
    """Return when the candidate's days are over."""
    begun = standing.since(candidate)
    assert begun
    return begun + 90 * DAY


@pytest.fixture
def objected(candidate: Person, samuel: Person, teresa: Person, due: datetime) -> Decision:
    """Return a panel's objection of the tenth day, for 90 days from a week later on."""
    reach(due - 80 * DAY)
    return charging.decide(candidate, samuel, teresa, **OBJECTION)


def answered(candidate: Person, samuel: Person, teresa: Person, **facts: Any) -> tuple[Case, Panel]:
    """Return a charge that asks for an objection, its panel seated and the candidate heard."""
    case = charging.charge(candidate, samuel, **OBJECTION, **facts)
    panel = case.panels.get()
    charging.seat(panel, candidate, teresa)
    cases.say(case, kind=Said.REPLY, text="I did it alone.", by=candidate, at=clock.now())
    return case, panel


def test_a_candidate_waits_until_it_ends_and_then_becomes_a_member_by_themselves(
    objected: Decision, candidate: Person, due: datetime, attack: Attack
) -> None:
    assert standing.promote_due(reach(due)) == 0
    attack(INSERT, [candidate.pk, "member", None], guard="standing_rises_in_order")
    assert standing.status(candidate) == Status.CANDIDATE
    ends = objected.restriction.ends_at
    assert ends == objected.decided_at + 97 * DAY
    assert standing.promote_due(reach(ends - timedelta(minutes=1))) == 0
    assert standing.promote_due(reach(ends)) == 1
    assert standing.status(candidate) == Status.MEMBER


def test_work_pay_and_talk_go_on_meanwhile(objected: Decision, candidate: Person, due: datetime) -> None:
    at = reach(due)
    for doing in ("work", "claim:job:12:client:3:tier:general", "review", "onboarding", "payout", "speak"):
        assert standing.refusal(candidate, doing=doing, at=at) is None, doing
    vote = standing.refusal(candidate, doing="vote", at=at)
    assert vote
    assert f"objected in case {objected.case_id}" in str(vote.appeal)


def test_an_appeal_takes_the_effect_away_at_once(
    objected: Decision, candidate: Person, teresa: Person, due: datetime, attack: Attack
) -> None:
    at = reach(due)
    appeals.appeal(objected, reasons="It was somebody else.", by=candidate, at=at)
    assert standing.objection(candidate, at) is None
    nine = objected.case.panels.get(stage=Stage.APPEAL)
    seats = charging.seat(nine, candidate, teresa)
    # Whose days are over is decided upon no more, whether the row of their membership stands yet or not.
    with pytest.raises(Refused, match="days and paid hours"):
        decisions.move(nine, charging.finding(objected.case), by=seats[0].person, at=at)
    assert standing.promote_due(at) == 1
    charging.agree(nine, charging.finding(objected.case, measure=Measure.NOTHING, scope="", days=0))
    assert standing.status(candidate) == Status.MEMBER


def test_nine_others_may_uphold_it_for_as_long_or_shorter_while_the_days_run(
    objected: Decision, candidate: Person, teresa: Person, due: datetime, taken: Taken, attack: Attack
) -> None:
    reach(due - 60 * DAY)
    appeals.appeal(objected, reasons="No.", by=candidate, at=clock.now())
    nine = objected.case.panels.get(stage=Stage.APPEAL)
    sits = charging.seat(nine, candidate, teresa)[0].pk
    attack(MOTION, [nine.pk, sits, "objection", "membership", 91], guard="decision_goes_no_further")
    attack(MOTION, [nine.pk, sits, "advice", "", 0], guard="decision_goes_no_further")
    taken(MOTION, [nine.pk, sits, "objection", "membership", 90])
    charging.agree(nine, charging.finding(objected.case, days=85))
    upheld = Restriction.objects.get(decision__panel=nine)
    # The thirteen days that it had effect before the appeal count.
    assert abs(upheld.ends_at - (objected.restriction.starts_at + 85 * DAY)) < timedelta(minutes=1)
    assert standing.promote_due(reach(due)) == 0
    assert standing.promote_due(reach(upheld.ends_at)) == 1


def test_a_charge_alone_keeps_nobody_out_and_a_decision_after_it_is_none(
    candidate: Person, samuel: Person, teresa: Person, due: datetime
) -> None:
    reach(due - 20 * DAY)
    case, panel = answered(candidate, samuel, teresa)
    motion = charging.agree(panel, charging.finding(case), yes=2)
    at = reach(due)
    third = panels.sitting_on(panel)[2]
    with pytest.raises(Refused, match="days and paid hours"):
        decisions.vote(motion, agrees=True, by=third.person, at=at)
    assert standing.promote_due(at) == 1
    charging.agree(panel, charging.finding(case, measure=Measure.NOTHING, scope="", days=0))


def test_the_database_takes_no_decision_that_comes_too_late(
    candidate: Person, samuel: Person, teresa: Person, due: datetime, taken: Taken, attack: Attack
) -> None:
    reach(due - 20 * DAY)
    case, panel = answered(candidate, samuel, teresa)
    motion = charging.agree(panel, charging.finding(case), yes=2)
    motion.votes.create(seat=panels.sitting_on(panel)[2], agrees=True, voted_at=clock.now())
    said = [case.pk, panel.pk, motion.pk]
    reach(due - timedelta(minutes=1))
    taken(DECIDE, said)
    reach(due)
    attack(DECIDE, said, guard="objection_comes_before_membership")


def test_what_is_decided_in_the_last_week_comes_too_late_to_matter(
    candidate: Person, samuel: Person, teresa: Person, due: datetime
) -> None:
    reach(due - 6 * DAY)
    charging.decide(candidate, samuel, teresa, **OBJECTION)
    assert standing.promote_due(reach(due)) == 1


def test_an_undecided_case_is_void_for_good(candidate: Person, samuel: Person, teresa: Person, due: datetime) -> None:
    case, panel = answered(candidate, samuel, teresa)
    reach(panel.decide_by)
    assert cases.state(case, clock.now()) == cases.State.VOID
    assert standing.promote_due(reach(due)) == 1


def ask_for(person: Person, by: Person, **facts: object) -> dict[str, object]:
    return row(person, by, measure="objection", scope="membership", days=90, **facts)


def test_it_is_about_candidates_alone(
    candidate: Person, amina: Person, samuel: Person, due: datetime, taken: Taken, attack: Attack
) -> None:
    with pytest.raises(Refused, match="only to a candidate"):
        charging.charge(amina, samuel, **OBJECTION)
    attack(CASE, ask_for(amina, samuel), guard="objection_is_to_a_candidate")
    reach(due - timedelta(minutes=1))
    taken(CASE, ask_for(candidate, samuel))
    reach(due)
    # Nobody has made the row of their membership yet: they are as good as a member.
    assert standing.status(candidate) == Status.CANDIDATE
    attack(CASE, ask_for(candidate, samuel), guard="objection_is_to_a_candidate")
    with pytest.raises(Refused, match="only to a candidate"):
        charging.charge(candidate, samuel, **OBJECTION)


def test_who_belongs_to_us_is_no_clients_matter(candidate: Person, olga: Person, orbit: Client, attack: Attack) -> None:
    seat = orbit.seats.get(person=olga)
    with pytest.raises(Refused, match="by somebody of the cooperative"):
        charging.charge(candidate, olga, capacity=seat, client=orbit, **OBJECTION)
    by_seat = CASE.replace("office_id,", "seat_id, client_id,").replace(
        "(SELECT id FROM governance_office WHERE person_id = %(office)s)", "%(seat)s, %(client)s"
    )
    said = ask_for(candidate, olga, seat=seat.pk, client=orbit.pk)
    attack(by_seat, said, guard="objection_is_to_a_candidate")


def test_nobody_is_objected_to_twice(
    objected: Decision, candidate: Person, samuel: Person, teresa: Person, taken: Taken, attack: Attack
) -> None:
    again = ask_for(candidate, samuel)
    attack(CASE, again, guard="objection_is_to_a_candidate")
    with pytest.raises(Refused, match="once"):
        charging.charge(candidate, samuel, **OBJECTION, **charging.other(30))
    # What was appealed does not count: others may have other reasons, in their time.
    appeals.appeal(objected, reasons="No.", by=candidate, at=clock.now())
    taken(CASE, again)


@pytest.mark.parametrize(("step", "fits"), [
    (("objection", "membership", 90), True), (("objection", "membership", 1), True), (("nothing", "", 0), True),
    (("advice", "", 0), False), (("expulsion", "", 0), False), (("limit", "job:1", 3), False),
])  # fmt: skip
def test_a_panel_objects_or_does_not(
    candidate: Person, samuel: Person, teresa: Person, taken: Taken, attack: Attack, step: tuple[str, str, int],
    *, fits: bool,
) -> None:  # fmt: skip
    _case, panel = answered(candidate, samuel, teresa)
    assert decisions.choices(panel) == [Measure.NOTHING, Measure.OBJECTION]
    said = [panel.pk, panels.sitting_on(panel)[0].pk, *step]
    taken(MOTION, said) if fits else attack(MOTION, said, guard="decision_goes_no_further")


def test_no_other_charge_ends_in_an_objection(
    candidate: Person, samuel: Person, teresa: Person, attack: Attack
) -> None:
    case = charging.charge(candidate, samuel, measure=Measure.EXPULSION)
    panel = case.panels.get()
    sits = charging.seat(panel, candidate, teresa)[0].pk
    cases.say(case, kind=Said.REPLY, text="No.", by=candidate, at=clock.now())
    attack(MOTION, [panel.pk, sits, "objection", "membership", 3], guard="decision_goes_no_further")


def test_it_rests_on_the_file_and_on_four_of_five_after_a_protected_act(
    candidate: Person, samuel: Person, teresa: Person, attack: Attack
) -> None:
    assembly.open_thread(topic="other", title="The pay", text="It is too low.", by=candidate, at=clock.now())
    case, panel = answered(candidate, samuel, teresa)
    assert case.presumed
    with pytest.raises(Refused, match="no retaliation"):
        charging.agree(panel, charging.finding(case))
    with pytest.raises(Refused, match="rests on evidence"):
        charging.agree(panel, charging.finding(case, evidence=()))
    motion = charging.agree(panel, charging.finding(case, rebuttal=charging.REBUTTAL), yes=3)
    attack(DECIDE, [case.pk, panel.pk, motion.pk], guard="decision_is_the_panels")
    decisions.vote(motion, agrees=True, by=panels.sitting_on(panel)[4].person, at=clock.now())
    assert Decision.objects.get(case=case).agreed == 4


def test_the_candidate_reads_who_decided_and_how_to_appeal(
    objected: Decision, candidate: Person, signed_in: Callable[[Person], Browser]
) -> None:
    page = " ".join(re.sub(r"<[^>]+>", " ", signed_in(candidate).get("/standing/").text).split())
    assert "A panel objects to your membership" in page
    assert "public since" in page
    assert "can appeal to nine others until" in page
    for seat in panels.sitting_on(objected.panel):
        assert str(seat.person) in page
    assert "Closed to you by a panel" not in page
    appeals.appeal(objected, reasons="No.", by=candidate, at=clock.now())
    assert "objects to your membership" not in signed_in(candidate).get("/standing/").text


def test_an_officer_asks_for_it_on_the_page(
    candidate: Person, samuel: Person, signed_in: Callable[[Person], Browser]
) -> None:
    rule = charging.ask(clock.now(), samuel).bylaw
    at = clock.now()
    said = {
        "member": candidate.email, "ground": "fabricated", "bylaw": rule.pk, "facts": "Copied.",
        "first": (at - 6 * DAY).date(), "last": (at - 5 * DAY).date(), "evidence_name": "Both",
        "evidence": "These two.", "measure": "objection", "remedy": "Answer yourself.", "words": "hazel-heron-hill",
    }  # fmt: skip
    browser = signed_in(samuel)
    assert "at most 90" in browser.post("/cases/new/", said | {"days": 0}).text
    assert browser.post("/cases/new/", said | {"days": 60}).status_code == 302
    case = Case.objects.get(person=candidate)
    assert (case.measure, case.scope, case.days) == ("objection", "membership", 60)
    assert "becoming a member" in browser.get(f"/cases/{case.pk}/").text


NOW = datetime(2030, 1, 1, tzinfo=UTC)
NIA, OTHER = 901, 902
PAID = """CREATE OR REPLACE VIEW governance_paid_time AS SELECT person_id::bigint, seconds::numeric
FROM (VALUES (901, {}), (902, 99999999)) p (person_id, seconds)"""


@pytest.fixture
def known(superuser: psycopg.Connection) -> psycopg.Connection:
    """Let Nia be a candidate since the last moment of her 90 days, to whom another panel objected, as she appealed."""
    empty(superuser, *(f"governance_{table}" for table in (
        "standing", "decision", "motion", "case", "appeal", "parameter",
    )))  # fmt: skip
    stop_the_clock(superuser, NOW)
    plant(superuser, "governance_parameter", name="candidate_days", version=1, value=90, applies_from=NOW - 999 * DAY)
    superuser.execute(PAID.format(71_999))
    plant(superuser, "governance_standing", person_id=NIA, status="applicant", since=NOW - 500 * DAY, rule="")
    plant(superuser, "governance_standing", person_id=NIA, status="candidate", since=NOW - 90 * DAY + STEP, rule="R2")
    for number, person, measure in ((1, NIA, "objection"), (2, OTHER, "objection"), (3, NIA, "advice")):
        plant(superuser, "governance_case", id=number, person_id=person)
        plant(superuser, "governance_motion", id=number, measure=measure)
        plant(superuser, "governance_decision", id=number, case_id=number, motion_id=number)
    plant(superuser, "governance_appeal", decision_id=1)
    plant(superuser, "governance_motion", id=9, measure="objection")
    return superuser


STOOD = """;INSERT INTO governance_standing (person_id, status, since, rule, recorded_by_id)
VALUES (901, '{}', '2029-12-31Z', '{}', 901)"""
EARLIER = ";UPDATE governance_standing SET since = since - interval '1 microsecond' WHERE rule NOT IN ('D1', 'R1')"
WORLDS = [
    ("SELECT", True), (PAID.format(72_000), False), ("DELETE FROM governance_appeal", False),
    ("UPDATE governance_appeal SET decision_id = 2", False), ("DELETE FROM governance_motion WHERE id = 3", True),
    ("UPDATE governance_standing SET since = since - interval '1 microsecond'", False),
    ("UPDATE governance_standing SET status = 'member' WHERE status = 'candidate'", False),
    ("UPDATE governance_standing SET status = 'applicant'", False), ("DELETE FROM governance_standing", False),
    (STOOD.format("left", "D1"), True), (STOOD.format("expelled", "N7"), False),
    # Who came back is counted from the day before.
    (STOOD.format("left", "D1") + STOOD.format("candidate", "D1"), True),
    (STOOD.format("left", "D1") + STOOD.format("candidate", "D1") + EARLIER, False),
    (STOOD.format("left", "D1") + EARLIER, False),
    (STOOD.format("left", "D1") + STOOD.format("candidate", "R1") + EARLIER, True),
]  # fmt: skip


@pytest.mark.parametrize(("world", "opens"), WORLDS, ids=str)
def test_who_may_be_objected_to(known: psycopg.Connection, world: str, *, opens: bool) -> None:
    known.execute(world.encode())
    ask_alone(known, "objection_is_to_a_candidate", "governance_case")
    asked = {"kind": "charge", "measure": "objection", "person_id": NIA}
    told = written(known, "governance_case", asked)
    assert (told != "objection_is_to_a_candidate") == opens
    ask_alone(known, "objection_comes_before_membership", "governance_decision")
    told = written(known, "governance_decision", {"case_id": 1, "motion_id": 9})
    assert (told != "objection_comes_before_membership") == opens


@pytest.mark.parametrize(("change", "opens"), [
    ({}, True), ({"kind": "equivalent"}, False), ({"kind": "emergency"}, False), ({"seat_id": 1}, False),
    ({"person_id": OTHER}, False), ({"person_id": OTHER, "measure": "advice"}, True),
], ids=str)  # fmt: skip
def test_who_asks_for_an_objection(known: psycopg.Connection, change: dict[str, object], *, opens: bool) -> None:
    ask_alone(known, "objection_is_to_a_candidate", "governance_case")
    told = written(known, "governance_case", {"kind": "charge", "measure": "objection", "person_id": NIA} | change)
    assert (told != "objection_is_to_a_candidate") == opens


def test_every_other_measure_is_decided_without_asking_this(known: psycopg.Connection) -> None:
    ask_alone(known, "objection_comes_before_membership", "governance_decision")
    assert isinstance(written(known, "governance_decision", {"case_id": 2, "motion_id": 3}), dict)
    assert written(known, "governance_decision", {"case_id": 2, "motion_id": 9}) == "objection_comes_before_membership"
