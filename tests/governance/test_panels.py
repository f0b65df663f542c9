"""Panels by lot: made by three, drawn by nobody, computed again by anybody (7.4, attack J15)."""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from coop import clock
from coop.people.models import Client, ClientSeat, Person
from coop.refusals import Refused
from governance import appeals, cases, lots, panels
from governance.models import Case, DrawReveal, Panel, PanelSeat, Pause, Role, Stage
from tests.governance import charging

pytestmark = pytest.mark.django_db
type Attack = Callable[..., None]
PART = """
INSERT INTO governance_drawpart (panel_id, role, person_id, commitment, committed_at) VALUES (%s, %s, %s, %s, now())
"""
SEAT = "INSERT INTO governance_panelseat (panel_id, person_id, rank, seated_at) VALUES (%s, %s, %s, now())"
OPEN = "INSERT INTO governance_drawreveal (part_id, words, revealed_at) VALUES (%s, %s, now())"
DRAW = "INSERT INTO governance_draw (panel_id, drawn_at) VALUES (%s, now())"
REFUSE = "INSERT INTO governance_seatrefusal (seat_id, side, by_id, refused_at) VALUES (%s, %s, %s, now())"


def test_five_members_are_drawn_and_anybody_can_compute_it_again(seated: Panel) -> None:
    proof = panels.proof(seated)
    parts = {part["role"]: part["words"] for part in proof["parts"]}  # type: ignore[attr-defined]
    witness = {part["person"] for part in proof["parts"] if part["role"] == "witness"}  # type: ignore[attr-defined]
    lines = f"{parts['charge']}\n{parts['member']}\n{parts['witness']}"
    seed = hashlib.sha256(lines.encode()).hexdigest()
    listed = [number for number in seated.candidates if number not in witness]
    order = sorted(listed, key=lambda number: hashlib.sha256(f"{seed}:{number}".encode()).digest())
    assert proof["seed"] == seed
    assert [seat["person"] for seat in proof["seats"]] == order[:5]  # type: ignore[attr-defined]
    assert lots.roll_digest(seated.candidates) == seated.roll_digest


@pytest.mark.usefixtures("committed")
def test_the_database_and_we_compute_the_same_order(seated: Panel, superuser: psycopg.Connection) -> None:
    rows = superuser.execute("SELECT person_id FROM governance_drawn(%s) ORDER BY rank", [seated.pk]).fetchall()
    assert [number for (number,) in rows] == panels.drawn_order(seated)
    assert len(rows) == len(seated.candidates) - 1


def test_parties_are_not_on_the_list(seated: Panel, amina: Person, samuel: Person, teresa: Person) -> None:
    assert not {amina.pk, samuel.pk} & set(seated.candidates)
    assert teresa.pk not in panels.drawn_order(seated)


def test_conflicts_are_not_on_the_list(
    amina: Person, luis: Person, olga: Person, orbit: Client, priya: Person, samuel: Person, teresa: Person,
    paused: Callable[..., Pause],
) -> None:  # fmt: skip
    paused(amina, hours=1)
    ClientSeat.objects.create(client=orbit, person=luis, created_at=clock.now(), accepted_at=clock.now())
    charging.charge(priya, amina, evidence=(("x", "Words of her own."),))
    case = charging.charge(amina, olga, capacity=orbit.seats.get(person=olga), client=orbit)
    listed = set(case.panels.get().candidates)
    assert not {amina.pk, luis.pk, priya.pk, samuel.pk, teresa.pk} & listed


def test_the_charging_side_has_sealed_its_part_with_the_charge(charged: Case, samuel: Person) -> None:
    part = charged.panels.get().parts.get()
    assert (part.role, part.person) == (Role.CHARGE, samuel)


def test_only_the_three_seal_their_parts(
    charged: Case, amina: Person, luis: Person, samuel: Person, attack: Attack
) -> None:
    panel, seal = charged.panels.get(), lots.seal("words")
    with pytest.raises(Refused, match="both sides"):
        panels.commit(panel, seal, by=luis, at=clock.now())
    for role, person in (("member", luis), ("witness", luis), ("witness", samuel), ("witness", amina)):
        attack(PART, [panel.pk, role, person.pk, seal], guard="lot_is_sealed_by_three")
    attack(PART, [panel.pk, "charge", samuel.pk, seal], guard="one_part_per_role")
    attack(PART, [panel.pk, "member", amina.pk, "river"], guard="commitment_is_a_digest")


def test_no_part_is_sealed_once_another_is_open_or_time_is_over(
    charged: Case, amina: Person, teresa: Person, later: Callable[..., datetime], attack: Attack
) -> None:
    panel, seal = charged.panels.get(), lots.seal("words")
    later(days=15, hours=1)
    with pytest.raises(Refused, match="time to seal"):
        panels.commit(panel, seal, by=amina, at=clock.now())
    attack(PART, [panel.pk, "member", amina.pk, seal], guard="lot_is_sealed_by_three")


