"""Whoever left comes back by their own word: a notice in somebody's name shuts nobody out (D1, J19)."""

from collections.abc import Callable
from datetime import datetime, timedelta

import psycopg
import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client as Browser
from procrastinate.contrib.django.models import ProcrastinateJob

from coop import clock
from coop.people.models import Person
from coop.refusals import Refused
from governance import background, notices, resigning, signs, standing
from governance.models import Case, Equivalent, Proposal, Resignation, RollEntry, Standing, Status
from tests.conftest import person
from tests.database.bare import ask_alone, empty, plant, stop_the_clock, written
from tests.governance.test_who_votes import DAY, FOUNDING, NEW, NOW, STEP, drawn, hall

__all__ = ["hall"]
pytestmark = pytest.mark.django_db
type Later = Callable[..., datetime]
NOTICE = "INSERT INTO governance_resignation (person_id, pressure, given_at) VALUES (%s, 'none', now())"
ROW = "INSERT INTO governance_standing (person_id, status, since, rule, recorded_by_id) VALUES (%s, %s, now(), %s, %s)"
BACK = "/standing/come-back/"
TAKEN_BACK = "UPDATE governance_resignation SET taken_back_at = now() WHERE person_id = %s"


def as_the_site(statement: str, *params: str | int) -> None:
    """Run SQL with the web role's password."""
    with connection.cursor() as cursor:
        cursor.execute(statement, params)


def shut_out(who: Person, later: Later) -> None:
    """Give notice in somebody's name and let them leave, without a letter and without an act."""
    as_the_site(NOTICE, who.pk)
    later(days=7, seconds=1)
    as_the_site(ROW, who.pk, "left", "D1", who.pk)
    assert standing.status(who) == Status.LEFT


def roll(vote: Proposal) -> dict[int, bool]:
    """Return who is on the roll of a vote, and of each whether they are senior."""
    return dict(RollEntry.objects.filter(proposal=vote).values_list("person", "senior"))


def test_whoever_was_made_to_leave_is_back_at_once_with_work_and_vote(
    later: Later, signed_in: Callable[[Person], Browser], published: Callable[..., Proposal]
) -> None:
    zainab = person("zainab")
    before, browser = roll(published("N14", "green")), signed_in(zainab)
    shut_out(zainab, later)
    assert zainab.pk not in roll(published("N14", "red"))
    assert "come back as what you were" in str(standing.refusal(zainab, doing="work", at=clock.now()))
    assert all(f'action="{BACK}"' in browser.get(page).text for page in ("/", "/standing/", "/standing/leave/"))
    browser.post(BACK)
    assert standing.status(zainab) == Status.MEMBER
    assert not any(standing.refusal(zainab, doing=doing, at=clock.now()) for doing in ("claim:job:12", "vote", "speak"))
    # Else whoever gives notice and returns in her name, week after week, would keep her off every roll.
    assert roll(published("N14", "blue")) == before
    page = browser.get("/standing/").text
    assert BACK not in page
    assert "You have given notice" not in page


def test_who_was_away_for_longer_than_a_week_is_on_no_roll_for_the_next(
    later: Later, published: Callable[..., Proposal]
) -> None:
    zainab = person("zainab")
    before = roll(published("N14", "green"))
    shut_out(zainab, later)
    later(days=7, seconds=1)
    resigning.come_back(zainab, by=zainab, at=clock.now())
    assert zainab.pk not in roll(published("N14", "blue"))
    later(days=7)
    assert roll(published("N14", "white")) == before


def test_who_is_brought_back_is_told_so_a_week_before_they_are_counted(amina: Person, later: Later) -> None:
    shut_out(amina, later)
    resigning.come_back(amina, by=amina, at=clock.now())
    told = ProcrastinateJob.objects.filter(task_name=notices.TELL).latest("pk")
    assert (told.args["about"], told.args["person_id"]) == ("back", amina.pk)
    subject, text = notices.words("back", 0)
    assert subject == "You are back in the cooperative"
    assert "somebody did in your name" in text
    assert "/standing/" in text


def test_a_notice_that_is_left_over_locks_nobody_in(amina: Person, later: Later) -> None:
    """Whoever brings somebody back, and leaves the notice standing, would keep them from giving another."""
    shut_out(amina, later)
    as_the_site(ROW, amina.pk, "member", "D1", amina.pk)
    assert resigning.running(amina) is None
    later(days=1)
    again = resigning.give_notice(amina, pressure="none", at=clock.now())
    assert resigning.running(amina) == again
    later(days=7, seconds=1)
    assert [row.status for row in resigning.leave_due(clock.now())] == ["left"]


