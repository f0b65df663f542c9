"""Votes among options: what they offer stands, ballots name nothing else, and one rival more lowers no bar."""

import hashlib
import json
from collections.abc import Callable

import psycopg
import pytest
from django.test import Client as Browser
from hypothesis import given
from hypothesis import strategies as st

from coop import clock
from coop.people.models import Person
from coop.refusals import Refused
from governance import counting, options, proposals, voting
from governance.forms import ballot_form
from governance.models import Method, Option, Proposal, Rule
from governance.options import Alternative, Asked
from governance.voting import State
from tests.governance.conftest import among, cast_choices, electors, reach, support
from tests.governance.test_counting import ONCE, Elector, box, lay

__all__ = ["box"]

pytestmark = pytest.mark.django_db
COLOURS = among("Red", "Green", "Blue")
INSERT = """
INSERT INTO governance_ballot (proposal_id, person_id, choice, receipt, cast_at) VALUES (%s, %s, %s, repeat('a', 64),
now())
"""
OPTION = """
INSERT INTO governance_option (proposal_id, position, title, text, payload) VALUES (%s, %s, 'Pink', '', %s)
"""
PUBLISH = "UPDATE governance_proposal SET published_at = now() WHERE id = %s"


def test_what_most_approve_of_wins_by_the_rule(decided: Callable[..., Proposal]) -> None:
    proposal = decided("N14", COLOURS, ["2"] * 12 + ["1,2"] * 6 + ["0"] * 5 + ["abstain"] * 3)
    assert proposal.tally.counts == {
        "whole": {
            "roll": 36, "ballots": 26, "abstain": 3, "approvals": {"0": 5, "1": 6, "2": 18, "3": 0},
            "winner": 2, "against": 5, "met": True,
        }
    }  # fmt: skip
    assert (proposal.tally.passed, proposal.tally.winner) == (True, 2)
    winner = options.winner(proposal)
    assert winner is not None
    assert winner.title == "Green"
    assert voting.state(proposal, clock.now()) == State.LOCKED


def test_no_option_stands_first_for_everybody(published: Callable[..., Proposal]) -> None:
    proposal = published("N14", asks=COLOURS)
    orders = {tuple(it.title for it in options.in_order_for(proposal, voter)) for voter in electors(proposal)}
    assert {order[0] for order in orders} == {"Red", "Green", "Blue"}
    assert {order[-1] for order in orders} == {"Leave it as it is"}
    form = ballot_form(proposal, None, voter=electors(proposal)[0])
    lines = [str(title) for _value, title in form.fields["approved"].choices]  # type: ignore[attr-defined]
    assert lines[:-1] == [it.title for it in options.in_order_for(proposal, electors(proposal)[0])]


def test_leaving_it_as_it_is_is_always_among_the_choices(decided: Callable[..., Proposal]) -> None:
    proposal = decided("N10", COLOURS, ["0"] * 10 + ["1"] * 9)
    assert voting.state(proposal, clock.now()) == State.LOST


def test_a_rival_draws_nobody_away_from_saying_no(decided: Callable[..., Proposal]) -> None:
    # 14 for red, 7 only for green, 7 for leaving it: red has twice as many as leaving it, and yet half are against red.
    assert not decided("N1", COLOURS, ["1"] * 14 + ["2"] * 7 + ["0"] * 7).tally.passed


def test_approving_of_leaving_it_too_counts_on_both_sides(decided: Callable[..., Proposal]) -> None:
    proposal = decided("N10", COLOURS, ["0,1"] * 6 + ["1"])
    assert (proposal.tally.counts["whole"]["approvals"]["1"], proposal.tally.counts["whole"]["against"]) == (7, 6)
    assert proposal.tally.passed


def test_of_two_that_are_level_the_first_wins(decided: Callable[..., Proposal]) -> None:
    assert decided("N10", COLOURS, ["2,3"] * 5).tally.winner == 2


def test_a_vote_among_options_without_ballots_changes_nothing(decided: Callable[..., Proposal]) -> None:
    proposal = decided("N10", COLOURS, [])
    assert voting.state(proposal, clock.now()) == State.LOST


