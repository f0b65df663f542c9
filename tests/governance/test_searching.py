"""What was said is found again by its words, in the languages of the house, and only by those who may read it."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from coop.people.models import Person
from governance import assembly, searching
from governance.models import Message

pytestmark = pytest.mark.django_db

type SignedIn = Callable[[Person], Browser]


@pytest.fixture
def talk(amina: Person, luis: Person, now: datetime) -> Message:
    """Return Amina's message in a thread where Luis answers in Spanish."""
    first = assembly.open_thread(
        topic="conditions", title="Late payments", text="Orbit was paying us **slowly** in Nairobi.", by=amina, at=now
    )
    assembly.write(first.thread, "Los pagos llegaron tarde a los trabajadores.", by=luis, at=now)
    return first


def texts(words: str, page: int = 1) -> list[str]:
    return [hit.message.text for hit in searching.search(words, page=page).hits]


@pytest.mark.parametrize(
    ("words", "found"),
    [("paid OR pay", "Orbit"), ("Nairobi", "Orbit"), ("NAIROBI", "Orbit"), ("trabajador", "Los pagos"),
     ("llegar", "Los pagos"), ('"paying us"', "Orbit"), ("orbit -venezuela", "Orbit")],
)  # fmt: skip
def test_words_are_found_in_their_forms(talk: Message, words: str, found: str) -> None:
    [text] = texts(words)
    assert text.startswith(found)


@pytest.mark.parametrize(
    "words", ["mars", "orbit -nairobi", '"us paying"', "", " ", "'", "& | !", "\x00", "(" * 200, "%"]
)
def test_what_was_not_said_is_not_found_and_breaks_nothing(talk: Message, words: str) -> None:
    assert texts(words) == []


def test_a_thread_is_found_by_its_title(talk: Message) -> None:
    assert searching.search("late payment").threads == [talk.thread]


def test_a_corrected_message_is_found_by_its_last_words(talk: Message, amina: Person, now: datetime) -> None:
    assembly.correct(talk, "Orbit pays on the day.", by=amina, at=now)
    assert texts("slowly") == []
    assert texts("Orbit") == ["Orbit pays on the day."]


def test_what_was_asked_for_is_marked_and_nothing_else_is_markup(talk: Message, amina: Person, now: datetime) -> None:
    assembly.write(talk.thread, "kettles & pans < 5 <b>now</b>", by=amina, at=now)
    [hit] = searching.search("kettles").hits
    assert hit.marked == "<strong>kettles</strong> &amp; pans"
    hostile = searching.Hit(talk, "", "<i> \x02<b>\x03</i>").marked
    assert hostile == "&lt;i&gt; <strong>&lt;b&gt;</strong>&lt;/i&gt;"


def test_the_page_finds_in_pages(talk: Message, luis: Person, now: datetime, signed_in: SignedIn) -> None:
    for number in range(11):
        assembly.write(talk.thread, f"kettle number {number}", by=luis, at=now)
    browser = signed_in(luis)
    first, second = browser.get("/assembly/?q=kettle").text, browser.get("/assembly/?q=kettle&page=2").text
    assert first.count("<strong>kettle</strong>") == 10
    assert "?q=kettle&amp;page=2" in first
    assert second.count("<strong>kettle</strong>") == 1
    assert "?q=kettle&amp;page=1" in second
    assert "Nothing was said with these words" in browser.get("/assembly/?q=submarine").text


def test_there_is_more_when_a_page_does_not_hold_it(talk: Message, luis: Person, now: datetime) -> None:
    for number in range(10):
        assembly.write(talk.thread, f"kettle number {number}", by=luis, at=now)
    found = searching.search("kettle")
    assert (len(found.hits), found.more) == (10, False)
    assembly.write(talk.thread, "kettle number 10", by=luis, at=now)
    first, second = (searching.search("kettle", page=page) for page in (1, 2))
    assert (len(first.hits), first.more, len(second.hits), second.more) == (10, True, 1, False)


@pytest.mark.parametrize(
    "query", ["q=kettle&page=0", "q=kettle&page=x", f"q={'x' * 201}", "q=%00", "q=x&page=99999999"]
)
def test_a_strange_question_breaks_no_page(talk: Message, luis: Person, signed_in: SignedIn, query: str) -> None:
    assert signed_in(luis).get(f"/assembly/?{query}").status_code == 200


def test_clients_and_applicants_find_nothing(
    talk: Message, olga: Person, newcomer: Person, signed_in: SignedIn
) -> None:
    assert signed_in(olga).get("/assembly/?q=orbit").status_code == 404
    assert signed_in(newcomer).get("/assembly/?q=orbit").status_code == 403


def test_finding_asks_the_same_number_of_questions_however_much_there_is(
    talk: Message, luis: Person, now: datetime, signed_in: SignedIn
) -> None:
    browser = signed_in(luis)
    with CaptureQueriesContext(connection) as few:
        browser.get("/assembly/?q=orbit")
    for number in range(8):
        assembly.open_thread(topic="other", title=f"orbit {number}", text="Orbit again", by=luis, at=now)
    with CaptureQueriesContext(connection) as many:
        browser.get("/assembly/?q=orbit")
    assert len(many) <= len(few) + 1 <= 12


def test_finding_uses_the_index(talk: Message) -> None:
    with connection.cursor() as cursor:
        # A handful of messages is read faster in any other way; the index of words is only read by bitmap.
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off")
        cursor.execute("EXPLAIN " + searching.MESSAGES, {"words": "orbit", "most": 11, "skip": 0})
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "words_of_messages" in plan
