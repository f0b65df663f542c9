"""Posts: who holds them, by which mandate, for how long, with which rights; and that rights end with the office."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest
from django.test import Client as Browser

from coop import clock
from coop.people.models import Person
from coop.refusals import Refused
from governance import elections, offices, pauses, resigning
from governance.models import Mandate, Office, PauseGround, PauseRequest, Post, Right
from tests.governance.test_pauses import ASK, EVIDENCE, PAUSE

pytestmark = pytest.mark.django_db

type Attack = Callable[..., None]
OFFICE = """INSERT INTO governance_office (person_id, post, seat, mandate_id, starts_at, ends_at)
VALUES (%s, %s, %s, %s, coop_now() + %s, coop_now() + %s)"""
POST = """INSERT INTO governance_post (name, version, term_days, seats, rights, excludes, mandate_id, since)
VALUES (%s, %s, %s, 1, %s, '[]', %s, coop_now())"""
DAY = timedelta(days=1)


@pytest.fixture
def refused(owner: psycopg.Connection) -> Callable[..., None]:
    """Return a function that runs SQL as the owner of the database and asserts which guard refuses even them."""

    def attempt(statement: str, params: Any, *, guard: str) -> None:
        with pytest.raises(psycopg.errors.CheckViolation) as caught, owner.transaction(force_rollback=True):
            owner.execute(statement.encode(), params)
        assert caught.value.diag.constraint_name == guard

    return attempt


def founding() -> int:
    return Mandate.objects.get(proposal=None).pk


def office_of(person: Person) -> Office:
    return Office.objects.get(person=person)


def test_each_post_has_a_term_and_rights() -> None:
    posts = {post.name: post for post in Post.objects.all()}
    assert set(posts) == {"treasurer", "secretary", "safety officer", "auditor", "panel trustee"}
    assert posts["auditor"].rights == [Right.BOOKS]
    assert all(post.term_days <= 1095 for post in posts.values())


def test_a_right_belongs_to_the_post_and_not_to_its_holder(teresa: Person, samuel: Person, now: datetime) -> None:
    assert offices.rights_of(teresa, now) == {Right.MONEY, Right.PAUSES}
    assert offices.rights_of(samuel, now) == {Right.PAUSES, Right.REPORTS}
    assert offices.may(teresa, Right.MONEY, now)
    assert not offices.may(samuel, Right.MONEY, now)


def test_rights_end_with_the_term(teresa: Person, now: datetime) -> None:
    end = office_of(teresa).ends_at
    assert offices.may(teresa, Right.MONEY, end - timedelta(seconds=1))
    assert not offices.may(teresa, Right.MONEY, end)
    assert offices.held_by(teresa, end) == []
    assert offices.right_refusal(teresa, Right.MONEY, now) is None
    assert "post that records deposits" in str(offices.right_refusal(teresa, Right.MONEY, end))


def test_who_leaves_leaves_the_post_for_good(teresa: Person, now: datetime) -> None:
    resigning.give_notice(teresa, pressure="none", at=now)
    resigning.leave_due(clock.advance(timedelta(days=7, seconds=1)))
    assert offices.held_by(teresa, clock.now()) == []
    assert not offices.handles_money(office_of(teresa), clock.now())


def test_the_site_writes_neither_posts_nor_offices_nor_their_ends(amina: Person, attack: Attack) -> None:
    attack(POST, ["treasurer", 2, 1095, '["handles_money"]', founding()], guard="post_is_what_the_vote_said")
    attack("UPDATE governance_office SET ends_at = ends_at + interval '1 year'", guard="permission denied")
    attack("UPDATE governance_post SET rights = '[]'", guard="permission denied")


def test_no_post_gives_rights_that_nobody_knows(refused: Attack) -> None:
    for rights in ('["closes_votes"]', "[]", '"handles_money"', "{}"):
        refused(POST, ["chair", 1, 300, rights, founding()], guard="post_gives_known_rights")


def test_no_post_handles_money_and_checks_the_books(refused: Attack) -> None:
    for rights in ('["handles_money", "checks_the_books"]', '["checks_the_books", "keeps_panels", "handles_money"]'):
        refused(POST, ["chair", 1, 300, rights, founding()], guard="post_gives_known_rights")


def test_no_term_is_longer_than_three_years(refused: Attack) -> None:
    refused(POST, ["chair", 1, 1096, '["keeps_panels"]', founding()], guard="terms_are_three_years_at_most")


@pytest.mark.parametrize(
    ("post", "seat", "until"),
    [("auditor", 1, 1096), ("auditor", 2, 300), ("auditor", 0, 300), ("king", 1, 300), ("panel trustee", 1, 731)],
)
def test_an_office_keeps_to_its_post(amina: Person, refused: Attack, post: str, seat: int, until: int) -> None:
    facts = [amina.pk, post, seat, founding(), timedelta(), until * DAY]
    refused(OFFICE, facts, guard="office_keeps_to_its_post")


@pytest.mark.parametrize(("begins", "ends"), [("-infinity", "now"), ("now", "infinity")])
def test_no_office_is_for_ever(amina: Person, refused: Attack, begins: str, ends: str) -> None:
    statement = """INSERT INTO governance_office (person_id, post, seat, mandate_id, starts_at, ends_at)
        VALUES (%s, 'auditor', 1, %s, %s, %s)"""
    refused(statement, [amina.pk, founding(), begins, ends], guard="office_keeps_to_its_post")


def test_a_seat_has_one_holder_at_a_time(amina: Person, refused: Attack) -> None:
    facts = [amina.pk, "treasurer", 1, founding(), 10 * DAY, 20 * DAY]
    refused(OFFICE, facts, guard="office_is_one_persons_seat")


@pytest.mark.parametrize("post", ["secretary", "auditor", "safety officer", "panel trustee", "treasurer"])
def test_nobody_checks_or_confirms_themselves(teresa: Person, refused: Attack, post: str) -> None:
    facts = [teresa.pk, post, 1, founding(), 10 * DAY, 20 * DAY]
    refused(OFFICE, facts, guard="office_is_kept_apart_from_others")


def test_whoever_held_a_post_may_hold_another_after_it(teresa: Person, owner: psycopg.Connection) -> None:
    end = office_of(teresa).ends_at - clock.now()
    owner.execute(OFFICE.encode(), [teresa.pk, "auditor", 1, founding(), end + DAY, end + 2 * DAY])


def test_the_second_after_the_term_the_database_refuses_too(
    amina: Person, samuel: Person, teresa: Person, asked: Callable[..., PauseRequest], attack: Attack,
    later: Callable[..., datetime],
) -> None:  # fmt: skip
    last = office_of(samuel).ends_at
    later(seconds=(last - clock.now()).total_seconds() - 3600)
    request = asked(amina)
    at = later(seconds=3601)
    attack(
        ASK, [amina.pk, PauseGround.PAYMENT_FRAUD, "work", "Seen.", EVIDENCE, 72, office_of(samuel).pk],
        guard="pause_is_asked_by_an_officer",
    )  # fmt: skip
    attack(PAUSE, [office_of(teresa).pk, 72, request.pk], guard="pause_needs_two_officers")
    with pytest.raises(Refused):
        pauses.confirm(request, by=teresa, at=at)


def test_the_second_after_the_term_every_officers_page_refuses(
    teresa: Person, signed_in: Callable[[Person], Browser], later: Callable[..., datetime]
) -> None:
    pages = ("/desk/", "/desk/deposits/", "/pauses/", "/pauses/new/")
    assert [signed_in(teresa).get(page).status_code for page in pages] == [200] * 4
    later(seconds=(office_of(teresa).ends_at - clock.now()).total_seconds() + 1)
    browser = signed_in(teresa)
    assert [browser.get(page).status_code for page in pages] == [403] * 4
    assert browser.get("/admin/").status_code == 302
    assert "Desk" not in browser.get("/me/").text


def test_seats_of_one_post_are_told_apart(amina: Person, client: Browser) -> None:
    trustee = Post.objects.get(name="panel trustee")
    elections.call(trustee, 2, by=amina, at=clock.now())
    elections.call(Post.objects.get(name="auditor"), 1, by=amina, at=clock.now())
    page = client.get("/elections/").text
    for seat in ("panel trustee, seat 1", "panel trustee, seat 2", "panel trustee, seat 3"):
        assert seat in page
    assert page.count("panel trustee, seat 2") == 2
    assert "auditor, seat" not in page
