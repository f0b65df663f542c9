"""Proposals: what is published stands, and its roll with it."""

import hashlib
import json
from collections.abc import Callable
from datetime import datetime, timedelta

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from coop import clock
from coop.people.models import Person
from coop.record import log
from coop.refusals import Refused
from governance import proposals, standing, voting
from governance.models import Proposal, RollEntry, Status
from governance.voting import State
from tests.governance.conftest import Voted, cast_all, electors, reach
from tests.governance.test_counting import ONCE

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
WORDS = st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=8)


def lines(proposal: Proposal) -> list[bytes]:
    entries = RollEntry.objects.filter(proposal=proposal).order_by("position")
    return [f"{e.position}:{e.person_id}:{e.affected:d}:{e.senior:d}".encode() for e in entries]


def test_a_draft_is_no_vote_yet(draft: Callable[..., Proposal], now: datetime) -> None:
    proposal = draft()
    assert voting.state(proposal, now) == State.DRAFT
    assert proposal not in voting.listed()


def test_publishing_sets_the_times_that_the_rule_says(published: Callable[..., Proposal]) -> None:
    proposal = published("N2")
    assert proposal.published_at is not None
    phases = (proposal.frozen_at, proposal.opens_at, proposal.closes_at, proposal.locked_until)
    assert [(phase - proposal.published_at) / DAY for phase in phases if phase] == [14, 21, 31, 52]


def test_the_states_follow_the_times(published: Callable[..., Proposal]) -> None:
    proposal = published("N1")
    seen = [voting.state(proposal, clock.now())]
    seen += [
        voting.state(proposal, reach(moment)) for moment in (proposal.frozen_at, proposal.opens_at, proposal.closes_at)
    ]
    assert seen == [State.PUBLISHED, State.FROZEN, State.VOTING, State.CLOSED]


@pytest.mark.parametrize("rule", ["N1", "N10"])
def test_the_digest_is_the_sha256_of_the_canonical_json(published: Callable[..., Proposal], rule: str) -> None:
    proposal = published(rule, "grün „mit“ \t \\ / \x1f \x7f 😀")
    text = proposals.canonical_text(proposal)
    assert hashlib.sha256(text.encode()).hexdigest() == proposal.digest
    assert proposal.roll_root in text


def test_the_root_of_the_roll_is_that_of_rfc_6962(published: Callable[..., Proposal]) -> None:
    proposal = published("N1")
    assert log.merkle_root(lines(proposal)).hex() == proposal.roll_root


@pytest.mark.parametrize("size", [0, 1, 2, 3, 5, 8, 13, 100])
def test_the_database_computes_merkle_roots_as_python_does(owner: psycopg.Connection, size: int) -> None:
    leaves = [f"line {number}" for number in range(size)]
    (root,) = owner.execute("SELECT governance_merkle_root(%s::text[])", [leaves]).fetchone() or ("",)
    assert root == log.merkle_root(leaf.encode() for leaf in leaves).hex()


def test_founding_members_are_electors_from_the_start(published: Callable[..., Proposal], amina: Person) -> None:
    entry = voting.entry(published(), amina)
    assert entry is not None
    assert entry.senior


def test_a_candidate_is_not_on_the_roll(published: Callable[..., Proposal], newcomer: Person, now: datetime) -> None:
    standing.admit(newcomer, status=Status.CANDIDATE, rule="onboarding", by=None, at=now)
    assert voting.entry(published(), newcomer) is None


def test_a_new_member_without_paid_hours_is_not_on_the_roll(
    published: Callable[..., Proposal], newcomer: Person, now: datetime, later: Callable[..., datetime]
) -> None:
    standing.admit(newcomer, status=Status.CANDIDATE, rule="onboarding", by=None, at=now)
    standing.promote_due(later(days=91))
    later(days=31)
    assert voting.entry(published(), newcomer) is None


ELECTORS = """
SELECT e.person_id, e.affected, e.senior FROM governance_rule r,
    governance_electors('hall:1', r, coop_now()) e WHERE r.key = %s ORDER BY e.person_id
"""


def work_of(owner: psycopg.Connection, people: list[Person], *, days_ago: int, seconds: int = 0) -> None:
    """Let the views of the work say that people worked in the hall so many days ago, so many seconds in all."""
    rows = ", ".join(f"('hall:1', {person.pk}::bigint, coop_now() - interval '{days_ago} days')" for person in people)
    owner.execute(
        "CREATE OR REPLACE VIEW governance_engagement AS"
        f" SELECT subject::text, person_id, last_at FROM (VALUES {rows}) w (subject, person_id, last_at)"
    )
    paid = ", ".join(f"({person.pk}::bigint, {seconds}::numeric)" for person in people)
    owner.execute(
        f"CREATE OR REPLACE VIEW governance_paid_time AS SELECT * FROM (VALUES {paid}) p (person_id, seconds)"
    )