@pytest.fixture
def risen(newcomer: Person, later: Later) -> Person:
    """Return a candidate who gave notice and became a member two days later."""
    standing.admit(newcomer, status=Status.CANDIDATE, rule="R2", by=None, at=clock.now())
    later(days=89)
    resigning.give_notice(newcomer, pressure="none", at=clock.now())
    assert standing.promote_due(later(days=2)) == 1
    return newcomer


def test_a_candidate_who_gave_notice_leaves_on_its_day_as_a_member(risen: Person, later: Later) -> None:
    assert resigning.running(risen)
    assert resigning.leave_due(later(days=4, hours=23)) == []
    assert [row.status for row in resigning.leave_due(later(hours=1, seconds=1))] == ["left"]
    resigning.come_back(risen, by=risen, at=clock.now())
    assert resigning.running(risen) is None
    assert standing.status(risen) == Status.MEMBER


def test_a_notice_of_before_membership_is_taken_back_as_any_other(risen: Person, later: Later) -> None:
    notice = Resignation.objects.get(person=risen, taken_back_at=None)
    later(days=4)
    resigning.take_back(notice, by=risen, at=clock.now())
    assert resigning.leave_due(later(days=2)) == []


def test_no_notice_lies_ready_against_who_stayed(
    amina: Person, later: Later, signed_in: Callable[[Person], Browser]
) -> None:
    """The site gives one in her name, keeps the hourly act from running, and would send her away years later."""
    as_the_site(NOTICE, amina.pk)
    later(days=400)
    browser = signed_in(amina)
    assert "You can take it back until you have left." in browser.get("/standing/").text
    browser.post("/standing/stay/")
    assert resigning.leave_due(clock.now()) == []
    with pytest.raises(IntegrityError, match="lowered only by"), transaction.atomic():
        as_the_site(ROW, amina.pk, "left", "D1", amina.pk)


def test_a_notice_is_taken_back_once(amina: Person, attack: Callable[..., None]) -> None:
    as_the_site(NOTICE, amina.pk)
    for column in ("due_at = now()", "pressure = 'pressed'"):
        attack(f"UPDATE governance_resignation SET {column}", guard="permission denied")
    as_the_site(TAKEN_BACK, amina.pk)
    attack(TAKEN_BACK, [amina.pk], guard="notice_is_taken_back_in_time")


def test_the_rule_by_which_a_candidate_left_gives_no_panel_more_time(newcomer: Person, later: Later) -> None:
    """Days count from when they began (D1); by another rule they would from the day of their return."""
    standing.admit(newcomer, status=Status.CANDIDATE, rule="R2", by=None, at=clock.now())
    later(days=60)
    shut_out(newcomer, later)
    as_the_site(ROW, newcomer.pk, "candidate", "D1", newcomer.pk)
    as_the_site("UPDATE governance_resignation SET taken_back_at = now() WHERE person_id = %s", newcomer.pk)
    as_the_site(NOTICE, newcomer.pk)
    later(days=7, seconds=1)
    as_the_site(ROW, newcomer.pk, "left", "R9", newcomer.pk)
    assert Standing.objects.filter(person=newcomer).latest("pk").rule == "D1"
    assert standing.objection_refusal(newcomer, as_client=False) is None
    later(days=17)
    assert standing.objection_refusal(newcomer, as_client=False)


def test_who_was_pressed_to_leave_has_a_case_within_the_hour(amina: Person) -> None:
    as_the_site(NOTICE.replace("'none'", "'pressed'"), amina.pk)
    assert background.look(timestamp=0) == 1
    case = Case.objects.get(person=amina)
    assert (case.kind, case.ground) == ("equivalent", "pressed_to_leave")
    assert background.look(timestamp=0) == 0


def test_one_case_that_cannot_be_opened_keeps_nobody_else_from_theirs(
    poison: Callable[[str, str], None], amina: Person, luis: Person
) -> None:
    for who in (amina, luis):
        as_the_site(NOTICE.replace("'none'", "'pressed'"), who.pk)
    poison("governance_case", f"NEW.person_id = {min(amina.pk, luis.pk)}")
    assert background.look(timestamp=0) == 1
    assert Case.objects.get().person_id == max(amina.pk, luis.pk)


