"""Rival proposals (P10): in time, about the same, on one ballot, each counted by its own rule; one of them wins."""

import hashlib
import json
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

import psycopg
import pytest
from django.db import IntegrityError, connection, transaction

from coop import clock
from coop.people.models import Person
from coop.record.models import Event
from coop.refusals import Refused
from governance import counting, mandates, options, proposals, rivals, supporting, voting
from governance.models import Mandate, Proposal, Rule, Support
from governance.voting import State
from tests.governance.conftest import cast_choices, electors, members, reach

pytestmark = pytest.mark.django_db
DRAFT = """
INSERT INTO governance_proposal (policy, rule_id, title, text, payload, impact, method, subject, proposed_by_id,
    drafted_at, digest, roll_root, first_reading_id, rival_of_id)
SELECT %(policy)s, r.id, 'Rival', 'Why', %(payload)s, '{}', 'yes_no', %(subject)s, %(by)s, now(), '', '', NULL, %(of)s
FROM governance_rule r WHERE r.key = %(rule)s ORDER BY r.version DESC LIMIT 1 RETURNING id
"""
BACK = "INSERT INTO governance_support (draft_id, person_id, backs, said_at) VALUES (%s, %s, true, now())"
PUBLISH = "UPDATE governance_proposal SET published_at = now() WHERE id = %s"
BALLOT = """
INSERT INTO governance_ballot (proposal_id, person_id, choice, receipt, cast_at)
VALUES (%s, %s, %s, repeat('e', 64), now())
"""


def paint(rule: str, colour: str) -> dict[str, object]:
    return {"rule": rule, "colour": colour, "key": "hall", "replaces": 1}


@pytest.fixture
def first(now: datetime) -> Callable[..., Proposal]:
    """Return a function that publishes a proposal of the first member's, backed by the five who come first."""

    def publish(rule: str = "N1", colour: str = "green") -> Proposal:
        author = members()[0]
        draft = proposals.draft(
            policy="paint", payload=paint(rule, colour), title=f"Shall it be {colour}?", text="Why not.", by=author,
            at=clock.now(),
        )  # fmt: skip
        for person in members()[:5]:
            supporting.back(draft, by=person, at=clock.now())
        return proposals.publish(draft, by=author, at=clock.now())

    return publish


def draft_beside(vote: Proposal, colour: str, rule: str = "N1", *, by: int) -> Proposal:
    """Draft a rival by the member of that number, backed by that one and the four after."""
    people = members()
    draft = proposals.draft_rival(
        vote, payload=paint(rule, colour), title=f"Rather {colour}", text="Better.", by=people[by], at=clock.now()
    )
    for person in people[by : by + 5]:
        supporting.back(draft, by=person, at=clock.now())
    return draft


def file(vote: Proposal, colour: str, rule: str = "N1", *, by: int) -> Proposal:
    return proposals.publish(draft_beside(vote, colour, rule, by=by), by=members()[by], at=clock.now())


def count(vote: Proposal, choices: Iterable[str] = ()) -> list[Proposal]:
    """Cast, close and count all that stands on a ballot; return it in its order."""
    cast_choices(vote, choices)
    at = reach(vote.closes_at)
    for one in rivals.on_the_ballot(vote):
        voting.close(one, at=at)
    return [voting.listed().get(pk=one.pk) for one in rivals.on_the_ballot(vote)]


def states(votes: Iterable[Proposal]) -> list[State]:
    return [voting.state(vote, clock.now()) for vote in votes]


def from_(when: datetime | None, **gap: float) -> datetime:
    """Return a moment so long after (or before) one of a published vote."""
    assert when is not None
    return when + timedelta(**gap)


def smuggle(vote: Proposal, *, by: int, **changed: object) -> int:
    """Write the draft of a rival as the web role, past all acts, with five who back it; return its number."""
    people = members()
    facts = {
        "policy": "paint", "payload": json.dumps(paint("N1", "pink"), sort_keys=True, separators=(",", ":")),
        "subject": "hall:1", "by": people[by].pk, "of": vote.pk, "rule": "N1",
    } | changed  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(DRAFT, facts)  # type: ignore[arg-type]
        (number,) = cursor.fetchone()
        cursor.executemany(BACK, [(number, person.pk) for person in people[by : by + 5]])
    return int(number)


