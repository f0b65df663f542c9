"""The ten points of Fairwork name guards that stand and tests that exist."""

import ast
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client as Browser

from coop import fairwork, promises

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
        words = "\n".join(_source(name) for name in point.tests)
        assert not [name for name in point.guards if name not in words], point.number


def _source(name: str) -> str:
    """Return the lines of a test by its pytest name."""
    path, test = name.split("::")
    module = (Path(settings.BASE_DIR) / path).read_text()
    (found,) = (one for one in ast.parse(module).body if isinstance(one, ast.FunctionDef) and one.name == test)
    return "\n".join(ast.unparse(part) for part in (found, *found.decorator_list))


def test_the_page_says_of_each_point_what_is_missing_and_links_its_guards() -> None:
    browser = Browser()
    page, kept = browser.get("/fairwork/").text, browser.get("/promises/").text
    assert page.count("Not met yet:") == 10
    for point in POINTS:
        assert f'id="point-{point.number}"' in page
        assert all(f'href="/promises/#{name}"' in page and f'id="{name}"' in kept for name in point.guards)
    assert 'href="/fairwork/"' in browser.get("/how-we-decide/").text
