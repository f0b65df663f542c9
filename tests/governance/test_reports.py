"""Reports: for what the law forbids. Officers look in the open, answer, and withhold one message for 72 hours."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.core.mail import EmailMessage
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from coop import clock
from coop.people.models import Person
from coop.record.models import Event
from coop.refusals import Refused
from governance import assembly, notices, reading, reporting, searching
from governance.models import Message, MessageReport, Office, Outcome, ReportAnswer, ReportGround, Withholding
from tests.governance.conftest import depart, members

pytestmark = pytest.mark.django_db

type Attack = Callable[..., None]
type SignedIn = Callable[[Person], Browser]

REPORT = """
INSERT INTO governance_messagereport (message_id, reporter_id, ground, quote, words, reported_at)
VALUES (%s, %s, 'child_abuse', %s, 'It is.', '2001-01-01')
"""
ANSWER = """
INSERT INTO governance_reportanswer (report_id, office_id, outcome, words, answered_at)
VALUES (%s, %s, %s, 'Because.', '2001-01-01')
"""
WITHHOLD = """
INSERT INTO governance_withholding (answer_id, message_id, second_officer_id, starts_at, ends_at)
VALUES (%s, %s, %s, 'epoch', 'infinity')
"""


@pytest.fixture
def said(amina: Person, now: datetime) -> Message:
    """Return a message of Amina's."""
    return assembly.open_thread(topic="other", title="Links", text="Look at this: kittens.example", by=amina, at=now)


def report(said: Message, by: Person, ground: ReportGround = ReportGround.CHILD_ABUSE) -> MessageReport:
    """Let somebody report a message."""
    return reporting.report(said, ground=ground, quote=said.text[:12], words="It is.", by=by, at=clock.now())


@pytest.fixture
def reported(said: Message, luis: Person) -> MessageReport:
    """Return Luis's report of that message."""
    return report(said, luis)


def answer(report: MessageReport, by: Person, outcome: Outcome = Outcome.WITHHOLD) -> ReportAnswer:
    """Let an officer answer a report."""
    return reporting.answer(report, outcome=outcome, words="I looked at it.", by=by, at=clock.now())


@pytest.fixture
def asked(reported: MessageReport, samuel: Person) -> ReportAnswer:
    """Return what Samuel, the safety officer, answered: to withhold it, if a second officer confirms."""
    return answer(reported, samuel)


def office(person: Person) -> Office:
    """Return the post that a person holds."""
    return Office.objects.get(person=person)


def shown(said: Message) -> reading.Said:
    """Return a message as its thread shows it now."""
    return next(it for it in reading.said(list(reading.messages(said.thread))) if it.message == said)


def test_a_report_goes_from_a_member_to_an_answer(
    said: Message, luis: Person, samuel: Person, amina: Person, signed_in: SignedIn
) -> None:
    his, hers, officers = signed_in(luis), signed_in(amina), signed_in(samuel)
    form = f"/assembly/message/{said.pk}/report/"
    assert form in his.get(f"/assembly/{said.thread_id}/").text
    assert "Speech is protected" in his.get(form).text
    asks = {"ground": "threat", "quote": "Look at this", "words": "He means me."}
    assert "do not stand in the message" in his.post(form, asks | {"quote": "Look at that"}).text
    his.post(form, asks)
    made = MessageReport.objects.get()
    address = f"/reports/{made.pk}/"
    assert address in officers.get("/reports/").text
    assert "He means me" in officers.get(address).text
    assert "Withheld for 72" not in officers.get(address).text
    seen = hers.get(address).text
    assert samuel.name in seen
    assert "Look at this" in seen
    assert "He means me" not in seen
    assert luis.name not in seen
    officers.post(address, {"outcome": "nothing", "words": "This threatens nobody."})
    for browser in (his, hers):
        assert "This threatens nobody" in browser.get(address).text
        assert samuel.name in browser.get(address).text
        assert address in browser.get("/reports/").text


def test_each_look_of_an_officer_is_an_event(reported: MessageReport, samuel: Person, signed_in: SignedIn) -> None:
    for _time in range(2):
        signed_in(samuel).get(f"/reports/{reported.pk}/")
    seen = reporting.looks(reported)
    assert [event.actor for event in seen] == [samuel, samuel]
    assert {event.subject for event in seen} == {f"message:{reported.message_id}"}


