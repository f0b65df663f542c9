"""The clock of a case, to the minute: what may still be done just before a time ends, and is refused just after."""

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from django.db import IntegrityError, connection, transaction

from coop import clock
from coop.people.models import Person
from governance import appeals, casefile, cases, lots, panels, pauses
from governance.models import (
    Case,
    CaseGround,
    Equivalent,
    Measure,
    Office,
    Panel,
    Pause,
    PauseGround,
    PauseRequest,
    Restriction,
    Role,
    Said,
    Stage,
)
from tests.governance import charging
from tests.governance.conftest import MINUTE, Taken, reach
from tests.governance.test_appeals import APPEAL, ask_meeting
from tests.governance.test_cases import CASE, row
from tests.governance.test_each_part import CASE as CASE_OF
from tests.governance.test_each_part import facts, office_of
from tests.governance.test_panels import OPEN, PART, REFUSE
from tests.governance.test_pauses import PAUSE

pytestmark = pytest.mark.django_db
type Attack = Callable[..., None]

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SAY = "INSERT INTO governance_statement (case_id, author_id, kind, text, said_at) VALUES (%s, %s, %s, 'x', now())"
CONVENE = "INSERT INTO governance_panel (case_id, stage, asked_by_id, convened_at) VALUES (%s, %s, %s, now())"


def test_a_decision_is_appealed_for_90_days(
    amina: Person, samuel: Person, teresa: Person, until: Callable[..., None]
) -> None:
    decision = charging.decide(amina, samuel, teresa)
    over = decision.decided_at + 90 * DAY
    assert appeals.refusal(decision, by=amina, at=over - MINUTE) is None
    assert appeals.refusal(decision, by=amina, at=over + MINUTE) is not None
    until(over, APPEAL, [decision.pk, amina.pk], guard="appeal_is_the_members_for_90_days")


def test_the_meeting_is_asked_after_90_days(amina: Person, samuel: Person, teresa: Person, luis: Person) -> None:
    expelled = charging.decide(amina, samuel, teresa, ground=CaseGround.PAYMENT_FRAUD, measure=Measure.EXPULSION)
    reach(expelled.decided_at + 90 * DAY - MINUTE)
    with pytest.raises(IntegrityError, match="after panel and appeal"), transaction.atomic():
        ask_meeting(expelled, luis)
    reach(expelled.decided_at + 90 * DAY + MINUTE)
    assert ask_meeting(expelled, luis).published_at


def test_a_restriction_begins_seven_days_after_its_decision(amina: Person, samuel: Person, teresa: Person) -> None:
    limit = {"measure": Measure.LIMIT, "scope": "job:12", "days": 30}
    decision = charging.decide(amina, samuel, teresa, ground=CaseGround.DATA_TAKEN, **limit)
    it = Restriction.objects.get(decision=decision)
    assert (it.starts_at - decision.decided_at, it.ends_at - it.starts_at) == (7 * DAY, 30 * DAY)


OPENED = "case_is_opened_by_a_named_person"


@pytest.mark.parametrize(("begun", "over", "guard"), [
    (365 * DAY - MINUTE, 364 * DAY, ""), (365 * DAY + MINUTE, 364 * DAY, OPENED), (40 * DAY, 9 * DAY + MINUTE, ""),
    (40 * DAY, 9 * DAY - MINUTE, OPENED), (5 * DAY, MINUTE, ""), (5 * DAY, -MINUTE, OPENED), (5 * DAY, 5 * DAY, ""),
    (5 * DAY, 5 * DAY + MINUTE, "facts_have_their_time"),
])  # fmt: skip
def test_a_charge_is_about_one_month_of_the_last_year(
    amina: Person, samuel: Person, taken: Taken, attack: Attack, begun: timedelta, over: timedelta, guard: str
) -> None:
    at = clock.now()
    charge = charging.ask(at, samuel, happened_from=at - begun, happened_until=at - over)
    assert (cases.charge_refusal(amina, charge, by=samuel, at=at) is None) == (not guard)
    facts = row(amina, samuel, since=begun, until=over)
    if guard:
        attack(CASE, facts, guard=guard)
    else:
        taken(CASE, facts)


def test_one_officer_charges_again_after_45_days(
    charged: Case, amina: Person, samuel: Person, since: Callable[..., None]
) -> None:
    over = charged.opened_at + 45 * DAY
    for at, refused in ((over - MINUTE, True), (over + MINUTE, False)):
        other = charging.ask(at, samuel, **charging.other(40))
        assert (cases.charge_refusal(amina, other, by=samuel, at=at) is not None) == refused
    since(over, CASE, row(amina, samuel), guard="charges_are_not_piled_up")