def test_only_those_affected_decide_about_a_cut_of_theirs(owner: psycopg.Connection) -> None:
    members = list(Person.objects.filter(standings__status="member").order_by("pk"))
    work_of(owner, members[:12], days_ago=89)
    roll = owner.execute(ELECTORS, ["N1"]).fetchall()
    assert roll == [(person.pk, True, True) for person in members[:12]]
    both = owner.execute(ELECTORS, ["N2"]).fetchall()
    assert len(both) == len(members)
    assert sum(affected for _person, affected, _senior in both) == 12


def test_work_of_more_than_90_days_ago_affects_nobody_and_then_everybody_decides(owner: psycopg.Connection) -> None:
    members = list(Person.objects.filter(standings__status="member").order_by("pk"))
    work_of(owner, members[:12], days_ago=91)
    assert len(owner.execute(ELECTORS, ["N1"]).fetchall()) == len(members)


def test_fewer_than_ten_affected_means_everybody_decides(owner: psycopg.Connection) -> None:
    members = list(Person.objects.filter(standings__status="member").order_by("pk"))
    work_of(owner, members[:9], days_ago=1)
    roll = owner.execute(ELECTORS, ["N1"]).fetchall()
    assert [affected for _person, affected, _senior in roll] == [True] * len(members)


@pytest.mark.parametrize(("days", "hours", "on_the_roll"), [(31, 10, True), (31, 9, False), (29, 10, False)])
def test_a_member_needs_30_days_and_10_paid_hours(
    owner: psycopg.Connection, newcomer: Person, days: int, hours: int, on_the_roll: object
) -> None:
    work_of(owner, [newcomer], days_ago=1, seconds=hours * 3600)
    owner.execute("ALTER TABLE governance_standing DISABLE TRIGGER USER")
    owner.execute(
        "INSERT INTO governance_standing (person_id, status, since, rule)"
        " VALUES (%s, 'member', coop_now() - make_interval(days => %s), 'R2')",
        [newcomer.pk, days],
    )
    people = [person for person, _affected, _senior in owner.execute(ELECTORS, ["N10"]).fetchall()]
    assert (newcomer.pk in people) == on_the_roll


def test_an_applicant_does_not_propose(newcomer: Person, now: datetime) -> None:
    with pytest.raises(Refused, match="Members vote"):
        proposals.draft(
            policy="paint", payload={"rule": "N10", "colour": "red"}, title="Red?", text="Red.", by=newcomer, at=now
        )


def test_a_policy_says_what_cannot_be_proposed(draft: Callable[..., Proposal]) -> None:
    with pytest.raises(Refused, match="Not beige"):
        draft(colour="beige")


def test_somebody_elses_draft_stays_a_draft(draft: Callable[..., Proposal], luis: Person, now: datetime) -> None:
    with pytest.raises(Refused, match="by the member who wrote it"):
        proposals.publish(draft(), by=luis, at=now)


def test_nothing_is_published_twice(published: Callable[..., Proposal], amina: Person, now: datetime) -> None:
    with pytest.raises(Refused, match="published already"):
        proposals.publish(published(), by=amina, at=now)


def test_cuts_of_the_same_pay_keep_their_rhythm(
    published: Callable[..., Proposal], draft: Callable[..., Proposal], later: Callable[..., datetime],
    amina: Person, attack: Callable[..., None],
) -> None:  # fmt: skip
    published("N1", "green")
    second = draft("N2", "blue")
    with pytest.raises(Refused, match="not long ago"):
        proposals.publish(second, by=amina, at=clock.now())
    attack(
        "UPDATE governance_proposal SET published_at = now() WHERE id = %s", [second.pk], guard="cuts_keep_their_rhythm"
    )
    proposals.publish(second, by=amina, at=later(days=91))


def test_a_cut_that_failed_comes_back_only_after_180_days(
    voted: Voted, draft: Callable[..., Proposal], later: Callable[..., datetime], amina: Person
) -> None:
    voted("N1", "green", yes=1)
    again = draft("N1", "green")
    with pytest.raises(Refused, match="not long ago"):
        proposals.publish(again, by=amina, at=later(days=170))
    proposals.publish(again, by=amina, at=later(days=11))


def test_a_raise_keeps_no_rhythm(published: Callable[..., Proposal]) -> None:
    published("N10", "green")
    assert published("N10", "blue").published_at is not None