def test_options_are_part_of_the_digest(published: Callable[..., Proposal], amina: Person) -> None:
    offers = [
        Alternative("Grün „mit“ \t", "“Why”\n\\", {"b": 1, "a": "é"}, amina), Alternative("Blue", payload={"colour": 2})
    ]  # fmt: skip
    proposal = published("N14", asks=Asked(Method.APPROVAL, offers))
    text = proposals.canonical_text(proposal)
    assert hashlib.sha256(text.encode()).hexdigest() == proposal.digest
    assert json.loads(text)["options"][0]["payload"] == {"a": "é", "b": 1}
    assert json.loads(text)["method"] == "approval"


@pytest.mark.parametrize(
    "choice", ["yes", "4", "1,1", "2,1", "1,", ",1", "01", "", "1,abstain", "-1", "1, 2", "0,1,2,3,4", "1\n", "99"]
)
def test_a_ballot_names_only_options_of_its_vote(
    published: Callable[..., Proposal], amina: Person, attack: Callable[..., None], choice: str
) -> None:
    proposal = published("N14", asks=COLOURS)
    at = reach(proposal.opens_at)
    with pytest.raises(Refused, match="does not offer"):
        voting.cast(proposal, choice, by=amina, at=at)
    attack(INSERT, [proposal.pk, amina.pk, choice], guard="ballot_names_the_options")


@pytest.mark.parametrize("choice", ["0", "1", "0,1,2,3", "2,3", "abstain"])
def test_any_set_of_options_can_be_approved(published: Callable[..., Proposal], amina: Person, choice: str) -> None:
    proposal = published("N14", asks=COLOURS)
    assert voting.cast(proposal, choice, by=amina, at=reach(proposal.opens_at)).words


@pytest.mark.parametrize(("choice", "good"), [
    ("3,1", True), ("2", True), ("abstain", True), ("0", False), ("1,0", False), ("1,1", False), ("yes", False),
])  # fmt: skip
def test_a_ballot_in_order_of_preference_names_each_option_once(
    published: Callable[..., Proposal], amina: Person, attack: Callable[..., None], choice: str, good: object
) -> None:
    proposal = published("N14", asks=among("Red", "Green", "Blue", method=Method.RANKED))
    at = reach(proposal.opens_at)
    assert options.may_say(proposal, choice) == good
    if good:
        assert voting.cast(proposal, choice, by=amina, at=at).words
    else:
        attack(INSERT, [proposal.pk, amina.pk, choice], guard="ballot_names_the_options")


def test_a_ballot_is_short(published: Callable[..., Proposal], amina: Person, attack: Callable[..., None]) -> None:
    proposal = published("N14", asks=COLOURS)
    reach(proposal.opens_at)
    attack(INSERT, [proposal.pk, amina.pk, ",".join(["1"] * 200)], guard="value too long")


def test_a_vote_by_yes_or_no_has_no_options(
    draft: Callable[..., Proposal], attack: Callable[..., None], published: Callable[..., Proposal], amina: Person
) -> None:
    attack(OPTION, [draft().pk, 1, ""], guard="option_is_written_with_the_draft")
    proposal = published()
    reach(proposal.opens_at)
    attack(INSERT, [proposal.pk, amina.pk, "1"], guard="ballot_names_the_options")


def test_no_option_is_added_after_publication(published: Callable[..., Proposal], attack: Callable[..., None]) -> None:
    attack(OPTION, [published("N14", asks=COLOURS).pk, 4, ""], guard="option_is_written_with_the_draft")


@pytest.mark.parametrize("payload", ['{"a": 1, "a": 2}', "[]", "red"])
def test_an_option_carries_one_object_or_nothing(
    draft: Callable[..., Proposal], attack: Callable[..., None], payload: str
) -> None:
    attack(OPTION, [draft("N14", asks=COLOURS).pk, 4, payload], guard="option_is_written_with_the_draft")


