"""The assembly: members talk, clients do not listen, and nobody takes anything back, least of all another's words."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from coop import clock
from coop.people.models import Client, Person
from coop.record.models import Event
from coop.refusals import Refused
from governance import appeals, assembly, standing
from governance.models import Case, CaseGround, Decision, Measure, Message, Proposal, Status, Thread
from tests.governance import charging
from tests.governance.conftest import Voted, depart, reach

pytestmark = pytest.mark.django_db

type Attack = Callable[..., None]
type SignedIn = Callable[[Person], Browser]

WRITE = "INSERT INTO governance_message (thread_id, author_id, text, written_at) VALUES (%s, %s, %s, coop_now())"
OPEN = """
INSERT INTO governance_thread (topic, title, subject, opened_by_id, opened_at) VALUES ('other', %s, %s, %s, coop_now())
"""


@pytest.fixture
def said(amina: Person, now: datetime) -> Message:
    """Return what Amina wrote about the pay at Orbit, in a thread of her own."""
    return assembly.open_thread(
        topic="conditions", title="Orbit pays late", text="They *still* owe us for May.", by=amina, at=now
    )


def speakers(request: pytest.FixtureRequest, name: str) -> Person:
    person: Person = request.getfixturevalue(name)
    return person


def test_a_member_opens_a_thread_and_another_answers(said: Message, luis: Person, now: datetime) -> None:
    answer = assembly.write(said.thread, "Me too.", by=luis, at=now)
    assert [message.text for message in said.thread.messages.order_by("id")] == [said.text, "Me too."]
    assert Event.objects.get(subject=f"message:{answer.pk}").data == {"thread": said.thread_id}


def test_the_record_says_that_somebody_wrote_and_not_what(said: Message) -> None:
    assert not [event for event in Event.objects.filter(kind__startswith="assembly.") if "owe" in str(event.data)]


def test_a_candidate_writes(newcomer: Person, said: Message, now: datetime) -> None:
    standing.admit(newcomer, status=Status.CANDIDATE, rule="onboarding", by=None, at=now)
    assert assembly.write(said.thread, "I am new.", by=newcomer, at=now).pk


def test_a_pause_reaches_no_word(paused: Callable[..., Any], amina: Person, said: Message) -> None:
    paused(amina)
    assert assembly.write(said.thread, "I am paused, and I speak.", by=amina, at=clock.now()).pk


def test_whoever_left_reads_and_writes_no_more(amina: Person, said: Message, now: datetime) -> None:
    depart(amina)
    assert assembly.read_refusal(amina) is None
    with pytest.raises(Refused, match="members write"):
        assembly.write(said.thread, "One more thing", by=amina, at=now)


def test_an_applicant_neither_reads_nor_writes_yet(newcomer: Person, said: Message, now: datetime) -> None:
    with pytest.raises(Refused, match="after the onboarding"):
        assembly.write(said.thread, "Hello", by=newcomer, at=now)
    with pytest.raises(Refused, match="E10"):
        assembly.open_thread(topic="other", title="Hello", text="there", by=newcomer, at=now)


@pytest.mark.parametrize("who", ["newcomer", "olga"])
def test_an_applicant_does_not_write_past_the_act(
    request: pytest.FixtureRequest, attack: Attack, said: Message, who: str
) -> None:
    attack(WRITE, [said.thread_id, speakers(request, who).pk, "x"], guard="message_is_written_by_a_member")
    attack(OPEN, ["x", "", speakers(request, who).pk], guard="thread_is_opened_by_a_member")


def test_whoever_left_does_not_write_past_the_act(attack: Attack, amina: Person, said: Message, now: datetime) -> None:
    depart(amina)
    attack(WRITE, [said.thread_id, amina.pk, "x"], guard="message_is_written_by_a_member")


@pytest.mark.parametrize(
    "statement",
    ["UPDATE governance_message SET text = 'All is well.'", "DELETE FROM governance_message",
     "TRUNCATE governance_message CASCADE", "UPDATE governance_message SET written_at = now()",
     "UPDATE governance_message SET author_id = author_id + 1", "DELETE FROM governance_thread",
     "UPDATE governance_thread SET title = 'Nothing to see'", "UPDATE governance_thread SET topic = 'other'"],
)  # fmt: skip
def test_nobody_edits_or_deletes_what_was_said(attack: Attack, said: Message, statement: str) -> None:
    table = "governance_thread" if "governance_thread" in statement else "governance_message"
    attack(statement, guard=f"permission denied for table {table}")


@pytest.mark.parametrize("table", ["governance_message", "governance_thread"])
def test_not_even_the_owner_does(owner: psycopg.Connection, committed: None, amina: Person, table: str) -> None:
    assembly.open_thread(topic="other", title="Here", text="I stay", by=amina, at=clock.now())
    for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET id = id"):
        with pytest.raises(psycopg.errors.CheckViolation) as refused, owner.transaction(force_rollback=True):
            owner.execute(statement)
        assert refused.value.diag.constraint_name == f"{table}_is_append_only"


@pytest.mark.parametrize("when", ["now() - interval '1 year'", "'infinity'", "'-infinity'", "now() + interval '1 day'"])
def test_nothing_is_said_in_the_past_or_the_future(said: Message, amina: Person, now: datetime, when: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO governance_message (thread_id, author_id, text, written_at) VALUES (%s, %s, 'x', {when})"
            " RETURNING written_at",
            [said.thread_id, amina.pk],
        )
        (written_at,) = cursor.fetchone()
    assert timedelta() <= written_at - now < timedelta(minutes=1)


def test_nobody_chooses_the_number_of_a_message(attack: Attack, said: Message, amina: Person) -> None:
    attack(
        "INSERT INTO governance_message (id, thread_id, author_id, text, written_at)"
        " OVERRIDING SYSTEM VALUE VALUES (1, %s, %s, 'first!', now())",
        [said.thread_id, amina.pk],
        guard="permission denied for table governance_message",
    )


def test_an_upsert_rewrites_nothing(attack: Attack, said: Message, amina: Person) -> None:
    attack(WRITE + " ON CONFLICT (id) DO UPDATE SET text = 'x'", [said.thread_id, amina.pk, "y"], guard="permission")


def test_a_correction_stands_in_the_place_and_the_former_words_stay(
    said: Message, amina: Person, now: datetime
) -> None:
    first = assembly.correct(said, "They owe us for June.", by=amina, at=now)
    second = assembly.correct(first, "They owe us for July.", by=amina, at=now)
    assert second.corrects == said
    assert list(said.corrections.order_by("id")) == [first, second]
    said.refresh_from_db()
    assert said.text == "They *still* owe us for May."


@pytest.mark.parametrize("who", ["luis", "samuel", "teresa", "petra"])
def test_nobody_corrects_for_another_an_officer_neither(
    request: pytest.FixtureRequest, attack: Attack, said: Message, amina: Person, now: datetime, who: str
) -> None:
    other = speakers(request, who)
    with pytest.raises(Refused, match="Only its author"):
        assembly.correct(said, "I was wrong.", by=other, at=now)
    correction = "INSERT INTO governance_message (thread_id, author_id, text, corrects_id, written_at) VALUES "
    attack(
        correction + "(%s, %s, 'x', %s, now())", [said.thread_id, other.pk, said.pk],
        guard="message_is_written_by_a_member",
    )  # fmt: skip
    elsewhere = assembly.open_thread(topic="other", title="Elsewhere", text="…", by=amina, at=now)
    attack(
        correction + "(%s, %s, 'x', %s, now())", [elsewhere.thread_id, amina.pk, said.pk],
        guard="message_is_written_by_a_member",
    )  # fmt: skip


def test_thirty_messages_an_hour_are_the_most_for_anybody(
    said: Message, samuel: Person, attack: Attack, later: Callable[..., datetime], now: datetime
) -> None:
    for number in range(30):
        assembly.write(said.thread, f"{number}", by=samuel, at=now)
    with pytest.raises(Refused, match="30 in one hour"):
        assembly.write(said.thread, "31", by=samuel, at=now)
    attack(WRITE, [said.thread_id, samuel.pk, "31"], guard="messages_are_no_flood")
    at = later(hours=1, seconds=1)
    assert assembly.write(said.thread, "31", by=samuel, at=at).pk


def test_ten_threads_an_hour_are_the_most_for_anybody(amina: Person, attack: Attack, now: datetime) -> None:
    for number in range(10):
        assembly.open_thread(topic="other", title=f"{number}", text="…", by=amina, at=now)
    with pytest.raises(Refused, match="10 in one hour"):
        assembly.open_thread(topic="other", title="11", text="…", by=amina, at=now)
    attack(OPEN, ["11", "", amina.pk], guard="threads_are_no_flood")


@pytest.mark.parametrize("guard", ["message_is_written_by_a_member", "thread_is_opened_by_a_member"])
def test_nobody_speaks_from_an_older_view(
    attack_from_the_past: Callable[..., None], amina: Person, now: datetime, guard: str
) -> None:
    thread = assembly.open_thread(topic="other", title="Here", text="…", by=amina, at=now).thread
    statement, params = (
        (WRITE, [thread.pk, amina.pk, "x"]) if guard.startswith("message") else (OPEN, ["x", "", amina.pk])
    )
    attack_from_the_past(statement, params, guard=guard)


def test_a_thing_has_one_thread_whoever_is_first(
    published: Callable[..., Proposal], amina: Person, luis: Person, attack: Attack, now: datetime
) -> None:
    subject = f"proposal:{published().pk}"
    first = assembly.write_about(subject, "Green is better.", by=amina, at=now)
    second = assembly.write_about(subject, "Grey is calmer.", by=luis, at=now)
    assert first.thread == second.thread
    attack(OPEN, ["", subject, amina.pk], guard="one_thread_per_thing")


def test_a_thread_is_about_a_proposal_that_is_published(
    draft: Callable[..., Proposal], attack: Attack, amina: Person
) -> None:
    for number in (draft().pk, 10**17):
        attack(OPEN, ["", f"proposal:{number}", amina.pk], guard="thread_is_opened_by_a_member")


@pytest.mark.parametrize(
    ("title", "subject", "guard"),
    [("", "", "thread_has_one_name"), (" \n", "", "thread_has_one_name"), ("Both", "job:1", "thread_has_one_name"),
     ("", "job:0", "thread_is_about_a_thing"), ("", "client:1", "thread_is_about_a_thing"),
     ("", "job:1\nx", "thread_is_about_a_thing"), ("pay\u202eroll", "", "title_is_all_seen"),
     ("pay\u200broll", "", "title_is_all_seen")],
)  # fmt: skip
def test_a_thread_has_one_honest_name(attack: Attack, amina: Person, title: str, subject: str, guard: str) -> None:
    attack(OPEN, [title, subject, amina.pk], guard=guard)


@pytest.mark.parametrize(
    ("text", "guard"),
    [("", "message_says_something"), (" \n\t", "message_says_something"), ("x" * 5001, "message_is_bounded"),
     ("\u202eevil", "message_is_all_seen"), ("in\u2060visible", "message_is_all_seen"),
     ("\x1b[2J", "message_is_all_seen")],
)  # fmt: skip
def test_a_message_is_words_that_can_be_seen(
    attack: Attack, said: Message, amina: Person, text: str, guard: str
) -> None:
    attack(WRITE, [said.thread_id, amina.pk, text], guard=guard)


def test_a_message_from_a_form_is_taken_as_it_is_seen(said: Message, luis: Person, now: datetime) -> None:
    assert assembly.write(said.thread, "pay\u202e\u200b day\r\n", by=luis, at=now).text == "pay day\n"


def test_the_pages_lead_from_the_first_word_to_the_correction(amina: Person, luis: Person, signed_in: SignedIn) -> None:
    hers, his = signed_in(amina), signed_in(luis)
    assert "Talk about pay, conditions and clients here" in hers.get("/assembly/").text
    assert "Begin: what would you like" in hers.get("/assembly/").text
    opened = hers.post(
        "/assembly/new/", {"topic": "conditions", "title": "Orbit", "text": "**Late** again"}, follow=True
    )
    assert "<strong>Late</strong>" in opened.text
    thread, message = Thread.objects.get(), Message.objects.get()
    assert "Orbit" in his.get("/assembly/?topic=conditions").text
    assert "Orbit</a>" not in his.get("/assembly/?topic=votes").text
    his.post(f"/assembly/{thread.pk}/", {"text": "<script>alert(1)</script> [x](javascript:alert(1))"})
    seen = hers.get(f"/assembly/{thread.pk}/").text
    assert "&lt;script&gt;" in seen
    assert "javascript:alert" not in seen.replace("](javascript:alert", "")
    assert his.get(f"/assembly/message/{message.pk}/correct/").status_code == 403
    assert "Late" in hers.get(f"/assembly/message/{message.pk}/correct/").text
    corrected = hers.post(f"/assembly/message/{message.pk}/correct/", {"text": "On time now"}, follow=True).text
    assert "On time now" in corrected
    assert "What stood here before" in corrected
    assert "<strong>Late</strong>" in corrected


def test_a_message_is_asked_for_when_it_is_empty(said: Message, signed_in: SignedIn, amina: Person) -> None:
    answer = signed_in(amina).post(f"/assembly/{said.thread_id}/", {"text": " "})
    assert "This field is required" in answer.text


ADDRESSES = ("/assembly/", "/assembly/new/", "/assembly/{thread}/", "/assembly/message/{message}/", "/assembly/job/1/")


@pytest.mark.parametrize("address", ADDRESSES)
def test_clients_do_not_listen(said: Message, olga: Person, signed_in: SignedIn, address: str) -> None:
    where = address.format(thread=said.thread_id, message=said.pk)
    assert signed_in(olga).get(where).status_code == 404
    assert signed_in(olga).post(where, {"text": "Hello"}).status_code in {404, 405}


@pytest.mark.parametrize("address", ADDRESSES)
def test_applicants_are_told_when_it_opens_and_visitors_sign_in(
    said: Message, newcomer: Person, signed_in: SignedIn, address: str
) -> None:
    where = address.format(thread=said.thread_id, message=said.pk)
    answer = signed_in(newcomer).get(where)
    assert (answer.status_code, "after the onboarding" in answer.text, "owe us" in answer.text) == (403, True, False)
    assert Browser().get(where).status_code == 302


def test_a_member_who_also_speaks_for_a_client_stays_a_member(
    amina: Person, orbit: Client, olga: Person, said: Message, signed_in: SignedIn, now: datetime
) -> None:
    from coop.people import clients  # noqa: PLC0415 - for this one

    clients.offer(orbit, amina.email, by=olga, at=now)
    clients.accept(orbit.seats.get(person=amina), by=amina, at=now)
    assert signed_in(amina).get(f"/assembly/{said.thread_id}/").status_code == 200


def test_whoever_left_reads_on(said: Message, amina: Person, now: datetime, signed_in: SignedIn) -> None:
    depart(amina)
    page = signed_in(amina).get(f"/assembly/{said.thread_id}/").text
    assert "owe us" in page
    assert "members write" in page


def test_a_proposal_leads_to_its_thread_and_counts_it(
    published: Callable[..., Proposal], luis: Person, olga: Person, signed_in: SignedIn
) -> None:
    proposal, his = published(), signed_in(luis)
    address = f"/assembly/proposal/{proposal.pk}/"
    assert address in his.get(f"/votes/{proposal.pk}/").text
    assert address not in signed_in(olga).get(f"/votes/{proposal.pk}/").text
    assert "Nobody has written here yet" in his.get(address).text
    his.post(address, {"text": "Green it is."})
    assert "1 message" in his.get(f"/votes/{proposal.pk}/").text
    assert f"Vote {proposal.pk}: {proposal.title}" in his.get("/assembly/").text
    assert f"/votes/{proposal.pk}/" in his.get(address, follow=True).text


def test_a_draft_has_no_thread(draft: Callable[..., Proposal], luis: Person, signed_in: SignedIn) -> None:
    assert signed_in(luis).get(f"/assembly/proposal/{draft().pk}/").status_code == 404
    assert signed_in(luis).get(f"/assembly/job/{10**20}/").status_code == 404


def test_a_long_thread_has_pages_and_a_message_is_found_on_its_own(
    said: Message, luis: Person, teresa: Person, now: datetime, signed_in: SignedIn
) -> None:
    for number in range(24):
        latest = assembly.write(said.thread, f"line {number}", by=luis, at=now)
    browser = signed_in(teresa)
    there = browser.get(f"/assembly/message/{latest.pk}/")
    assert there["Location"] == f"/assembly/{said.thread_id}/?page=2#message-{latest.pk}"
    assert "line 23" in browser.get(there["Location"]).text
    assert "line 23" not in browser.get(f"/assembly/{said.thread_id}/").text


@pytest.mark.parametrize("address", ["/assembly/", "/assembly/{}/"])
def test_pages_ask_the_same_number_of_questions_however_much_is_said(
    said: Message, amina: Person, luis: Person, petra: Person, now: datetime, signed_in: SignedIn, address: str
) -> None:
    browser, where = signed_in(petra), address.format(said.thread_id)
    assembly.correct(said, "once more", by=amina, at=now)
    with CaptureQueriesContext(connection) as few:
        browser.get(where)
    for number in range(8):
        assembly.correct(assembly.write(said.thread, f"{number}", by=luis, at=now), "better", by=luis, at=now)
        assembly.open_thread(topic="other", title=f"{number}", text="…", by=amina, at=now)
    with CaptureQueriesContext(connection) as many:
        browser.get(where)
    # One of them asks whether every message of the page is on it (7.11).
    assert len(many) == len(few) <= 15


def test_what_is_said_is_in_my_data(said: Message, amina: Person, signed_in: SignedIn) -> None:
    assert "They *still* owe us" in signed_in(amina).get("/me/data.json").text


def test_an_officer_reads_no_more_of_it_in_the_admin(said: Message, samuel: Person, signed_in: SignedIn) -> None:
    assert "owe us" not in signed_in(samuel).get(f"/admin/governance/message/{said.pk}/change/").text


def test_what_is_counted_is_counted_under_a_lock(said: Message, luis: Person, now: datetime) -> None:
    with pytest.raises(IntegrityError, match="thirty"), transaction.atomic():
        Message.objects.bulk_create(
            [Message(thread=said.thread, author=luis, text="x", written_at=now) for _n in range(31)]
        )
    assert said.thread.messages.count() == 1


def test_a_vote_counted_keeps_its_thread(voted: Voted, luis: Person, now: datetime) -> None:
    proposal = voted()
    assert assembly.write_about(f"proposal:{proposal.pk}", "Well done.", by=luis, at=clock.now()).pk


@pytest.fixture
def muted(amina: Person, samuel: Person, teresa: Person) -> Decision:
    """Return a panel's decision: Amina does not write in the assembly for 30 days, from a week on."""
    return charging.decide(
        amina, samuel, teresa, ground=CaseGround.VIOLENCE, measure=Measure.LIMIT, scope="mute", days=30
    )