@pytest.mark.parametrize("column", ["title", "text", "payload", "impact", "subject"])
def test_a_published_proposal_is_never_changed(
    published: Callable[..., Proposal], attack: Callable[..., None], column: str
) -> None:
    attack(
        f"UPDATE governance_proposal SET {column} = '{{}}' WHERE id = %s", [published().pk],
        guard="proposal_stands_once_published",
    )  # fmt: skip


@pytest.mark.parametrize("column", ["closes_at", "opens_at", "locked_until"])
def test_the_site_sets_no_times(published: Callable[..., Proposal], attack: Callable[..., None], column: str) -> None:
    attack(
        f"UPDATE governance_proposal SET {column} = now() WHERE id = %s", [published().pk], guard="permission denied"
    )


@pytest.mark.parametrize("column", ["digest", "roll_root"])
def test_the_site_sets_no_digests(published: Callable[..., Proposal], attack: Callable[..., None], column: str) -> None:
    attack(f"UPDATE governance_proposal SET {column} = 'a' WHERE id = %s", [published().pk], guard="permission denied")


def test_a_proposal_is_not_withdrawn_by_deleting_it(
    published: Callable[..., Proposal], attack: Callable[..., None]
) -> None:
    attack("DELETE FROM governance_proposal WHERE id = %s", [published().pk], guard="permission denied")


def test_a_proposal_begins_as_a_draft(draft: Callable[..., Proposal], attack: Callable[..., None]) -> None:
    attack(
        "INSERT INTO governance_proposal (policy, rule_id, title, text, payload, impact, subject, proposed_by_id,"
        " drafted_at, digest, roll_root, published_at, opens_at, closes_at, locked_until)"
        " SELECT policy, rule_id, title, text, payload, impact, subject, proposed_by_id, drafted_at, digest, roll_root,"
        " now(), now(), now() + interval '1 minute', now() + interval '1 minute'"
        " FROM governance_proposal WHERE id = %s",
        [draft().pk],
        guard="proposal_begins_as_a_draft",
    )


@pytest.mark.parametrize("payload", ['{"colour": "red", "colour": "green"}', "[]", "red"])
def test_a_payload_is_one_object_without_double_keys(
    draft: Callable[..., Proposal], attack: Callable[..., None], payload: str
) -> None:
    attack(
        "INSERT INTO governance_proposal (policy, rule_id, title, text, payload, impact, subject, proposed_by_id,"
        " drafted_at, digest, roll_root) SELECT policy, rule_id, title, text, %s, impact, subject, proposed_by_id,"
        " drafted_at, digest, roll_root FROM governance_proposal WHERE id = %s",
        [payload, draft().pk],
        guard="proposal_begins_as_a_draft",
    )


@pytest.mark.parametrize("payload", [
    '{"rule": "N10"}', '{"rule":"N10","colour":"red"}', '{"a":1e2}', '{"a":1.0}', '{"a":-0}', '{"a":[1.5]}',
    '{"a":12345678901234567}', r'{"a":"\u0041"}', '{"a":{"c":1,"b":2}}', ' {"a":1}', '{"a":[1, 2]}',
    '{"a":{"b":1e400}}',
])  # fmt: skip
def test_a_payload_is_written_in_one_way_only(
    draft: Callable[..., Proposal], attack: Callable[..., None], payload: str
) -> None:
    proposal = draft()
    attack(
        "UPDATE governance_proposal SET payload = %s WHERE id = %s", [payload, proposal.pk],
        guard="proposal_is_canonical",
    )  # fmt: skip
    attack(
        "INSERT INTO governance_proposal (policy, rule_id, title, text, payload, impact, subject, proposed_by_id,"
        " drafted_at, digest, roll_root) SELECT policy, rule_id, title, text, %s, impact, subject, proposed_by_id,"
        " drafted_at, digest, roll_root FROM governance_proposal WHERE id = %s",
        [payload, proposal.pk],
        guard="proposal_is_canonical",
    )


@given(st.recursive(
    st.none() | st.booleans() | st.integers(-(10**15), 10**15)
    | WORDS,
    lambda inside: st.lists(inside, max_size=3)
    | st.dictionaries(WORDS, inside),
    max_leaves=8,
))  # fmt: skip
@ONCE
def test_the_database_writes_json_as_python_does(owner: psycopg.Connection, value: object) -> None:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert owner.execute("SELECT governance_canonical_json(%s::jsonb)", [text]).fetchone() == (text,)


ADD_TO_ROLL = """
INSERT INTO governance_rollentry (proposal_id, person_id, position, affected, senior)
SELECT max(id), (SELECT id FROM people_person WHERE name = 'Nia'), 999, true, true FROM governance_proposal
"""