@pytest.mark.parametrize("payload", ['{"a":1e2}', '{"a": 1}', '{"b":1,"a":2}'])
def test_an_options_payload_is_written_in_one_way_only(
    draft: Callable[..., Proposal], attack: Callable[..., None], payload: str
) -> None:
    attack(OPTION, [draft("N14", asks=COLOURS).pk, 4, payload], guard="option_payload_is_canonical")


@pytest.mark.parametrize("position", [0, 100])
def test_options_have_places_on_a_ballot(
    draft: Callable[..., Proposal], attack: Callable[..., None], position: int
) -> None:
    attack(OPTION, [draft("N14", asks=COLOURS).pk, position, ""], guard="options_fit_on_a_ballot")


@pytest.mark.parametrize("position", [None, 5])
def test_a_vote_among_options_offers_some_without_gaps(
    draft: Callable[..., Proposal], attack: Callable[..., None], position: int | None
) -> None:
    proposal = draft("N14", asks=Asked(Method.APPROVAL) if position is None else COLOURS)
    if position:
        Option.objects.create(proposal=proposal, position=position, title="Pink")
        support(proposal)
    attack(PUBLISH, [proposal.pk], guard="proposal_offers_its_options")


@pytest.mark.parametrize("statement", ["UPDATE governance_option SET title = 'Grey'", "DELETE FROM governance_option"])
def test_options_are_never_changed(
    published: Callable[..., Proposal], attack: Callable[..., None], statement: str
) -> None:
    published("N14", asks=COLOURS)
    attack(statement, guard="permission denied")


def test_the_method_of_a_vote_is_not_changed(draft: Callable[..., Proposal], attack: Callable[..., None]) -> None:
    attack("UPDATE governance_proposal SET method = 'ranked' WHERE id = %s", [draft().pk], guard="permission denied")


@pytest.mark.parametrize("change", [{"winner": 1}, {"against": 0}, {"approvals": {"0": 0, "1": 9, "2": 0, "3": 0}}])
def test_a_count_of_options_that_the_ballots_do_not_say_is_refused(
    published: Callable[..., Proposal], attack: Callable[..., None], change: dict[str, object]
) -> None:
    proposal = published("N10", asks=COLOURS)
    cast_choices(proposal, ["2"] * 3 + ["0"])
    reach(proposal.closes_at)
    said = {"roll": 36, "ballots": 4, "abstain": 0, "approvals": {"0": 1, "1": 0, "2": 3, "3": 0}, "winner": 2}
    counts = {"whole": said | {"against": 1, "met": True} | change}
    attack(
        "INSERT INTO governance_tally (proposal_id, counted_at, counts, passed, winner)"
        " VALUES (%s, now(), %s, true, 1)",
        [proposal.pk, json.dumps(counts)],
        guard="tally_is_what_the_ballots_say",
    )


@ONCE
@given(
    key=st.sampled_from(["N1", "N2", "N3", "N10", "N14"]),
    people=st.lists(
        st.builds(
            Elector, affected=st.booleans(), senior=st.booleans(),
            said=st.lists(
                st.one_of(
                    st.just("abstain"),
                    st.sets(st.integers(0, 3), min_size=1).map(lambda them: ",".join(map(str, sorted(them)))),
                ),
                max_size=2,
            ),
        ),
        min_size=1, max_size=60,
    ),
)  # fmt: skip
def test_the_database_counts_approvals_as_one_counts_by_hand(
    box: psycopg.Connection, key: str, people: list[Elector]
) -> None:
    rule = Rule.objects.get(key=key)
    if key == "N1":
        people = [person._replace(affected=True) for person in people]
    counts = lay(box, key, people, options=3)
    base = "affected" if rule.whole_yes is None else "whole"
    ballots = [set(person.said[-1].split(",")) for person in people if person.said]
    approvals = {name: sum(name in said for said in ballots) for name in "0123"}
    assert counts[base]["approvals"] == approvals
    winner = max("123", key=lambda name: (approvals[name], -int(name)))
    assert counts[base]["winner"] == int(winner)
    for group, count in counts.items():
        inside = [p for p in people if (p.affected or "affected" not in group) and (p.senior or "senior" not in group)]
        said = [set(p.said[-1].split(",")) for p in inside if p.said and p.said[-1] != "abstain"]
        for_it = sum(winner in one for one in said)
        against = sum(winner not in one or "0" in one for one in said)
        whole = group.startswith("whole")
        numbers = {
            "share": (rule.whole_yes if whole else rule.affected_yes) or 0,
            "floor": rule.whole_floor if whole else rule.affected_floor,
        }
        nobody = group.endswith("_senior") and not inside
        assert count["met"] == (nobody or counting.meets(yes=for_it, no=against, roll=len(inside), **numbers))
        assert counting.met(group, count, rule) == count["met"]