def test_evidence_is_cited_when_it_is_shown_within_48_hours(charged: Case, samuel: Person) -> None:
    shown = []
    for gap in (-MINUTE, MINUTE):
        at = reach(charged.opened_at + 48 * HOUR + gap)
        piece = cases.show(charged, name=f"{gap}", text=f"What was found {gap} later.", by=samuel, at=at)
        shown.append(piece.citable)
    assert shown == [True, False]


def test_the_member_answers_for_15_days(charged: Case, amina: Person, until: Callable[..., None]) -> None:
    over = charged.opened_at + 15 * DAY
    for kind in (Said.REPLY, Said.MORE_TIME):
        assert cases.say_refusal(charged, kind, by=amina, at=over - MINUTE) is None
        assert cases.say_refusal(charged, kind, by=amina, at=over + MINUTE) is not None
    assert cases.state(charged, over - MINUTE) == cases.State.ANSWER
    assert cases.state(charged, over + MINUTE) == cases.State.PANEL
    until(over, SAY, [charged.pk, amina.pk, "reply"], guard="statement_is_a_partys_in_its_time")


def test_more_time_is_asked_for_in_those_15_days(charged: Case, amina: Person, until: Callable[..., None]) -> None:
    over = charged.opened_at + 15 * DAY
    until(over, SAY, [charged.pk, amina.pk, "more_time"], guard="statement_is_a_partys_in_its_time")


def test_more_time_is_14_days_more(charged: Case, amina: Person, until: Callable[..., None]) -> None:
    cases.say(charged, kind=Said.MORE_TIME, text="I travel.", by=amina, at=clock.now())
    over = charged.opened_at + 29 * DAY
    assert cases.reply_by(charged) == over
    until(over, SAY, [charged.pk, amina.pk, "reply"], guard="statement_is_a_partys_in_its_time")


def test_only_who_asks_for_more_time_has_it(
    charged: Case, amina: Person, luis: Person, samuel: Person, until: Callable[..., None]
) -> None:
    other = charging.charge(luis, by=samuel, **charging.other(40))
    cases.say(other, kind=Said.MORE_TIME, text="I travel.", by=luis, at=clock.now())
    over = charged.opened_at + 15 * DAY
    assert cases.reply_by(charged) == over
    until(over, SAY, [charged.pk, amina.pk, "reply"], guard="statement_is_a_partys_in_its_time")


@pytest.fixture
def equivalent(amina: Person) -> Case:
    """Return a case that the cooperative has to explain: the site let Amina not speak."""
    return charging.unexplained(amina)


def test_the_cooperative_explains_for_seven_days(equivalent: Case, samuel: Person, until: Callable[..., None]) -> None:
    over = equivalent.opened_at + 7 * DAY
    states = [cases.state(equivalent, over + gap) for gap in (-MINUTE, MINUTE)]
    assert states == [cases.State.EXPLAINING, cases.State.IN_FAVOUR]
    until(over, SAY, [equivalent.pk, samuel.pk, "explanation"], guard="statement_is_a_partys_in_its_time")


def test_an_explanation_is_contested_for_15_days(
    equivalent: Case, amina: Person, samuel: Person, until: Callable[..., None]
) -> None:
    said = cases.say(equivalent, kind=Said.EXPLANATION, text="No work.", by=samuel, at=clock.now())
    until(
        said.said_at + 15 * DAY, SAY, [equivalent.pk, amina.pk, "contested"], guard="statement_is_a_partys_in_its_time"
    )
    late = cases.say_refusal(equivalent, Said.CONTESTED, by=amina, at=said.said_at + 15 * DAY + MINUTE)
    assert late is not None
    assert "within 15 days" in str(late)
    assert cases.say_refusal(equivalent, Said.CONTESTED, by=amina, at=said.said_at + 15 * DAY - MINUTE) is None


def test_what_is_contested_is_decided_in_time_or_in_the_members_favour(
    equivalent: Case, amina: Person, samuel: Person, teresa: Person
) -> None:
    cases.say(equivalent, kind=Said.EXPLANATION, text="No work.", by=samuel, at=clock.now())
    assert [cases.may_read(equivalent, who) for who in (samuel, amina, teresa)] == [True, True, False]
    cases.say(equivalent, kind=Said.CONTESTED, text="There was.", by=amina, at=clock.now())
    over = panels.convene(equivalent, stage=Stage.FIRST, by=amina, at=clock.now()).decide_by
    assert over
    instant = timedelta(microseconds=1)
    states = [cases.state(equivalent, moment) for moment in (over - instant, over)]
    assert states == [cases.State.PANEL, cases.State.IN_FAVOUR]


