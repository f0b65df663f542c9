"""Elections: candidates stand by their own word, the list stands, the winner takes the seat, and nobody else does."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from coop import clock
from coop.people.models import Person
from coop.refusals import Refused
from governance import elections, explaining, mandates, offices, options, proposals, resigning, voting
from governance.models import Call, Candidacy, Enactment, Method, Office, Post, Proposal, Right
from governance.options import Alternative, Asked
from governance.voting import State
from tests.governance.conftest import cast_choices, electors, reach

pytestmark = pytest.mark.django_db

type Attack = Callable[..., None]
CALL = """INSERT INTO governance_call (post, seat, starts_at, ends_at, opened_by_id, opened_at, closes_at)
VALUES (%s, %s, coop_now() + %s, coop_now() + %s, %s, now(), now() + interval '1 minute')"""
STAND = """INSERT INTO governance_candidacy (call_id, person_id, statement, put_forward_at)
VALUES (%s, %s, %s, now() - interval '9 days')"""
PUBLISH = "UPDATE governance_proposal SET published_at = now() WHERE id = %s"
DAY = timedelta(days=1)


def post(name: str) -> Post:
    return Post.objects.get(name=name)


@pytest.fixture
def call(amina: Person, at: datetime) -> Call:
    """Call for candidates for the auditor's seat, as Amina."""
    return elections.call(post("auditor"), 1, by=amina, at=at)


@pytest.fixture
def election(call: Call, luis: Person, priya: Person, amina: Person) -> Proposal:
    """Put Luis and Priya to the vote."""
    for person in (luis, priya):
        elections.stand(call, statement=f"I am {person.name} and can count.", by=person, at=clock.now())
    return elections.put_to_vote(call, by=amina, at=reach(call.closes_at))


@pytest.fixture
def elected(election: Proposal) -> Callable[[Iterable[str]], Proposal]:
    """Return a function that takes the election through its ballots and counts it."""

    def vote(choices: Iterable[str]) -> Proposal:
        cast_choices(election, choices)
        voting.close(election, at=reach(election.closes_at))
        return voting.listed().get(pk=election.pk)

    return vote


def test_candidates_are_called_half_a_year_before_an_office_ends(amina: Person, teresa: Person) -> None:
    ends = Office.objects.get(person=teresa).ends_at
    early, at = (ends - timedelta(days=175) - less for less in (timedelta(microseconds=1), timedelta(0)))
    refusal = elections.call_refusal(post("treasurer"), 1, by=amina, at=early)
    assert refusal is not None
    assert "longer than half a year" in str(refusal.reason)
    assert elections.call_refusal(post("treasurer"), 1, by=amina, at=at) is None


def test_an_election_says_which_seat_it_fills_from_which_day_to_which(election: Proposal, call: Call) -> None:
    assert explaining.seen(election, clock.now()).what == (
        f"One member becomes auditor (seat 1) from {call.starts_at:%Y-%m-%d} to {call.ends_at:%Y-%m-%d}."
    )


def test_the_winner_takes_the_seat_for_its_term_and_its_rights(
    elected: Callable[..., Proposal], call: Call, luis: Person
) -> None:
    vote = elected(["1,2"] * 12 + ["2,1"] * 9 + ["3"] * 2 + ["abstain"])
    assert (vote.tally.winner, vote.tally.passed) == (1, True)
    at = reach(vote.locked_until)
    assert not mandates.enact(vote.mandate, at=at).failure
    office = Office.objects.get(person=luis)
    assert (office.post, office.starts_at, office.ends_at) == ("auditor", call.starts_at, call.ends_at)
    assert not offices.may(luis, Right.BOOKS, at)
    assert offices.may(luis, Right.BOOKS, reach(call.starts_at))
    assert not offices.may(luis, Right.BOOKS, call.ends_at)


def test_nobody_of_these_can_win_and_elects_nobody(
    elected: Callable[..., Proposal], amina: Person, luis: Person
) -> None:
    vote = elected(["3"] * 15 + ["1"] * 9)
    assert (vote.tally.winner, vote.tally.passed) == (3, False)
    assert voting.state(vote, clock.now()) == State.LOST
    again = elections.call(post("auditor"), 1, by=amina, at=clock.now())
    assert elections.stand(again, statement="Once more.", by=luis, at=clock.now()).call == again


def test_the_rounds_are_in_the_tally_and_of_few_only_the_winner(elected: Callable[..., Proposal]) -> None:
    count = elected(["1,2"] * 5 + ["2,1"] * 4).tally.counts["whole"]
    assert count == {"roll": 36, "met": True, "winner": 1}


