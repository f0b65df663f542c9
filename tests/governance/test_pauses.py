"""The emergency pause: two officers, 72 hours at most, new work only, and it ends without anybody's doing."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError
from django.test import Client as Browser

from coop import clock
from coop.people.models import Person
from coop.record.models import Event
from coop.refusals import Refused
from governance import cases, pauses, standing
from governance.models import Office, Pause, PauseGround, PauseRequest

pytestmark = pytest.mark.django_db
type Attack = Callable[..., None]
ASK = """
INSERT INTO governance_pauserequest (person_id, ground, scope, reason, evidence, hours, first_officer_id, asked_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, now())
"""
PAUSE = """
INSERT INTO governance_pause (request_id, person_id, ground, scope, reason, evidence, first_officer_id,
    second_officer_id, starts_at, ends_at)
SELECT id, person_id, ground, scope, reason, evidence, first_officer_id, %s, now(),
    coop_now() + make_interval(hours => %s)
FROM governance_pauserequest WHERE id = %s
"""
EVIDENCE = pauses.evidence_of("log-ins from two continents within a minute")


def office_of(person: Person) -> Office:
    return Office.objects.get(person=person)


def test_a_pause_stops_new_work_and_nothing_else(amina: Person, paused: Callable[..., Pause]) -> None:
    pause = paused(amina)
    at = clock.now()
    refusal = standing.refusal(amina, doing="claim:job:12", at=at)
    assert refusal is not None
    assert refusal.rule == "part 6"
    assert [standing.refusal(amina, doing=act, at=at) for act in ("vote", "propose", "payout", "sign in")] == [None] * 4
    assert pauses.running(amina, at) == [pause]


def test_a_pause_ends_by_itself(amina: Person, paused: Callable[..., Pause], later: Callable[..., datetime]) -> None:
    paused(amina, hours=72)
    assert standing.refusal(amina, doing="work", at=later(hours=71, minutes=59)) is not None
    assert standing.refusal(amina, doing="work", at=later(minutes=2)) is None


def test_a_pause_of_one_job_leaves_the_others(amina: Person, paused: Callable[..., Pause]) -> None:
    paused(amina, scope="job:12")
    at = clock.now()
    assert standing.refusal(amina, doing="claim:job:12", at=at) is not None
    assert standing.refusal(amina, doing="claim:job:13", at=at) is None
    assert standing.refusal(amina, doing="work", at=at) is None


LEGAL = """
INSERT INTO governance_pauserequest (person_id, ground, scope, reason, evidence, hours, first_officer_id, asked_at,
    published_in, published_on)
