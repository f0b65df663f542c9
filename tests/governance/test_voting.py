"""Ballots: cast by those on the roll, while the vote is open, counted once, shown to nobody."""

from collections.abc import Callable
from datetime import datetime

import psycopg
import pytest
from django.db import IntegrityError, connection
from pytest_django import DjangoAssertNumQueries

from coop import clock
from coop.people.models import Person
from coop.record.models import Event
from coop.refusals import Refused
from governance import counting, explaining, proposals, receipts, resigning, voting
from governance.models import Ballot, Mandate, Proposal, Tally
from governance.receipts import Found
from governance.voting import State
from tests.governance.conftest import Voted, cast_all, electors, reach

pytestmark = pytest.mark.django_db
INSERT = """
INSERT INTO governance_ballot (proposal_id, person_id, choice, receipt, cast_at) VALUES (%s, %s, 'yes', %s, now())
"""
RECEIPT = "a" * 64


def test_a_vote_is_cast_counted_and_passes(voted: Voted) -> None:
    proposal = voted("N10", yes=3, no=2, abstain=1)
    assert proposal.tally.counts == {"whole": {"roll": 36, "yes": 3, "no": 2, "abstain": 1, "met": True}}
    assert proposal.tally.passed
    assert voting.state(proposal, clock.now()) == State.DUE


def test_a_draw_changes_nothing(voted: Voted) -> None:
    assert voting.state(voted("N10", yes=3, no=3), clock.now()) == State.LOST


def test_a_vote_without_ballots_changes_nothing(voted: Voted) -> None:
    assert voting.state(voted("N10", yes=0), clock.now()) == State.LOST


def test_a_cut_needs_two_thirds_exactly(voted: Voted) -> None:
    assert voted("N1", "green", yes=20, no=10).tally.passed


def test_a_cut_below_two_thirds_by_one_vote_is_lost(voted: Voted) -> None:
    assert not voted("N1", "green", yes=20, no=11).tally.passed


def test_staying_away_never_helps_a_cut(voted: Voted) -> None:
    assert not voted("N1", "green", yes=14).tally.passed  # 14 of 36 are below 40 per cent


def test_the_last_ballot_of_a_person_counts(published: Callable[..., Proposal], amina: Person) -> None:
    proposal = published()
    at = reach(proposal.opens_at)
    first = voting.cast(proposal, "yes", by=amina, at=at)
    second = voting.cast(proposal, "no", by=amina, at=at)
    assert proposals.turnout(proposal) == 1
    assert receipts.check(first.words).found == Found.REPLACED
    assert receipts.check(second.words.upper().replace("-", "  ")).found == Found.COUNTED
    tally = voting.close(proposal, at=reach(proposal.closes_at))
    assert (tally.counts["whole"]["yes"], tally.counts["whole"]["no"]) == (0, 1)
    assert receipts.counted_in(proposal) == [second.ballot.receipt]


def test_an_unknown_receipt_is_not_found() -> None:
    assert receipts.check("acorn-almond-anchor-apple-april-apron").found == Found.UNKNOWN


def test_no_two_receipt_words_are_the_same() -> None:
    assert len(set(receipts.WORDS)) == 256
    assert all(receipts.digest(word) == receipts.digest(f" {word.upper()} ") for word in receipts.WORDS)


def test_a_paused_member_votes(
    published: Callable[..., Proposal], amina: Person, paused: Callable[..., object]
) -> None:
    proposal = published()
    at = reach(proposal.opens_at)
    paused(amina)
    assert voting.cast(proposal, "yes", by=amina, at=at).words


def test_nobody_votes_before_the_vote_opens(
    published: Callable[..., Proposal], amina: Person, now: datetime, attack: Callable[..., None]
) -> None:
    proposal = published()
    with pytest.raises(Refused, match="has not opened"):
        voting.cast(proposal, "yes", by=amina, at=now)
    attack(INSERT, [proposal.pk, amina.pk, RECEIPT], guard="ballot_is_cast_while_the_vote_is_open")


def test_nobody_votes_after_the_close(
    published: Callable[..., Proposal], amina: Person, attack: Callable[..., None]
) -> None:
    proposal = published()
    at = reach(proposal.closes_at)
    with pytest.raises(Refused, match="is closed"):
        voting.cast(proposal, "yes", by=amina, at=at)
    attack(INSERT, [proposal.pk, amina.pk, RECEIPT], guard="ballot_is_cast_while_the_vote_is_open")


