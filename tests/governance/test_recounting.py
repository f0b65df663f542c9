"""Anybody counts a closed vote again, with the files and the script that the page offers, and nothing else."""

import hashlib
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.test import Client as Browser
from hypothesis import given
from hypothesis import strategies as st

from coop import clock
from coop.record.models import Event
from governance import recounting, voting
from governance.models import Method, Proposal
from governance.options import Asked
from tests.governance.conftest import Voted, among, cast_choices, reach
from tests.governance.test_counting import ONCE, Elector, box, laid
from tests.governance.test_rivals import count, first
from tests.governance.test_rivals import file as beside

__all__ = ["box", "first"]
pytestmark = pytest.mark.django_db
FILES = ("recount.py", "rule.json", *recounting.TABLES)
SAYS = ("yes", "no", "abstain")
PARTS = ("whole", "whole_senior", "affected", "affected_senior")
type Decided = Callable[..., Proposal]
type Open = Callable[[Proposal], Folder]


class Folder:
    """The five files of a vote as somebody downloaded them, and Python alone to run the script."""

    def __init__(self, vote: Proposal, path: Path) -> None:
        """Download them, signed in as nobody."""
        self.path = path
        for name in FILES:
            (path / name).write_bytes(Browser().get(f"/votes/{vote.pk}/recount/{name}").getvalue())

    def run(self) -> tuple[int, str]:
        """Run the script and return how it ended and all it said."""
        script = [sys.executable, "-I", "-S", str(self.path / "recount.py")]
        done = subprocess.run(script, capture_output=True, text=True, check=False, timeout=60)  # noqa: S603
        return done.returncode, done.stdout + done.stderr

    def lines(self, name: str) -> list[str]:
        """Return a file's lines."""
        return (self.path / name).read_text().splitlines()

    def rewrite(self, name: str, lines: Iterable[str]) -> None:
        """Write other lines in a file."""
        (self.path / name).write_text("".join(f"{line}\n" for line in lines))

    def sha(self, name: str) -> str:
        """Return a file's SHA-256."""
        return hashlib.sha256((self.path / name).read_bytes()).hexdigest()

    @property
    def rule(self) -> dict[str, Any]:
        """Return what rule.json says."""
        found: dict[str, Any] = json.loads((self.path / "rule.json").read_text())
        return found

    def change_rule(self, **facts: object) -> None:
        """Write other facts in rule.json."""
        (self.path / "rule.json").write_text(json.dumps(self.rule | facts))

    def seal(self) -> None:
        """Name the files as they are now, as somebody would who changed them."""
        self.change_rule(files={name: self.sha(name) for name in recounting.TABLES})


@pytest.fixture
def folder(tmp_path: Path) -> Open:
    """Return a function that downloads a vote's files."""
    return lambda vote: Folder(vote, tmp_path)


def test_the_script_is_read_in_a_minute() -> None:
    assert recounting.SCRIPT.read_text().count("\n") <= 60


@pytest.mark.parametrize("rule", ["N1", "N2", "N10", "N11", "N14"])
def test_a_vote_that_passed_has_the_same_mandate(voted: Voted, folder: Open, rule: str) -> None:
    vote = voted(rule, yes=24, no=2, abstain=1)
    code, said = folder(vote).run()
    assert code == 0, said
    assert vote.tally.passed
    assert f"a mandate from {vote.mandate.due_at.isoformat()} on." in said


@pytest.mark.parametrize(("rule", "yes", "no"), [("N1", 20, 11), ("N2", 20, 10), ("N10", 15, 15), ("N14", 7, 3)])
def test_a_vote_that_was_lost_gives_no_mandate(voted: Voted, folder: Open, rule: str, yes: int, no: int) -> None:
    vote = voted(rule, yes=yes, no=no)
    code, said = folder(vote).run()
    assert code == 0, said
    assert (vote.tally.passed, "no mandate." in said) == (False, True)


def test_a_first_reading_gives_no_mandate_yet(voted: Voted, folder: Open) -> None:
    vote = voted("N15", yes=28)
    assert vote.tally.passed
    code, said = folder(vote).run()
    assert (code, "no mandate." in said) == (0, True)


