"""Each part of what the guards of an election ask: all else is right, and the one thing is refused, to the moment."""

from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from tests.database.bare import ask_alone, changed, empty, plant, stop_the_clock, written

pytestmark = pytest.mark.django_db
STEP, HOUR, DAY = timedelta(microseconds=1), timedelta(hours=1), timedelta(days=1)
NOW = datetime(2030, 1, 1, tzinfo=UTC)
OPENED, CLOSES = NOW - 5 * DAY, NOW + 2 * DAY
BEGINS, ENDS = NOW + 60 * DAY, NOW + 160 * DAY
CALL = {"post": "clerk", "seat": 1, "starts_at": BEGINS, "ends_at": ENDS, "opened_at": OPENED, "closes_at": CLOSES}
MEMBER, WITHDRAWN, LATE, STRANGER = 101, 102, 103, 104


@pytest.fixture
def called(superuser: psycopg.Connection) -> psycopg.Connection:
    """Let candidates be called for two seats; for the first one stands, one withdrew and one came in the last day."""
    empty(superuser, *(f"governance_{table}" for table in (
        "call", "candidacy", "proposal", "option", "standing", "office", "officeend", "post", "mandate", "tally",
        "rule", "enactment",
    )))  # fmt: skip
    stop_the_clock(superuser, NOW)
    for number, seat in ((1, 1), (2, 2)):
        plant(superuser, "governance_call", **{**CALL, "id": number, "seat": seat})
    for person in (MEMBER, WITHDRAWN, LATE):
        plant(superuser, "governance_standing", person_id=person, status="member")
    plant(superuser, "governance_standing", person_id=STRANGER, status="candidate")
    for person, came, gone in (
        (MEMBER, CLOSES - DAY - STEP, None),
        (WITHDRAWN, OPENED, OPENED + DAY),
        (LATE, CLOSES - DAY, None),
    ):
        plant(superuser, "governance_candidacy", id=person, call_id=1, person_id=person, statement="I can count.",
              put_forward_at=came, withdrawn_at=gone)  # fmt: skip
    return superuser


@pytest.mark.parametrize(
    ("words", "person", "moment", "others", "stands"),
    [
        ("I", MEMBER, CLOSES - STEP, {}, True), ("I", MEMBER, CLOSES, {}, False), ("", MEMBER, NOW, {}, False),
        ("x" * 1200, MEMBER, NOW, {}, True), ("x" * 1201, MEMBER, NOW, {}, False), ("I", STRANGER, NOW, {}, False),
        ("I", MEMBER, NOW, {"withdrawn_at": NOW}, False),
    ],
)  # fmt: skip
def test_a_member_stands_while_a_call_is_open(
    called: psycopg.Connection, words: str, person: int, moment: datetime, others: dict[str, Any], *, stands: bool
) -> None:
    stop_the_clock(called, moment)
    ask_alone(called, "candidacy_is_a_members_own", "governance_candidacy")
    row = {"call_id": 1, "person_id": person, "statement": words, "put_forward_at": OPENED, **others}
    told = written(called, "governance_candidacy", row)
    assert (told["put_forward_at"] if isinstance(told, dict) else told) == (
        moment if stands else "candidacy_is_a_members_own"
    )


GONE: dict[str, Any] = {"withdrawn_at": OPENED}
ELSE: dict[str, Any] = {"statement": "Else."}
BACK: dict[str, Any] = {"withdrawn_at": None}


