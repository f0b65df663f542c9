"""Appeals to nine others, the general meeting on an expulsion, and leaving by one's own word."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from coop import clock
from coop.people.models import Person
from coop.refusals import Refused
from governance import appeals, casefile, cases, decisions, proposals, register, resigning, standing, voting
from governance.models import (
    Case,
    CaseGround,
    Decision,
    Measure,
    Panel,
    Proposal,
    Resignation,
    Restriction,
    Said,
    Stage,
    Status,
)
from tests.governance import charging
from tests.governance.conftest import cast_all, depart, reach, support

pytestmark = pytest.mark.django_db
type Attack = Callable[..., None]
APPEAL = "INSERT INTO governance_appeal (decision_id, by_id, reasons, appealed_at) VALUES (%s, %s, 'x', now())"
LEFT = """
INSERT INTO governance_standing (person_id, status, since, rule, recorded_by_id) VALUES (%s, 'left', now(), 'D1', %s)
"""


@pytest.fixture
def expelled(amina: Person, samuel: Person, teresa: Person) -> Decision:
    """Return a panel's decision that Amina be expelled, for payment fraud; four of five agreed."""
    return charging.decide(amina, samuel, teresa, ground=CaseGround.PAYMENT_FRAUD, measure=Measure.EXPULSION)


def appealed(decision: Decision, by: Person, witness: Person) -> Panel:
    appeals.appeal(decision, reasons="It was somebody else.", by=by, at=clock.now())
    panel = decision.case.panels.get(stage=Stage.APPEAL)
    charging.seat(panel, by, witness)
    return panel


def ask_meeting(decision: Decision, by: Person) -> Proposal:
    proposal = proposals.draft(
        policy="expulsion", payload={"decision": decision.pk, "person": decision.case.person_id},
        title="Shall the panel's decision stand?", text="The panel decided so.", by=by, at=clock.now(),
    )  # fmt: skip
    return proposals.publish(support(proposal), by=by, at=clock.now())


def test_four_of_five_expel_and_nothing_happens_before_the_meeting(
    amina: Person, expelled: Decision, later: Callable[..., datetime]
) -> None:
    assert expelled.agreed == 4
    assert standing.status(amina) == Status.MEMBER
    assert standing.refusal(amina, doing="work", at=later(days=30)) is None


def test_the_clock_of_a_case_says_until_when_its_member_may_appeal(
    amina: Person, teresa: Person, expelled: Decision
) -> None:
    until = [step.at for step in casefile.steps(expelled.case, clock.now()) if step.name == "You can appeal until"]
    assert until == [expelled.decided_at + timedelta(days=90)]
    appealed(expelled, amina, teresa)
    after = casefile.steps(Case.objects.get(pk=expelled.case.pk), clock.now())
    assert "You can appeal until" not in [step.name for step in after]
    assert [step.name for step in after].count("Decided") == 1


def test_nine_others_decide_on_an_appeal(amina: Person, teresa: Person, expelled: Decision) -> None:
    before = set(expelled.panel.seats.values_list("person", flat=True))
    panel = appealed(expelled, amina, teresa)
    sitting = set(panel.seats.values_list("person", flat=True))
    assert len(sitting) == 9
    assert not before & sitting
    charging.agree(panel, decisions.Finding(measure=Measure.NOTHING, reasons="The records show another account."))
    assert cases.state(expelled.case, clock.now()) == cases.State.SETTLED