@pytest.mark.parametrize("who", ["petra", "teresa", "olga", "newcomer"])
def test_nobody_else_reads_a_report(
    request: pytest.FixtureRequest, reported: MessageReport, signed_in: SignedIn, who: str
) -> None:
    browser = signed_in(request.getfixturevalue(who))
    assert browser.get(f"/reports/{reported.pk}/").status_code == 404
    assert browser.post(f"/reports/{reported.pk}/withhold/").status_code == 404
    assert f"/reports/{reported.pk}/" not in browser.get("/reports/").text
    assert not Event.objects.filter(kind="assembly.looked").exists()


def test_the_record_names_no_reporter(reported: MessageReport, luis: Person, amina: Person) -> None:
    from coop import sentences  # noqa: PLC0415 - for this one

    event = Event.objects.get(kind="assembly.reported")
    assert event.data == {}
    assert luis.name not in sentences.of(event, reader=amina)


def test_both_sides_are_told_in_their_language(amina: Person, mailoutbox: list[EmailMessage]) -> None:
    for about in ("reported", "report_answered", "withheld"):
        notices.deliver(amina, about, 7)
    assert all("/reports/7/" in mail.body and "Speaking is protected" in mail.body for mail in mailoutbox)


def test_only_members_and_candidates_report_what_another_wrote(
    attack: Attack, said: Message, amina: Person, newcomer: Person, olga: Person, luis: Person
) -> None:
    depart(luis)
    for who in (amina, newcomer, olga, luis):
        with pytest.raises(Refused):
            report(said, who)
        attack(REPORT, [said.pk, who.pk, "Look"], guard="report_is_a_members_own")


def test_a_correction_is_reported_with_what_it_corrects(
    attack: Attack, said: Message, amina: Person, luis: Person, now: datetime
) -> None:
    later = assembly.correct(said, "Look at that: puppies.example", by=amina, at=now)
    attack(REPORT, [later.pk, luis.pk, "puppies"], guard="report_is_a_members_own")
    assert reporting.report(said, ground="threat", quote="puppies", words="x", by=luis, at=now).pk


def test_a_report_quotes_what_stands_there(attack: Attack, said: Message, luis: Person) -> None:
    attack(REPORT, [said.pk, luis.pk, "I will hurt you"], guard="report_quotes_the_message")


def test_a_message_is_reported_once_by_a_person(
    attack: Attack, reported: MessageReport, said: Message, luis: Person
) -> None:
    with pytest.raises(Refused, match="being looked at"):
        report(said, luis)
    attack(REPORT, [said.pk, luis.pk, "Look"], guard="reported_once")


def test_ten_reports_in_an_hour_are_the_most(
    attack: Attack, said: Message, amina: Person, luis: Person, now: datetime
) -> None:
    for number in range(10):
        report(assembly.write(said.thread, f"Number {number} of these", by=amina, at=now), luis)
    with pytest.raises(Refused, match="ten reports"):
        report(said, luis)
    attack(REPORT, [said.pk, luis.pk, "Look"], guard="reports_are_no_flood")


def test_only_an_officer_for_reports_answers(
    attack: Attack, reported: MessageReport, luis: Person, teresa: Person, petra: Person
) -> None:
    for who in (luis, teresa, petra):
        with pytest.raises(Refused):
            answer(reported, who)
    attack(ANSWER, [reported.pk, office(teresa).pk, "nothing"], guard="report_is_answered_by_its_officer")


def test_no_officer_answers_about_themselves(
    attack: Attack, samuel: Person, luis: Person, said: Message, now: datetime
) -> None:
    own = report(assembly.write(said.thread, "I am an officer.", by=samuel, at=now), luis)
    made = report(said, samuel)
    for it in (own, made):
        with pytest.raises(Refused, match="Another officer"):
            answer(it, samuel, Outcome.NOTHING)
        attack(ANSWER, [it.pk, office(samuel).pk, "nothing"], guard="report_is_answered_by_its_officer")


def test_an_office_that_is_over_answers_nothing(
    attack: Attack, reported: MessageReport, samuel: Person, later: Callable[..., datetime]
) -> None:
    later(days=1096)
    attack(ANSWER, [reported.pk, office(samuel).pk, "nothing"], guard="report_is_answered_by_its_officer")