def test_nobody_votes_who_is_not_on_the_roll(
    published: Callable[..., Proposal], newcomer: Person, attack: Callable[..., None]
) -> None:
    proposal = published()
    at = reach(proposal.opens_at)
    with pytest.raises(Refused, match="not on the roll"):
        voting.cast(proposal, "yes", by=newcomer, at=at)
    attack(INSERT, [proposal.pk, newcomer.pk, RECEIPT], guard="ballot_is_cast_by_an_elector")


def test_whoever_left_has_no_vote_any_more(
    published: Callable[..., Proposal], amina: Person, attack: Callable[..., None]
) -> None:
    proposal = published()
    resigning.give_notice(amina, pressure="none", at=clock.now())
    at = reach(proposal.opens_at)
    resigning.leave_due(at)
    with pytest.raises(Refused, match="You have left"):
        voting.cast(proposal, "yes", by=amina, at=at)
    attack(INSERT, [proposal.pk, amina.pk, RECEIPT], guard="ballot_is_cast_by_an_elector")


def test_nobody_votes_on_a_draft(draft: Callable[..., Proposal], amina: Person, attack: Callable[..., None]) -> None:
    attack(INSERT, [draft().pk, amina.pk, RECEIPT], guard="ballot_is_cast_by_an_elector")


@pytest.mark.parametrize("choice", ["maybe", "YES", ""])
def test_a_ballot_says_yes_no_or_abstain(
    published: Callable[..., Proposal], amina: Person, attack: Callable[..., None], choice: str
) -> None:
    proposal = published()
    reach(proposal.opens_at)
    attack(INSERT.replace("'yes'", f"'{choice}'"), [proposal.pk, amina.pk, RECEIPT], guard="ballot_names_the_options")


@pytest.mark.parametrize("statement", [
    "UPDATE governance_ballot SET choice = 'no'", "DELETE FROM governance_ballot", "TRUNCATE governance_ballot",
])  # fmt: skip
@pytest.mark.usefixtures("committed")
def test_a_ballot_is_never_changed_not_even_by_the_owner(
    published: Callable[..., Proposal], attack: Callable[..., None], owner: psycopg.Connection, statement: str
) -> None:
    cast_all(published(), yes=3)
    attack(statement, guard="permission denied")
    with pytest.raises(psycopg.errors.CheckViolation) as caught:
        owner.execute(statement)
    assert caught.value.diag.constraint_name == "governance_ballot_is_append_only"


@pytest.mark.parametrize("column", ["choice", "person_id", "cast_at", "*"])
def test_the_site_cannot_read_who_voted_how(
    published: Callable[..., Proposal], attack: Callable[..., None], column: str
) -> None:
    cast_all(published(), yes=1)
    attack(f"SELECT {column} FROM governance_ballot", guard="permission denied")


def test_the_record_says_that_somebody_voted_and_not_who(published: Callable[..., Proposal]) -> None:
    cast_all(published(), yes=2)
    events = Event.objects.filter(kind="voting.cast")
    assert {event.actor for event in events} == {None}
    assert {event.data["receipt"] for event in events} == set(Ballot.objects.values_list("receipt", flat=True))


@pytest.mark.parametrize("function", ["governance_box(1)", "governance_meets(1, 1, 1, 1, 1)"])
def test_the_inner_functions_are_closed_to_the_site(attack: Callable[..., None], function: str) -> None:
    attack(f"SELECT * FROM {function}", guard="permission denied")


def test_nothing_is_counted_before_the_close(published: Callable[..., Proposal], attack: Callable[..., None]) -> None:
    proposal = published()
    cast_all(proposal, yes=5)
    with pytest.raises(Refused, match="still open"):
        voting.close(proposal, at=clock.now())
    assert receipts.counted_in(proposal) == []
    attack(
        "INSERT INTO governance_tally (proposal_id, counted_at, counts, passed)"
        " VALUES (%s, now(), coalesce(governance_count(%s), '{}'), true)",
        [proposal.pk, proposal.pk],
        guard="tally_is_what_the_ballots_say",
    )