def test_there_is_nothing_to_contest_before_it_is_explained(equivalent: Case, amina: Person) -> None:
    refused = cases.say_refusal(equivalent, Said.CONTESTED, by=amina, at=clock.now())
    assert refused is not None
    assert "Nobody has explained" in str(refused)


def test_the_same_equivalent_opens_another_case_after_14_days(equivalent: Case, amina: Person) -> None:
    found = []
    reach(equivalent.opened_at + 12 * DAY)
    charging.kept_quiet(amina)
    for gap in (-MINUTE, MINUTE):
        at = reach(equivalent.opened_at + 14 * DAY + gap)
        found.append(cases.open_equivalent(amina, kind=Equivalent.MUTED, at=at) is not None)
    assert found == [False, True]


def spans(*moments: datetime | None) -> list[timedelta]:
    """Return how long it is from each moment to the next."""
    known = [moment for moment in moments if moment]
    assert len(known) == len(moments)
    return [after - before for before, after in pairwise(known)]


def test_the_clock_of_a_charges_panel(charged: Case) -> None:
    panel = charged.panels.get()
    assert spans(charged.opened_at, panel.commit_by, panel.reveal_by) == [15 * DAY, 5 * DAY]
    assert spans(charged.opened_at, panel.decide_by) == [45 * DAY]


def test_a_case_tells_to_the_moment_what_is_over(charged: Case) -> None:
    gaps = (timedelta(), 48 * HOUR - MINUTE, 48 * HOUR, 15 * DAY, 45 * DAY)
    told = [[step.over for step in casefile.steps(charged, charged.opened_at + gap)] for gap in gaps]
    assert told == [[n < over for n in range(4)] for over in (1, 1, 2, 3, 4)]


def test_the_clock_of_an_appeals_panel(amina: Person, samuel: Person, teresa: Person) -> None:
    decision = charging.decide(amina, samuel, teresa)
    appeals.appeal(decision, reasons="No.", by=amina, at=reach(decision.decided_at + 3 * DAY))
    panel = decision.case.panels.get(stage=Stage.APPEAL)
    assert spans(panel.convened_at, panel.commit_by, panel.reveal_by) == [7 * DAY, 5 * DAY]
    assert spans(panel.convened_at, panel.decide_by) == [45 * DAY]


def test_the_clock_of_a_contested_explanations_panel(equivalent: Case, amina: Person, samuel: Person) -> None:
    cases.say(equivalent, kind=Said.EXPLANATION, text="No work.", by=samuel, at=clock.now())
    cases.say(equivalent, kind=Said.CONTESTED, text="Others had some.", by=amina, at=clock.now())
    panel = panels.convene(equivalent, stage=Stage.FIRST, by=amina, at=clock.now())
    assert spans(panel.convened_at, panel.commit_by, panel.reveal_by) == [7 * DAY, 5 * DAY]


def test_the_clock_of_an_emergencys_panel(amina: Person, samuel: Person, paused: Callable[..., Pause]) -> None:
    pause = Pause.objects.get(pk=paused(amina).pk)
    case = cases.open_emergency(pause, facts="It goes on.", seal=lots.seal("a-b-c"), by=samuel, at=clock.now())
    panel = case.panels.get()
    assert spans(panel.convened_at, panel.commit_by, panel.reveal_by) == [24 * HOUR, 24 * HOUR]
    assert panel.decide_by == pause.starts_at + 14 * DAY