def test_ballots_go_on_in_rounds_until_somebody_has_more_than_half(elected: Callable[..., Proposal]) -> None:
    count = elected(["1"] * 8 + ["2"] * 7 + ["3,2"] * 5 + ["abstain"]).tally.counts["whole"]
    assert [turn["counts"] for turn in count["rounds"]] == [{"1": 8, "2": 7, "3": 5}, {"1": 8, "2": 12}]
    assert (count["winner"], count["ballots"], count["abstain"], count["rounds"][0]["out"]) == (2, 21, 1, 3)


def test_the_ballot_offers_the_candidates_and_nobody_of_these(election: Proposal) -> None:
    assert [line.title for line in options.offered(election)] == ["Luis", "Priya", "Nobody of these"]
    assert election.rule.key == "N12"


def test_each_voter_reads_the_candidates_in_an_order_of_their_own(election: Proposal) -> None:
    orders = [[line.position for line in options.in_order_for(election, voter)] for voter in electors(election)]
    assert {tuple(order) for order in orders} == {(1, 2, 3), (2, 1, 3)}
    assert orders == [[line.position for line in options.in_order_for(election, it)] for it in electors(election)]


def test_the_ballot_and_the_proposal_show_that_order(
    election: Proposal, signed_in: Callable[[Person], Browser]
) -> None:
    reach(election.opens_at)
    for voter in electors(election)[:6]:
        first, second = (line.title for line in options.in_order_for(election, voter)[:2])
        for address, begins in (
            (f"/votes/{election.pk}/", "On the ballot"),
            (f"/votes/{election.pk}/ballot/", "<form"),
        ):
            page = signed_in(voter).get(address).text.partition("<main")[2].partition(begins)[2]
            assert page.index(first) < page.index(second) < page.index("Nobody of these")


def test_the_result_tells_the_rounds_in_words_and_in_a_table(elected: Callable[..., Proposal]) -> None:
    vote = elected(["1"] * 8 + ["2"] * 7 + ["3,2"] * 5 + ["abstain"])
    page = " ".join(Browser().get(f"/votes/{vote.pk}/result/").text.split())
    assert "Round 1: nobody has more than half of 20 ballots. Nobody of these has fewest, and leaves." in page
    assert "Round 2: Priya has 12 of 20 ballots, more than half." in page
    assert '<th scope="row">Priya</th> <td class="num">7</td><td class="num">12</td>' in page
    assert '<th scope="row">Nobody of these</th> <td class="num">5</td><td class="num"></td>' in page


def test_the_statement_has_the_same_length_for_everybody(
    call: Call, luis: Person, attack: Attack, at: datetime
) -> None:
    with pytest.raises(Refused, match="1,200"):
        elections.stand(call, statement="x" * 1201, by=luis, at=at)
    for words in ("x" * 1201, ""):
        attack(STAND, [call.pk, luis.pk, words], guard="candidacy_is_a_members_own")
    assert elections.stand(call, statement="x" * 1200, by=luis, at=at).statement == "x" * 1200


def test_a_candidate_rewrites_and_withdraws_until_the_list_stands(
    call: Call, luis: Person, priya: Person, amina: Person, at: datetime, attack: Attack
) -> None:
    elections.stand(call, statement="First.", by=luis, at=at)
    assert elections.stand(call, statement="Second.", by=luis, at=at).statement == "Second."
    elections.stand(call, statement="I can count.", by=priya, at=at)
    elections.withdraw(call, by=luis, at=at)
    attack("UPDATE governance_candidacy SET withdrawn_at = now() WHERE person_id = %s", [luis.pk],
           guard="candidacy_is_a_members_own")  # fmt: skip
    vote = elections.put_to_vote(call, by=amina, at=reach(call.closes_at))
    assert [line.title for line in options.offered(vote)] == ["Priya", "Nobody of these"]
    with pytest.raises(Refused, match="list stands"):
        elections.withdraw(call, by=priya, at=clock.now())
    attack("UPDATE governance_candidacy SET withdrawn_at = now() WHERE person_id = %s", [priya.pk],
           guard="candidacy_is_a_members_own")  # fmt: skip


def test_nobody_stands_after_the_call_and_no_stranger_ever(
    call: Call, luis: Person, newcomer: Person, attack: Attack, at: datetime
) -> None:
    with pytest.raises(Refused, match="Members vote"):
        elections.stand(call, statement="Me.", by=newcomer, at=at)
    attack(STAND, [call.pk, newcomer.pk, "Me."], guard="candidacy_is_a_members_own")
    at = reach(call.closes_at)
    with pytest.raises(Refused, match="closed"):
        elections.stand(call, statement="Me.", by=luis, at=at)
    attack(STAND, [call.pk, luis.pk, "Me."], guard="candidacy_is_a_members_own")


