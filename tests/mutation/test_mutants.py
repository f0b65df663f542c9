"""The mutants themselves: each weakens one thing, is really in place while it is at work, and is gone afterwards."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from coop.database.embedded import Cluster
from coop.people.models import Person
from governance import counting, elections, standing
from governance.models import LONGEST_STATEMENT, Proposal, Rule
from governance.voting import LAY_DOWN
from tests.governance.conftest import draft, paint, published, reach
from tests.mutation import code, constants, database, traces
from tests.mutation.__main__ import between
from tests.mutation.weaken import weakened

__all__ = ["draft", "paint", "published"]


def test_a_score_of_few_is_wide_and_of_many_is_narrow() -> None:
    assert [round(end, 2) for end in between(0.9, 10)] == [0.6, 0.98]
    assert [round(end, 2) for end in between(0.9, 1000)] == [0.88, 0.92]
    assert between(0.0, 0)[1] > 0.7


def texts(sql: str) -> set[str]:
    """Return every weakening of a text."""
    return {one.text for one in weakened(sql)}


@pytest.mark.parametrize(
    ("sql", "weaker"),
    [
        ("a >= b", {"a > b"}),
        ("a <= b", {"a < b"}),
        ("a = b", {"a <> b"}),
        ("a AND b", {"a OR b"}),
        ("a BETWEEN b AND c", set()),
        ("a IS NULL", {"a IS NOT NULL"}),
        ("NOT EXISTS (x)", {"EXISTS (x)"}),
        ("a IS DISTINCT FROM b", {"a IS NOT DISTINCT FROM b"}),
        ("a + 40", {"a + 41", "a + 39"}),
        ("interval '48 hours'", {
            "(interval '48 hours' + '01:00:00'::interval)", "(interval '48 hours' - '01:00:00'::interval)"
        }),
        ("a := 'x >= 1 AND y'", set()),
        ("-- a >= 1 AND b", set()),
        ("RAISE EXCEPTION USING MESSAGE = 'x >= 1';", {"NULL;"}),
        ("public.coop_now() >= b", set()),
        ("IF c > NEW.at", {"IF c >= NEW.at"}),
        ("NEW.at := public.coop_now(); IF c > NEW.at", set()),
        ("NEW.at := public.coop_now(); IF NEW.a <> NEW.at", {"NEW.at := public.coop_now(); IF NEW.a = NEW.at"}),
    ],
)  # fmt: skip
def test_a_weakening_changes_one_thing_and_no_words(sql: str, weaker: set[str]) -> None:
    assert texts(sql) == weaker


def test_a_mutant_of_python_is_at_work_wherever_its_function_was_imported() -> None:
    moved = next(
        one for one in code.of_module(Path("governance/counting.py"))
        if one.target == "counting.meets" and "ReplaceComparisonOperator_GtE_Gt at 36" in one.name
    )  # fmt: skip
    meets = counting.meets
    assert meets(yes=2, no=1, roll=4, share=20_000, floor=15_000)
    with moved.at_work():
        assert not meets(yes=2, no=1, roll=4, share=20_000, floor=15_000)
    assert meets(yes=2, no=1, roll=4, share=20_000, floor=15_000)


def test_a_mutant_of_a_threshold_is_at_work_wherever_its_name_was_imported() -> None:
    longer = next(
        one for one in constants.mutants([Path("governance/models/elections.py")], "governance")
        if one.target == "elections.LONGEST_STATEMENT"
    )  # fmt: skip
    with longer.at_work():
        assert (vars(elections)["LONGEST_STATEMENT"], LONGEST_STATEMENT) == (1_201, 1_201)
    assert (vars(elections)["LONGEST_STATEMENT"], LONGEST_STATEMENT) == (1_200, 1_200)


def test_of_a_page_only_what_it_refuses_is_weakened() -> None:
    of_cases = [one.name for one in code.of_module(Path("governance/views/cases.py"))]
    assert any("left out of “refuse_if(appeals.refusal(" in name for name in of_cases)
    assert any("AddNot" in name and "case is None or not (cases.may_read" in name for name in of_cases)
    assert not any("said[" in name or "form.is_valid" in name or "status=" in name for name in of_cases)


@pytest.mark.django_db
def test_a_line_that_ran_is_known_and_no_other(amina: Person) -> None:
    ran = set[str]()
    with traces.lines("governance", ran):
        standing.status(amina)
    body = Path("governance/standing.py").read_text().splitlines()
    said = [body[int(line.split(":")[2]) - 1].strip() for line in sorted(ran)]
    assert [line.split()[0] for line in said] == ["latest", "return"]


@pytest.mark.django_db
@pytest.mark.usefixtures("committed")
def test_a_mutant_of_a_guard_lets_through_what_the_guard_refuses(
    published: Callable[..., Proposal],
    newcomer: Person,
    cluster: Cluster,
    database_name: str,
    attack: Callable[..., None],
) -> None:
    vote = published()
    at = reach(vote.opens_at)
    outsiders: list[Any] = [vote.pk, newcomer.pk, "yes", "e" * 64, at]
    attack(LAY_DOWN, outsiders, guard="ballot_is_cast_by_an_elector")
    known = {one.name: one for one in database.mutants([cluster.url("postgres", database_name)], "governance")}
    with known["ballot_is_cast_by_an_elector: off"].at_work(), connection.cursor() as cursor:
        cursor.execute(LAY_DOWN, outsiders)
    with known["governance_rule N1: affected_yes 20000 → less"].at_work():
        assert Rule.objects.get(key="N1").affected_yes == 19_999
    assert Rule.objects.get(key="N1").affected_yes == 20_000
    attack(LAY_DOWN, [*outsiders[:3], "f" * 64, at], guard="ballot_is_cast_by_an_elector")