@pytest.mark.parametrize("ground", [it for it in ReportGround if it != ReportGround.CHILD_ABUSE])
def test_nothing_but_material_of_child_abuse_is_withheld(
    attack: Attack, said: Message, luis: Person, samuel: Person, ground: ReportGround
) -> None:
    made = report(said, luis, ground)
    with pytest.raises(Refused, match="a panel decides"):
        answer(made, samuel)
    attack(ANSWER, [made.pk, office(samuel).pk, "withhold"], guard="only_child_abuse_is_withheld")


def test_two_officers_withhold_one_message_for_72_hours(
    asked: ReportAnswer, said: Message, teresa: Person, amina: Person, luis: Person, signed_in: SignedIn,
    later: Callable[..., datetime],
) -> None:  # fmt: skip
    assembly.correct(said, "The ewes are at lambs.example", by=amina, at=clock.now())
    other = assembly.write(said.thread, "I am still here.", by=amina, at=clock.now())
    assert shown(said).withheld_until is None
    withheld = reporting.withhold(asked.report, by=teresa, at=clock.now())
    assert withheld.ends_at - withheld.starts_at == timedelta(hours=72)
    page, found = (signed_in(luis).get(where).text for where in (f"/assembly/{said.thread_id}/", "/assembly/?q=ewes"))
    assert "Withheld by two officers" in page
    assert "I am still here" in page
    assert "Withheld by two officers" in found
    assert not [words for words in ("kittens", "lambs") if words in page + found]
    assert shown(other).withheld_until is None
    later(hours=72, seconds=1)
    assert shown(said).withheld_until is None
    assert "kittens" in signed_in(luis).get(f"/assembly/{said.thread_id}/").text
    assert "lambs" in searching.search("ewes").hits[0].part


def test_one_officer_withholds_nothing(
    attack: Attack, asked: ReportAnswer, said: Message, samuel: Person, luis: Person
) -> None:
    for who in (samuel, luis):
        with pytest.raises(Refused, match="second officer"):
            reporting.withhold(asked.report, by=who, at=clock.now())
    attack(WITHHOLD, [asked.pk, said.pk, office(samuel).pk], guard="withholding_needs_two_officers")
    assert shown(said).withheld_until is None


def test_the_second_officer_is_not_one_it_is_about(
    attack: Attack, said: Message, samuel: Person, teresa: Person, luis: Person, now: datetime
) -> None:
    hers = answer(report(assembly.write(said.thread, "As treasurer I say this.", by=teresa, at=now), luis), samuel)
    made = answer(report(said, teresa), samuel)
    for it in (hers, made):
        with pytest.raises(Refused, match="not one it is about"):
            reporting.withhold(it.report, by=teresa, at=clock.now())
        attack(WITHHOLD, [it.pk, said.pk, office(teresa).pk], guard="withholding_needs_two_officers")


def test_what_was_not_asked_for_is_not_confirmed(
    attack: Attack, reported: MessageReport, said: Message, samuel: Person, teresa: Person
) -> None:
    given = answer(reported, samuel, Outcome.AUTHORITY)
    with pytest.raises(Refused, match="Nothing waits"):
        reporting.withhold(reported, by=teresa, at=clock.now())
    attack(WITHHOLD, [given.pk, said.pk, office(teresa).pk], guard="withholding_needs_two_officers")


def test_an_ask_lapses_after_a_day(
    attack: Attack, asked: ReportAnswer, said: Message, teresa: Person, later: Callable[..., datetime]
) -> None:
    lapses = asked.answered_at + timedelta(hours=24)
    for at, waits in ((lapses - timedelta(microseconds=1), True), (lapses, False)):
        assert reporting.confirmable(asked.report, at) == waits
    at = later(hours=24, seconds=1)
    with pytest.raises(Refused, match="Nothing waits"):
        reporting.withhold(asked.report, by=teresa, at=at)
    attack(WITHHOLD, [asked.pk, said.pk, office(teresa).pk], guard="withholding_needs_two_officers")