def test_who_stands_is_never_changed(call: Call, luis: Person, attack: Attack, at: datetime) -> None:
    one = elections.stand(call, statement="Me.", by=luis, at=at)
    attack("UPDATE governance_candidacy SET person_id = person_id + 1", guard="permission denied")
    attack("DELETE FROM governance_candidacy", guard="permission denied")
    assert Candidacy.objects.get() == one


def test_not_even_the_owner_changes_who_stands(
    committed: None, call: Call, luis: Person, at: datetime, owner: psycopg.Connection
) -> None:
    elections.stand(call, statement="Me.", by=luis, at=at)
    with pytest.raises(psycopg.errors.CheckViolation) as refused:
        owner.execute("UPDATE governance_candidacy SET person_id = person_id + 1")
    assert refused.value.diag.constraint_name == "governance_candidacy_is_frozen"


def test_a_post_that_is_not_known_clashes_with_none_but_itself(teresa: Person, at: datetime) -> None:
    held = Office.objects.get(person=teresa)
    found = [offices.clash(teresa, post, at, at + timedelta(days=1)) for post in ("gardener", "auditor", held.post)]
    assert found == [None, held, held]


def test_an_officer_stands_for_no_post_that_checks_their_own(call: Call, teresa: Person, at: datetime) -> None:
    held = Office.objects.get(person=teresa)
    assert held.ends_at > call.starts_at
    with pytest.raises(Refused, match="You are treasurer in that time"):
        elections.stand(call, statement="Me.", by=teresa, at=at)


@pytest.mark.parametrize(
    ("name", "seat", "begins", "ends"),
    [("auditor", 1, 20, 400), ("auditor", 1, 190, 400), ("auditor", 1, 60, 60 + 1096), ("auditor", 2, 60, 400),
     ("king", 1, 60, 400), ("treasurer", 1, 60, 400)],
)  # fmt: skip
def test_candidates_are_called_for_a_seat_that_will_be_free_and_in_time(
    amina: Person, attack: Attack, name: str, seat: int, begins: int, ends: int
) -> None:
    attack(CALL, [name, seat, begins * DAY, ends * DAY, amina.pk], guard="call_is_for_a_seat_to_fill")


def test_one_call_for_a_seat_at_a_time_and_none_by_a_stranger(
    call: Call, newcomer: Person, luis: Person, at: datetime, attack: Attack
) -> None:
    with pytest.raises(Refused, match="called for this seat already"):
        elections.call(post("auditor"), 1, by=luis, at=at)
    attack(CALL, ["auditor", 1, 60 * DAY, 90 * DAY, luis.pk], guard="call_is_for_a_seat_to_fill")
    attack(CALL, ["panel trustee", 1, 60 * DAY, 90 * DAY, newcomer.pk], guard="call_is_for_a_seat_to_fill")
    assert elections.call(post("panel trustee"), 3, by=luis, at=at).seat == 3


def test_a_call_that_led_to_nothing_makes_room_for_another(call: Call, luis: Person) -> None:
    reach(call.closes_at + elections.TO_PUBLISH)
    assert elections.call(post("auditor"), 1, by=luis, at=clock.now()).pk != call.pk


def test_a_seat_that_is_held_long_is_not_called_for(amina: Person, at: datetime) -> None:
    with pytest.raises(Refused, match="held for longer"):
        elections.call(post("treasurer"), 1, by=amina, at=at)


def test_what_is_due_is_put_to_the_vote_by_anybody_or_by_itself(call: Call, luis: Person) -> None:
    elections.stand(call, statement="Me.", by=luis, at=clock.now())
    with pytest.raises(Refused, match="open until"):
        elections.put_to_vote(call, by=luis, at=clock.now())
    assert elections.put_all(clock.now()) == 0
    at = reach(call.closes_at)
    assert elections.put_all(at) == 1
    assert elections.put_all(at) == 0
    with pytest.raises(Refused, match="already"):
        elections.put_to_vote(call, by=luis, at=at)


def forged(call: Call, luis: Person, amina: Person, lines: list[Alternative], method: Method = Method.RANKED) -> int:
    """Draft an election by hand, as whoever runs the site could."""
    asks = Asked(method, lines)
    return proposals.draft(
        policy="election", payload=elections.payload(call), title="Who?", text="Me.", by=amina, at=clock.now(),
        asks=asks,
    ).pk  # fmt: skip