@pytest.mark.parametrize(("counts", "passed"), [
    ('{"whole": {"roll": 36, "yes": 30, "no": 0, "abstain": 0, "met": true}}', True),
    ('{"whole": {"roll": 36, "yes": 1, "no": 2, "abstain": 0, "met": true}}', True),
    ('{"whole": {"roll": 36, "yes": 1, "no": 2, "abstain": 0, "met": false}}', True),
    ("{}", True),
    (None, True),
])  # fmt: skip
def test_a_count_that_the_ballots_do_not_say_is_refused(
    published: Callable[..., Proposal], attack: Callable[..., None], counts: str | None, passed: object
) -> None:
    proposal = published()
    cast_all(proposal, yes=1, no=2)
    reach(proposal.closes_at)
    attack(
        "INSERT INTO governance_tally (proposal_id, counted_at, counts, passed) VALUES (%s, now(), %s, %s)",
        [proposal.pk, counts, passed],
        guard="tally_is_what_the_ballots_say",
    )


def test_a_count_that_does_not_come_to_the_result_twice_is_no_tally(
    published: Callable[..., Proposal], monkeypatch: pytest.MonkeyPatch
) -> None:
    proposal = published()
    cast_all(proposal, yes=3)
    at = reach(proposal.closes_at)
    monkeypatch.setattr(counting, "passes", lambda *_counted: False)
    with pytest.raises(IntegrityError, match="do not come to what it says"):
        voting.close(proposal, at=at)
    assert (Tally.objects.count(), Mandate.objects.exclude(proposal=None).count()) == (0, 0)


def test_what_a_tally_leaves_unsaid_the_ballots_say(published: Callable[..., Proposal]) -> None:
    proposal = published()
    cast_all(proposal, yes=1, no=2)
    reach(proposal.closes_at)
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO governance_tally (proposal_id, counted_at) VALUES (%s, now())", [proposal.pk])
    tally = Tally.objects.get(proposal=proposal)
    assert (tally.counts["whole"]["yes"], tally.counts["whole"]["no"], tally.passed) == (1, 2, False)


def test_a_tally_stands(voted: Voted, attack: Callable[..., None]) -> None:
    proposal = voted(yes=1, no=2)
    attack("UPDATE governance_tally SET passed = true", guard="permission denied")
    assert (voting.close(proposal, at=clock.now()), Tally.objects.count()) == (proposal.tally, 1)


def test_groups_of_fewer_than_ten_ballots_are_not_told_apart(
    published: Callable[..., Proposal], newcomer: Person
) -> None:
    proposal = published("N2")
    cast_all(proposal, yes=9)
    counts = voting.close(proposal, at=reach(proposal.closes_at)).counts
    assert set(counts) == {"whole", "whole_senior", "affected", "affected_senior"}
    assert "yes" in counts["whole"]
    assert set(counts["affected"]) == set(counts["whole_senior"]) == {"roll", "met"}


WHOLE = ["Everybody on the roll", "Members of more than 180 days, of everybody"]
AFFECTED = ["Those whose work it is", "Members of more than 180 days, of those whose work it is"]
EITHER = [f"{AFFECTED[0]}, or everybody where they are fewer than ten",
          f"{AFFECTED[1]}, or of everybody where they are fewer than ten"]  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "more", "headings"), [("N1", 0, EITHER), ("N2", 0, [*WHOLE, *EITHER]), ("N2", 1, [*WHOLE, *AFFECTED])]
)
def test_a_result_calls_nobody_those_whose_work_it_is_where_everybody_decided(
    published: Callable[..., Proposal], rule: str, more: int, headings: list[str]
) -> None:
    """Where fewer than ten are affected the whole roll decides (3.4); two rolls that differ show that it did not."""
    proposal = published(rule)
    cast_all(proposal, yes=3)
    voting.close(proposal, at=reach(proposal.closes_at))
    if more:
        proposal.tally.counts["whole"]["roll"] += more
    assert [line.name for line in explaining.result(proposal)] == headings


def test_casting_costs_a_known_number_of_queries(
    published: Callable[..., Proposal], amina: Person, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    proposal = published()
    at = reach(proposal.opens_at)
    with django_assert_num_queries(3):  # one, within the savepoint that another transaction asks for
        voting.cast(proposal, "yes", by=amina, at=at)


def test_listing_votes_costs_one_query(voted: Voted, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    voted()
    at = clock.now()
    with django_assert_num_queries(1):
        assert [voting.state(proposal, at) for proposal in voting.listed()] == [State.DUE]


def test_every_elector_is_on_the_roll_once(published: Callable[..., Proposal]) -> None:
    people = electors(published())
    assert len(people) == len(set(people)) == 36
