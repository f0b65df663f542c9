"""The house's own pages."""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime

import pytest
from django.db import connection
from django.test import Client as Browser

from coop import constitution, promises
from coop.people.models import Client, Person
from governance import proposals, voting
from payments import rates
from payments.models import WorkType
from tests.governance.conftest import support

pytestmark = pytest.mark.django_db


def test_visitors_read_what_this_is() -> None:
    page = Browser().get("/").text
    assert "owned by the people who do it" in page
    assert "Demonstration" in page


@pytest.mark.parametrize("path", ["/", "/how-we-decide/", "/promises/", "/fairwork/", "/record/"])
def test_public_pages_ask_little_of_the_database(
    path: str, django_assert_max_num_queries: Callable[[int], AbstractContextManager[object]]
) -> None:
    browser = Browser()
    with django_assert_max_num_queries(12):
        assert browser.get(path).status_code == 200


def test_members_see_what_awaits_them(amina: Person, signed_in: Callable[[Person], Browser]) -> None:
    page = signed_in(amina).get("/").text
    assert "Ready to be paid" in page
    assert "Work for you" in page


def test_applicants_go_to_their_start(newcomer: Person, signed_in: Callable[[Person], Browser]) -> None:
    assert signed_in(newcomer).get("/").headers["Location"] == "/start/"


def test_whoever_only_posts_work_goes_to_the_organisation(
    olga: Person, orbit: Client, signed_in: Callable[[Person], Browser]
) -> None:
    assert signed_in(olga).get("/").headers["Location"] == "/c/orbit/"


def test_every_rule_has_an_anchor() -> None:
    page = Browser().get("/how-we-decide/").text
    assert constitution.ids() >= {"E1", "N1", "N3", "R1", "D8", "P6", "part 6", "7", "3.3"}
    assert not [key for key in constitution.ids() if f'id="{key}"' not in page]


def test_rules_show_the_numbers_in_force() -> None:
    page = Browser().get("/how-we-decide/").text
    assert "21 days to talk, 7 to vote, 14 to wait" in page
    assert "66.7% yes, and yes from at least 40% of the roll" in page


def test_the_promises_are_the_guards_that_stand() -> None:
    found = {promise.name: promise for promise in promises.standing()}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT proname FROM pg_proc JOIN pg_trigger ON tgfoid = pg_proc.oid"
            " WHERE starts_with(proname, 'guard_')"
        )
        assert set(found) == {name.removeprefix("guard_") for (name,) in cursor.fetchall()}
    assert not [name for name, promise in found.items() if not promise.says]
    assert promises.deletable()[0] <= 1
    assert f"{len(found)} promises" in Browser().get("/promises/").text
    page = Browser().get("/promises/named/record_event_is_append_only/", follow=True).text
    assert found["record_event_is_append_only"].says[0] in page


def test_all_is_well() -> None:
    answer = Browser().get("/health/")
    body = json.loads(answer.content)
    assert (answer.status_code, body["ok"], body["role"]) == (200, True, "workhall_web")
    assert body["migrations_pending"] == 0
    assert body["worker"] == "not seen"


def test_a_page_that_is_not_there_says_so() -> None:
    page = Browser().get("/nowhere/")
    assert page.status_code == 404
    assert "Your work and your pay are safe" in page.text


def test_i_change_what_i_say_about_me(amina: Person, signed_in: Callable[[Person], Browser]) -> None:
    browser = signed_in(amina)
    said = {
        "name": "Amina W.",
        "country": "KE",
        "language": "en",
        "time_zone": "Africa/Nairobi",
        "display_currency": "KES",
    }
    assert "Select a valid choice" in browser.post("/me/", said | {"time_zone": "Mars"}).text
    browser.post("/me/", said)
    amina.refresh_from_db()
    assert amina.name == "Amina W."


def test_members_see_the_votes_that_come_and_then_that_they_are_open(
    amina: Person, at: datetime, signed_in: Callable[[Person], Browser], later: Callable[..., datetime]
) -> None:
    kind = WorkType.objects.get(slug="product-match")
    before = rates.current(kind)
    raised = {
        "work_type": kind.pk,
        "amount": "0.1",
        "currency": "USD",
        "estimated_seconds": 30,
        "replaces": before.version,
    }
    drafted = proposals.draft(
        policy="rate_change", payload=raised, title="Raise product matching", text="Fair.", by=amina, at=at
    )
    published = proposals.publish(support(drafted), by=amina, at=at)
    assert "voting opens" in signed_in(amina).get("/").text
    now = later(days=8)
    page = signed_in(amina).get("/").text
    assert "Raise product matching" in page
    assert "Read and vote" in page
    voting.cast(published, "yes", by=amina, at=now)
    assert "Read and vote" not in signed_in(amina).get("/").text


def test_each_promise_stands_once_under_what_it_is_about() -> None:
    standing = promises.standing()
    topics = promises.by_topic(standing)
    assert sorted(it.name for topic in topics for it in topic.every) == sorted(it.name for it in standing)
    of = {it.name: str(topic.title) for topic in topics for it in topic.every}
    assert of["rate_is_what_the_vote_said"] == "Pay and money"
    assert of["ballot_is_cast_by_an_elector"] == "Votes, from the draft to what follows"
    assert of["restriction_follows_a_decision"] == "No ban without a hearing"
    assert all(it.words and promises.IN_THE_PRESENT not in it.words for it in standing if len(it.says) > 1)
    overview = Browser().get("/promises/").text
    for topic in topics:
        assert f'href="/promises/{topic.name}/"' in overview
        page = Browser().get(f"/promises/{topic.name}/").text
        assert all(page.count(f'id="{it.name}"') == 1 for it in topic.every)
    assert Browser().get("/promises/nothing/").status_code == 404


def test_a_promise_is_found_by_its_name() -> None:
    found = Browser().get("/promises/named/rate_is_what_the_vote_said/")
    assert found.headers["location"] == "/promises/money/#rate_is_what_the_vote_said"
    assert Browser().get("/promises/named/nothing/").status_code == 404