def test_no_election_offers_others_than_those_who_stand(
    call: Call, luis: Person, priya: Person, amina: Person, attack: Attack, at: datetime
) -> None:
    elections.stand(call, statement="I can count.", by=luis, at=at)
    reach(call.closes_at)
    mine, nobody = Alternative("Luis", "I can count.", person=luis), Alternative("Nobody of these")
    for lines in (
        [mine, Alternative("Priya", "Never asked.", person=priya), nobody],
        [mine],
        [nobody],
        [nobody, mine],
        [Alternative("Luis", "I steal.", person=luis), nobody],
        [Alternative("Luis", "I can count.", person=priya), nobody],
        [mine, Alternative("Nobody of these", "Do not.")],
        [Alternative("Luis", "I can count.", {"a": 1}, luis), nobody],
    ):
        attack(PUBLISH, [forged(call, luis, amina, lines)], guard="election_offers_its_candidates")
    yes_no = forged(call, luis, amina, [mine, nobody], Method.APPROVAL)
    attack(PUBLISH, [yes_no], guard="election_offers_its_candidates")


def test_no_election_gives_another_seat_or_term_than_was_called_for(
    call: Call, luis: Person, amina: Person, attack: Attack, at: datetime
) -> None:
    elections.stand(call, statement="I can count.", by=luis, at=at)
    reach(call.closes_at)
    lines = [Alternative("Luis", "I can count.", person=luis), Alternative("Nobody of these")]
    right = elections.payload(call)
    for change in ({"post": "treasurer"}, {"seat": 2}, {"ends_at": "2099-01-01T00:00:00.000000Z"}, {"call": 10**6}):
        number = forged(call, luis, amina, lines)
        Proposal.objects.filter(pk=number).update(payload=options.canonical({**right, **change}))
        attack(PUBLISH, [number], guard="election_offers_its_candidates")


def test_the_list_stands_once_it_is_put_to_the_vote(election: Proposal, amina: Person, attack: Attack) -> None:
    attack(
        "INSERT INTO governance_option (proposal_id, position, title, text, payload, person_id)"
        " VALUES (%s, 4, 'Amina', '', '', %s)", [election.pk, amina.pk], guard="option_is_written_with_the_draft",
    )  # fmt: skip
    attack("UPDATE governance_option SET person_id = %s", [amina.pk], guard="permission denied")


def test_no_other_winner_is_written_down(election: Proposal, attack: Attack) -> None:
    cast_choices(election, ["1"] * 12 + ["2"] * 3)
    reach(election.closes_at)
    with connection.cursor() as site:
        site.execute("SELECT governance_count(%s)::text", [election.pk])
        (counts,) = site.fetchone()
    statement = "INSERT INTO governance_tally (proposal_id, counts, passed, counted_at) VALUES (%s, %s, %s, now())"
    for forgery in (counts.replace('"winner": 1', '"winner": 2'), counts.replace(": 12", ": 11"), "{}"):
        attack(statement, [election.pk, forgery, True], guard="tally_is_what_the_ballots_say")
    attack(statement, [election.pk, counts, False], guard="tally_is_what_the_ballots_say")


@pytest.mark.parametrize("choice", ["4", "0", "1,1", "2,3,2", "yes", "1,2,3,4", "1,", "01"])
def test_a_ballot_ranks_each_candidate_once_and_nobody_else(
    election: Proposal, amina: Person, attack: Attack, choice: str
) -> None:
    reach(election.opens_at)
    attack(
        "INSERT INTO governance_ballot (proposal_id, person_id, choice, receipt, cast_at)"
        " VALUES (%s, %s, %s, repeat('c', 64), now())", [election.pk, amina.pk, choice],
        guard="ballot_names_the_options",
    )  # fmt: skip


def test_who_votes_again_has_one_vote(elected: Callable[..., Proposal], election: Proposal, amina: Person) -> None:
    at = reach(election.opens_at)
    for choice in ("2", "2,1", "1"):
        voting.cast(election, choice, by=amina, at=at)
    others = [person for person in electors(election) if person != amina][:11]
    for person in others:
        voting.cast(election, "2", by=person, at=at)
    count = elected([]).tally.counts["whole"]
    assert (count["ballots"], count["rounds"][0]["counts"]) == (12, {"1": 1, "2": 11, "3": 0})


