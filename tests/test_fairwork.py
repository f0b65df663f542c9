"""The ten points of Fairwork name guards that stand, tests that exist, and what is missing as long as it is."""

import re
from collections import Counter

import pytest
from django.conf import settings
from django.test import Client as Browser

from coop import clock, fairwork, promises
from coop.people.models import Client, Person
from governance.models import Ballot, Message
from payments import accounts, instruments, ledger, rails
from payments.models import Kind
from tasks import claims, reviews
from tasks.models import Ground
from tests.tasks.conftest import SAME, work
from tests.tasks.disputing import checked

pytestmark = pytest.mark.django_db
POINTS = [point for principle in fairwork.PRINCIPLES for point in principle.points]


def test_there_are_ten_points_two_of_each_principle() -> None:
    assert [point.number for point in POINTS] == [f"{n}.{part}" for n in range(1, 6) for part in (1, 2)]


def test_each_guard_behind_a_point_stands() -> None:
    standing = {promise.name for promise in promises.standing()}
    assert all(point.guards for point in POINTS)
    assert not {name for point in POINTS for name in point.guards} - standing


def test_each_test_behind_a_point_exists_and_attacks_its_guards() -> None:
    for point in POINTS:
        words = "\n".join(fairwork.source(name) or "" for _test, name in point.attacks)
        assert not [name for name in point.guards if name not in words], point.number


def test_each_test_behind_a_point_has_a_name_of_its_own_and_is_linked_with_its_lines() -> None:
    named = {test: name for point in POINTS for test, name in point.attacks}
    assert not [name for name, times in Counter(named.values()).items() if times > 1]
    browser = Browser()
    page = browser.get("/fairwork/").text
    for name in named.values():
        assert f'href="/fairwork/tests/{name}/"' in page
    lines = browser.get("/fairwork/tests/test_a_job_opens_without_tasks_without_money_or_below_the_rate/").text
    assert "def test_a_job_opens_without_tasks_without_money_or_below_the_rate(" in lines
    assert "job_opens_with_money" in lines
    assert browser.get("/fairwork/tests/test_there_are_ten_points_two_of_each_principle/").status_code == 404


def test_the_page_says_of_each_point_what_is_missing_and_links_its_guards() -> None:
    browser = Browser()
    page = browser.get("/fairwork/").text
    assert page.count("Not met yet:") == 10
    for point in POINTS:
        assert f'id="point-{point.number}"' in page
        assert all(f'href="/promises/named/{name}/"' in page for name in point.guards)
    assert 'href="/fairwork/"' in browser.get("/how-we-decide/").text


def missing(number: str) -> str:
    """Return what a point says that is missing."""
    return str(next(point.missing for point in POINTS if point.number == number))


def test_what_is_sent_back_and_left_is_not_paid(orbit: Client, olga: Person, amina: Person) -> None:
    assert "sent back and is not done again is not paid" in missing("1.1")
    mine = work(checked(orbit, olga), amina, SAME)
    reviews.send_back(mine, reason="The sizes differ.", place="labels", by=olga, at=clock.now(), ground=Ground.CLIENT)
    claims.leave(mine, by=amina, at=clock.now())
    assert ledger.balance(accounts.payable(amina.pk)) == 0


def test_the_ways_to_be_paid_are_those_that_are_named() -> None:
    said = missing("1.1")
    named = {name.partition("_")[0] for name in rails.ALL}
    assert named == {"by", "bank", "paypal", "mpesa", "stripe", "wise"}
    assert all(name in said for name in ("A bank", "by hand", "PayPal", "M-Pesa", "Stripe", "Wise"))
    opened = {name for name in rails.ALL if instruments.payout_terms(name).is_open}
    assert opened == {"by_hand", "bank"}
    assert instruments.value(Kind.CURRENCY) == {"codes": ["USD"]}


def test_a_floor_is_zero_until_it_is_voted() -> None:
    assert "A floor is zero until members vote one" in missing("1.2")
    assert instruments.value(Kind.FLOOR) == {"micro_an_hour": 0}


def test_no_money_moves_for_illness_holidays_or_looking_for_work() -> None:
    said = missing("2.1")
    assert all(words in said for words in ("no sick pay", "no holiday", "looking for work is not paid"))
    assert not [kind.name for kind in ledger.Kind if re.search(r"^(SICK|ILL|HOLIDAY|LEAVE|LOOK|SEARCH)", kind.name)]


def test_pages_are_in_english_and_spanish_only() -> None:
    assert "translated into Spanish only" in missing("3.1")
    assert [code for code, _name in settings.LANGUAGES] == ["en", "es"]


def test_nobody_speaks_without_a_name() -> None:
    assert "without a name cannot" in missing("5.1")
    assert not Message._meta.get_field("author").null  # noqa: SLF001 - Django's own name


def test_no_ballot_carries_a_signature() -> None:
    assert "Ballots are not signed" in missing("5.2")
    names = {field.name for field in Ballot._meta.concrete_fields}  # noqa: SLF001 - likewise
    assert names == {"id", "proposal", "person", "number", "choice", "receipt", "cast_at"}