def test_the_most_approved_of_those_that_meet_their_own_rule_wins(first: Callable[..., Proposal]) -> None:
    vote = first("N1")
    mild = file(vote, "yellow", "N1", by=5)
    votes = count(vote, ["2"] * 20 + ["1"] * 5 + ["1,2"] * 2 + ["0"] * 3)
    assert states(votes) == [State.LOST, State.LOCKED]
    assert [tally.winner for tally in (one.tally for one in votes)] == [2, 2]
    assert votes[1].tally.counts["affected"] == {
        "roll": 36, "met": True, "option": 2, "winner": 2, "ballots": 30, "abstain": 0, "against": 8,
        "approvals": {"0": 3, "1": 7, "2": 22},
    }  # fmt: skip
    assert Mandate.objects.get(proposal__in=votes).proposal == mild


def test_leaving_it_as_it_is_wins_when_none_meets_its_rule(first: Callable[..., Proposal]) -> None:
    vote = first("N1")
    file(vote, "yellow", by=5)
    votes = count(vote, ["1"] * 10 + ["2"] * 10 + ["0"] * 12)
    assert states(votes) == [State.LOST, State.LOST]
    assert [one.tally.winner for one in votes] == [None, None]


def test_a_cut_that_most_approve_of_still_needs_its_own_threshold(first: Callable[..., Proposal]) -> None:
    # Eighteen for the cut and eight for the raise: the cut has more, and not two thirds of those who chose; the raise
    # has a majority nowhere. Then ten who can live with both: now the raise, by a majority, though fewer approve of it.
    vote = first("N1")
    file(vote, "gold", "N10", by=5)
    votes = count(vote, ["1"] * 11 + ["1,2"] * 8 + ["2"] * 12)
    assert [one.tally.counts[group]["met"] for one, group in zip(votes, ("affected", "whole"), strict=True)] == [
        False, True,
    ]  # fmt: skip
    assert states(votes) == [State.LOST, State.DUE]


def test_what_lost_beside_it_keeps_no_second_reading_waiting(
    first: Callable[..., Proposal], attack: Callable[..., None]
) -> None:
    vote = first("N3")
    file(vote, "yellow", "N3", by=5)
    votes = count(vote, ["1"] * 25 + ["2"] * 5)
    assert states(votes) == [State.FIRST_READING, State.LOST]
    again = proposals.draft_second_reading(votes[0], by=members()[0], at=clock.now())
    reach(from_(votes[0].tally.counted_at, days=30, minutes=-1))
    attack(PUBLISH, [again.pk], guard="proposal_stands_once_published")
    at = reach(from_(votes[0].tally.counted_at, days=30))
    assert proposals.publish(again, by=members()[0], at=at).first_reading == votes[0]
    # Another cut of the same waits as before.
    other = proposals.draft(
        policy="paint", payload=paint("N1", "white"), title="White?", text="Why.", by=members()[9], at=at
    )
    with pytest.raises(Refused, match="not long ago"):
        proposals.publish(other, by=members()[9], at=at)


def test_each_keeps_its_identity_and_carries_that_of_the_first(first: Callable[..., Proposal]) -> None:
    vote = first("N1")
    rival = file(vote, "yellow", by=5)
    text = proposals.canonical_text(rival)
    assert hashlib.sha256(text.encode()).hexdigest() == rival.digest
    assert json.loads(text)["rival_of"] == vote.digest
    again = Proposal.objects.select_related("rule").get(pk=vote.pk)
    assert hashlib.sha256(proposals.canonical_text(again).encode()).hexdigest() == vote.digest == again.digest
    event = Event.objects.get(kind="proposals.rival_filed")
    assert event.data == {
        "rival": rival.pk, "set": hashlib.sha256(f"{vote.digest}\n{rival.digest}".encode()).hexdigest()
    }  # fmt: skip


def test_a_rival_delays_nothing(first: Callable[..., Proposal]) -> None:
    vote = first("N1")
    reach(from_(vote.published_at, days=13))
    rival = file(vote, "yellow", by=5)
    assert (rival.frozen_at, rival.opens_at, rival.closes_at) == (vote.frozen_at, vote.opens_at, vote.closes_at)
    assert Proposal.objects.get(pk=vote.pk).opens_at == vote.opens_at
    assert rival.published_at != vote.published_at