def test_the_register_tells_nothing_of_what_is_appealed_before_it_is_settled(
    amina: Person, teresa: Person, expelled: Decision, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(register, "SMALL", 1)
    told = [register.lines(clock.now())]
    panel = appealed(expelled, amina, teresa)
    told.append(register.lines(clock.now()))
    charging.agree(panel, decisions.Finding(measure=Measure.NOTHING, reasons="The records show another account."))
    told.append(register.lines(clock.now()))
    assert [[line.result for line in lines] for lines in told] == [
        ["Expulsion, if the general meeting agrees"], ["Still open"], ["Nothing follows"],
    ]  # fmt: skip


def test_an_appeal_makes_nothing_worse(amina: Person, samuel: Person, teresa: Person, attack: Attack) -> None:
    decision = charging.decide(
        amina, samuel, teresa, ground=CaseGround.DATA_TAKEN, measure=Measure.PAUSE, scope="work", days=10
    )
    panel = appealed(decision, amina, teresa)
    seat = panel.seats.first()
    assert seat is not None
    worse = (
        "INSERT INTO governance_motion (panel_id, seat_id, measure, scope, days, reasons, rebuttal, moved_at)"
        " VALUES (%s, %s, %s, %s, %s, 'Because it is worse than they thought.', '', now())"
    )
    attack(worse, [panel.pk, seat.pk, "pause", "work", 11], guard="decision_goes_no_further")
    attack(worse, [panel.pk, seat.pk, "expulsion", "", 0], guard="decision_goes_no_further")


def test_what_was_served_before_the_appeal_counts(
    amina: Person, samuel: Person, teresa: Person, later: Callable[..., datetime]
) -> None:
    decision = charging.decide(
        amina, samuel, teresa, ground=CaseGround.DATA_TAKEN, measure=Measure.PAUSE, scope="work", days=30
    )
    later(days=17)
    panel = appealed(decision, amina, teresa)
    charging.agree(panel, charging.finding(decision.case))
    again = Restriction.objects.get(decision__panel=panel)
    assert (again.ends_at - again.starts_at).days in {19, 20}


def test_the_member_alone_appeals_once_and_for_90_days(
    amina: Person, luis: Person, expelled: Decision, later: Callable[..., datetime], attack: Attack
) -> None:
    with pytest.raises(Refused, match="The member it is about"):
        appeals.appeal(expelled, reasons="x", by=luis, at=clock.now())
    attack(APPEAL, [expelled.pk, luis.pk], guard="appeal_is_the_members_for_90_days")
    later(days=91)
    with pytest.raises(Refused, match="90 days"):
        appeals.appeal(expelled, reasons="x", by=amina, at=clock.now())
    attack(APPEAL, [expelled.pk, amina.pk], guard="appeal_is_the_members_for_90_days")


def test_the_meeting_is_not_asked_before_the_appeal_is_over(
    expelled: Decision, amina: Person, luis: Person, teresa: Person
) -> None:
    with pytest.raises(IntegrityError, match="after panel and appeal"), transaction.atomic():
        ask_meeting(expelled, luis)
    appeals.appeal(expelled, reasons="x", by=amina, at=clock.now())
    with pytest.raises(Refused, match="appealed"):
        ask_meeting(expelled, luis)


def test_two_thirds_of_the_meeting_expel(
    expelled: Decision, amina: Person, luis: Person, later: Callable[..., datetime]
) -> None:
    later(days=90, hours=1)
    proposal = ask_meeting(expelled, luis)
    cast_all(proposal, yes=20, no=2)
    voting.carry_on(voting.listed().get(pk=proposal.pk), at=reach(proposal.closes_at))
    assert standing.status(amina) == Status.EXPELLED
    assert standing.refusal(amina, doing="payout", at=clock.now()) is None


def test_the_mandate_of_an_expulsion_expels_nobody_else(
    expelled: Decision, luis: Person, later: Callable[..., datetime], attack: Attack
) -> None:
    later(days=90, hours=1)
    proposal = ask_meeting(expelled, luis)
    cast_all(proposal, yes=20, no=2)
    voting.close(proposal, at=reach(proposal.closes_at))
    mandate = voting.listed().get(pk=proposal.pk).mandate
    expel = (
        "INSERT INTO governance_standing (person_id, status, since, rule, mandate_id, recorded_by_id)"
        " VALUES (%s, 'expelled', now(), 'N7', %s, %s)"
    )
    attack(expel, [luis.pk, mandate.pk, luis.pk], guard="standing_is_lowered_only_by_mandate")


def test_without_a_quorum_the_member_stays_and_the_meeting_is_not_asked_again(
    expelled: Decision, amina: Person, luis: Person, later: Callable[..., datetime]
) -> None:
    later(days=90, hours=1)
    proposal = ask_meeting(expelled, luis)
    cast_all(proposal, yes=5)
    voting.carry_on(voting.listed().get(pk=proposal.pk), at=reach(proposal.closes_at))
    assert standing.status(amina) == Status.MEMBER
    with pytest.raises(IntegrityError, match="after panel and appeal"), transaction.atomic():
        ask_meeting(expelled, luis)


def test_of_two_who_would_ask_the_meeting_the_second_does_not(
    amina: Person, luis: Person, priya: Person, expelled: Decision, later: Callable[..., datetime]
) -> None:
    later(days=90, hours=1)
    first, second = [
        support(proposals.draft(
            policy="expulsion", payload={"decision": expelled.pk, "person": amina.pk}, title="Shall it stand?",
            text="The panel decided so.", by=by, at=clock.now(),
        )) for by in (luis, priya)
    ]  # fmt: skip
    assert proposals.publish(first, by=luis, at=clock.now()).published_at
    with pytest.raises(IntegrityError, match="after panel and appeal"), transaction.atomic():
        proposals.publish(second, by=priya, at=clock.now())


def test_the_site_asks_no_meeting_to_expel_somebody_uncharged(
    amina: Person, luis: Person, expelled: Decision, later: Callable[..., datetime], attack: Attack
) -> None:
    later(days=90, hours=1)
    with pytest.raises(Refused, match="No panel has decided"):
        proposals.draft(policy="expulsion", payload={"decision": expelled.pk, "person": luis.pk}, title="x", text="x",
                        by=amina, at=clock.now())  # fmt: skip
    draft = proposals.draft(policy="expulsion", payload={"decision": expelled.pk, "person": amina.pk}, title="x",
                            text="x", by=luis, at=clock.now())  # fmt: skip
    attack(
        "UPDATE governance_proposal SET published_at = now(), payload = %s WHERE id = %s",
        [f'{{"decision":{expelled.pk},"person":{luis.pk}}}', draft.pk],
        guard="expulsion_follows_a_hearing",
    )


def test_the_meeting_expels_by_its_own_rule_only(
    amina: Person, luis: Person, expelled: Decision, later: Callable[..., datetime], attack: Attack
) -> None:
    later(days=90, hours=1)
    draft = proposals.draft(policy="expulsion", payload={"decision": expelled.pk, "person": amina.pk}, title="x",
                            text="x", by=luis, at=clock.now())  # fmt: skip
    with connection.cursor() as site:
        site.execute(
            "INSERT INTO governance_proposal (policy, payload, rule_id, title, text, impact, subject, proposed_by_id,"
            " drafted_at, digest, roll_root) SELECT policy, payload, (SELECT max(id) FROM governance_rule"
            " WHERE key = 'N10'), title, text, impact, subject, proposed_by_id, drafted_at, digest, roll_root"
            " FROM governance_proposal WHERE id = %s RETURNING id",
            [draft.pk],
        )
        (number,) = site.fetchone()
    attack(
        "UPDATE governance_proposal SET published_at = now() WHERE id = %s", [number],
        guard="expulsion_follows_a_hearing",
    )  # fmt: skip


def test_a_notice_can_be_taken_back_for_seven_days(
    amina: Person, luis: Person, later: Callable[..., datetime], now: datetime, attack: Attack
) -> None:
    """J19: a threat that makes somebody resign has seven days to be undone, and is asked about."""
    notice = resigning.give_notice(amina, pressure="none", at=now)
    attack(LEFT, [amina.pk, amina.pk], guard="standing_is_lowered_only_by_mandate")
    assert resigning.leave_due(later(days=6)) == []
    with pytest.raises(Refused, match="your own notice"):
        resigning.take_back(notice, by=luis, at=clock.now())
    resigning.take_back(notice, by=amina, at=clock.now())
    assert resigning.leave_due(later(days=2)) == []
    assert standing.status(amina) == Status.MEMBER
    attack(LEFT, [amina.pk, amina.pk], guard="standing_is_lowered_only_by_mandate")


def test_a_charge_goes_on_while_its_member_is_away_and_holds_when_they_are_back(
    amina: Person, samuel: Person, teresa: Person, later: Callable[..., datetime]
) -> None:
    case = charging.charge(amina, samuel, ground=CaseGround.DATA_TAKEN, measure=Measure.PAUSE, scope="work", days=60)
    panel = case.panels.get()
    charging.seat(panel, amina, teresa)
    depart(amina)
    cases.say(case, kind=Said.REPLY, text="I am gone anyway.", by=amina, at=clock.now())
    charging.agree(panel, charging.finding(case))
    later(days=8)
    assert "left the cooperative" in str(standing.refusal(amina, doing="vote", at=clock.now()))
    resigning.come_back(amina, by=amina, at=clock.now())
    assert "A panel of members decided" in str(standing.refusal(amina, doing="work", at=clock.now()))
    assert standing.refusal(amina, doing="work", at=later(days=60)) is None


def test_an_appeal_goes_on_while_its_member_is_away(amina: Person, teresa: Person, expelled: Decision) -> None:
    panel = appealed(expelled, amina, teresa)
    depart(amina)
    charging.agree(panel, charging.finding(expelled.case))
    assert cases.state(expelled.case, clock.now()) == cases.State.SETTLED
    assert Decision.objects.get(panel=panel).motion.measure == Measure.EXPULSION


def test_who_is_away_when_the_meeting_expels_them_comes_back_no_more(
    expelled: Decision, amina: Person, luis: Person, later: Callable[..., datetime], attack: Attack
) -> None:
    later(days=90, hours=1)
    proposal = ask_meeting(expelled, luis)
    cast_all(proposal, yes=20, no=2)
    depart(amina)
    voting.carry_on(voting.listed().get(pk=proposal.pk), at=reach(proposal.closes_at))
    assert standing.status(amina) == Status.EXPELLED
    with pytest.raises(Refused, match="own word"):
        resigning.come_back(amina, by=amina, at=clock.now())
    attack(LEFT.replace("'left'", "'member'"), [amina.pk, amina.pk], guard="standing_rises_in_order")


def test_who_has_left_takes_no_notice_back_and_gives_none(
    amina: Person, later: Callable[..., datetime], now: datetime, attack: Attack
) -> None:
    notice = resigning.give_notice(amina, pressure="silent", at=now)
    assert resigning.leave_due(later(days=7, minutes=1)) != []
    assert standing.status(amina) == Status.LEFT
    attack("UPDATE governance_resignation SET taken_back_at = now() WHERE id = %s", [notice.pk],
           guard="notice_is_taken_back_in_time")  # fmt: skip
    attack("INSERT INTO governance_resignation (person_id, pressure, given_at) VALUES (%s, 'none', now())", [amina.pk],
           guard="notice_runs_seven_days")  # fmt: skip
    attack("UPDATE governance_resignation SET due_at = now()", guard="permission denied")


def test_whoever_was_pressed_gets_a_case_of_their_own(amina: Person, now: datetime) -> None:
    resigning.give_notice(amina, pressure="pressed", at=now)
    case = Case.objects.get(person=amina)
    assert (case.kind, case.ground) == ("equivalent", "pressed_to_leave")
    with pytest.raises(Refused, match="given notice already"):
        resigning.give_notice(amina, pressure="none", at=now)


def test_a_notice_is_not_backdated(amina: Person, now: datetime) -> None:
    notice = Resignation.objects.create(person=amina, pressure="none", given_at=now - timedelta(days=30))
    notice.refresh_from_db()
    assert notice.due_at is not None
    assert (notice.due_at - clock.now()).days in {6, 7}
    assert Resignation.objects.count() == 1
