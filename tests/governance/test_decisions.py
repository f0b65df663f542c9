"""Decisions: reasons, votes, the ladder, the presumption, and that nothing but a decision that stands bars anybody."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test import Client as Browser

from coop import clock
from coop.people.models import Person
from coop.refusals import Refused
from governance import appeals, cases, decisions, lots, panels, standing
from governance.models import Case, CaseGround, Decision, Measure, Panel, Pause, Restriction, Role, Said, Stage
from tests.governance import charging
from tests.governance.conftest import reach

pytestmark = pytest.mark.django_db
type Attack = Callable[..., None]
MOTION = """
INSERT INTO governance_motion (panel_id, seat_id, measure, scope, days, reasons, rebuttal, moved_at)
VALUES (%s, %s, %s, %s, %s, 'Because we looked at all of it and it is so.', '', now())
"""
VOTE = "INSERT INTO governance_panelvote (motion_id, seat_id, agrees, voted_at) VALUES (%s, %s, true, now())"
DECIDE = "INSERT INTO governance_decision (case_id, panel_id, motion_id, decided_at) VALUES (%s, %s, %s, now())"
CITE = "INSERT INTO governance_citation (motion_id, evidence_id) VALUES (%s, %s)"
RESTRICT = """
INSERT INTO governance_restriction (decision_id, person_id, scope, starts_at, ends_at)
VALUES (%s, %s, 'work', now(), now() + interval '60 days')
"""


@pytest.fixture
def answered(charged: Case, seated: Panel, amina: Person) -> Panel:
    """Return a seated panel whose case the member has answered."""
    cases.say(charged, kind=Said.REPLY, text="I wrote them myself.", by=amina, at=clock.now())
    return seated


@pytest.fixture
def paused_by_panel(amina: Person, samuel: Person, teresa: Person) -> Decision:
    """Return a decision: data were taken, new work pauses for 60 days."""
    return charging.decide(
        amina, samuel, teresa, ground=CaseGround.DATA_TAKEN, measure=Measure.PAUSE, scope="work", days=60
    )


def bars(person: Person, *scopes: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT governance_bars(%s, %s)", [person.pk, list(scopes)])
        return bool(cursor.fetchone()[0])


def test_three_of_five_decide_with_reasons_and_evidence(answered: Panel, charged: Case) -> None:
    charging.agree(answered, charging.finding(charged), yes=2)
    assert cases.state(charged, clock.now()) == cases.State.PANEL
    motion = answered.motions.get()
    decisions.vote(motion, agrees=True, by=panels.sitting_on(answered)[4].person, at=clock.now())
    decision = Decision.objects.get(case=charged)
    assert (decision.agreed, decision.motion.measure) == (3, "advice")
    assert cases.state(charged, clock.now()) == cases.State.DECIDED


def test_nothing_is_decided_without_enough_votes(answered: Panel, charged: Case, attack: Attack) -> None:
    motion = charging.agree(answered, charging.finding(charged), yes=2)
    attack(DECIDE, [charged.pk, answered.pk, motion.pk], guard="decision_is_the_panels")


def test_nobody_decides_without_a_panel(
    charged: Case, samuel: Person, seated: Panel, amina: Person, attack: Attack
) -> None:
    seat = seated.seats.first()
    assert seat is not None
    attack(MOTION, [seated.pk, seat.pk, "advice", "", 0], guard="member_is_heard_first")
    cases.say(charged, kind=Said.REPLY, text="x", by=amina, at=clock.now())
    with pytest.raises(Refused, match="sit on this panel"):
        decisions.move(seated, charging.finding(charged), by=samuel, at=clock.now())
    panels.refuse(seat, by=seat.person, at=clock.now())
    attack(MOTION, [seated.pk, seat.pk, "advice", "", 0], guard="motion_is_written_by_the_panel")
    attack(DECIDE, [charged.pk, seated.pk, 1], guard="decision_is_the_panels")


def test_the_member_is_heard_first(charged: Case, seated: Panel, later: Callable[..., datetime]) -> None:
    with pytest.raises(Refused, match="answered or could have"):
        charging.agree(seated, charging.finding(charged))
    later(days=15, hours=1)
    charging.agree(seated, charging.finding(charged))
    assert Decision.objects.filter(case=charged).exists()


def test_a_panel_member_votes_once_and_outsiders_never(answered: Panel, charged: Case, attack: Attack) -> None:
    motion = charging.agree(answered, charging.finding(charged), yes=2)
    voted = panels.sitting_on(answered)[1]
    with pytest.raises(Refused, match="voted on this already"):
        decisions.vote(motion, agrees=True, by=voted.person, at=clock.now())
    attack(VOTE, [motion.pk, voted.pk], guard="panel_member_votes_once")
    last = panels.sitting_on(answered)[4]
    panels.refuse(last, by=last.person, at=clock.now())
    attack(VOTE, [motion.pk, last.pk], guard="panel_vote_is_a_seats_own")


def test_what_is_not_decided_in_45_days_is_void_for_good(
    answered: Panel, charged: Case, later: Callable[..., datetime], attack: Attack
) -> None:
    motion = charging.agree(answered, charging.finding(charged), yes=2)
    seats = list(panels.sitting_on(answered))
    later(days=45)
    with pytest.raises(Refused, match="void for good"):
        decisions.vote(motion, agrees=True, by=seats[3].person, at=clock.now())
    attack(VOTE, [motion.pk, seats[3].pk], guard="panel_vote_is_a_seats_own")
    attack(MOTION, [answered.pk, seats[3].pk, "advice", "", 0], guard="motion_is_written_by_the_panel")
    assert cases.state(charged, clock.now()) == cases.State.VOID


@pytest.mark.usefixtures("committed")
def test_even_enough_votes_make_no_decision_once_it_is_late(
    answered: Panel, charged: Case, later: Callable[..., datetime], attack: Attack
) -> None:
    motion = charging.agree(answered, charging.finding(charged), yes=2)
    with connection.cursor() as cursor:
        cursor.execute(VOTE, [motion.pk, panels.sitting_on(answered)[3].pk])
    later(days=45)
    attack(DECIDE, [charged.pk, answered.pk, motion.pk], guard="decision_comes_in_time")


def test_a_decision_cites_only_what_was_shown_in_time(
    charged: Case, seated: Panel, samuel: Person, luis: Person, later: Callable[..., datetime], attack: Attack
) -> None:
    later(days=16)
    late = cases.show(charged, name="Late", text="Found too late.", by=samuel, at=clock.now())
    with pytest.raises(Refused, match="within 48 hours"):
        charging.agree(seated, charging.finding(charged, evidence=(late,)))
    with pytest.raises(Refused, match="within 48 hours"):
        charging.agree(seated, charging.finding(charged, evidence=()))
    seat = panels.sitting_on(seated)[0]
    motion = seated.motions.create(seat=seat, measure="advice", reasons="x" * 30, moved_at=clock.now())
    attack(CITE, [motion.pk, late.pk], guard="citation_is_in_the_file")
    elsewhere = charging.charge(luis, samuel, evidence=(("Other", "Of another case."),)).evidence.get()
    attack(CITE, [motion.pk, elsewhere.pk], guard="citation_is_in_the_file")
    for chair in list(panels.sitting_on(seated))[:3]:
        motion.votes.create(seat=chair, agrees=True, voted_at=clock.now())
    attack(DECIDE, [charged.pk, seated.pk, motion.pk], guard="decision_rests_on_the_file")


def test_a_panel_decides_no_more_than_was_charged(answered: Panel, charged: Case, attack: Attack) -> None:
    with pytest.raises(Refused, match="no more than was charged"):
        charging.agree(answered, charging.finding(charged, measure=Measure.PAUSE, scope="work", days=60))
    seat = panels.sitting_on(answered)[0]
    for measure, scope, days in (("pause", "work", 60), ("prolong", "work", 3), ("repair", "", 0)):
        attack(MOTION, [answered.pk, seat.pk, measure, scope, days], guard="decision_goes_no_further")
    attack(MOTION.replace("Because we looked at all of it and it is so.", " "),
           [answered.pk, seat.pk, "advice", "", 0], guard="motion_gives_reasons")  # fmt: skip


def test_no_step_of_the_ladder_is_passed_over(amina: Person, samuel: Person, teresa: Person, attack: Attack) -> None:
    case = charging.charge(amina, samuel, measure=Measure.PAUSE, scope="work", days=60)
    panel = case.panels.get()
    charging.seat(panel, amina, teresa)
    cases.say(case, kind=Said.REPLY, text="No.", by=amina, at=clock.now())
    with pytest.raises(Refused, match="step by step"):
        charging.agree(panel, charging.finding(case))
    sitting = list(panels.sitting_on(panel))
    motion = panel.motions.create(
        seat=sitting[0], measure="pause", scope="work", days=60, reasons="x" * 30, moved_at=clock.now()
    )
    motion.citations.create(evidence=case.evidence.get())
    for seat in sitting[:3]:
        motion.votes.create(seat=seat, agrees=True, voted_at=clock.now())
    attack(DECIDE, [case.pk, panel.pk, motion.pk], guard="ladder_is_climbed_step_by_step")


def test_training_follows_advice_and_advice_follows_nothing(amina: Person, samuel: Person, teresa: Person) -> None:
    case = charging.charge(amina, samuel, measure=Measure.RETRAINING)
    panel = case.panels.get()
    charging.seat(panel, amina, teresa)
    cases.say(case, kind=Said.REPLY, text="No.", by=amina, at=clock.now())
    with pytest.raises(Refused, match="step by step"):
        charging.agree(panel, charging.finding(case))
    assert charging.agree(panel, charging.finding(case, measure=Measure.ADVICE))


def test_the_ladder_is_climbed_a_case_a_step(amina: Person, samuel: Person, teresa: Person) -> None:
    decision = charging.climb(amina, samuel, teresa, to=Measure.LIMIT)
    assert decision.restriction.scope == "job:12"


def test_retraining_is_an_offer_and_closes_nothing(
    amina: Person, samuel: Person, teresa: Person, signed_in: Callable[[Person], Browser]
) -> None:
    decision = charging.climb(amina, samuel, teresa, to=Measure.RETRAINING)
    page = signed_in(amina).get(f"/cases/{decision.case_id}/").text
    assert "each of its answers is paid by the training fund" in page
    advice = Decision.objects.get(motion__measure=Measure.ADVICE)
    assert "training fund" not in signed_in(amina).get(f"/cases/{advice.case_id}/").text
    reach(decision.decided_at + timedelta(days=8))
    assert not decisions.restrictions_of(amina, clock.now())


def test_retaliation_is_presumed_and_must_be_rebutted_by_four_of_five(
    published: Callable[..., object], amina: Person, samuel: Person, teresa: Person, attack: Attack
) -> None:
    published()
    case = charging.charge(amina, samuel)
    panel = case.panels.get()
    charging.seat(panel, amina, teresa)
    cases.say(case, kind=Said.REPLY, text="It is about my proposal.", by=amina, at=clock.now())
    with pytest.raises(Refused, match="no retaliation"):
        charging.agree(panel, charging.finding(case))
    rebutted = charging.finding(case, rebuttal="The copies are older than the proposal and were found by a machine.")
    motion = charging.agree(panel, rebutted, yes=3)
    attack(DECIDE, [case.pk, panel.pk, motion.pk], guard="decision_is_the_panels")
    bare = panel.motions.create(
        seat=panels.sitting_on(panel)[0], measure="advice", reasons="x" * 30, moved_at=clock.now()
    )
    bare.citations.create(evidence=case.evidence.get())
    for seat in list(panels.sitting_on(panel))[:4]:
        bare.votes.create(seat=seat, agrees=True, voted_at=clock.now())
    attack(DECIDE, [case.pk, panel.pk, bare.pk], guard="presumption_is_rebutted")
    decisions.vote(motion, agrees=True, by=panels.sitting_on(panel)[4].person, at=clock.now())
    assert Decision.objects.get(case=case).agreed == 4


def test_a_pause_by_decision_waits_a_week_and_ends_by_itself(
    amina: Person, paused_by_panel: Decision, later: Callable[..., datetime]
) -> None:
    assert standing.refusal(amina, doing="work", at=clock.now()) is None
    refusal = standing.refusal(amina, doing="claim:job:12:client:3", at=later(days=7, minutes=1))
    assert refusal is not None
    assert (refusal.rule, bars(amina, "work")) == ("part 7", True)
    assert [standing.refusal(amina, doing=act, at=clock.now()) for act in ("vote", "propose", "speak")] == [None] * 3
    assert standing.refusal(amina, doing="work", at=later(days=60)) is None
    assert not bars(amina, "work")


def test_an_appeal_takes_the_effect_away(
    amina: Person, paused_by_panel: Decision, later: Callable[..., datetime]
) -> None:
    later(days=8)
    assert bars(amina, "work")
    appeals.appeal(paused_by_panel, reasons="I was not there.", by=amina, at=clock.now())
    assert standing.refusal(amina, doing="work", at=clock.now()) is None
    assert not bars(amina, "work")
    assert cases.state(paused_by_panel.case, later(days=46)) == cases.State.VOID
    assert not bars(amina, "work")


def test_only_a_decision_restricts_anybody(
    amina: Person, answered: Panel, charged: Case, paused: Callable[..., Pause], attack: Attack
) -> None:
    """J1, J3, J5, J7: the site writes no ban, of whatever name."""
    charging.agree(answered, charging.finding(charged))
    decision = Decision.objects.get(case=charged)
    attack(RESTRICT, [decision.pk, amina.pk], guard="restriction_follows_a_decision")
    attack(RESTRICT, [decision.pk + 1, amina.pk], guard="restriction_follows_a_decision")
    assert not Restriction.objects.exists()
    assert standing.refusal(amina, doing="work", at=clock.now()) is None


def test_a_restriction_is_neither_prolonged_nor_given_twice(
    amina: Person, luis: Person, paused_by_panel: Decision, attack: Attack
) -> None:
    attack(RESTRICT, [paused_by_panel.pk, luis.pk], guard="governance_restriction_decision_id_key")
    for table in ("restriction", "decision", "motion", "panelvote", "citation", "appeal"):
        attack(f"UPDATE governance_{table} SET id = id", guard="permission denied")
        attack(f"DELETE FROM governance_{table}", guard="permission denied")
    restriction = paused_by_panel.restriction
    restriction.refresh_from_db()
    assert (restriction.ends_at - restriction.starts_at).days == 60
    assert (restriction.starts_at - paused_by_panel.decided_at).days == 7


def test_a_mute_is_a_case_and_reaches_only_speech(
    amina: Person, samuel: Person, teresa: Person, later: Callable[..., datetime]
) -> None:
    charging.decide(amina, samuel, teresa, ground=CaseGround.VIOLENCE, measure=Measure.LIMIT, scope="mute", days=30)
    at = later(days=8)
    assert standing.refusal(amina, doing="speak", at=at) is not None
    assert [standing.refusal(amina, doing=act, at=at) for act in ("work", "vote")] == [None, None]


def test_a_panel_of_three_prolongs_an_emergency_to_14_days_in_all(
    amina: Person, samuel: Person, teresa: Person, petra: Person, paused: Callable[..., Pause],
    later: Callable[..., datetime], attack: Attack,
) -> None:  # fmt: skip
    pause = paused(amina, hours=72)
    seal = lots.seal(charging.WORDS[Role.CHARGE])
    over = cases.emergency_refusal(pause, by=samuel, at=pause.ends_at)
    assert over is not None
    assert "is over" in str(over.reason)
    assert cases.emergency_refusal(pause, by=samuel, at=pause.starts_at) is None
    case = cases.open_emergency(pause, facts="It goes on.", seal=seal, by=samuel, at=clock.now())
    with pytest.raises(Refused, match="asked already"):
        cases.open_emergency(pause, facts="Again.", seal=seal, by=teresa, at=clock.now())
    panel = case.panels.get()
    assert len(charging.seat(panel, amina, petra)) == 3
    later(hours=60)
    found = decisions.Finding(
        measure=Measure.PROLONG, scope="work", days=14, reasons="The account still signs in from two places."
    )
    charging.agree(panel, found)
    restriction = Restriction.objects.get(decision__case=case)
    assert abs((restriction.ends_at - pause.starts_at).total_seconds() - 14 * 86400) < 60
    assert standing.refusal(amina, doing="work", at=later(days=10)) is not None
    assert standing.refusal(amina, doing="work", at=later(days=2)) is None
    attack(MOTION, [panel.pk, panel.seats.first().pk, "prolong", "work", 3],  # type: ignore[union-attr]
           guard="motion_is_written_by_the_panel")  # fmt: skip


def test_a_panel_of_three_may_find_a_pause_unfounded(
    amina: Person, samuel: Person, petra: Person, paused: Callable[..., Pause]
) -> None:
    seal = lots.seal(charging.WORDS[Role.CHARGE])
    case = cases.open_emergency(paused(amina), facts="It goes on.", seal=seal, by=samuel, at=clock.now())
    panel = case.panels.get()
    charging.seat(panel, amina, petra)
    charging.agree(panel, decisions.Finding(measure=Measure.UNFOUNDED, reasons="It was the member, on a train."))
    assert Decision.objects.get(case=case).motion.measure == Measure.UNFOUNDED
    assert not Restriction.objects.exists()


def test_a_contested_explanation_goes_to_a_panel(amina: Person, samuel: Person, teresa: Person) -> None:
    case = charging.unexplained(amina)
    cases.say(case, kind=Said.EXPLANATION, text="There was no work.", by=samuel, at=clock.now())
    cases.say(case, kind=Said.CONTESTED, text="Others had work.", by=amina, at=clock.now())
    panel = panels.convene(case, stage=Stage.FIRST, by=amina, at=clock.now())
    charging.seat(panel, amina, teresa)
    charging.agree(panel, decisions.Finding(measure=Measure.REPAIR, reasons="Others had work all that time."))
    assert cases.state(case, clock.now()) == cases.State.DECIDED
