"""The numbers of part 8 decide what they are about: each, once voted, changes the act, the page and the guard."""

from collections.abc import Callable
from datetime import timedelta

import psycopg
import pytest
from django.test import Client as Browser

from coop import clock
from coop.people.models import Person
from coop.refusals import Refused
from governance import mandates, pauses, standing
from governance.models import Mandate, Office, Parameter, Pause, PauseRequest, Status
from tests.governance.test_pauses import ASK, EVIDENCE, PAUSE
from tests.governance.test_rules import DAY, twice, write
from tests.governance.test_standing import INSERT

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
VERSION = """INSERT INTO governance_parameter (name, version, value, published_at, applies_from, mandate_id)
    SELECT name, %s, %s, coop_now(), coop_now() + %s, mandate_id FROM governance_parameter
    WHERE name = 'candidate_days' AND version = 1"""


def coming(name: str, value: int, by: Person) -> Parameter:
    """Vote a number through both readings and let it be published: it applies 15 days later."""
    mandate = twice(write({"name": name, "value": value, "replaces": 1}, by, "parameter_change"), by)
    assert not mandates.enact(mandate, at=clock.now()).failure
    return Parameter.objects.get(name=name, version=2)


def until(moment: timedelta, number: Parameter) -> None:
    """Let the clock run to a moment, counted from when a number applies."""
    clock.advance(number.applies_from + moment - clock.now())


def test_a_candidate_waits_as_long_as_was_voted(
    amina: Person, newcomer: Person, attack: Callable[..., None], taken: Callable[..., None]
) -> None:
    number = coming("candidate_days", 30, amina)
    begun = standing.admit(newcomer, status=Status.CANDIDATE, rule="R2", by=None, at=clock.now()).since
    until(begun + 30 * DAY - HOUR - number.applies_from, number)
    assert standing.promote_due(clock.now()) == 0
    attack(INSERT, [newcomer.pk, "member", amina.pk], guard="standing_rises_in_order")
    told = standing.refusal(newcomer, doing="vote", at=clock.now())
    assert told is not None
    assert told.appeal == "You become a member 30 days after your onboarding, or after 20 paid hours."
    clock.advance(HOUR + timedelta(minutes=1))
    taken(INSERT, [newcomer.pk, "member", amina.pk])
    assert standing.promote_due(clock.now()) == 1


@pytest.mark.parametrize(("voted", "began", "days"), [
    ([90, 30], 1, 30), ([30, 90], 1, 30), ([0, 90], 1, 0), ([90, 90], 1, 90), ([90, 30, 90], 1, 30),
    ([60, 90, 30, 90, 45], 1, 30), ([30, 90, 60], 2, 60), ([30, 90], 2, 90),
], ids=str)  # fmt: skip
def test_nobody_waits_longer_than_they_were_told(
    superuser: psycopg.Connection, voted: list[int], began: int, days: int
) -> None:
    superuser.execute("ALTER TABLE governance_parameter DISABLE TRIGGER ALL")
    superuser.execute("UPDATE governance_parameter SET value = %s WHERE name = 'candidate_days'", voted[:1])
    for version, value in enumerate(voted[1:], 2):
        superuser.execute(VERSION, [version, value, timedelta(seconds=version - len(voted) - 1)])
    # What applies only from tomorrow on reaches nobody today.
    superuser.execute(VERSION, [len(voted) + 1, 0, DAY])
    asked = "SELECT governance_candidate_time(coop_now() + %s, coop_now())"
    begun = timedelta(seconds=began - len(voted) - 0.5)
    assert superuser.execute(asked, [begun]).fetchone() == (timedelta(days=days),)


def test_a_candidate_is_told_their_own_days_and_an_applicant_those_of_today(
    amina: Person, newcomer: Person, olga: Person
) -> None:
    until(HOUR, coming("candidate_days", 30, amina))
    standing.admit(newcomer, status=Status.CANDIDATE, rule="R2", by=None, at=clock.now())
    mandate = twice(write({"name": "candidate_days", "value": 90, "replaces": 2}, amina, "parameter_change"), amina)
    assert not mandates.enact(mandate, at=clock.now()).failure
    until(HOUR, Parameter.objects.get(name="candidate_days", version=3))
    for person, days in ((newcomer, 30), (olga, 90)):
        told = standing.refusal(person, doing="vote", at=clock.now())
        assert told is not None
        assert told.appeal == f"You become a member {days} days after your onboarding, or after 20 paid hours."


def test_an_emergency_lasts_as_long_as_was_voted(
    amina: Person, samuel: Person, asked: Callable[..., PauseRequest], attack: Callable[..., None],
    signed_in: Callable[[Person], Browser],
) -> None:  # fmt: skip
    until(HOUR, coming("emergency_hours", 24, amina))
    office = Office.objects.get(person=samuel)
    with pytest.raises(Refused, match="more than 24 hours in 30 days"):
        asked(amina, hours=25)
    attack(ASK, [amina.pk, "violence", "work", "Seen.", EVIDENCE, 25, office.pk], guard="pause_is_asked_by_an_officer")
    browser = signed_in(samuel)
    assert "24 hours at most" in browser.get("/pauses/").text
    page = browser.post("/pauses/new/", {"hours": 25}).text
    assert "24 at most." in page
    assert 'max="24"' in page
    assert asked(amina, hours=24).hours == 24


def test_what_was_asked_for_before_is_not_confirmed_for_longer(
    amina: Person, teresa: Person, asked: Callable[..., PauseRequest], attack: Callable[..., None]
) -> None:
    number = coming("emergency_hours", 24, amina)
    until(-HOUR, number)
    request = asked(amina, hours=25)
    until(HOUR, number)
    with pytest.raises(Refused, match="more than 24 hours in 30 days"):
        pauses.confirm(request, by=teresa, at=clock.now())
    second = Office.objects.get(person=teresa).pk
    attack(PAUSE, [second, 25, request.pk], guard="pause_needs_two_officers")


def test_a_pause_that_runs_ends_as_it_was_told(amina: Person, paused: Callable[..., Pause]) -> None:
    number = coming("emergency_hours", 24, amina)
    until(-HOUR, number)
    pause = paused(amina, hours=72)
    until(25 * HOUR, number)
    assert pauses.running(amina, clock.now()) == [pause]
    assert pause.ends_at - pause.starts_at == 72 * HOUR


def test_no_mandate_but_the_votes_own_writes_a_number(amina: Person, attack: Callable[..., None]) -> None:
    coming("emergency_hours", 24, amina)
    mandate = Mandate.objects.get(proposal__policy="parameter_change", enactment__failure="")
    attack(
        "INSERT INTO governance_parameter (name, version, value, published_at, applies_from, mandate_id)"
        " VALUES ('emergency_hours', 3, 72, now(), now(), %s)", [mandate.pk], guard="parameter_is_what_the_vote_said",
    )  # fmt: skip