# Each order, how often; nobody leads at first, so that options leave by ballots, by an earlier round, and by lot.
ORDERS = [
    ["1,2,3"] * 9 + ["2,1"] * 8 + ["3,2,1"] * 4 + ["abstain"],
    ["1"] * 5 + ["2"] * 5 + ["3"] * 5 + ["2,4,1"] * 2,
    ["1,4"] * 6 + ["2"] * 4 + ["3,2"] * 4 + ["4,3,2"] * 4 + ["4,1,3"],
    ["abstain"] * 11,
]


@pytest.mark.parametrize("choices", ORDERS)
def test_a_ranked_vote_is_run_off_again(decided: Decided, folder: Open, choices: list[str]) -> None:
    vote = decided("N10", among("Red", "Green", "Blue", "Grey", method=Method.RANKED), choices)
    code, said = folder(vote).run()
    assert code == 0, said
    assert str(vote.tally.counts["whole"]["rounds"]) or said


def test_a_vote_by_approval_is_counted_again(decided: Decided, folder: Open) -> None:
    vote = decided("N10", among("Red", "Green"), ["1,2"] * 12 + ["2"] * 8 + ["0,2"] * 2 + ["0"] + ["abstain"])
    code, said = folder(vote).run()
    assert (code, vote.tally.winner, "a mandate from" in said) == (0, 2, True), said


def test_of_two_that_are_level_the_first_wins_again(decided: Decided, folder: Open) -> None:
    vote = decided("N14", among("Red", "Green"), ["1"] * 9 + ["2"] * 9 + ["0"] * 4)
    code, said = folder(vote).run()
    assert (code, vote.tally.winner, "no mandate." in said) == (0, 1, True), said


@pytest.mark.parametrize("rule", ["N1", "N2"])
def test_rivals_on_one_ballot_are_each_counted_again(first: Decided, folder: Open, rule: str) -> None:
    vote = first(rule)
    beside(vote, "yellow", rule, by=5)
    votes = count(vote, ["2"] * 20 + ["1"] * 5 + ["1,2"] * 2 + ["0,2"] + ["0"] * 2 + ["abstain"])
    for one in votes:
        opened = folder(one)
        code, said = opened.run()
        assert (code, "a mandate from" in said) == (0, one.tally.passed), said
        assert (opened.rule["place"], opened.rule["places"]) == (str(votes.index(one) + 1), ["1", "2"])
        opened.change_rule(winner=1, passed=not one.tally.passed)
        assert opened.run()[0] == 1
    assert [one.tally.passed for one in votes] == [False, rule == "N1"]


@pytest.mark.parametrize(("ballots", "told"), [(1, False), (9, False), (10, True)])
def test_the_rounds_of_fewer_than_ten_ballots_are_not_told(decided: Decided, ballots: int, *, told: bool) -> None:
    vote = decided("N10", among("Red", "Green", method=Method.RANKED), ["2,1"] * ballots)
    assert ("rounds" in vote.tally.counts["whole"]) == told


def test_only_rivals_have_places(decided: Decided, folder: Open) -> None:
    rule = folder(decided("N10", among("Red", "Green"), ["1"] * 12)).rule
    assert (rule["place"], rule["places"]) == (None, [])


def test_a_vote_that_went_on_is_due_later(published: Decided, folder: Open) -> None:
    vote = published("N1")
    assert vote.closes_at
    assert vote.locked_until
    cast_choices(vote, ["no"] * 12)
    late = [*["no"] * 2, *["yes"] * 34]
    reach(vote.closes_at - timedelta(hours=20))
    cast_choices(vote, late)
    reach(vote.closes_at + timedelta(hours=72))
    voting.close(vote, at=clock.now())
    opened = folder(voting.listed().get(pk=vote.pk))
    assert opened.rule["went_on"]
    code, said = opened.run()
    assert (code, f"a mandate from {(vote.locked_until + timedelta(hours=72)).isoformat()}" in said) == (0, True), said
    opened.change_rule(went_on=False)
    assert opened.run()[0] == 1


def _without_a_ballot(folder: Folder) -> None:
    folder.rewrite("ballots.csv", folder.lines("ballots.csv")[:-1])


def _with_another_ballot(folder: Folder) -> None:
    folder.rewrite("ballots.csv", [*folder.lines("ballots.csv"), "yes"])


