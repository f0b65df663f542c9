"""The rules in force and the decisions, as anybody reads them."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from coop import clock
from coop.people.models import Person
from governance import mandates, rulebook
from governance.models import Proposal
from tests.governance.conftest import reach
from tests.governance.test_rules import row, twice, write

pytestmark = pytest.mark.django_db


def test_every_rule_stands_with_its_founding(client: Browser) -> None:
    page = client.get("/rules/").content.decode()
    assert all(f'id="rule-{key}"' in page for key in ("N1", "N15", "3.2", "panel_size", "C1"))
    assert "by the founding meeting" in page
    assert "Yes of the affected roll, at least: 2/5" in page


def test_a_new_version_says_its_vote_and_what_it_changed(client: Browser, amina: Person) -> None:
    mandate = twice(write(row("N14", voting_days=9), amina), amina)
    mandates.enact(mandate, at=clock.now())
    (entry,) = [entry for entry in rulebook.rules(clock.now()) if entry.key == "N14"]
    assert entry.current.number == 1
    assert entry.coming is not None
    assert entry.coming.changes == ["Days of voting: 7 to 9"]
    page = client.get("/rules/", {"q": "n14"}).content.decode()
    assert f"/votes/{mandate.proposal_id}/result/" in page
    assert "Days of voting: 7 to 9" in page
    assert 'id="rule-N1"' not in page
    reach(entry.coming.applies_from)
    (entry,) = [entry for entry in rulebook.rules(clock.now()) if entry.key == "N14"]
    assert (entry.current.number, [version.number for version in entry.former]) == (2, [1])


def test_a_decision_is_followed_until_it_is_done(client: Browser, voted: Callable[..., Proposal]) -> None:
    passed, lost = voted("N14", "green"), voted("N14", "blue", yes=1, no=25)
    page = client.get("/decisions/").content.decode()
    assert f"Vote {lost.pk}: 26 of" in page
    assert page.index(f"Vote {lost.pk}") < page.index(f"Vote {passed.pk}")
    assert page.count("In force") >= 1
    reach(passed.mandate.due_at)
    mandates.enact(passed.mandate, at=clock.now())
    assert client.get("/decisions/").content.decode().count('class="done"') >= 3


def test_decisions_cost_the_same_for_one_and_for_three(client: Browser, voted: Callable[..., Proposal]) -> None:
    costs = []
    for colour in ("green", "blue", "red"):
        voted("N14", colour)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            client.get("/decisions/")
        costs.append(len(queries))
    assert costs[1:] == costs[:1] * 2