def test_a_turnout_is_asked_where_the_rule_says(box: psycopg.Connection) -> None:
    box.execute("ALTER TABLE governance_rule DISABLE TRIGGER ALL")
    box.execute("UPDATE governance_rule SET turnout_floor = 6000 WHERE key = 'N10'")
    for voters, enough in ((6, False), (7, True)):
        people = [Elector(affected=True, senior=True, said=said) for said in [["yes"]] * voters + [[]] * (35 - voters)]
        assert lay(box, "N10", people)["whole"]["met"] == enough


def test_a_member_approves_options_over_the_pages(
    published: Callable[..., Proposal], luis: Person, signed_in: Callable[[Person], Browser]
) -> None:
    proposal, browser = published("N10", asks=COLOURS), signed_in(luis)
    assert "Because Green." in browser.get(f"/votes/{proposal.pk}/").text
    reach(proposal.opens_at)
    address = f"/votes/{proposal.pk}/ballot/"
    assert "Leave it as it is" in browser.get(address).text
    assert "ticks nothing else" in browser.post(address, {"approved": ["1", "abstain"]}).text
    checked = browser.post(address, {"approved": ["3", "1"]}).text
    assert 'value="1,3"' in checked
    assert "<li>Red</li>" in checked
    assert "Your vote is in" in browser.post(f"{address}cast/", {"choice": "1,3"}, follow=True).text
    voting.close(proposal, at=reach(proposal.closes_at))
    page = " ".join(browser.get(f"/votes/{proposal.pk}/result/").text.split())
    assert "Most approved: Red. Against it: 0" in page
    assert Browser().get(f"/votes/{proposal.pk}/recount/rule.json").json()["counts"]["whole"]["winner"] == 1


def test_a_member_puts_options_in_order_over_the_pages(
    published: Callable[..., Proposal], luis: Person, signed_in: Callable[[Person], Browser]
) -> None:
    proposal = published("N10", asks=among("Red", "Green", method=Method.RANKED))
    browser, address = signed_in(luis), f"/votes/{proposal.pk}/ballot/"
    reach(proposal.opens_at)
    assert "at least one of them a place" in browser.post(address, {"place_1": "", "place_2": ""}).text
    assert "Give each place once" in browser.post(address, {"place_1": "1", "place_2": "1"}).text
    assert 'value="2,1"' in browser.post(address, {"place_1": "2", "place_2": "1"}).text
    assert 'value="abstain"' in browser.post(address, {"abstain": "on"}).text
    assert "Your vote is in" in browser.post(f"{address}cast/", {"choice": "2,1"}, follow=True).text


def test_the_words_of_a_choice_are_those_of_its_options(published: Callable[..., Proposal]) -> None:
    proposal = published("N14", asks=COLOURS)
    assert options.read(proposal, "0,3") == ["Leave it as it is", "Blue"]
    assert options.read(proposal, "abstain") == ["Abstain"]


def test_one_option_beside_leaving_it_is_enough(published: Callable[..., Proposal]) -> None:
    vote = published("N14", asks=among("Red"))
    assert next(line.title for line in options.offered(vote)) == "Red"
    assert vote.published_at


def test_what_no_json_can_say_is_no_payload() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        options.canonical({"share": float("nan")})