def test_a_charges_panel_is_convened_within_48_hours(amina: Person, samuel: Person, until: Callable[..., None]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(CASE, row(amina, samuel))  # type: ignore[arg-type]
    case = Case.objects.get()
    over = case.opened_at + 48 * HOUR
    until(over, CONVENE, [case.pk, "first", samuel.pk], guard="panel_is_convened_by_its_case")


def test_an_emergencys_panel_is_convened_within_twelve_hours(
    amina: Person, samuel: Person, paused: Callable[..., Pause], until: Callable[..., None]
) -> None:
    asks = {"kind": "emergency", "ground": "", "measure": "prolong", "scope": "work", "days": 3}
    with connection.cursor() as cursor:
        told = facts(amina, samuel, **asks, office=office_of(samuel), pause=paused(amina).pk)
        cursor.execute(CASE_OF, told)  # type: ignore[arg-type]
    case = Case.objects.get()
    over = case.opened_at + 12 * HOUR
    until(over, CONVENE, [case.pk, "emergency", samuel.pk], guard="panel_is_convened_by_its_case")


def test_a_part_of_the_lot_is_sealed_and_opened_in_its_time(
    charged: Case, amina: Person, teresa: Person, until: Callable[..., None], attack: Attack
) -> None:
    panel, seal = charged.panels.get(), lots.seal("words")
    over = panel.commit_by
    assert over
    assert panels.seal_refusal(panel, by=amina, at=over - MINUTE) is None
    assert panels.seal_refusal(panel, by=amina, at=over + MINUTE) is not None
    until(over, PART, [panel.pk, "member", amina.pk, seal], guard="lot_is_sealed_by_three")


def test_the_others_wait_for_the_members_part_while_its_time_runs(
    charged: Case, amina: Person, teresa: Person, attack: Attack
) -> None:
    panel = charged.panels.get()
    charging.seal_all(panel, amina, teresa)
    witness = panel.parts.get(role=Role.WITNESS)
    assert panel.commit_by
    reach(panel.commit_by + MINUTE)
    attack(OPEN, [witness.pk, charging.WORDS[Role.WITNESS]], guard="lot_is_opened_in_turn")
    reach(panels.member_by(panel) + MINUTE)
    assert panels.reveal(witness, charging.WORDS[Role.WITNESS], at=clock.now()).pk


def test_the_parts_of_the_lot_are_opened_until_its_day(
    charged: Case, amina: Person, teresa: Person, until: Callable[..., None]
) -> None:
    panel = charged.panels.get()
    charging.seal_all(panel, amina, teresa)
    for role in (Role.MEMBER, Role.WITNESS):
        panels.reveal(panel.parts.get(role=role), charging.WORDS[role], at=clock.now())
    last = panel.parts.get(role=Role.CHARGE)
    until(panel.reveal_by, OPEN, [last.pk, charging.WORDS[Role.CHARGE]], guard="lot_is_opened_in_turn")


def test_a_drawn_member_is_refused_for_72_hours(seated: Panel, amina: Person, until: Callable[..., None]) -> None:
    seat = panels.sitting_on(seated)[0]
    over = seat.seated_at + 72 * HOUR
    assert panels.refuse_refusal(seat, by=amina, at=over - MINUTE) is None
    assert panels.refuse_refusal(seat, by=amina, at=over + MINUTE) is not None
    until(over, REFUSE, [seat.pk, "member", amina.pk], guard="each_side_refuses_two")


HEARING = """
INSERT INTO governance_hearing (panel_id, seat_id, began_at, ended_at, text, written_at)
SELECT panel_id, id, coop_now() - %s, coop_now() - %s, 'Both spoke.', coop_now() FROM governance_panelseat
ORDER BY rank LIMIT 1
"""


def test_a_hearing_lasts_eight_hours_at_most_and_is_over(seated: Panel, taken: Taken, attack: Attack) -> None:
    reach(panels.sitting_on(seated)[0].seated_at + DAY)
    taken(HEARING, [9 * HOUR - MINUTE, HOUR])
    attack(HEARING, [9 * HOUR + MINUTE, HOUR], guard="hearing_is_held_by_the_panel")
    attack(HEARING, [HOUR, -MINUTE], guard="hearing_is_held_by_the_panel")
    attack(HEARING, [25 * HOUR, 24 * HOUR], guard="hearing_is_held_by_the_panel")
    whole = HEARING.replace("coop_now() - %s, coop_now() - %s", "t.over - %s, t.over").replace(
        "ORDER", "CROSS JOIN (SELECT coop_now() - interval '1 hour' AS over) t ORDER"
    )
    taken(whole, [8 * HOUR])
    attack(whole, [8 * HOUR + timedelta(microseconds=1)], guard="hearing_is_held_by_the_panel")


def test_a_pause_is_confirmed_within_a_day(
    amina: Person, teresa: Person, asked: Callable[..., PauseRequest], until: Callable[..., None]
) -> None:
    request = asked(amina)
    over = request.asked_at + DAY
    assert pauses.waiting(over - MINUTE) == [request]
    assert pauses.waiting(over + MINUTE) == []
    until(over, PAUSE, [Office.objects.get(person=teresa).pk, 1, request.pk], guard="pause_needs_two_officers")


def test_72_hours_of_pause_are_all_in_30_days(
    amina: Person, samuel: Person, teresa: Person, paused: Callable[..., Pause], attack: Attack, taken: Taken
) -> None:
    over = paused(amina).ends_at + 30 * DAY
    for gap, refused in ((-MINUTE, True), (MINUTE, False)):
        at = reach(over + gap)
        request = pauses.ask(
            amina, ground=PauseGround.ACCOUNT_TAKEN_OVER, scope="work", reason="Once more.",
            evidence=pauses.evidence_of(f"the log of {gap}"), hours=1, by=samuel, at=at,
        )  # fmt: skip
        assert (pauses.confirm_refusal(request, by=teresa, at=at) is not None) == refused
        said = [Office.objects.get(person=teresa).pk, 1, request.pk]
        if refused:
            attack(PAUSE, said, guard="pause_needs_two_officers")
        else:
            taken(PAUSE, said)