def test_no_rival_is_filed_once_the_text_is_frozen(first: Callable[..., Proposal], attack: Callable[..., None]) -> None:
    vote = first("N1")
    draft, smuggled = draft_beside(vote, "yellow", by=5), smuggle(vote, by=10)
    at = reach(vote.frozen_at)
    with pytest.raises(Refused, match="too late"):
        proposals.publish(draft, by=members()[5], at=at)
    with pytest.raises(Refused, match="too late"):
        draft_beside(vote, "red", by=15)
    attack(PUBLISH, [smuggled], guard="rival_stands_beside_the_first")


def test_a_rival_comes_three_days_before_a_short_vote_opens(
    first: Callable[..., Proposal], attack: Callable[..., None]
) -> None:
    vote = first("N10")
    smuggled = smuggle(vote, by=5, rule="N10")
    assert rivals.until(vote) == from_(vote.opens_at, days=-3)
    reach(from_(vote.opens_at, days=-3))
    attack(PUBLISH, [smuggled], guard="rival_stands_beside_the_first")


@pytest.mark.parametrize("changed", [
    {"policy": "bylaw_change"},
    {"subject": "work_type:1"},
    {"payload": '{"colour":"pink","key":"kitchen","replaces":1,"rule":"N1"}'},
    {"payload": '{"colour":"pink","key":"hall","replaces":2,"rule":"N1"}'},
    {"payload": '{"colour":"pink","key":"hall","replaces":1,"rule":"N1","work_type":7}'},
    {"payload": '{"colour":"pink","key":"hall","rule":"N1"}'},
])  # fmt: skip
def test_a_rival_of_another_kind_or_about_another_thing(
    first: Callable[..., Proposal], attack: Callable[..., None], changed: dict[str, object]
) -> None:
    attack(PUBLISH, [smuggle(first("N1"), by=5, **changed)], guard="rival_stands_beside_the_first")


def test_what_is_more_serious_does_not_ride_on_a_short_vote(
    first: Callable[..., Proposal], attack: Callable[..., None]
) -> None:
    vote = first("N10")
    with pytest.raises(Refused, match="more time"):
        draft_beside(vote, "yellow", "N1", by=5)
    attack(PUBLISH, [smuggle(vote, by=5)], guard="rival_stands_beside_the_first")


def test_a_rival_needs_support_as_any_proposal(first: Callable[..., Proposal], attack: Callable[..., None]) -> None:
    vote = first("N1")
    people = members()
    draft = proposals.draft_rival(
        vote, payload=paint("N1", "red"), title="Red", text="Red.", by=people[6], at=clock.now()
    )
    with pytest.raises(Refused, match="members back this draft"):
        proposals.publish(draft, by=people[6], at=clock.now())
    attack(PUBLISH, [draft.pk], guard="proposal_is_supported")


def test_a_ballot_is_not_flooded_with_clones(first: Callable[..., Proposal], attack: Callable[..., None]) -> None:
    vote = first("N1")
    # The same change again, and a second one by the same member.
    with pytest.raises(Refused, match="very change"):
        draft_beside(vote, "green", by=5)
    same = json.dumps(paint("N1", "green"), sort_keys=True, separators=(",", ":"))
    attack(PUBLISH, [smuggle(vote, by=5, payload=same)], guard="rival_stands_beside_the_first")
    attack(PUBLISH, [smuggle(vote, by=0)], guard="rival_stands_beside_the_first")
    for number in range(4):
        file(vote, f"colour {number}", by=5 + 5 * number)
    with pytest.raises(Refused, match="Four other ways"):
        draft_beside(vote, "pink", by=26)
    attack(PUBLISH, [smuggle(vote, by=26)], guard="rival_stands_beside_the_first")


def test_whoever_backed_one_rival_backs_no_second(first: Callable[..., Proposal], attack: Callable[..., None]) -> None:
    vote = first("N1")
    file(vote, "yellow", by=5)
    second = smuggle(vote, by=9)  # members 9 to 13: the first of them backed the other
    attack(PUBLISH, [second], guard="proposal_is_supported")
    supporting.back(Proposal.objects.get(pk=second), by=members()[9], at=clock.now())
    attack(PUBLISH, [second], guard="proposal_is_supported")
    supporting.back(Proposal.objects.get(pk=second), by=members()[14], at=clock.now())
    with connection.cursor() as cursor:
        cursor.execute(PUBLISH, [second])
    assert len(rivals.on_the_ballot(vote)) == 3