def _with_a_ballot_changed(folder: Folder) -> None:
    folder.rewrite("ballots.csv", [*folder.lines("ballots.csv")[:-1], "no"])


def _with_another_elector(folder: Folder) -> None:
    folder.rewrite("roll.csv", [*folder.lines("roll.csv"), folder.lines("roll.csv")[-1]])


def _with_another_receipt(folder: Folder) -> None:
    folder.rewrite("receipts.csv", [*folder.lines("receipts.csv"), "0" * 64])


def _with_another_text(folder: Folder) -> None:
    folder.change_rule(canonical=folder.rule["canonical"].replace("green", "grey"))


def _with_a_lower_bar(folder: Folder) -> None:
    folder.change_rule(rule=folder.rule["rule"] | {"whole_yes": 1, "name": "N10/2"})


def _with_another_result(folder: Folder) -> None:
    folder.change_rule(passed=False, due_at=None)


TAMPERED = [
    (_without_a_ballot, "whole: the files say"),
    (_with_another_ballot, "whole: the files say"),
    (_with_a_ballot_changed, "whole: the files say"),
    (_with_another_elector, "whole: the files say"),
    (_with_another_receipt, "Receipts are not as many as ballots"),
    (_with_another_text, "Text or rule is another"),
    (_with_a_lower_bar, "Text or rule is another"),
    (_with_another_result, "The rule gives another result"),
]


@pytest.mark.parametrize("sealed_again", [False, True])
def test_what_was_changed_in_a_file_is_found(voted: Voted, folder: Open, *, sealed_again: bool) -> None:
    vote = voted(yes=12, no=11)
    for change, words in TAMPERED:
        opened = folder(vote)
        assert opened.run()[0] == 0
        change(opened)
        if sealed_again:
            opened.seal()
        code, said = opened.run()
        assert (code, words in said) == (1, True), said
        changed = change.__name__ not in {"_with_another_text", "_with_a_lower_bar", "_with_another_result"}
        assert ("is not the one that is on record" in said) == (changed and not sealed_again)


@pytest.mark.parametrize(("asks", "choices", "line", "other"), [
    (among("Red", "Green"), ["1"] * 11 + ["2"] * 10, "1,yes", "1,no"),
    (among("Red", "Green", method=Method.RANKED), ["1"] * 11 + ["2"] * 10, "1", "2"),
])  # fmt: skip
def test_another_winner_is_found(
    decided: Decided, folder: Open, asks: Asked, choices: list[str], line: str, other: str
) -> None:
    opened = folder(decided("N10", asks, choices))
    head, *lines = opened.lines("ballots.csv")
    lines[lines.index(line)] = other
    opened.rewrite("ballots.csv", [head, *lines])
    opened.seal()
    code, said = opened.run()
    assert (code, "whole: the files say" in said) == (1, True)


# What no file may give away


def test_the_seal_stands_in_the_record(voted: Voted, folder: Open) -> None:
    vote = voted()
    opened = folder(vote)
    event = Event.objects.get(kind="voting.closed", subject=f"proposal:{vote.pk}")
    assert event.data["files"] == opened.rule["files"] == vote.tally.files
    assert event.data["files"] == {name: opened.sha(name) for name in recounting.TABLES}


def test_nobody_seals_other_files(published: Decided, attack: Callable[..., None]) -> None:
    vote = published()
    reach(vote.closes_at)
    attack(
        "INSERT INTO governance_tally (proposal_id, counted_at, counts, passed, files)"
        " VALUES (%s, now(), governance_count(%s), false, '{}')",
        [vote.pk, vote.pk],
        guard="tally_seals_its_files",
    )


@pytest.mark.parametrize("name", FILES)
def test_there_is_no_file_before_the_count(published: Decided, name: str) -> None:
    vote = published()
    cast_choices(vote, ["yes"] * 12)
    for moment in (vote.opens_at, vote.closes_at):
        reach(moment)
        assert Browser().get(f"/votes/{vote.pk}/recount/{name}").status_code == 404
        assert Browser().get(f"/votes/{vote.pk}/recount/").status_code == 404
        assert list(recounting.table(vote, "ballots.csv")) == []