@pytest.mark.parametrize(
    ("who", "change", "moment", "done"),
    [
        (MEMBER, ELSE, NOW, True), (MEMBER, GONE, NOW, True), (MEMBER, GONE | ELSE, NOW, False),
        (MEMBER, ELSE, CLOSES - DAY - STEP, True), (MEMBER, ELSE, CLOSES - DAY, False),
        (MEMBER, GONE, CLOSES - DAY - STEP, True), (MEMBER, GONE, CLOSES - DAY, False),
        (LATE, ELSE, CLOSES - STEP, True), (LATE, GONE, CLOSES - STEP, True), (LATE, GONE, CLOSES, True),
        (LATE, ELSE, CLOSES, False), (WITHDRAWN, BACK, CLOSES - STEP, True), (WITHDRAWN, BACK | ELSE, NOW, True),
        (WITHDRAWN, GONE, NOW, False), (WITHDRAWN, ELSE, NOW, False), (WITHDRAWN, BACK, CLOSES, False),
    ],
)  # fmt: skip
def test_whoever_stands_says_else_and_withdraws_until_the_last_day(
    called: psycopg.Connection, who: int, change: dict[str, Any], moment: datetime, *, done: bool
) -> None:
    stop_the_clock(called, moment)
    ask_alone(called, "candidacy_is_a_members_own", "governance_candidacy")
    told = changed(called, "governance_candidacy", who, **change)
    assert isinstance(told, dict) == done
    if isinstance(told, dict):
        assert told["withdrawn_at"] == (moment if change is GONE else None)


@pytest.mark.parametrize(
    ("facts", "open_"),
    [({}, False), ({"policy": "paint"}, True), ({"published_at": None}, True), ({"payload": '{"call": 2}'}, True)],
    ids=str,
)
def test_the_list_stands_once_its_election_is_published(
    called: psycopg.Connection, facts: dict[str, Any], *, open_: bool
) -> None:
    plant(called, "governance_proposal", **{
        "id": 1, "policy": "election", "published_at": NOW, "payload": '{"call": 1}', **facts
    })  # fmt: skip
    ask_alone(called, "candidacy_is_a_members_own", "governance_candidacy")
    row = {"call_id": 1, "person_id": MEMBER, "statement": "I"}
    assert (written(called, "governance_candidacy", row) != "candidacy_is_a_members_own") == open_
    assert isinstance(changed(called, "governance_candidacy", LATE, **GONE), dict) == open_


@pytest.fixture
def drafted(called: psycopg.Connection) -> psycopg.Connection:
    """Let the call be over and its election be drafted, with the candidates that it has."""
    people = called.execute("SELECT id FROM people_person ORDER BY id LIMIT 3").fetchall()
    for was, (person,) in zip((MEMBER, WITHDRAWN, LATE), people, strict=True):
        called.execute("UPDATE governance_candidacy SET person_id = %s WHERE id = %s", [person, was])
    for number, key in ((1, "N12"), (2, "N14")):
        plant(called, "governance_rule", id=number, key=key)
    called.execute("""INSERT INTO governance_proposal (id, policy, method, subject, rule_id, payload)
        SELECT 1, 'election', 'ranked', 'call:1', 1, governance_payload_of(c)::text
        FROM governance_call c WHERE id = 1""")
    offer(called)
    stop_the_clock(called, CLOSES)
    return called


def test_those_who_stand_are_on_the_ballot_in_their_order_and_nobody_of_these_last(drafted: psycopg.Connection) -> None:
    drafted.execute("INSERT INTO governance_candidacy (call_id, person_id) SELECT 2, max(id) FROM people_person")
    people = drafted.execute("SELECT name, id FROM people_person ORDER BY id LIMIT 3").fetchall()
    ballot = [[n, name, "I can count.", number] for n, (name, number) in enumerate([people[0], people[2]], 1)]
    found = drafted.execute("SELECT governance_ballot_of(1)").fetchone()
    assert found == ([*ballot, [3, "Nobody of these", "", None]],)


def offer(called: psycopg.Connection) -> None:
    called.execute("""INSERT INTO governance_option (proposal_id, position, title, text, person_id, payload)
        SELECT 1, (o ->> 0)::integer, o ->> 1, o ->> 2, (o ->> 3)::bigint, ''
        FROM jsonb_array_elements(governance_ballot_of(1)) AS o""")


ELECTION = """INSERT INTO governance_proposal (id, policy, payload, published_at)
VALUES (5, 'election', '{{"call": {}}}', now())"""