def test_the_same_message_is_never_withheld_twice(
    attack: Attack, asked: ReportAnswer, said: Message, samuel: Person, teresa: Person, petra: Person,
    later: Callable[..., datetime],
) -> None:  # fmt: skip
    reporting.withhold(asked.report, by=teresa, at=clock.now())
    later(days=4)
    again = answer(report(said, petra), samuel)
    with pytest.raises(Refused, match="Nothing waits"):
        reporting.withhold(again.report, by=teresa, at=clock.now())
    attack(WITHHOLD, [again.pk, said.pk, office(teresa).pk], guard="governance_withholding_message_id")


def test_another_message_is_not_withheld_in_its_place(
    asked: ReportAnswer, said: Message, amina: Person, teresa: Person, now: datetime
) -> None:
    other = assembly.write(said.thread, "Vote no on the cut.", by=amina, at=now)
    with connection.cursor() as cursor:
        cursor.execute(WITHHOLD, [asked.pk, other.pk, office(teresa).pk])
    withheld = Withholding.objects.get()
    assert withheld.message == said
    assert withheld.ends_at - withheld.starts_at == timedelta(hours=72)
    assert shown(other).withheld_until is None


def test_messages_of_five_members_at_most_are_withheld(
    attack: Attack, said: Message, samuel: Person, teresa: Person, luis: Person
) -> None:
    officers = {samuel.pk, teresa.pk, luis.pk}
    writers = [person for person in members() if person.pk not in officers][:6]
    asks = [
        answer(report(assembly.write(said.thread, f"Number {who.pk} of these", by=who, at=clock.now()), luis), samuel)
        for who in writers
    ]
    for it in asks[:5]:
        reporting.withhold(it.report, by=teresa, at=clock.now())
    with pytest.raises(Refused, match="five members"):
        reporting.withhold(asks[5].report, by=teresa, at=clock.now())
    attack(WITHHOLD, [asks[5].pk, said.pk, office(teresa).pk], guard="withholding_reaches_five_at_most")


@pytest.mark.parametrize("table", ["governance_messagereport", "governance_reportanswer", "governance_withholding"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_nobody_rewrites_or_prolongs(attack: Attack, asked: ReportAnswer, table: str, statement: str) -> None:
    attack(statement.format(table), guard=f"permission denied for table {table}")


@pytest.mark.parametrize("guard", ["report_is_a_members_own", "report_is_answered_by_its_officer",
                                   "withholding_needs_two_officers"])  # fmt: skip
def test_it_is_decided_on_what_stands_now(
    attack_from_the_past: Callable[..., None], amina: Person, luis: Person, petra: Person, samuel: Person,
    teresa: Person, guard: str,
) -> None:  # fmt: skip
    said = assembly.open_thread(topic="other", title="Links", text="Look at this", by=amina, at=clock.now())
    first, other = report(said, luis), report(said, petra)
    asked = answer(first, samuel)
    statement, params = {
        "report_is_a_members_own": (REPORT, [said.pk, teresa.pk, "Look"]),
        "report_is_answered_by_its_officer": (ANSWER, [other.pk, office(samuel).pk, "nothing"]),
        "withholding_needs_two_officers": (WITHHOLD, [asked.pk, said.pk, office(teresa).pk]),
    }[guard]
    attack_from_the_past(statement, params, guard=guard)


def test_what_is_withheld_costs_no_question_more(
    asked: ReportAnswer, said: Message, teresa: Person, luis: Person, signed_in: SignedIn
) -> None:
    browser, where = signed_in(luis), f"/assembly/{said.thread_id}/"
    with CaptureQueriesContext(connection) as open_to_all:
        browser.get(where)
    reporting.withhold(asked.report, by=teresa, at=clock.now())
    with CaptureQueriesContext(connection) as withheld:
        browser.get(where)
    assert len(withheld) == len(open_to_all)


def test_the_second_officer_confirms_on_the_page(
    asked: ReportAnswer, said: Message, teresa: Person, signed_in: SignedIn
) -> None:
    browser, address = signed_in(teresa), f"/reports/{asked.report_id}/"
    assert address in browser.get("/reports/").text
    assert "as second officer" in browser.get(address).text
    browser.post(f"{address}withhold/")
    assert shown(said).withheld_until
    assert [event.actor for event in reporting.looks(asked.report)] == [teresa]