def given(vote: Proposal, call: Call, **other: Any) -> list[Any]:
    """Return the facts of the office that an election gives to Luis, some of them replaced."""
    facts = {
        "person": Person.objects.get(name="Luis").pk, "post": call.post, "seat": 1, "mandate": vote.mandate.pk,
        "starts": call.starts_at, "ends": call.ends_at,
    }  # fmt: skip
    return list((facts | other).values())


EXACTLY = """INSERT INTO governance_office (person_id, post, seat, mandate_id, starts_at, ends_at)
VALUES (%s, %s, %s, %s, %s, %s)"""


def test_an_election_gives_its_seat_to_its_winner_only_and_not_before_its_time(
    elected: Callable[..., Proposal], call: Call, priya: Person, attack: Attack
) -> None:
    vote = elected(["1"] * 12 + ["2"] * 3)
    attack(EXACTLY, given(vote, call), guard="office_is_given_by_an_election")
    reach(vote.locked_until)
    for other in (
        {"person": priya.pk}, {"post": "treasurer"}, {"seat": 2}, {"mandate": 1},
        {"starts": call.starts_at - DAY}, {"starts": call.starts_at + DAY}, {"ends": call.ends_at + DAY},
    ):  # fmt: skip
        attack(EXACTLY, given(vote, call, **other), guard="office_is_given_by_an_election")
    with connection.cursor() as site:
        site.execute(EXACTLY, given(vote, call))
    attack(EXACTLY, given(vote, call), guard="office_is_kept_apart_from_others")


def test_a_vote_on_anything_else_elects_nobody(voted: Callable[..., Proposal], call: Call, attack: Attack) -> None:
    bylaw = voted("N14", yes=36)
    reach(bylaw.locked_until)
    attack(EXACTLY, given(bylaw, call), guard="office_is_given_by_an_election")


def test_whoever_lost_their_membership_meanwhile_takes_no_seat(
    elected: Callable[..., Proposal], amina: Person, luis: Person
) -> None:
    vote = elected(["1"] * 12)
    resigning.give_notice(luis, pressure="none", at=clock.now())
    reach(vote.locked_until)
    resigning.leave_due(clock.advance(DAY))
    with pytest.raises(Refused, match="tried again"):
        mandates.enact(vote.mandate, at=clock.now())
    assert not Enactment.objects.filter(mandate=vote.mandate).exists()
    reach(vote.mandate.expires_at)
    assert voting.state(voting.listed().get(pk=vote.pk), clock.now()) == State.EXPIRED
    assert not Office.objects.filter(person=luis).exists()
    assert elections.call(post("auditor"), 1, by=amina, at=clock.now())


def test_a_call_stands_as_it_was_opened(call: Call, attack: Attack) -> None:
    attack("UPDATE governance_call SET closes_at = now()", guard="permission denied")
    assert call.closes_at - call.opened_at == elections.OPEN_FOR


def test_the_page_leads_from_a_call_to_the_ballot(
    signed_in: Callable[[Person], Browser], amina: Person, luis: Person, at: datetime
) -> None:
    browser = signed_in(amina)
    assert "auditor" in browser.get("/elections/").content.decode()
    browser.post("/elections/call/auditor/1/")
    call = Call.objects.get(post="auditor")
    page = browser.get(f"/elections/{call.pk}/").content.decode()
    assert 'maxlength="1200"' in page
    answer = browser.post(f"/elections/{call.pk}/", {"statement": ""})
    assert (answer.status_code, Candidacy.objects.count()) == (200, 0)
    browser.post(f"/elections/{call.pk}/", {"statement": "I can count."})
    signed_in(luis).post(f"/elections/{call.pk}/", {"statement": "So can I."})
    browser.post(f"/elections/{call.pk}/withdraw/")
    reach(call.closes_at)
    answer = browser.post(f"/elections/{call.pk}/vote/")
    vote = elections.election_of(call)
    assert vote is not None
    assert answer["Location"] == f"/votes/{vote.pk}/"
    assert [line.title for line in options.offered(vote)] == ["Luis", "Nobody of these"]
    assert "Luis" in Browser().get(f"/elections/{call.pk}/").content.decode()


def test_the_page_of_elections_costs_the_same_for_one_call_and_for_three(
    call: Call, amina: Person, signed_in: Callable[[Person], Browser], at: datetime
) -> None:
    browser, costs = signed_in(amina), []
    for seat in (0, 1, 2):
        if seat:
            elections.call(post("panel trustee"), seat, by=amina, at=clock.now())
        with CaptureQueriesContext(connection) as queries:
            browser.get("/elections/")
        costs.append(len(queries))
    assert costs[1:] == costs[:1] * 2
