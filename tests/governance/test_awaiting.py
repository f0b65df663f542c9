"""Where the cooperative has to explain itself, officers find the case on their pages, read and explain it (7.11)."""

import re
from collections.abc import Callable
from datetime import datetime

import pytest
from django.test import Client as Browser
from procrastinate.contrib.django.models import ProcrastinateJob

from coop.people.models import Person
from governance import notices
from governance.models import Case, Said
from tests.test_pages import Page

pytestmark = pytest.mark.django_db
type SignedIn = Callable[[Person], Browser]
type Later = Callable[..., datetime]
NOT_FOUND = 404


def text(browser: Browser, address: str) -> str:
    return re.sub(r"\s+", " ", browser.get(address).text)


def pressed(browser: Browser) -> str:
    """Give notice and say that somebody pressed for it; return the address of the case that opens by itself."""
    browser.post("/standing/leave/", {"pressure": "pressed", "sure": "on"})
    return f"/cases/{Case.objects.latest('pk').pk}/"


def test_an_officer_finds_reads_and_explains_a_case_that_opened_by_itself(
    amina: Person, samuel: Person, teresa: Person, signed_in: SignedIn
) -> None:
    member, officer, other = signed_in(amina), signed_in(samuel), signed_in(teresa)
    case = pressed(member)
    assert "1 case waits for you or another officer" in text(officer, "/standing/")
    listed = text(officer, "/cases/")
    assert case in listed
    assert f"{amina} waits for it, until" in listed
    page = text(officer, case)
    assert "Asked when giving notice, the member said so." in page
    assert "Explain it" in page
    for form in ("Write in this thread", "Add evidence", "My answer"):
        assert form not in page
    for act in ("say/word", "say/reply", "show"):
        assert officer.post(case + act + "/", {"text": "x", "name": "y"}).status_code == NOT_FOUND
    for address in ("/cases/", "/standing/", case):
        assert not list(Page(address, officer.get(address).content).wrong())

    officer.post(f"{case}say/explanation/", {"text": "The foreman was told to stop."})
    read = text(member, case)
    assert "The foreman was told to stop." in read
    assert "I do not accept this" in read
    looks = text(member, "/standing/")
    assert f"{case.strip('/').replace('cases/', 'case:')}, as" in looks
    assert case in text(officer, "/cases/")
    assert "waits for it, until" not in text(officer, "/cases/")
    assert "Add evidence" in text(officer, case)
    assert other.get(case).status_code == NOT_FOUND
    assert case not in text(other, "/cases/")
    assert "waits for you" not in text(other, "/standing/")
    assert other.post(f"{case}say/explanation/", {"text": "Me too."}).status_code == NOT_FOUND
    again = officer.post(f"{case}say/explanation/", {"text": "Once more."})
    assert "It is explained already." in again.text


def test_members_without_office_and_officers_it_is_about_cannot_explain(
    amina: Person, samuel: Person, luis: Person, olga: Person, signed_in: SignedIn
) -> None:
    case = pressed(signed_in(amina))
    for who in (luis, olga):
        browser = signed_in(who)
        assert browser.get(case).status_code == NOT_FOUND
        assert browser.post(f"{case}say/explanation/", {"text": "x"}).status_code == NOT_FOUND
        assert case not in text(browser, "/cases/")
        assert "waits for you" not in text(browser, "/standing/")
    officer = signed_in(samuel)
    own = pressed(officer)
    assert own != case
    assert "1 case waits" in text(officer, "/standing/")
    assert f"{samuel} waits for it" not in text(officer, "/cases/")
    assert "Explain it" not in text(officer, own)
    refused = officer.post(f"{own}say/explanation/", {"text": "I explain it to myself."})
    assert "An officer explains, and not to themselves." in refused.text
    assert not Case.objects.filter(statements__kind=Said.EXPLANATION).exists()


def test_after_seven_days_no_officer_reads_it_and_the_member_is_told_what_follows(
    amina: Person, samuel: Person, signed_in: SignedIn, later: Later
) -> None:
    case = pressed(signed_in(amina))
    later(days=6, hours=23)
    assert signed_in(samuel).get(case).status_code == 200
    later(hours=2)
    assert signed_in(samuel).get(case).status_code == NOT_FOUND
    assert case not in text(signed_in(samuel), "/cases/")
    assert "No payment follows from that by itself" in text(signed_in(amina), case)


def test_officers_are_told_of_the_first_case_in_24_hours(
    amina: Person, luis: Person, samuel: Person, teresa: Person, petra: Person, signed_in: SignedIn, later: Later
) -> None:
    def told() -> list[int]:
        jobs = ProcrastinateJob.objects.filter(task_name=notices.TELL).values_list("args", flat=True)
        return sorted(args["person_id"] for args in jobs if args["about"] == "explain")

    pressed(signed_in(samuel))
    first = told()
    assert {teresa.pk, petra.pk} <= set(first)
    assert not {samuel.pk, amina.pk} & set(first)
    pressed(signed_in(amina))
    assert told() == first
    later(hours=25)
    pressed(signed_in(luis))
    assert samuel.pk in told()
    subject, words = notices.words("explain", 7)
    assert subject == "Case 7 waits for an officer's explanation"
    assert words.endswith("/cases/\n")