def test_nobody_opens_before_all_are_sealed_nor_out_of_turn(
    charged: Case, amina: Person, teresa: Person, attack: Attack
) -> None:
    panel = charged.panels.get()
    part = panel.parts.get()
    with pytest.raises(Refused, match="The member opens first"):
        panels.reveal(part, charging.WORDS[Role.CHARGE], at=clock.now())
    attack(OPEN, [part.pk, charging.WORDS[Role.CHARGE]], guard="lot_is_opened_in_turn")
    charging.seal_all(panel, amina, teresa)
    attack(OPEN, [part.pk, charging.WORDS[Role.CHARGE]], guard="lot_is_opened_in_turn")
    attack(DRAW, [panel.pk], guard="lot_follows_from_its_parts")


def test_other_words_than_the_sealed_ones_do_not_open(
    charged: Case, amina: Person, teresa: Person, attack: Attack
) -> None:
    panel = charged.panels.get()
    charging.seal_all(panel, amina, teresa)
    part = panel.parts.get(role=Role.MEMBER)
    with pytest.raises(Refused, match="not the words"):
        panels.reveal(part, "something better", at=clock.now())
    attack(OPEN, [part.pk, "something better"], guard="lot_is_opened_in_turn")
    attack(OPEN, [part.pk, "two\nlines"], guard="lot_is_opened_in_turn")


def test_a_member_who_does_not_take_part_stops_no_lot_and_cannot_choose_by_waiting(
    charged: Case, amina: Person, teresa: Person, later: Callable[..., datetime], attack: Attack
) -> None:
    panel = charged.panels.get()
    charging.seal_all(panel, amina, teresa)
    later(days=17, hours=13)
    mine = panel.parts.get(role=Role.MEMBER)
    attack(OPEN, [mine.pk, charging.WORDS[Role.MEMBER]], guard="lot_is_opened_in_turn")
    for role in (Role.WITNESS, Role.CHARGE):
        panels.reveal(panel.parts.get(role=role), charging.WORDS[role], at=clock.now())
    words = charging.WORDS
    assert panel.draw.seed == lots.seed(charge=words[Role.CHARGE], member="", witness=words[Role.WITNESS])
    assert panels.sitting_on(panel).count() == 5


def test_a_charging_side_that_does_not_open_has_no_panel_and_the_case_is_void(
    charged: Case, amina: Person, teresa: Person, later: Callable[..., datetime], attack: Attack
) -> None:
    """J15: after the others opened, the charging side knows the lot; keeping silent wins it nothing."""
    panel = charged.panels.get()
    charging.seal_all(panel, amina, teresa)
    for role in (Role.MEMBER, Role.WITNESS):
        panels.reveal(panel.parts.get(role=role), charging.WORDS[role], at=clock.now())
    assert not panel.seats.exists()
    later(days=21)
    attack(OPEN, [panel.parts.get(role=Role.CHARGE).pk, charging.WORDS[Role.CHARGE]], guard="lot_is_opened_in_turn")
    attack(DRAW, [panel.pk], guard="lot_follows_from_its_parts")
    assert cases.state(charged, later(days=25)) == cases.State.VOID


def test_nobody_is_seated_but_by_the_lot(seated: Panel, luis: Person, samuel: Person, attack: Attack) -> None:
    order = panels.drawn_order(seated)
    for person, rank in ((order[5], 6), (order[9], 10), (samuel.pk, 6)):
        attack(SEAT, [seated.pk, person, rank], guard="seat_goes_to_whoever_was_drawn")
    first = seated.seats.get(rank=1)
    panels.refuse(first, by=first.person, at=clock.now())
    attack(SEAT, [seated.pk, order[7], 7], guard="seat_goes_to_whoever_was_drawn")
    assert [seat.person_id for seat in panels.sitting_on(seated)] == order[1:6]


def test_each_side_refuses_two_and_the_next_in_the_order_sit(
    seated: Panel, amina: Person, samuel: Person, luis: Person, attack: Attack
) -> None:
    order = panels.drawn_order(seated)
    for side in (amina, samuel):
        for seat in list(panels.sitting_on(seated))[:2]:
            panels.refuse(seat, by=side, at=clock.now())
    assert [seat.person_id for seat in panels.sitting_on(seated)] == order[4:9]
    assert panels.proof(seated)["refused"] == [1, 2, 3, 4]
    last = panels.sitting_on(seated)[0]
    with pytest.raises(Refused, match="two members"):
        panels.refuse(last, by=amina, at=clock.now())
    for name, person in (("member", amina), ("charge", samuel), ("member", samuel), ("self", luis), ("gone", None)):
        attack(REFUSE, [last.pk, name, person and person.pk], guard="each_side_refuses_two")


def test_nobody_chooses_the_lot_by_declining_in_others_names(seated: Panel, attack: Attack) -> None:
    for seat in list(panels.sitting_on(seated))[:2]:
        panels.refuse(seat, by=seat.person, at=clock.now())
    third = panels.sitting_on(seated)[0]
    with pytest.raises(Refused, match="Two in five"):
        panels.refuse(third, by=third.person, at=clock.now())
    attack(REFUSE, [third.pk, "self", third.person_id], guard="few_drawn_members_decline")