def test_no_case_is_looked_for_while_somebody_is_away(amina: Person, later: Later) -> None:
    as_the_site(NOTICE.replace("'none'", "'pressed'"), amina.pk)
    assert signs.found(Equivalent.PRESSED_TO_LEAVE) == [amina]
    resigning.leave_due(later(days=7, seconds=1))
    assert signs.found(Equivalent.PRESSED_TO_LEAVE) == []
    resigning.come_back(amina, by=amina, at=clock.now())
    assert signs.found(Equivalent.PRESSED_TO_LEAVE) == [amina]


def test_who_left_is_told_so_and_how_they_come_back(amina: Person, later: Later) -> None:
    as_the_site(NOTICE, amina.pk)
    resigning.leave_due(later(days=7, seconds=1))
    told = ProcrastinateJob.objects.filter(task_name=notices.TELL).latest("pk")
    assert told.args["about"] == "left"
    assert told.args["person_id"] == amina.pk
    subject, text = notices.words("left", 0)
    assert subject == "You have left the cooperative"
    assert "come back" in text
    assert "/standing/" in text


def test_a_notice_in_ones_name_stands_on_the_first_page_until_it_is_taken_back(
    amina: Person, signed_in: Callable[[Person], Browser]
) -> None:
    browser = signed_in(amina)
    assert "You have given notice" not in browser.get("/").text
    as_the_site(NOTICE, amina.pk)
    assert "You have given notice" in browser.get("/").text
    browser.post("/standing/stay/")
    assert "You have given notice" not in browser.get("/").text


def test_a_second_notice_is_given_and_the_first_sends_nobody_away_again(amina: Person, later: Later) -> None:
    shut_out(amina, later)
    resigning.come_back(amina, by=amina, at=clock.now())
    assert resigning.running(amina) is None
    assert resigning.leave_due(later(days=1)) == []
    again = resigning.give_notice(amina, pressure="none", at=clock.now())
    assert resigning.leave_due(later(days=6)) == []
    assert [row.status for row in resigning.leave_due(later(days=1, seconds=1))] == ["left"]
    resigning.come_back(amina, by=amina, at=clock.now())
    again.refresh_from_db()
    assert again.taken_back_at is not None
    assert Resignation.objects.filter(person=amina, taken_back_at=None).count() == 0


def test_nobody_comes_back_for_others_or_without_having_left(amina: Person, luis: Person, later: Later) -> None:
    with pytest.raises(Refused, match="own word"):
        resigning.come_back(luis, by=luis, at=clock.now())
    shut_out(amina, later)
    with pytest.raises(Refused, match="own word"):
        resigning.come_back(amina, by=luis, at=clock.now())
    with pytest.raises(IntegrityError, match="comes back as what they were"), transaction.atomic():
        standing.come_back(luis, at=clock.now())


@pytest.mark.parametrize(
    ("status", "recorded_by"), [("member", "luis"), ("member", None), ("candidate", "amina"), ("applicant", "amina")]
)
def test_the_site_brings_back_nobody_as_something_else(
    amina: Person, later: Later, attack: Callable[..., None], status: str, recorded_by: str | None
) -> None:
    shut_out(amina, later)
    by = person(recorded_by).pk if recorded_by else None
    attack(ROW, [amina.pk, status, "D1", by], guard="standing_rises_in_order")


def test_an_applicant_comes_back_as_one(newcomer: Person, later: Later, attack: Callable[..., None]) -> None:
    attack(ROW, [newcomer.pk, "applicant", "D1", newcomer.pk], guard="standing_is_lowered_only_by_mandate")
    shut_out(newcomer, later)
    assert resigning.come_back(newcomer, by=newcomer, at=clock.now()).status == Status.APPLICANT
    assert standing.refusal(newcomer, doing="onboarding", at=clock.now()) is None
    standing.admit(newcomer, status=Status.CANDIDATE, rule="R2", by=None, at=clock.now())


def test_a_candidates_days_go_on_as_if_they_had_never_left(newcomer: Person, later: Later) -> None:
    standing.admit(newcomer, status=Status.CANDIDATE, rule="R2", by=None, at=clock.now())
    later(days=60)
    shut_out(newcomer, later)
    resigning.come_back(newcomer, by=newcomer, at=clock.now())
    said = str(standing.refusal(newcomer, doing="vote", at=clock.now()))
    assert "90 days" in said
    assert standing.promote_due(later(days=22)) == 0
    assert standing.promote_due(later(days=2)) == 1
    assert standing.status(newcomer) == Status.MEMBER


def test_a_membership_that_never_ended_is_not_typed(
    newcomer: Person, later: Later, attack: Callable[..., None]
) -> None:
    """By rule D1 an earlier row would count, and there is none: they would have no vote."""
    attack(ROW, [newcomer.pk, "candidate", "D1", newcomer.pk], guard="standing_rises_in_order")
    standing.admit(newcomer, status=Status.CANDIDATE, rule="R2", by=None, at=clock.now())
    later(days=91)
    attack(ROW, [newcomer.pk, "member", "D1", newcomer.pk], guard="standing_rises_in_order")