def offered(drafted: psycopg.Connection, **change: object) -> bool:
    told = changed(drafted, "governance_proposal", 1, **{"published_at": NOW, **change})
    assert isinstance(told, dict) or told == "election_offers_its_candidates"
    return isinstance(told, dict)


@pytest.mark.parametrize(
    ("change", "fits"),
    [
        ({}, True), ({"method": "approval"}, False), ({"subject": "call:2"}, False), ({"rule_id": 2}, False),
        ({"payload": '{"call": 1}'}, False), ({"payload": '{"call": 3}', "subject": "call:3"}, False),
        ({"policy": "paint", "method": "approval"}, True), ({"published_at": None, "method": "approval"}, True),
    ],
    ids=str,
)  # fmt: skip
def test_an_election_is_ranked_by_its_rule_for_its_call(
    drafted: psycopg.Connection, change: dict[str, Any], *, fits: bool
) -> None:
    ask_alone(drafted, "election_offers_its_candidates", "governance_proposal")
    assert offered(drafted, **change) == fits


def test_what_is_published_is_no_more_asked_for_its_candidates(drafted: psycopg.Connection) -> None:
    drafted.execute("UPDATE governance_proposal SET published_at = %s", [NOW])
    ask_alone(drafted, "election_offers_its_candidates", "governance_proposal")
    assert offered(drafted, method="approval")


@pytest.mark.parametrize(
    ("moment", "fits"),
    [(CLOSES - STEP, False), (CLOSES, True), (CLOSES + 7 * DAY - STEP, True), (CLOSES + 7 * DAY, False)],
)
def test_an_election_is_published_in_the_week_after_its_call(
    drafted: psycopg.Connection, moment: datetime, *, fits: bool
) -> None:
    ask_alone(drafted, "election_offers_its_candidates", "governance_proposal")
    stop_the_clock(drafted, moment)
    assert offered(drafted) == fits


@pytest.mark.parametrize(
    ("wrong", "fits"),
    [
        ("UPDATE governance_option SET text = 'I steal.' WHERE position = 1", False),
        ("UPDATE governance_option SET payload = '{}' WHERE position = 1", False),
        ("DELETE FROM governance_option WHERE position = 2", False),
        ("INSERT INTO governance_option (proposal_id, position, title, payload) VALUES (1, 9, 'More', '{}')", False),
        ("INSERT INTO governance_option (proposal_id, position, title, payload) VALUES (2, 9, 'More', '{}')", True),
        ("INSERT INTO governance_option (proposal_id, position, title, payload) VALUES (2, 9, 'More', '')", True),
        (ELECTION.format(1), False),
        (ELECTION.format(2), True),
    ],
)  # fmt: skip
def test_an_election_offers_those_who_stand_once(drafted: psycopg.Connection, wrong: str, *, fits: bool) -> None:
    ask_alone(drafted, "election_offers_its_candidates", "governance_proposal")
    drafted.execute(wrong.encode())
    assert offered(drafted) == fits


def test_where_nobody_stands_is_no_election(drafted: psycopg.Connection) -> None:
    """Who stands for another seat is none, nor is who withdrew."""
    ask_alone(drafted, "election_offers_its_candidates", "governance_proposal")
    drafted.execute("DELETE FROM governance_option")
    drafted.execute("UPDATE governance_candidacy SET call_id = 2 WHERE id = %s", [MEMBER])
    drafted.execute("UPDATE governance_candidacy SET withdrawn_at = now() WHERE call_id = 1")
    offer(drafted)
    assert not offered(drafted)


@pytest.fixture
def won(called: psycopg.Connection) -> psycopg.Connection:
    """Let the member have won the first seat, by a vote that was due yesterday and ends tomorrow."""
    for number, key in ((1, "N12"), (2, "N14")):
        plant(called, "governance_rule", id=number, key=key)
    for number, person in ((1, MEMBER), (2, LATE)):
        plant(called, "governance_proposal", id=number, policy="election", method="ranked", rule_id=1,
              closes_at=NOW - 9 * DAY, payload=f'{{"call": {number}}}')  # fmt: skip
        plant(called, "governance_option", proposal_id=number, position=1, person_id=person)
        plant(called, "governance_option", proposal_id=number, position=2, person_id=WITHDRAWN)
        plant(called, "governance_tally", proposal_id=number, winner=number, passed=True)
        plant(called, "governance_mandate", id=number, proposal_id=number, due_at=NOW - DAY, expires_at=NOW + DAY)
    plant(called, "governance_mandate", id=3, proposal_id=None)
    return called


