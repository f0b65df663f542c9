"""Rejected answers on pages: for the client, for who gave the answer, for those who were drawn."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.test import Client as Browser
from django.urls import reverse

from coop.people.models import Client, Person
from tasks.models import Assignment, AssignmentState, Dispute
from tests.tasks import disputing
from tests.tasks.conftest import SAME, work
from tests.tasks.test_api import program

pytestmark = pytest.mark.django_db
type SignedIn = Callable[[Person], Browser]
WORDS = {"reason": disputing.REASON, "place": "labels"}


@pytest.fixture
def mine(orbit: Client, olga: Person, amina: Person) -> Assignment:
    disputing.learned(orbit, olga)
    return work(disputing.checked(orbit, olga), amina, SAME)


def address(mine: Assignment) -> str:
    """Return where Orbit looks at an answer."""
    return f"/c/orbit/jobs/{mine.job_id}/answers/{mine.pk}/"


def seen(browser: Browser, path: str) -> str:
    """Return a page that is there."""
    page = browser.get(path)
    assert page.status_code == 200, path
    return page.content.decode()


def test_a_client_finds_an_answer_rejects_it_and_reads_how_it_ended(
    mine: Assignment, olga: Person, amina: Person, signed_in: SignedIn
) -> None:
    browser = signed_in(olga)
    assert f"/jobs/{mine.job_id}/answers/" in seen(browser, f"/c/orbit/jobs/{mine.job_id}/")
    assert address(mine) in seen(browser, f"/c/orbit/jobs/{mine.job_id}/answers/")
    assert "Reject this answer" in seen(browser, address(mine))
    assert browser.post(address(mine), {"reason": "bad", "place": "labels"}).status_code == 422
    assert browser.post(address(mine), WORDS).status_code == 302
    page = seen(browser, address(mine))
    assert "Two members look at it now" in page
    assert amina.name not in page
    for place in disputing.places(mine.dispute):
        disputing.look(place, stands=False)
    page = seen(browser, address(mine))
    assert "Found wrong" in page
    assert disputing.WHY in page
    assert "your money is back" in seen(browser, f"/c/orbit/jobs/{mine.job_id}/answers/")
    assert not [place for place in disputing.places(mine.dispute) if f">{place.person}<" in page]


def test_its_author_reads_reason_place_pay_time_rule_and_way_to_object(
    mine: Assignment, olga: Person, amina: Person, luis: Person, signed_in: SignedIn
) -> None:
    disputing.reject(mine, olga)
    browser = signed_in(amina)
    assert f"/work/{mine.pk}/dispute/" in seen(browser, "/work/")
    page = seen(browser, f"/work/{mine.pk}/dispute/")
    for words in (disputing.REASON, "The label", "is paid to you", "decided for you", "Olga", "Orbit", "public since"):
        assert words in page
    peers = [str(place.person) for place in disputing.places(mine.dispute)]
    assert not [name for name in peers if f">{name}<" in page]
    for place in disputing.places(mine.dispute):
        disputing.look(place, stands=True)
    page = seen(browser, f"/work/{mine.pk}/dispute/")
    assert "Your answer stands" in page
    assert [name for name in peers if f">{name}<" in page] == peers
    assert signed_in(luis).get(f"/work/{mine.pk}/dispute/").status_code == 404


def test_a_page_of_the_author_lets_time_decide(
    mine: Assignment, olga: Person, amina: Person, later: Callable[..., datetime], signed_in: SignedIn
) -> None:
    disputing.reject(mine, olga)
    later(hours=73)
    assert "Nobody found otherwise" in seen(signed_in(amina), f"/work/{mine.pk}/dispute/")
    mine.refresh_from_db()
    assert mine.state == AssignmentState.ACCEPTED


def test_who_was_drawn_is_offered_a_paid_look_and_sees_neither_side_nor_the_other(
    mine: Assignment, olga: Person, amina: Person, signed_in: SignedIn
) -> None:
    first, second = disputing.places(disputing.reject(mine, olga))
    assert first.person is not None
    assert second.person is not None
    disputing.look(second, stands=False)
    browser = signed_in(first.person)
    assert "/looks/" in seen(browser, "/review/")
    assert "0.60" in seen(browser, "/looks/")
    page = seen(browser, f"/looks/{first.pk}/")
    assert disputing.REASON in page
    assert not [name for name in (amina.name, olga.name, "Orbit", disputing.WHY) if name in page]
    assert browser.post(f"/looks/{first.pk}/", {"reason": "", "stands": "yes"}).status_code == 422
    assert browser.post(f"/looks/{first.pk}/", {"reason": disputing.WHY}).status_code == 422
    assert browser.post(f"/looks/{first.pk}/", {"reason": disputing.WHY, "stands": "yes"}).status_code == 302
    assert browser.get(f"/looks/{first.pk}/").status_code == 409
    assert signed_in(second.person).get(f"/looks/{first.pk}/").status_code == 404
    assert "none at this moment" in seen(browser, "/looks/")


def test_no_address_rejects_more_than_one_answer(mine: Assignment, olga: Person, signed_in: SignedIn) -> None:
    browser = signed_in(olga)
    everything = {**WORDS, "all": "1", "pk": [mine.pk]}
    browser.post(f"/c/orbit/jobs/{mine.job_id}/answers/", everything)
    assert not Dispute.objects.exists()


def test_a_member_who_checks_rejects_on_a_page_of_its_own(
    mine: Assignment, luis: Person, amina: Person, signed_in: SignedIn
) -> None:
    browser = signed_in(luis)
    browser.post(f"/review/{mine.pk}/take/")
    assert f"/review/{mine.pk}/reject/" in seen(browser, "/review/")
    assert browser.post(f"/review/{mine.pk}/reject/", WORDS).status_code == 302
    assert "a member who checks answers" in seen(signed_in(amina), f"/work/{mine.pk}/dispute/")


def test_a_client_sees_no_answer_of_another(mine: Assignment, luis: Person, signed_in: SignedIn) -> None:
    assert signed_in(luis).get(address(mine)).status_code == 404


def test_an_answer_that_was_rejected_leads_to_its_page(
    mine: Assignment, olga: Person, amina: Person, signed_in: SignedIn
) -> None:
    disputing.reject(mine, olga)
    assert signed_in(amina).get(f"/work/{mine.pk}/").headers["Location"] == f"/work/{mine.pk}/dispute/"


def test_the_disputes_of_all_jobs_stand_on_one_page_and_in_one_list(
    orbit: Client, olga: Person, amina: Person, signed_in: SignedIn
) -> None:
    disputing.learned(orbit, olga)
    first, second = (disputing.checked(orbit, olga, title=title) for title in ("Kettles", "Pans"))
    ended, waits = (disputing.reject(work(job, amina, SAME), olga) for job in (first, second))
    for peer in disputing.places(ended)[:2]:
        disputing.look(peer, stands=False)
    place, home = reverse("tasks:client_disputes", args=["orbit"]), reverse("tasks:client", args=["orbit"])
    browser = signed_in(olga)
    assert "1 rejected answer is being decided" in browser.get(home).text
    page = browser.get(place).text
    assert page.index("Pans") < page.index("Kettles")
    assert "found wrong: your money is back" in page
    call, _key = program(orbit, olga, ["read"])
    found = call("GET", "disputes").json()
    assert [(one["id"], one["job"], one["by"], one["stands"]) for one in found["results"]] == [
        (waits.pk, second.pk, "client", None), (ended.pk, first.pk, "client", False),
    ]  # fmt: skip
    assert signed_in(amina).get(place).status_code == 404
