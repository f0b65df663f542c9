"""What the database counts as a decision: the votes of those who sit, for that motion, of a full panel of that case."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from coop import clock
from coop.people.models import Person
from coop.refusals import Refused
from governance import cases, decisions, lots, panels
from governance.models import Case, Motion, Panel, Pause, Role, Said
from tests.governance import charging
from tests.governance.conftest import Taken
from tests.governance.test_decisions import DECIDE
from tests.governance.test_panels import REFUSE

pytestmark = pytest.mark.django_db
type Attack = Callable[..., None]

GUARD = "decision_is_the_panels"
VOTE = "INSERT INTO governance_panelvote (motion_id, seat_id, agrees, voted_at) VALUES (%s, %s, %s, now())"


@pytest.fixture
def moved(charged: Case, seated: Panel, amina: Person) -> Motion:
    """Return a motion that two of five agree to, its mover among them."""
    cases.say(charged, kind=Said.REPLY, text="I wrote them myself.", by=amina, at=clock.now())
    return charging.agree(seated, charging.finding(charged), yes=2)


def write(statement: str, said: list[Any]) -> None:
    """Write past the acts, as the web role: no decision follows by itself."""
    with connection.cursor() as cursor:
        cursor.execute(statement, said)


def deciding(motion: Motion) -> list[object]:
    return [motion.panel.case_id, motion.panel_id, motion.pk]


def test_three_who_agree_decide(moved: Motion, taken: Taken) -> None:
    write(VOTE, [moved.pk, panels.sitting_on(moved.panel)[2].pk, True])
    taken(DECIDE, deciding(moved))


def test_who_disagrees_is_not_counted(moved: Motion, attack: Attack) -> None:
    for seat in panels.sitting_on(moved.panel)[2:5]:
        write(VOTE, [moved.pk, seat.pk, False])
    attack(DECIDE, deciding(moved), guard=GUARD)


def test_votes_for_another_motion_are_not_counted(charged: Case, moved: Motion, attack: Attack) -> None:
    third = panels.sitting_on(moved.panel)[2]
    other = decisions.move(moved.panel, charging.finding(charged), by=third.person, at=clock.now())
    assert other.votes.filter(seat=third, agrees=True).exists()
    attack(DECIDE, deciding(moved), guard=GUARD)
    attack(DECIDE, deciding(other), guard=GUARD)


def test_who_gave_their_seat_back_is_not_counted(moved: Motion, attack: Attack) -> None:
    third = panels.sitting_on(moved.panel)[2]
    write(VOTE, [moved.pk, third.pk, True])
    panels.refuse(third, by=third.person, at=clock.now())
    assert panels.sitting_on(moved.panel).count() == 5
    attack(DECIDE, deciding(moved), guard=GUARD)


def test_a_panel_that_is_not_full_decides_nothing(moved: Motion, attack: Attack) -> None:
    *_first, third, _fourth, fifth = panels.sitting_on(moved.panel)
    write(VOTE, [moved.pk, third.pk, True])
    write(REFUSE, [fifth.pk, "self", fifth.person_id])
    attack(DECIDE, deciding(moved), guard=GUARD)


def test_enough_votes_decide_their_own_case_only(
    moved: Motion, luis: Person, samuel: Person, teresa: Person, attack: Attack
) -> None:
    write(VOTE, [moved.pk, panels.sitting_on(moved.panel)[2].pk, True])
    other = charging.charge(luis, samuel, evidence=(("Other", "Of another case."),))
    charging.seat(other.panels.get(), luis, teresa)
    attack(DECIDE, [other.pk, moved.panel_id, moved.pk], guard=GUARD)
    attack(DECIDE, [other.pk, other.panels.get().pk, moved.pk], guard=GUARD)
    attack(DECIDE, [moved.panel.case_id, other.panels.get().pk, moved.pk], guard=GUARD)


def decline(panel: Panel, times: int) -> None:
    """Let the first on a panel say no, one after the other."""
    for _time in range(times):
        first = panels.sitting_on(panel)[0]
        panels.refuse(first, by=first.person, at=clock.now())


def test_two_of_five_decline_whatever_the_sides_refused(seated: Panel, amina: Person, samuel: Person) -> None:
    for by in (amina, amina, samuel, samuel):
        panels.refuse(panels.sitting_on(seated)[4], by=by, at=clock.now())
    decline(seated, 2)
    with pytest.raises(Refused, match="Two in five") as caught:
        decline(seated, 1)
    assert (caught.value.refusal.rule, caught.value.refusal.status) == ("7.4", 409)


def test_one_of_three_declines(
    paused: Callable[..., Pause], amina: Person, samuel: Person, petra: Person, attack: Attack
) -> None:
    seal = lots.seal(charging.WORDS[Role.CHARGE])
    case = cases.open_emergency(paused(amina), facts="It goes on.", seal=seal, by=samuel, at=clock.now())
    panel = case.panels.get()
    charging.seat(panel, amina, petra)
    decline(panel, 1)
    with pytest.raises(Refused, match="Two in five"):
        decline(panel, 1)
    last = panels.sitting_on(panel)[2]
    attack(REFUSE, [last.pk, "self", last.person_id], guard="few_drawn_members_decline")


def test_who_declines_on_another_panel_is_not_counted_here(
    seated: Panel, luis: Person, samuel: Person, teresa: Person
) -> None:
    other = charging.charge(luis, samuel, evidence=(("Other", "Of another case."),)).panels.get()
    charging.seat(other, luis, teresa)
    decline(other, 2)
    decline(seated, 2)
    assert panels.sitting_on(seated).count() == 5