@pytest.mark.parametrize("statement", [
    ADD_TO_ROLL,
    "UPDATE governance_rollentry SET senior = true",
    "DELETE FROM governance_rollentry",
    "TRUNCATE governance_rollentry",
])  # fmt: skip
def test_the_roll_is_frozen(published: Callable[..., Proposal], attack: Callable[..., None], statement: str) -> None:
    published()
    attack(statement, guard="permission denied")


@pytest.mark.usefixtures("committed")
def test_even_the_owner_adds_nobody_to_a_roll(
    published: Callable[..., Proposal], owner: psycopg.Connection, newcomer: Person
) -> None:
    proposal = published()
    with pytest.raises(psycopg.errors.CheckViolation) as caught, owner.transaction(force_rollback=True):
        owner.execute(
            "INSERT INTO governance_rollentry (proposal_id, person_id, position, affected, senior)"
            " VALUES (%s, %s, 999, true, true)",
            [proposal.pk, newcomer.pk],
        )
    assert caught.value.diag.constraint_name == "roll_is_written_at_publication"
    with pytest.raises(psycopg.errors.CheckViolation) as caught, owner.transaction(force_rollback=True):
        owner.execute("DELETE FROM governance_rollentry")
    assert caught.value.diag.constraint_name == "governance_rollentry_is_append_only"


def test_a_second_reading_needs_a_first_that_passed(
    voted: Voted, draft: Callable[..., Proposal], attack: Callable[..., None], later: Callable[..., datetime]
) -> None:
    first = voted("N3", "green", yes=36)
    assert voting.state(first, clock.now()) == State.FIRST_READING
    other = draft("N3", "blue", reads=first)
    later(days=200)
    attack(
        "UPDATE governance_proposal SET published_at = now() WHERE id = %s", [other.pk],
        guard="proposal_stands_once_published",
    )  # fmt: skip


def test_a_second_reading_has_the_words_of_the_first(
    voted: Voted, amina: Person, later: Callable[..., datetime], attack: Callable[..., None]
) -> None:
    second = proposals.draft_second_reading(voted("N3", "green", yes=36), by=amina, at=clock.now())
    later(days=31)
    for column in ("title", "text"):
        attack(
            f"UPDATE governance_proposal SET {column} = 'A raise for all', published_at = now() WHERE id = %s",
            [second.pk],
            guard="proposal_stands_once_published",
        )


def test_a_second_reading_drafted_by_anybody_does_not_keep_the_real_one_back(
    voted: Voted, amina: Person, luis: Person, later: Callable[..., datetime], attack: Callable[..., None]
) -> None:
    first = voted("N3", "green", yes=36)
    forgotten = proposals.draft_second_reading(first, by=luis, at=clock.now())
    second = proposals.draft_second_reading(first, by=amina, at=clock.now())
    proposals.publish(second, by=amina, at=later(days=31))
    with pytest.raises(Refused, match="published already"):
        proposals.publish(forgotten, by=luis, at=later(days=200))
    attack("UPDATE governance_proposal SET published_at = now() WHERE id = %s", [forgotten.pk], guard="read_twice_only")


def test_two_readings_30_days_apart_give_a_mandate(
    voted: Voted, amina: Person, later: Callable[..., datetime], now: datetime
) -> None:
    first = voted("N3", "green", yes=36)
    second = proposals.draft_second_reading(first, by=amina, at=clock.now())
    with pytest.raises(Refused, match="30 days apart"):
        proposals.publish(second, by=amina, at=clock.now())
    second = proposals.publish(second, by=amina, at=later(days=31))
    at = reach(second.opens_at)
    for person in electors(second):
        voting.cast(second, "yes", by=person, at=at)
    voting.close(second, at=reach(second.closes_at))
    assert voting.state(voting.listed().get(pk=second.pk), clock.now()) == State.LOCKED
    assert voting.state(voting.listed().get(pk=first.pk), clock.now()) == State.FIRST_READING


def test_drafting_and_publishing_cost_a_known_number_of_queries(
    draft: Callable[..., Proposal], amina: Person, now: datetime, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    proposal = draft()
    with django_assert_num_queries(9):
        proposals.publish(proposal, by=amina, at=now)


def test_rules_are_never_rewritten(attack: Callable[..., None]) -> None:
    attack("UPDATE governance_rule SET affected_yes = 15000", guard="permission denied")


def test_the_turnout_is_a_number(published: Callable[..., Proposal]) -> None:
    proposal = published()
    assert proposals.turnout(proposal) == 0
    cast_all(proposal, yes=2, no=1)
    assert proposals.turnout(proposal) == 3