def test_a_rival_has_no_rival(first: Callable[..., Proposal], attack: Callable[..., None]) -> None:
    rival = file(first("N10"), "yellow", "N10", by=5)
    attack(PUBLISH, [smuggle(rival, by=10, rule="N10")], guard="rival_stands_beside_the_first")
    with pytest.raises(Refused, match="Nothing else stands"):
        draft_beside(rival, "red", by=10)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE governance_proposal SET rival_of_id = NULL WHERE id = %s",
        "DELETE FROM governance_proposal WHERE id = %s",
        "UPDATE governance_proposal SET closes_at = now() WHERE id = %s",
    ],
)
def test_nobody_takes_a_rival_off_the_ballot(
    first: Callable[..., Proposal], attack: Callable[..., None], statement: str
) -> None:
    attack(statement, [file(first("N1"), "yellow", by=5).pk], guard="permission denied")


def test_no_officer_and_no_author_rewrites_a_rival(first: Callable[..., Proposal], attack: Callable[..., None]) -> None:
    rival = file(first("N1"), "yellow", by=5)
    attack(
        "UPDATE governance_proposal SET text = 'Other words' WHERE id = %s", [rival.pk],
        guard="proposal_stands_once_published",
    )  # fmt: skip


def test_the_owner_takes_no_rival_off_either(
    first: Callable[..., Proposal], committed: None, owner: psycopg.Connection
) -> None:
    rival = file(first("N1"), "yellow", by=5)
    with pytest.raises(psycopg.errors.CheckViolation) as caught:
        owner.execute("UPDATE governance_proposal SET rival_of_id = NULL WHERE id = %s", [rival.pk])
    assert caught.value.diag.constraint_name == "proposal_stands_once_published"


def test_there_is_one_ballot_for_all(
    first: Callable[..., Proposal], amina: Person, attack: Callable[..., None]
) -> None:
    vote = first("N1")
    rival = file(vote, "yellow", by=5)
    at = reach(vote.opens_at)
    attack(BALLOT, [rival.pk, amina.pk, "1"], guard="ballot_is_cast_by_an_elector")
    attack(BALLOT, [vote.pk, amina.pk, "3"], guard="ballot_names_the_options")
    attack(BALLOT, [vote.pk, amina.pk, "yes"], guard="ballot_names_the_options")
    assert voting.cast(rival, "1,2", by=amina, at=at).ballot.proposal_id == vote.pk
    assert voting.has_voted(rival, amina)
    assert (proposals.turnout(vote), proposals.turnout(rival)) == (1, 1)
    assert [one.pk for one in voting.open_now(at)] == [vote.pk]
    assert options.read(vote, "0,2") == ["Leave it as it is", "Rather yellow"]


def test_a_loser_gets_no_mandate_and_two_get_none(first: Callable[..., Proposal], attack: Callable[..., None]) -> None:
    vote = first("N1")
    rival = file(vote, "yellow", by=5)
    votes = count(vote, ["1,2"] * 20 + ["2"] * 3)
    assert states(votes) == [State.LOST, State.LOCKED]
    assert [one.tally.counts["affected"]["met"] for one in votes] == [True, True]
    give = "INSERT INTO governance_mandate (proposal_id, given_at, due_at, expires_at) VALUES (%s, now(), now(), now())"
    attack(give, [vote.pk], guard="mandate_needs_a_passed_vote")
    attack(give, [rival.pk], guard="governance_mandate_proposal_id_key")


def test_a_loser_is_not_counted_as_passed(first: Callable[..., Proposal], attack: Callable[..., None]) -> None:
    vote = first("N1")
    rival = file(vote, "yellow", by=5)
    cast_choices(vote, ["1,2"] * 20 + ["2"] * 3)
    reach(vote.closes_at)
    counts = counting.of(vote)
    tally = "INSERT INTO governance_tally (proposal_id, counted_at, counts, passed) VALUES (%s, now(), %s, %s)"
    attack(tally, [vote.pk, json.dumps(counts), True], guard="tally_is_what_the_ballots_say")
    claimed = {**counts, "affected": {**counts["affected"], "winner": 1}}
    attack(tally, [vote.pk, json.dumps(claimed), True], guard="tally_is_what_the_ballots_say")
    attack(tally, [rival.pk, json.dumps(counting.of(rival)), False], guard="tally_is_what_the_ballots_say")