def test_of_an_appeals_nine_three_decline(amina: Person, samuel: Person, teresa: Person, attack: Attack) -> None:
    decision = charging.decide(amina, samuel, teresa)
    appeals.appeal(decision, reasons="No.", by=amina, at=clock.now())
    nine = decision.case.panels.get(stage=Stage.APPEAL)
    charging.seat(nine, amina, teresa)
    for seat in list(panels.sitting_on(nine))[:3]:
        panels.refuse(seat, by=seat.person, at=clock.now())
    fourth = panels.sitting_on(nine)[0]
    with pytest.raises(Refused, match="Two in five"):
        panels.refuse(fourth, by=fourth.person, at=clock.now())
    attack(REFUSE, [fourth.pk, "self", fourth.person_id], guard="few_drawn_members_decline")


def test_three_days_later_nobody_is_refused(
    seated: Panel, amina: Person, later: Callable[..., datetime], attack: Attack
) -> None:
    seat = panels.sitting_on(seated)[0]
    later(hours=73)
    with pytest.raises(Refused, match="three days"):
        panels.refuse(seat, by=amina, at=clock.now())
    attack(REFUSE, [seat.pk, "member", amina.pk], guard="each_side_refuses_two")


def test_a_panel_is_not_convened_for_nothing(charged: Case, amina: Person, samuel: Person, attack: Attack) -> None:
    convene = "INSERT INTO governance_panel (case_id, stage, asked_by_id, convened_at) VALUES (%s, %s, %s, now())"
    for stage, by in (("appeal", amina), ("emergency", samuel)):
        attack(convene, [charged.pk, stage, by.pk], guard="panel_is_convened_by_its_case")
    attack(convene, [charged.pk, "first", samuel.pk], guard="one_panel_per_stage")


def test_lists_lots_and_seats_are_never_rewritten(seated: Panel, attack: Attack) -> None:
    for table in ("panel", "drawpart", "drawreveal", "draw", "panelseat", "seatrefusal", "hearing"):
        attack(f"UPDATE governance_{table} SET id = id", guard="permission denied")
        attack(f"DELETE FROM governance_{table}", guard="permission denied")


def test_a_hearing_begins_when_the_panel_is_seated_or_later(seated: Panel, later: Callable[..., datetime]) -> None:
    later(hours=1)
    seat = panels.sitting_on(seated)[0]
    ended = seat.seated_at + timedelta(minutes=30)
    with pytest.raises(Refused, match="after the panel was seated"):
        panels.hear(
            seated, began_at=seat.seated_at - timedelta(microseconds=1), ended_at=ended, text="x", by=seat.person,
            at=clock.now(),
        )  # fmt: skip
    heard = panels.hear(seated, began_at=seat.seated_at, ended_at=ended, text="x", by=seat.person, at=clock.now())
    assert heard.began_at == seat.seated_at


def test_a_hearing_is_written_down_by_the_panel(
    seated: Panel, luis: Person, amina: Person, later: Callable[..., datetime], attack: Attack
) -> None:
    began, ended = later(days=1), later(hours=1)
    member = panels.sitting_on(seated)[0].person
    hearing = panels.hear(seated, began_at=began, ended_at=ended, text="Both sides spoke.", by=member, at=clock.now())
    assert hearing.minutes == 60
    with pytest.raises(Refused, match="sit on this panel"):
        panels.hear(seated, began_at=began, ended_at=ended, text="x", by=amina, at=clock.now())
    attack(
        "INSERT INTO governance_hearing (panel_id, seat_id, began_at, ended_at, text, written_at)"
        " SELECT panel_id, id, coop_now(), coop_now() + interval '5 hours', 'x', coop_now()"
        " FROM governance_panelseat LIMIT 1",
        guard="hearing_is_held_by_the_panel",
    )


def test_the_panel_reads_the_case(charged: Case, seated: Panel) -> None:
    assert cases.may_read(charged, panels.sitting_on(seated)[0].person)


def test_an_officer_sees_which_lots_wait_for_a_witness(
    charged: Case, teresa: Person, samuel: Person, amina: Person
) -> None:
    assert panels.waiting_for_a_witness(teresa, clock.now()) == [charged.panels.get()]
    assert panels.waiting_for_a_witness(samuel, clock.now()) == []
    assert panels.waiting_for_a_witness(amina, clock.now()) == []
    assert not DrawReveal.objects.exists()
    assert not PanelSeat.objects.exists()


# How long drawing numbers takes says how busy the machine is.
@settings(suppress_health_check=[HealthCheck.too_slow])
@given(some.sets(some.integers(1, 2**40), max_size=60), some.text(max_size=20), some.sets(some.integers(1, 50)))
def test_a_lot_orders_every_candidate_once(people: set[int], words: str, without: set[int]) -> None:
    order = lots.order(lots.seal(words), people, without=without)
    assert sorted(order) == sorted(people - without)
    assert order == lots.order(lots.seal(words), sorted(people, reverse=True), without=without)