OFFICE: dict[str, Any] = {
    "mandate_id": 1, "person_id": MEMBER, "post": "clerk", "seat": 1, "starts_at": BEGINS, "ends_at": ENDS
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "given"),
    [
        ({}, True), ({"person_id": LATE}, False), ({"person_id": WITHDRAWN}, False), ({"post": "keeper"}, False),
        ({"seat": 2}, False), ({"starts_at": BEGINS + STEP}, False), ({"ends_at": ENDS - STEP}, False),
        ({"mandate_id": 2}, False), ({"mandate_id": 4}, False), ({"mandate_id": 3, "seat": 7}, True),
    ],
    ids=str,
)  # fmt: skip
def test_an_office_is_what_its_election_gave(won: psycopg.Connection, change: dict[str, Any], *, given: bool) -> None:
    ask_alone(won, "office_is_given_by_an_election", "governance_office")
    told = written(won, "governance_office", OFFICE | change)
    assert (told != "office_is_given_by_an_election") == given


@pytest.mark.parametrize(
    "wrong",
    [
        "UPDATE governance_proposal SET policy = 'paint'", "UPDATE governance_proposal SET method = 'approval'",
        "UPDATE governance_proposal SET rule_id = 2", "UPDATE governance_tally SET passed = false",
        "UPDATE governance_tally SET winner = 3 - winner", "UPDATE governance_proposal SET payload = '{}'",
        "UPDATE governance_standing SET status = 'left'", "UPDATE governance_mandate SET due_at = expires_at",
        "UPDATE governance_mandate SET expires_at = due_at",
    ],
)  # fmt: skip
def test_no_office_without_an_election_that_was_won_and_is_due(won: psycopg.Connection, wrong: str) -> None:
    won.execute(wrong.encode())
    ask_alone(won, "office_is_given_by_an_election", "governance_office")
    assert written(won, "governance_office", OFFICE) == "office_is_given_by_an_election"


@pytest.mark.parametrize(("lasted", "given"), [(timedelta(), False), (3 * DAY, True), (3 * DAY - STEP, False)])
def test_a_vote_that_went_on_moves_no_first_day(won: psycopg.Connection, lasted: timedelta, *, given: bool) -> None:
    """The call reckoned with the day on which the vote would have ended; one that went on is due later."""
    won.execute("UPDATE governance_tally SET closed_at = %s", [NOW - 9 * DAY + lasted])
    won.execute("UPDATE governance_mandate SET due_at = %s", [NOW])
    won.execute("UPDATE governance_call SET starts_at = %s", [NOW - 3 * DAY])
    ask_alone(won, "office_is_given_by_an_election", "governance_office")
    told = written(won, "governance_office", OFFICE | {"starts_at": NOW - 3 * DAY})
    assert (told != "office_is_given_by_an_election") == given


@pytest.fixture
def hall(called: psycopg.Connection) -> psycopg.Connection:
    """Let elections take seventeen days, and a clerk's post have two seats for a hundred days; no call runs."""
    called.execute("DELETE FROM governance_call")
    for version, days in ((1, 20), (2, 10)):
        plant(called, "governance_rule", key="N12", version=version, deliberation_days=days, voting_days=5, lock_days=2)
    plant(called, "governance_rule", key="N14", version=3, deliberation_days=1, voting_days=1, lock_days=1)
    for version, seats, days in ((1, 1, 50), (2, 2, 100)):
        plant(called, "governance_post", name="clerk", version=version, seats=seats, term_days=days, abolished=False)
    plant(called, "governance_post", name="gone", version=3, seats=3, term_days=300, abolished=True)
    return called