@pytest.fixture
def gone(superuser: psycopg.Connection) -> psycopg.Connection:
    """Let Nia be asked about, of whom nothing is known."""
    empty(superuser, "governance_standing", "governance_mandate")
    stop_the_clock(superuser, NOW)
    return superuser


@pytest.mark.parametrize(
    ("before", "left", "row", "rule"),
    [
        ("member", NOW - 180 * DAY + STEP, {}, "D1"), ("member", NOW - 180 * DAY, {}, "R1"),
        ("member", NOW, {"recorded_by_id": 5}, None), ("member", NOW, {"mandate_id": FOUNDING}, None),
        ("member", NOW, {"status": "candidate"}, None), ("candidate", NOW, {"status": "candidate"}, "D1"),
        ("candidate", NOW, {}, None), ("expelled", NOW, {"status": "expelled"}, "R9"), ("expelled", NOW, {}, None),
    ],
    ids=str,
)  # fmt: skip
def test_a_way_back_is_to_what_was(
    gone: psycopg.Connection, before: str, left: datetime, row: dict[str, object], rule: str | None
) -> None:
    """Else standing_rises_in_order; an expulsion is another guard's."""
    plant(gone, "governance_standing", person_id=NEW, status=before, since=NOW - 500 * DAY, rule="R2")
    plant(gone, "governance_standing", person_id=NEW, status="left", since=left, rule="D1")
    ask_alone(gone, "standing_rises_in_order", "governance_standing")
    told = written(gone, "governance_standing",
                   {"person_id": NEW, "status": "member", "rule": "R9", "recorded_by_id": NEW, **row})  # fmt: skip
    assert (None if isinstance(told, str) else told["rule"]) == rule


@pytest.mark.parametrize(
    ("rule", "left", "back", "votes", "senior"),
    [
        ("D1", NOW - 20 * DAY, NOW - 7 * DAY, True, True),
        ("D1", NOW - 20 * DAY, NOW - 7 * DAY + STEP, False, False),
        ("D1", NOW - 8 * DAY, NOW - DAY, True, True),
        ("D1", NOW - 8 * DAY, NOW - DAY + STEP, False, False),
        ("R1", NOW - 20 * DAY, NOW - 7 * DAY, False, False),
    ],
)
def test_who_came_back_within_half_a_year_votes_as_before_and_later_as_who_is_new(
    hall: psycopg.Connection, rule: str, left: datetime, back: datetime, *, votes: bool, senior: bool
) -> None:
    stop_the_clock(hall, NOW)
    for status, since, by in (
        ("member", NOW - 400 * DAY, "R2"), ("left", NOW - 30 * DAY, "D1"), ("member", NOW - 29 * DAY, rule),
        ("left", left, "D1"), ("member", back, rule),
    ):  # fmt: skip
        plant(hall, "governance_standing", person_id=98, status=status, since=since, rule=by)
    asked = "SELECT e.* FROM governance_rule r, governance_electors('hall:1', r, %s) e WHERE r.key = %s"
    found = drawn(hall, asked)
    assert (98 in found) == votes
    assert not votes or found[98][1] == senior


def test_who_founded_it_and_came_back_needs_no_hours_as_before(hall: psycopg.Connection) -> None:
    for status, since, by, mandate in (
        ("member", NOW - 400 * DAY, "R1", FOUNDING), ("left", NOW - 9 * DAY, "D1", None),
        ("member", NOW - 7 * DAY, "D1", None),
    ):  # fmt: skip
        plant(hall, "governance_standing", person_id=97, status=status, since=since, rule=by, mandate_id=mandate)
    asked = "SELECT e.* FROM governance_rule r, governance_electors('hall:1', r, %s) e WHERE r.key = %s"
    assert 97 in drawn(hall, asked)


def test_a_notice_is_taken_back_by_nobody_who_is_gone(amina: Person, later: Later, attack: Callable[..., None]) -> None:
    shut_out(amina, later)
    attack(TAKEN_BACK, [amina.pk], guard="notice_is_taken_back_in_time")
    as_the_site(ROW, amina.pk, "member", "D1", amina.pk)
    as_the_site(TAKEN_BACK, amina.pk)
    assert Standing.objects.filter(person=amina).latest("pk").since > clock.now() - timedelta(minutes=1)