@pytest.fixture
def heard(muted: Decision, luis: Person) -> Thread:
    """Return a thread of Luis's, in which Amina, who has said nothing before, would like to write."""
    return assembly.open_thread(topic="other", title="Here", text="They owe us.", by=luis, at=clock.now()).thread


def test_a_panels_decision_mutes_in_its_time_and_no_longer(
    heard: Thread, muted: Decision, amina: Person, attack: Attack
) -> None:
    assert assembly.write(heard, "Before it begins.", by=amina, at=clock.now()).pk
    at = reach(muted.restriction.starts_at)
    with pytest.raises(Refused, match="You can appeal"):
        assembly.write(heard, "During it.", by=amina, at=at)
    attack(WRITE, [heard.pk, amina.pk, "x"], guard="mute_is_a_decision_that_stands")
    attack(OPEN, ["x", "", amina.pk], guard="mute_reaches_threads_alike")
    at = reach(muted.restriction.ends_at)
    assert assembly.write(heard, "After it.", by=amina, at=at).pk
    with connection.cursor() as cursor:
        cursor.execute(WRITE, [heard.pk, amina.pk, "And past the act."])


def test_an_appeal_gives_the_word_back(heard: Thread, muted: Decision, amina: Person) -> None:
    at = reach(muted.restriction.starts_at)
    assert assembly.write_refusal(amina, at=at)
    appeals.appeal(muted, reasons="I wrote no threat; read it again.", by=amina, at=at)
    assert assembly.write(heard, "I speak.", by=amina, at=clock.now()).pk


def test_whoever_is_muted_reads_and_answers_in_their_case(
    heard: Thread, muted: Decision, amina: Person, signed_in: SignedIn
) -> None:
    reach(muted.restriction.starts_at)
    page = signed_in(amina).get(f"/assembly/{heard.pk}/").text
    assert "They owe us" in page
    assert "You can appeal" in page


def test_a_charge_alone_mutes_nobody(said: Message, charged: Case, amina: Person) -> None:
    assert assembly.write(said.thread, "I am charged, and I speak.", by=amina, at=clock.now()).pk


def test_a_thread_that_nobody_wrote_in_keeps_no_page_from_the_others(
    said: Message, amina: Person, now: datetime, signed_in: SignedIn
) -> None:
    Thread.objects.create(topic="other", title="Empty", opened_by=amina, opened_at=now)
    page = " ".join(signed_in(amina).get("/assembly/").text.split())
    assert "Orbit pays late" in page
    assert ("1 message" in page, "0 messages" in page) == (True, True)