def test_every_elector_of_a_rival_is_one_by_the_facts_of_the_first(first: Callable[..., Proposal]) -> None:
    vote = first("N1")
    reach(from_(vote.published_at, days=12))
    rival = file(vote, "yellow", by=5)
    assert [one.pk for one in electors(rival)] == [one.pk for one in electors(vote)]


def test_a_milder_rival_keeps_the_rhythm_of_its_first(
    first: Callable[..., Proposal], attack: Callable[..., None]
) -> None:
    vote = first("N1")
    file(vote, "yellow", "N1", by=5)  # beside a cut, a cut
    people = members()
    other = proposals.draft(
        policy="paint", payload=paint("N1", "red"), title="Red", text="Red.", by=people[10], at=clock.now()
    )
    for person in people[10:15]:
        supporting.back(other, by=person, at=clock.now())
    attack(PUBLISH, [other.pk], guard="cuts_keep_their_rhythm")


def test_another_winner_late_keeps_the_vote_open_for_all(first: Callable[..., Proposal]) -> None:
    vote = first("N1")
    rival = file(vote, "yellow", by=5)
    cast_choices(vote, ["1"] * 16)
    at = reach(from_(vote.closes_at, hours=-20))
    for person in electors(vote)[16:34]:
        voting.cast(vote, "2", by=person, at=at)
    reach(vote.closes_at)
    assert states([voting.listed().get(pk=one.pk) for one in (vote, rival)]) == [State.VOTING, State.VOTING]
    at = reach(from_(vote.closes_at, hours=72))
    assert all(voting.close(one, at=at).extended for one in (vote, rival))


@pytest.mark.parametrize(("late", "found"), [(["2"] * 2 + ["1"] * 2, State.VOTING), (["1"] * 4, State.CLOSED)])
def test_a_leader_among_rivals_that_changes_and_changes_back_counts_too(
    first: Callable[..., Proposal], late: list[str], found: State
) -> None:
    vote = first("N1")
    rival = file(vote, "yellow", by=5)
    cast_choices(vote, ["1"] * 3 + ["2"] * 2)
    for hours, person, said in zip((20, 19, 18, 17), electors(vote)[5:], late, strict=False):
        voting.cast(vote, said, by=person, at=reach(from_(vote.closes_at, hours=-hours)))
    reach(vote.closes_at)
    assert states([voting.listed().get(pk=one.pk) for one in (vote, rival)]) == [found, found]


def test_a_winner_takes_effect_and_the_first_does_not(first: Callable[..., Proposal]) -> None:
    vote = first("N1")
    rival = file(vote, "yellow", by=5)
    count(vote, ["2"] * 20)
    mandate = Mandate.objects.get(proposal=rival)
    mandates.enact(mandate, at=reach(mandate.due_at))
    assert Event.objects.get(kind="hall.painted").data["colour"] == "yellow"
    assert states([voting.listed().get(pk=one.pk) for one in (vote, rival)]) == [State.LOST, State.ENACTED]


def test_a_few_of_another_electorate_are_not_told_apart(first: Callable[..., Proposal]) -> None:
    vote = first("N1")
    file(vote, "gold", "N10", by=5)
    votes = count(vote, ["1"] * 3 + ["2"] * 2)
    assert [set(one.tally.counts) for one in votes] == [{"affected", "affected_senior"}, {"whole"}]
    assert "abstain" not in votes[0].tally.counts["affected_senior"]
    assert Rule.objects.get(key="N10").whole_yes


def test_a_rival_is_not_published_from_the_past(
    first: Callable[..., Proposal], attack_from_the_past: Callable[..., None]
) -> None:
    number = smuggle(first("N1"), by=5)
    attack_from_the_past(PUBLISH, [number], guard="cuts_keep_their_rhythm")


def test_support_of_a_published_rival_stands(first: Callable[..., Proposal], attack: Callable[..., None]) -> None:
    rival = file(first("N1"), "yellow", by=5)
    with pytest.raises(IntegrityError), transaction.atomic():
        Support.objects.create(draft=rival, person=members()[5], backs=False, said_at=clock.now())