VALUES (%s, %s, 'work', 'As ordered.', %s, 24, %s, now(), %s, (coop_now() + interval '14 hours')::date + %s::integer)
"""


@pytest.mark.parametrize(
    ("ground", "where", "days"),
    [("legal_order", "", 0), ("legal_order", "  ", 0), ("legal_order", "Gazette 12", None), ("legal_order", "G", 1),
     ("violence", "Gazette 12", None), ("violence", "", 0)],
)  # fmt: skip
def test_a_legal_order_is_a_ground_where_and_when_it_was_published_and_no_other_ground_has_one(
    amina: Person, samuel: Person, attack: Attack, ground: str, where: str, days: int | None
) -> None:
    said = [amina.pk, ground, EVIDENCE, office_of(samuel).pk, where, days]
    attack(LEGAL, said, guard="legal_order_was_published")


def test_a_published_order_is_read_by_both_officers_the_member_and_the_panel(
    amina: Person, samuel: Person, teresa: Person, signed_in: Callable[[Person], Browser]
) -> None:
    browser, day = signed_in(samuel), clock.now().date()
    form = {
        "member": amina.email, "ground": "legal_order", "reach": "work", "reason": "The court said so.",
        "evidence": "the order", "hours": "24",
    }  # fmt: skip
    named = form | {"published_in": "Kenya Gazette 4711", "published_on": day.isoformat()}
    assert "say where and when" in browser.post("/pauses/new/", form).text
    soon = (day + timedelta(days=2)).isoformat()
    assert "not public yet" in browser.post("/pauses/new/", named | {"published_on": soon}).text
    assert "No other ground has one" in browser.post("/pauses/new/", named | {"ground": "violence"}).text
    assert browser.post("/pauses/new/", named).status_code == 302
    asked = PauseRequest.objects.get()
    assert (asked.published_in, asked.published_on) == ("Kenya Gazette 4711", day)
    second = signed_in(teresa)
    assert "Kenya Gazette 4711" in second.get("/pauses/").text
    pause = pauses.confirm(asked, by=teresa, at=clock.now())
    it = cases.open_emergency(pause, facts="It is in force.", seal="a" * 64, by=samuel, at=clock.now())
    for page in (second.get("/pauses/"), signed_in(amina).get("/standing/"), signed_in(amina).get(f"/cases/{it.pk}/")):
        assert "Kenya Gazette 4711" in page.text


def test_asking_alone_pauses_nobody(amina: Person, asked: Callable[..., PauseRequest]) -> None:
    asked(amina)
    assert standing.refusal(amina, doing="work", at=clock.now()) is None


def test_a_member_without_a_post_asks_for_no_pause(
    amina: Person, luis: Person, asked: Callable[..., PauseRequest]
) -> None:
    with pytest.raises(Refused, match="holds a post"):
        asked(amina, by=luis)


def test_one_officer_is_not_enough(
    amina: Person, samuel: Person, teresa: Person, asked: Callable[..., PauseRequest], attack: Callable[..., None]
) -> None:
    request = asked(amina)
    with pytest.raises(Refused, match="second officer"):
        pauses.confirm(request, by=samuel, at=clock.now())
    attack(PAUSE, [office_of(samuel).pk, 1, request.pk], guard="pause_needs_two_officers")


def test_somebody_without_a_post_confirms_nothing(
    amina: Person, luis: Person, asked: Callable[..., PauseRequest]
) -> None:
    with pytest.raises(Refused, match="second officer"):
        pauses.confirm(asked(amina), by=luis, at=clock.now())


def test_an_officer_does_not_confirm_a_pause_of_themselves(
    teresa: Person, asked: Callable[..., PauseRequest], attack: Callable[..., None]
) -> None:
    request = asked(teresa)
    with pytest.raises(Refused, match="second officer"):
        pauses.confirm(request, by=teresa, at=clock.now())
    attack(PAUSE, [office_of(teresa).pk, 1, request.pk], guard="pause_needs_two_officers")


def test_an_ask_lapses_after_a_day(
    amina: Person, teresa: Person, asked: Callable[..., PauseRequest], later: Callable[..., datetime],
    attack: Callable[..., None],
) -> None:  # fmt: skip
    request = asked(amina)
    at = later(hours=24)
    assert pauses.waiting(at) == []
    with pytest.raises(Refused, match="lapsed"):
        pauses.confirm(request, by=teresa, at=at)
    attack(PAUSE, [office_of(teresa).pk, 1, request.pk], guard="pause_needs_two_officers")


def test_a_pause_lasts_no_longer_than_asked(
    amina: Person, teresa: Person, asked: Callable[..., PauseRequest], attack: Callable[..., None]
) -> None:
    attack(PAUSE, [office_of(teresa).pk, 73, asked(amina, hours=72).pk], guard="pause_needs_two_officers")


def test_the_same_facts_carry_no_second_pause(
    amina: Person, teresa: Person, paused: Callable[..., Pause], later: Callable[..., datetime],
    attack: Callable[..., None],
) -> None:  # fmt: skip
    pause = paused(amina, hours=1)
    at = later(hours=2)
    with pytest.raises(Refused, match="the same facts"):
        pauses.ask(
            amina,
            ground=pause.ground,
            scope="work",
            reason="Again.",
            evidence=pause.evidence,
            hours=72,
            by=teresa,
            at=at,
        )
    attack(PAUSE, [office_of(teresa).pk, 0, pause.request_id], guard="governance_pause_request_id_key")
    second = PauseRequest.objects.create(
        person=amina, ground=pause.ground, scope="work", reason="Again.", evidence=pause.evidence, hours=71,
        first_officer=pause.first_officer, asked_at=at,
    )  # fmt: skip
    attack(PAUSE, [office_of(teresa).pk, 1, second.pk], guard="same_facts_never_twice")


def test_other_evidence_prolongs_no_pause(
    amina: Person, teresa: Person, paused: Callable[..., Pause], later: Callable[..., datetime],
    attack: Callable[..., None],
) -> None:  # fmt: skip
    pause = paused(amina, hours=72)
    at = later(hours=73)
    other = pauses.evidence_of("something else")
    request = pauses.ask(
        amina, ground=pause.ground, scope="work", reason="Again.", evidence=other, hours=1, by=teresa, at=at
    )
    with pytest.raises(Refused, match="72 hours in 30 days"):
        pauses.confirm(request, by=pause.first_officer.person, at=at)
    attack(PAUSE, [pause.first_officer_id, 1, request.pk], guard="pause_needs_two_officers")


def test_no_more_than_five_are_paused_at_once(paused: Callable[..., Pause], asked: Callable[..., PauseRequest],
                                              teresa: Person, attack: Callable[..., None]) -> None:  # fmt: skip
    people = list(Person.objects.filter(standings__status="member").exclude(offices__isnull=False)[:6])
    for person in people[:5]:
        paused(person)
    request = asked(people[5])
    with pytest.raises(Refused, match="Five members"):
        pauses.confirm(request, by=teresa, at=clock.now())
    attack(PAUSE, [office_of(teresa).pk, 1, request.pk], guard="pause_needs_two_officers")


@pytest.mark.parametrize(("change", "guard"), [
    ({"ground": "slow_work"}, "ground_is_on_the_list"),
    ({"scope": "payout"}, "pause_has_a_scope_of_the_list"),
    ({"scope": "vote"}, "pause_has_a_scope_of_the_list"),
    ({"hours": 73}, "pause_is_asked_by_an_officer"),
    ({"reason": ""}, "pause_gives_a_reason"),
    ({"evidence": "he was rude"}, "evidence_is_hashed"),
])  # fmt: skip
def test_a_pause_keeps_to_part_six(
    amina: Person, samuel: Person, attack: Callable[..., None], change: dict[str, object], guard: str
) -> None:
    facts: dict[str, object] = {
        "ground": "payment_fraud", "scope": "work", "reason": "Seen.", "evidence": EVIDENCE, "hours": 72
    }  # fmt: skip
    attack(ASK, [amina.pk, *{**facts, **change}.values(), office_of(samuel).pk], guard=guard)


def test_an_office_that_is_over_asks_for_nothing(amina: Person, samuel: Person, later: Callable[..., datetime],
                                                 attack: Callable[..., None]) -> None:  # fmt: skip
    later(days=3 * 366)
    attack(
        ASK, [amina.pk, "payment_fraud", "work", "Seen.", EVIDENCE, 72, office_of(samuel).pk],
        guard="pause_is_asked_by_an_officer",
    )  # fmt: skip


@pytest.mark.parametrize("statement", [
    "UPDATE governance_pause SET ends_at = ends_at + interval '1 day'", "DELETE FROM governance_pause",
    "UPDATE governance_pauserequest SET reason = 'x'",
])  # fmt: skip
def test_pauses_are_neither_prolonged_nor_rewritten(
    amina: Person, paused: Callable[..., Pause], attack: Callable[..., None], statement: str
) -> None:
    paused(amina)
    attack(statement, guard="permission denied")


def test_the_public_record_says_nothing_of_person_or_ground(amina: Person, paused: Callable[..., Pause]) -> None:
    pause = paused(amina)
    began = Event.objects.get(kind="pauses.began")
    assert set(began.data) == {"evidence", "ends_at"}
    assert began.subject == f"pause:{pause.pk}"


def test_grounds_are_the_complete_list_of_part_six() -> None:
    assert len(PauseGround.values) == 5


def test_a_pause_without_evidence_is_not_written(amina: Person, samuel: Person, now: datetime) -> None:
    with pytest.raises(IntegrityError, match="evidence_is_hashed"):
        pauses.ask(
            amina,
            ground=PauseGround.PAYMENT_FRAUD,
            scope="work",
            reason="Seen.",
            evidence="",
            hours=2,
            by=samuel,
            at=now,
        )


def test_hours_are_whole_hours_from_the_start(amina: Person, paused: Callable[..., Pause]) -> None:
    pause = Pause.objects.get(pk=paused(amina, hours=5).pk)
    assert pause.ends_at - pause.starts_at == timedelta(hours=5)