SOONEST, LATEST = NOW + (7 + 11 + 17) * DAY, NOW + 180 * DAY
SEAT: dict[str, Any] = {
    "post": "clerk", "seat": 1, "starts_at": SOONEST, "ends_at": SOONEST + 100 * DAY, "opened_by_id": MEMBER
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "fits"),
    [
        ({}, True), ({"seat": 2}, True), ({"seat": 0}, False), ({"seat": 3}, False), ({"post": "gone"}, False),
        ({"post": "none"}, False), ({"opened_by_id": STRANGER}, False), ({"ends_at": "-infinity"}, False),
        ({"starts_at": SOONEST - STEP, "ends_at": SOONEST}, False), ({"starts_at": "-infinity"}, False),
        ({"ends_at": SOONEST + 100 * DAY + STEP}, False), ({"starts_at": LATEST + STEP}, False),
        ({"starts_at": LATEST, "ends_at": LATEST + 100 * DAY}, True),
    ],
    ids=str,
)  # fmt: skip
def test_candidates_are_called_for_a_seat_from_a_day_in_time(
    hall: psycopg.Connection, change: dict[str, Any], *, fits: bool
) -> None:
    ask_alone(hall, "call_is_for_a_seat_to_fill", "governance_call")
    told = written(hall, "governance_call", SEAT | change)
    assert (told != "call_is_for_a_seat_to_fill") == fits
    if isinstance(told, dict):
        assert (told["opened_at"], told["closes_at"]) == (NOW, NOW + 7 * DAY)


@pytest.mark.parametrize(
    ("table", "others", "fits"),
    [
        ("office", {}, False), ("office", {"seat": 2}, True), ("office", {"post": "keeper"}, True),
        ("office", {"ends_at": SOONEST}, True), ("call", {}, False), ("call", {"seat": 2}, True),
        ("call", {"post": "keeper"}, True), ("call", {"closes_at": NOW - 7 * DAY}, True),
    ],
    ids=str,
)  # fmt: skip
def test_nobody_is_called_for_a_seat_that_is_held_or_called_for(
    hall: psycopg.Connection, table: str, others: dict[str, Any], *, fits: bool
) -> None:
    row = {"office": {"starts_at": NOW}, "call": {"closes_at": NOW - 7 * DAY + STEP}}[table]
    plant(hall, f"governance_{table}", **{"post": "clerk", "seat": 1, "ends_at": SOONEST + STEP, **row, **others})
    ask_alone(hall, "call_is_for_a_seat_to_fill", "governance_call")
    assert (written(hall, "governance_call", SEAT) != "call_is_for_a_seat_to_fill") == fits


@pytest.mark.parametrize(
    ("wrong", "open_"),
    [
        ("SELECT", False), ("UPDATE governance_tally SET passed = false WHERE proposal_id = 1", False),
        ("DELETE FROM governance_tally WHERE proposal_id = 1", True),
        ("DELETE FROM governance_enactment", True),
        ("UPDATE governance_enactment SET mandate_id = 2", True),
        ("DELETE FROM governance_enactment; UPDATE governance_mandate SET expires_at = '2030-01-01Z'", False),
        ("DELETE FROM governance_enactment; DELETE FROM governance_mandate", True),
        ("UPDATE governance_proposal SET published_at = NULL", False),
    ],
)  # fmt: skip
def test_a_call_is_open_until_its_election_failed_was_carried_out_or_ran_out(
    won: psycopg.Connection, wrong: str, *, open_: bool
) -> None:
    won.execute("UPDATE governance_call SET closes_at = %s", [NOW - 9 * DAY])
    won.execute("UPDATE governance_proposal SET published_at = %s", [NOW - 9 * DAY])
    plant(won, "governance_enactment", id=1, mandate_id=1)
    won.execute(wrong.encode())
    asks = "SELECT governance_call_is_open(c, %s) FROM governance_call c WHERE id = 1"
    assert won.execute(asks, [NOW]).fetchone() == (open_,)
