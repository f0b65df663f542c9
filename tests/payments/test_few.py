"""A report says who loses how much by percentile and country and nobody's name: no figure is of one to four people."""

import html
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser
from django.utils import translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coop.people.models import Person
from governance import proposals
from payments.models import WorkType
from payments.policies import RateChange, impacts
from tests.governance.conftest import reach
from tests.payments.conftest import in_full, owning
from tests.payments.test_replay import WORK, drafted, replay

pytestmark = pytest.mark.django_db
type People = list[tuple[str, int, int]]
QUIET = settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
SPREAD = """SELECT f::text, payments_told(f)::text FROM payments_spread(ARRAY(
    SELECT ROW(c, u, d)::payments_share_of_one FROM unnest(%s::text[], %s::bigint[], %s::bigint[]) x (c, u, d))) f"""
LOSING = "People who would be paid less, later or for longer work"
FEW = {1, 2, 3, 4}


@pytest.fixture
def matching(_django_db_helper: None) -> WorkType:
    return WorkType.objects.get(slug="product-match")


def spread(people: People) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what is found of people (country, units, difference in micro-units), in full and as it is published."""
    columns = [[one[place] for one in people] for place in range(3)]
    with owning(), connection.cursor() as cursor:
        cursor.execute(SPREAD, columns)
        full, told = cursor.fetchone()
    return json.loads(full), json.loads(told)


def worked(number: int) -> None:
    with owning(), connection.cursor() as cursor:
        cursor.execute(WORK.replace("p.place <= 12", f"p.place <= {number}"))


def cut(matching: WorkType, amount: str = "0.08") -> dict[str, object]:
    return {
        "work_type": matching.pk, "amount": amount, "currency": "USD", "estimated_seconds": 30, "replaces": 1,
    }  # fmt: skip


@pytest.mark.parametrize("number", [1, 4])
def test_of_fewer_than_five_a_report_says_only_that_and_whether_it_is_a_cut(matching: WorkType, number: int) -> None:
    worked(number)
    found = impacts.replayed("rate_change", cut(matching))
    assert [found[name] for name in ("people", "units", "difference", "losing")] == [None] * 4
    assert found["quarters"] == found["countries"] == []
    assert (found["cut"], found["rule"]) == (True, "N2")
    said = dict(impacts.lines(found))
    assert said["People who did this work in the last 28 days"] == said[LOSING] == "fewer than five"
    assert said["Is it a cut?"] == "Yes, by rule N2."
    assert not {"Units they did", "What the change makes of their pay for those units"} & said.keys()


@pytest.mark.parametrize("number", [0, 5])
def test_of_nobody_and_of_five_it_says_all(matching: WorkType, number: int) -> None:
    worked(number)
    found = impacts.replayed("rate_change", cut(matching))
    units = sum(range(3, 3 + number))
    assert (found["people"], found["losing"], found["units"]) == (number, number, units)
    assert Decimal(str(found["difference"])) == Decimal("-0.01") * units


def test_what_is_published_and_hashed_and_read_has_no_sum_of_few(
    matching: WorkType, amina: Person, signed_in: Callable[[Person], Browser]
) -> None:
    worked(4)
    full = in_full("rate_change", cut(matching))
    assert full["difference"] == "-0.18"
    vote = drafted(matching, "0.08", amina)
    with connection.cursor() as cursor:
        cursor.execute(
            """UPDATE governance_proposal SET published_at = coop_now(), impact = %s,
            rule_id = (SELECT id FROM governance_rule WHERE key = 'N2' ORDER BY version DESC LIMIT 1) WHERE id = %s""",
            [json.dumps(full), vote.pk],
        )
    vote.refresh_from_db()
    assert json.loads(vote.impact)["people"] is None
    browser = signed_in(amina)
    read = [vote.impact, proposals.canonical_text(vote), browser.get(f"/votes/{vote.pk}/").text]
    reach(vote.opens_at)
    read.append(browser.get(f"/votes/{vote.pk}/ballot/").text)
    for text in read:
        assert "0.18" not in html.unescape(text)
        assert "fewer than five" in text or '"difference":null' in text


def test_the_site_cannot_ask_for_what_is_not_told(matching: WorkType, attack: Callable[..., None]) -> None:
    asked = [json.dumps(cut(matching))]
    attack("SELECT payments_impact_in_full('rate_change', %s)", asked, guard="permission denied")
    attack("SELECT payments_replay(NULL, NULL, '{}', '{}')", guard="permission denied")
    attack("SELECT payments_worst_of_time(1)", guard="permission denied")


def test_one_small_country_takes_the_next_smallest_with_it() -> None:
    _full, told = spread([*[("KE", 1, -10_000)] * 9, *[("VE", 1, -20_000)] * 6, *[("AR", 1, -30_000)] * 2])
    assert told["countries"] == [["KE", 9, "-0.09"], ["", 8, "-0.18"]]
    assert (told["people"], told["units"], told["losing"], told["difference"]) == (17, 17, 17, "-0.27")


def test_small_countries_that_are_five_together_leave_the_others_as_they_are() -> None:
    _full, told = spread([*[("KE", 1, -10_000)] * 5, *[("VE", 1, -20_000)] * 3, *[("AR", 1, -30_000)] * 2])
    assert told["countries"] == [["KE", 5, "-0.05"], ["", 5, "-0.12"]]


def test_a_country_in_which_few_lose_is_a_sum_of_few() -> None:
    """Seven live there, and the sum would be of one."""
    nine = [("KE", 1, -10_000)] * 9
    _full, told = spread([*nine, *[("VE", 1, 0)] * 6, ("VE", 1, -70_000)])
    assert told["countries"] == [["", 16, "-0.16"]]
    _full, told = spread([*nine, *[("VE", 1, 0)] * 7])
    assert told["countries"] == [["KE", 9, "-0.09"], ["VE", 7, "0"]]


def test_a_sum_that_is_of_few_is_not_told_however_many_did_the_work() -> None:
    full, told = spread([*[("KE", 1, 0)] * 30, *[("VE", 1, -70_000)] * 4])
    assert full["difference"] == "-0.28"
    assert (told["people"], told["units"], told["losing"], told["difference"]) == (34, 34, None, None)
    assert told["quarters"] == told["countries"] == []
    told |= {"days": 28, "cut": True, "rule": "N1"}
    said = dict(impacts.lines(told))
    unsaid = "not told, as it concerns fewer than five people"
    assert said["What the change makes of their pay for those units"] == unsaid
    assert said[LOSING] == "fewer than five"
    with translation.override("es"):
        assert "no se dice, porque son menos de cinco personas" in dict(impacts.lines(told)).values()


@pytest.mark.parametrize(("number", "told"), [(9, 0), (10, 1), (19, 1), (20, 3)])
def test_a_half_is_told_of_ten_and_a_quarter_of_twenty(number: int, told: int) -> None:
    full, _told = spread([("KE", 1, -n * 10_000) for n in range(1, number + 1)])
    assert len(full["quarters"]) == told
    words = dict(impacts.lines(full | {"days": 28})).get("For each of them, in 28 days", "")
    assert words.count("at most") == told


@QUIET
@given(
    people=st.lists(
        st.tuples(st.sampled_from(["KE", "VE", "AR", "ES", ""]), st.integers(0, 3), st.sampled_from([0, 0, -7, 5])),
        max_size=40,
    )
)
def test_no_figure_and_no_difference_of_figures_is_of_one_to_four(people: People) -> None:
    """Whatever is told of cells, and what is left of the whole without any of them, is of five or of nobody."""
    full, told = spread(people)
    assert full["touched"] == sum(difference != 0 for _country, _units, difference in people)
    assert (told["people"] is None) == (len(people) in FEW) == (told["units"] is None)
    assert (told["difference"] is None) == (full["touched"] in FEW)
    cells = {country: (number, sum_) for country, number, sum_ in told["countries"]}
    named = {country for country in cells if country}
    for group in (*({country} for country in named), named):
        inside = [one for one in people if one[0] in group]
        for side in (inside, [one for one in people if one[0] not in group]):
            assert len(side) not in FEW or not named
            assert sum(difference != 0 for *_rest, difference in side) not in FEW or not named
    for country in named:
        mine = [difference for where, _units, difference in people if where == country]
        assert cells[country] == (len(mine), cells[country][1])
        assert Decimal(cells[country][1]) == Decimal(sum(mine)) / 1_000_000
    if cells:
        assert sum(number for number, _sum in cells.values()) == len(people)
        assert sum(Decimal(sum_) for _number, sum_ in cells.values()) == Decimal(told["difference"])


def test_the_replay_tells_what_its_people_do(matching: WorkType) -> None:
    """What is decided is decided of everybody: one person who loses a micro-unit makes a cut, told or not."""
    worked(1)
    found = replay(matching, {"amount": 89_999})
    assert (found["people"], found["touched"], found["losing"], found["cut"]) == (1, 1, 1, True)
    assert RateChange().rule_key(cut(matching, "0.089999")) == "N1"