@pytest.mark.parametrize("function", [
    "governance_recount_lines(1, '{}', 'ballots.csv')", "governance_recount_said(1, '{}')",
    "governance_recount_orders(1, '{}')", "governance_recount_roll(1, '{}')", "governance_recount_sums(1, '{}')",
    "governance_recount_head(1, '{}', '')", "governance_recount_parts(1, '{}')",
])  # fmt: skip
def test_the_inner_functions_are_closed_to_the_site(attack: Callable[..., None], function: str) -> None:
    attack(f"SELECT * FROM {function}", guard="permission denied")


def test_the_roll_in_the_file_is_nobodys(voted: Voted, folder: Open) -> None:
    opened = folder(voted("N2", yes=20, no=10))
    head, *lines = opened.lines("roll.csv")
    assert head == "elector,affected,senior"
    assert lines == sorted(lines)
    assert len(lines) == 36
    assert {*lines} <= {f"member,{affected},{senior}" for affected in "01" for senior in "01"}


@pytest.mark.parametrize(
    ("rule", "head"), [("N10", "elector"), ("N1", "elector,senior"), ("N2", "elector,affected,senior")]
)
def test_the_roll_tells_nothing_that_the_rule_does_not_ask(voted: Voted, folder: Open, rule: str, head: str) -> None:
    assert folder(voted(rule, yes=20)).lines("roll.csv")[0] == head


def test_who_voted_first_and_who_stands_first_on_the_roll_change_no_file(published: Decided, folder: Open) -> None:
    said = ["yes"] * 7 + ["no"] * 6 + ["abstain"] * 2
    found = set()
    for choices in (said, said[::-1], [*said[5:], *said[:5]]):
        vote = published(colour="green")
        cast_choices(vote, choices)
        voting.close(vote, at=reach(vote.closes_at))
        found.add(folder(voting.listed().get(pk=vote.pk)).sha("ballots.csv"))
    assert len(found) == 1


def test_no_receipt_stands_beside_a_choice_or_in_the_order_of_casting(published: Decided, folder: Open) -> None:
    vote = published()
    cast_choices(vote, ["yes"] * 8 + ["no"] * 7)
    voting.close(vote, at=reach(vote.closes_at))
    opened = folder(voting.listed().get(pk=vote.pk))
    receipts = opened.lines("receipts.csv")[1:]
    assert receipts == sorted(receipts)
    assert len(receipts) == 15
    assert not {*receipts} & {*" ".join(opened.lines("ballots.csv")).split()}
    assert not any(receipt in (opened.path / "rule.json").read_text() for receipt in receipts)


@pytest.mark.parametrize(("asks", "choices"), [
    (Asked(), ["yes"] * 5 + ["no"] * 4), (among("Red", "Green"), ["1"] * 8 + ["0"]),
    (among("Red", "Green", method=Method.RANKED), ["2,1"] * 9),
])  # fmt: skip
def test_fewer_than_ten_ballots_are_not_told(decided: Decided, folder: Open, asks: Asked, choices: list[str]) -> None:
    vote = decided("N10", asks, choices)
    opened = folder(vote)
    assert len(opened.lines("ballots.csv")) == 1
    code, said = opened.run()
    assert (code, "rests on the database's word" in said) == (0, True)
    assert "Fewer than 10 ballots" in Browser().get(f"/votes/{vote.pk}/recount/").text


def test_ten_ballots_are_told(decided: Decided, folder: Open) -> None:
    vote = decided("N10", Asked(), ["yes"] * 6 + ["no"] * 4)
    assert len(folder(vote).lines("ballots.csv")) > 1
    assert "Fewer than 10 ballots" not in Browser().get(f"/votes/{vote.pk}/recount/").text


@ONCE
@given(people=st.lists(st.builds(Elector, affected=st.booleans(), senior=st.booleans(),
    said=st.lists(st.sampled_from(["yes", "no", "abstain"]), max_size=2)), min_size=1, max_size=70))  # fmt: skip
def test_the_ballots_tell_no_more_than_the_result_does(box: psycopg.Connection, people: list[Elector]) -> None:
    with laid(box, "N2", people) as (vote, counts):
        told = in_the_file(box, vote, counts)
    ballots = sum(bool(person.said) for person in people)
    if ballots < 10:
        assert told == {}
    elif "yes" in counts["affected"]:
        assert told == by_parts(counts)
    else:
        assert told == {say: n for say in SAYS if (n := counts["whole"][say])}


