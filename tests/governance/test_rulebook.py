"""The rules in force and the decisions, as anybody reads them."""

from collections.abc import Callable
from datetime import timedelta
from fractions import Fraction

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from coop import clock
from coop.people.models import Person
from governance import amending, explaining, mandates, petitions, rulebook, voting
from governance.models import Proposal
from tests.governance.conftest import cast_all, reach
from tests.governance.test_petitions import sign_all
from tests.governance.test_rules import row, twice, write

pytestmark = pytest.mark.django_db


def test_every_rule_stands_with_its_founding(client: Browser) -> None:
    page = client.get("/rules/").content.decode()
    assert all(f'id="rule-{key}"' in page for key in ("N1", "N15", "3.2", "panel_size", "C1"))
    assert "by the founding meeting" in page
    assert "Yes of the affected roll, at least: 40\u00a0%" in page
    assert "Yes of those affected, at least: 2/3" in page


def test_a_share_is_read_as_people_say_it_in_their_language(client: Browser) -> None:
    with translation.override("es"):
        assert amending.written(Fraction(1, 8)) == "12,5\u00a0%"
        page = client.get("/rules/", headers={"accept-language": "es"}).text
    assert amending.written(Fraction(3, 20)) == "15\u00a0%"
    for words in ("Un nuevo uso de datos", "15\u00a0%", "cuántos pueden pedir una votación", "El trabajo es propio"):
        assert words in page
    assert "3/20" not in page
    (share,) = [entry for entry in rulebook.numbers(clock.now()) if entry.key == "petition_share"]
    assert share.current.says == "5\u00a0%"


def test_a_new_version_says_its_vote_and_what_it_changed(client: Browser, amina: Person) -> None:
    mandate = twice(write(row("N14", voting_days=9), amina), amina)
    mandates.enact(mandate, at=clock.now())
    (entry,) = [entry for entry in rulebook.rules(clock.now()) if entry.key == "N14"]
    assert entry.current.number == 1
    assert entry.coming is not None
    assert entry.coming.changes == ["Days of voting: 7 to 9"]
    assert entry.coming.applies_from - entry.coming.published_at == timedelta(days=15)
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


def steps(vote: Proposal) -> list[tuple[str, bool, bool]]:
    """Return the way of a decision as its pages show it now: each step, whether it is done and where it stands."""
    seen = explaining.seen(voting.listed().get(pk=vote.pk), clock.now())
    return [(step.name, step.done, step.current) for step in explaining.tracker(seen)]


def test_a_decision_that_waits_is_decided_then_in_force_then_done(voted: Callable[..., Proposal]) -> None:
    vote = voted("N14", "green")
    assert steps(vote) == [("Decided", True, True), ("In force", False, False), ("Done", False, False)]
    reach(vote.mandate.due_at)
    assert steps(vote) == [("Decided", True, False), ("In force", False, True), ("Done", False, False)]
    mandates.enact(vote.mandate, at=clock.now())
    assert steps(vote) == [("Decided", True, False), ("In force", True, False), ("Done", True, True)]


def test_what_was_lost_or_read_once_is_not_awaited(voted: Callable[..., Proposal]) -> None:
    assert steps(voted("N14", "blue", yes=1, no=25)) == [("Decided", True, True)]
    (decided, second) = steps(voted("N15", yes=28))
    assert (decided[1:], second[0][:14], second[1:]) == ((True, False), "Second reading", (False, True))


def test_what_ended_on_the_way_says_so_and_is_not_awaited(voted: Callable[..., Proposal], client: Browser) -> None:
    stopped = voted("N1", "red", yes=30)
    asked = petitions.called(sign_all(stopped, 10))
    assert asked
    cast_all(asked, yes=20)
    voting.close(asked, at=reach(asked.closes_at))
    assert steps(stopped)[1:] == [("Stopped by the members", False, True)]
    failed = voted("N10", "stale")
    mandates.enact(failed.mandate, at=clock.now())
    assert steps(failed)[1:] == [("Could not take effect", False, True)]
    expired = voted("N14", "white")
    reach(expired.mandate.expires_at)
    assert steps(expired)[1:] == [("Not carried out within 30 days", False, True)]
    page = client.get("/decisions/").content.decode()
    for words in ("Could not take effect", "Stopped by the members", "Not carried out within 30 days"):
        assert words in page
