"""Posts by vote: the rule each change needs, running terms, rights without an election, abolition, what stays."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser

from coop import clock
from coop.people.models import Person
from coop.refusals import Refused
from governance import elections, mandates, offices, proposals, voting
from governance.models import Mandate, Office, Post, Proposal, Right
from governance.posts import PostChange, latest
from tests.conftest import person
from tests.governance.conftest import cast_all, reach, support
from tests.governance.test_rules import twice

pytestmark = pytest.mark.django_db
type Attack = Callable[..., None]
DAY = timedelta(days=1)
POST = """INSERT INTO governance_post (name, version, term_days, seats, rights, excludes, abolished, mandate_id, since)
SELECT %(post)s, %(replaces)s + 1, %(term_days)s, %(seats)s, to_jsonb(%(rights)s::text[]),
    to_jsonb(%(excludes)s::text[]), %(abolished)s, %(mandate)s, coop_now()"""


def row(name: str, **changes: object) -> dict[str, Any]:
    """Return a post as it is, but for the changes; a new one where there is none."""
    old = latest(name)
    facts: dict[str, Any] = {"rights": ["checks_the_books"], "excludes": [], "seats": 1, "term_days": 365}
    if old:
        facts = {"rights": sorted(old.rights), "excludes": sorted(old.excludes), "seats": old.seats,
                 "term_days": old.term_days}  # fmt: skip
    return {"post": name, **facts, "abolished": False, "replaces": old.version if old else 0} | changes


def write(payload: dict[str, Any], by: Person) -> Proposal:
    return proposals.draft(
        policy="post_change", payload=payload, title="Another post?", text="Because.", by=by, at=clock.now()
    )


def once(payload: dict[str, Any], by: Person) -> Mandate:
    """Take a change by N14 to the day it is due."""
    vote = proposals.publish(support(write(payload, by)), by=by, at=clock.now())
    cast_all(vote, yes=30)
    voting.close(vote, at=reach(vote.closes_at))
    mandate = Mandate.objects.get(proposal=vote)
    reach(mandate.due_at)
    return mandate


def enacted(payload: dict[str, Any], by: Person) -> Post:
    """Carry a change out by the rule that it needs, and return the post."""
    mandate = once(payload, by) if PostChange().rule_key(payload) == "N14" else twice(write(payload, by), by)
    assert not mandates.enact(mandate, at=clock.now()).failure
    found = latest(payload["post"])
    assert found is not None
    return found


def office(name: str) -> Office:
    return Office.objects.get(person=person(name))


@pytest.mark.parametrize(("post", "changes", "rule"), [
    ("treasurer", {"seats": 2}, "N14"), ("treasurer", {"term_days": 365}, "N14"),
    ("treasurer", {"rights": ["asks_for_pauses", "checks_the_books", "handles_money"]}, "N15"),
    ("auditor", {"excludes": ["secretary", "treasurer"]}, "N15"), ("archivist", {}, "N15"),
    ("panel trustee", {"abolished": True}, "N15"),
])  # fmt: skip
def test_what_changes_decides_the_rule(post: str, changes: dict[str, object], rule: str) -> None:
    assert PostChange().rule_key(row(post, **changes)) == rule


@pytest.mark.parametrize(("post", "changes"), [
    ("treasurer", {"seats": 0}), ("treasurer", {"seats": 12}), ("treasurer", {"term_days": 1096}),
    ("treasurer", {"rights": []}), ("treasurer", {"rights": ["does_all"]}), ("treasurer", {"excludes": ["nobody"]}),
    ("treasurer", {"excludes": ["treasurer"]}), ("treasurer", {"abolished": 1}), ("Boss", {}), ("treasurer", {}),
    ("treasurer", {"replaces": 0, "seats": 2}), ("treasurer", {"pay": 1}), ("archivist", {"abolished": True}),
])  # fmt: skip
def test_what_is_no_post_is_not_even_asked(amina: Person, post: str, changes: dict[str, object]) -> None:
    with pytest.raises(Refused):
        write(row(post, **changes), amina)


@pytest.mark.parametrize("post", ["treasurer", "auditor", "inspector"])
def test_no_vote_gives_a_post_the_money_and_the_books(amina: Person, post: str) -> None:
    rights = ["asks_for_pauses", "checks_the_books", "handles_money"]
    with pytest.raises(Refused, match="No post both handles money and checks the books"):
        write(row(post, rights=rights), amina)


@pytest.mark.parametrize(("post", "changes"), [
    ("treasurer", {"rights": ["asks_for_pauses"]}), ("panel trustee", {"abolished": True}),
    ("auditor", {"rights": ["keeps_panels"]}), ("safety officer", {"rights": ["asks_for_pauses"]}),
])  # fmt: skip
def test_no_right_is_left_without_its_officers(
    amina: Person, attack: Attack, post: str, changes: dict[str, object]
) -> None:
    with pytest.raises(Refused, match="Then nobody could do this"):
        write(row(post, **changes), amina)


def test_two_posts_must_always_be_able_to_ask_for_a_pause(amina: Person) -> None:
    enacted(row("secretary", rights=["handles_money"]), amina)
    with pytest.raises(Refused, match="Then nobody could do this"):
        write(row("safety officer", rights=["reads_reports"]), amina)


def test_seats_and_terms_change_by_n14_and_no_running_term_grows(amina: Person, teresa: Person) -> None:
    before = office("teresa").ends_at
    made = enacted(row("treasurer", seats=2, term_days=365), amina)
    assert (made.version, made.seats, made.term_days) == (2, 2, 365)
    assert office("teresa").ends_at == before
    begins, ends = elections.term(made, 2, clock.now())
    assert ends - begins == 365 * DAY
    assert elections.call(made, 2, by=amina, at=clock.now()).seat == 2


def test_fewer_seats_end_nobodys_term(amina: Person) -> None:
    made = enacted(row("panel trustee", seats=1), amina)
    with pytest.raises(Refused, match="no such seat"):
        elections.call(made, 2, by=amina, at=clock.now())


def test_nobody_gains_a_right_without_an_election(amina: Person, teresa: Person) -> None:
    enacted(row("secretary", rights=["asks_for_pauses", "handles_money", "reads_reports"]), amina)
    at, petra = clock.now(), person("petra")
    assert offices.rights_of(petra, at) == {Right.MONEY, Right.PAUSES}
    assert not offices.may(petra, Right.REPORTS, at)
    seat = next(one for one in elections.seats(at) if one.post.name == "secretary")
    assert seat.later == [str(Right.REPORTS.label)]
    with connection.cursor() as cursor:
        cursor.execute("SELECT governance_may(%s, 'reads_reports', %s)", [office("petra").pk, at])
        assert cursor.fetchone() == (False,)


def test_a_right_is_lost_at_once_and_comes_back_by_an_election_only(amina: Person) -> None:
    enacted(row("safety officer", rights=["reads_reports"]), amina)
    at, samuel = clock.now(), person("samuel")
    assert offices.rights_of(samuel, at) == {Right.REPORTS}
    assert offices.words(office("samuel"), at) == [str(Right.REPORTS.label)]
    enacted(row("safety officer", rights=["asks_for_pauses", "reads_reports"]), amina)
    assert offices.rights_of(samuel, clock.now()) == {Right.REPORTS}


def test_the_words_of_a_change_say_what_a_post_may_or_that_it_ends(db: None) -> None:
    assert "is abolished" in PostChange().describe(row("safety officer", abolished=True))
    stands = PostChange().describe(row("safety officer", seats=2))
    assert ("Seats: 2." in stands, "abolished" in stands) == (True, False)


def test_an_abolished_post_ends_with_its_terms_and_nobody_comes_back(amina: Person) -> None:
    enacted(row("welfare officer", rights=["asks_for_pauses", "reads_reports"]), amina)
    enacted(row("safety officer", abolished=True), amina)
    at, samuel = clock.now(), person("samuel")
    assert offices.rights_of(samuel, at) == set()
    assert not offices.is_officer(samuel, at)
    assert "safety officer" not in {post.name for post in offices.posts(at)}
    with pytest.raises(Refused, match="no such seat"):
        elections.call(Post.objects.filter(name="safety officer").latest("version"), 1, by=amina, at=at)
    enacted(row("safety officer", rights=["asks_for_pauses"]), amina)
    assert not offices.is_officer(samuel, clock.now())


def test_the_site_writes_no_post_without_its_vote(amina: Person, attack: Attack) -> None:
    founding = Mandate.objects.get(proposal=None).pk
    for payload in (row("treasurer", seats=2), row("archivist"), row("auditor", abolished=True)):
        attack(POST, payload | {"mandate": founding}, guard="post_is_what_the_vote_said")


def test_a_vote_writes_what_it_said_and_by_the_rule_it_needed(amina: Person, attack: Attack) -> None:
    voted = row("treasurer", seats=2)
    mandate = once(voted, amina).pk
    for change in ({"seats": 3}, {"term_days": 1}, {"rights": ["handles_money"]}, {"post": "secretary"},
                   {"replaces": 5}, {"abolished": True}):  # fmt: skip
        attack(POST, voted | {"mandate": mandate} | change, guard="post_is_what_the_vote_said")
    with connection.cursor() as cursor:
        cursor.execute(POST, voted | {"mandate": mandate})
    attack(POST, voted | {"mandate": mandate, "replaces": 2}, guard="post_is_what_the_vote_said")
    attack("UPDATE governance_post SET seats = 9", guard="permission denied")


def test_a_post_that_others_need_by_now_is_kept(amina: Person, attack: Attack) -> None:
    enacted(row("welfare officer", rights=["asks_for_pauses", "reads_reports"]), amina)
    payload = row("safety officer", abolished=True)
    mandate = twice(write(payload, amina), amina)
    enacted(row("welfare officer", seats=2), amina)
    assert mandate.pk
    assert PostChange().problems(payload) == []


def test_a_page_asks_for_a_post_and_elections_show_it(amina: Person, signed_in: Callable[[Person], Browser]) -> None:
    browser = signed_in(amina)
    assert "What its holders may do" in browser.get("/votes/new/post_change/").text
    assert "nobody gains a right without an election" in browser.get("/elections/").text