def by_parts(counts: Mapping[str, Any]) -> dict[str, int]:
    """Return the lines of a file, made from the numbers on the page of the result alone."""
    lines: dict[str, int] = {}
    for say in SAYS:
        whole, seniors, affected, both = (counts[name][say] for name in PARTS)
        cells = {"1,1": both, "1,0": affected - both, "0,1": seniors - both, "0,0": whole - seniors - affected + both}
        lines |= {f"{say},{cell}": n for cell, n in cells.items() if n}
    return lines


def in_the_file(box: psycopg.Connection, vote: int, counts: Mapping[str, Any]) -> dict[str, int]:
    """Return the lines of ballots.csv and how often each comes."""
    ask = "SELECT line, times FROM governance_recount_lines(%s, %s::jsonb, 'ballots.csv')"
    return dict(box.execute(ask, [vote, json.dumps(counts)]).fetchall())


@pytest.mark.parametrize("few", [1, 9])
def test_the_few_who_are_affected_are_not_told_apart(box: psycopg.Connection, few: int) -> None:
    said = [["no"]] * few
    people = [Elector(affected=True, senior=True, said=no) for no in said]
    people += [Elector(affected=False, senior=True, said=["yes"])] * 40
    with laid(box, "N2", people) as (vote, counts):
        assert in_the_file(box, vote, counts) == {"yes": 40, "no": few}


@ONCE
@given(people=st.lists(st.builds(Elector, affected=st.booleans(), senior=st.booleans(), said=st.lists(
    st.sets(st.integers(0, 3), min_size=1).map(lambda them: ",".join(map(str, sorted(them)))), max_size=1)),
    min_size=10, max_size=70))  # fmt: skip
def test_no_set_of_approvals_is_told_together(box: psycopg.Connection, people: list[Elector]) -> None:
    with laid(box, "N14", people, options=3) as (vote, counts):
        told, count = in_the_file(box, vote, counts), counts["whole"]
    if count["ballots"] < 10:
        assert told == {}
        return
    winner, both = count["winner"], count["against"] + count["approvals"][str(count["winner"])] - count["ballots"]
    lines = {f"{name},yes": n for name, n in count["approvals"].items()}
    lines |= {f"{name},no": count["ballots"] - n for name, n in count["approvals"].items()}
    lines |= {f"{winner},both": both, f"{winner},yes": lines[f"{winner},yes"] - both}
    assert told == {line: n for line, n in lines.items() if n}


def test_an_order_that_one_elector_alone_wrote_is_cut_to_what_was_counted(decided: Decided, folder: Open) -> None:
    asks = among("Red", "Green", "Blue", "Grey", method=Method.RANKED)
    vote = decided("N10", asks, ["1,2"] * 8 + ["2,1"] * 6 + ["3,4,2,1", "4,2,3,1", "1,4,3,2"])
    opened = folder(vote)
    turns = [turn.get("out") for turn in vote.tally.counts["whole"]["rounds"]]
    assert turns[-1] is None
    told = Counter(opened.lines("ballots.csv")[1:])
    assert told["1"] == 9
    assert not {line for line in told if len(line.split()) > len(turns)}
    assert "1 4 3 2" not in told
    assert opened.run()[0] == 0


def test_a_large_vote_asks_as_many_questions_as_a_small_one(
    voted: Voted, django_assert_max_num_queries: Callable[[int], Any]
) -> None:
    vote, browser = voted("N2", yes=24), Browser()
    for name in ("", *FILES):
        with django_assert_max_num_queries(8):
            browser.get(f"/votes/{vote.pk}/recount/{name}").getvalue() if name else browser.get(
                f"/votes/{vote.pk}/recount/"
            )


def test_the_page_leads_from_the_result_to_every_file(voted: Voted) -> None:
    vote, browser = voted(), Browser()
    assert f'href="/votes/{vote.pk}/recount/"' in browser.get(f"/votes/{vote.pk}/result/").text
    page = browser.get(f"/votes/{vote.pk}/recount/").text
    assert all(f'href="/votes/{vote.pk}/recount/{name}"' in page for name in FILES)
    assert all(digest in page for digest in (vote.tally.files or {}).values())
    assert browser.get(f"/votes/{vote.pk}/recount/names.csv").status_code == 404
