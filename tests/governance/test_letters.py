"""Letters: in the morning what is new, two reminders of a vote at most and none after voting, never at night."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from smtplib import SMTPRecipientsRefused
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest
from django.core import mail
from django.core.mail import EmailMessage
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from coop import clock
from coop.people.models import Person
from coop.refusals import Refused
from governance import assembly, background, letters, posting, proposals, voting, wishes
from governance.models import Letter, LetterWish, Proposal
from tests.governance.conftest import MINUTE, depart, electors, members, reach, support

pytestmark = pytest.mark.django_db

type Attack = Callable[..., None]
type SignedIn = Callable[[Person], Browser]


def run() -> int:
    """Do what the worker does every ten minutes, now."""
    return background.write_letters(timestamp=0)


def to(person: Person) -> list[str]:
    """Return the letters that a person got."""
    return [str(message.body) for message in mail.outbox if message.to == [person.email]]


def at_hour(person: Person, hour: int) -> datetime:
    """Let the clock run to the next such hour where a person lives, and return the time.

    What was published a moment ago is not settled yet, so an hour that begins right now is passed over.
    """
    settled = clock.now().astimezone(ZoneInfo(person.time_zone)) + letters.SETTLED
    then = settled.replace(hour=hour, minute=5, second=0, microsecond=0)
    return reach(then if then > settled else then + timedelta(days=1))


def digests(person: Person) -> list[str]:
    return [body for body in to(person) if "in which you have a voice" not in body]


def reminders(person: Person) -> list[str]:
    return [body for body in to(person) if "in which you have a voice" in body]


def test_a_new_proposal_is_in_the_morning_letter_once(published: Callable[..., Proposal], luis: Person) -> None:
    proposal = published()
    at_hour(luis, 7)
    run()
    [letter] = digests(luis)
    assert proposal.title in letter
    assert f"/votes/{proposal.pk}/" in letter
    run()
    at_hour(luis, 8)
    run()
    at_hour(luis, 7)
    run()
    assert len(digests(luis)) == 1


def test_each_gets_it_in_their_own_morning(published: Callable[..., Proposal], luis: Person, priya: Person) -> None:
    published()
    at_hour(priya, 7)
    run()
    assert (len(digests(priya)), len(digests(luis))) == (1, 0)
    at_hour(luis, 7)
    run()
    assert len(digests(luis)) == 1


def test_the_morning_has_three_hours(published: Callable[..., Proposal], luis: Person) -> None:
    published()
    at_hour(luis, 10)
    run()
    assert digests(luis) == []
    at_hour(luis, 9)
    run()
    assert len(digests(luis)) == 1


def test_a_letter_tells_from_where_the_one_before_ended(published: Callable[..., Proposal], luis: Person) -> None:
    first = published("N14")
    at_hour(luis, 7)
    run()
    second = published("N14", "blue")
    at_hour(luis, 7)
    run()
    told = [(first.title in letter, second.title in letter) for letter in digests(luis)]
    assert told == [(True, False), (False, True)]


@pytest.mark.parametrize(
    ("start", "end", "heard"),
    [(21, 7, set(range(7, 21))), (6, 14, {*range(6), *range(14, 24)}), (7, 7, set(range(24)))],
)
def test_letters_come_from_the_end_of_the_quiet_hours_to_their_start(start: int, end: int, heard: set[int]) -> None:
    hours = [datetime(2026, 11, 26, hour, 30, tzinfo=UTC) for hour in range(24)]
    assert {local.hour for local in hours if letters.awake(local, start, end)} == heard


@pytest.mark.parametrize("hour", [22, 0, 3, 6, 11, 15, 20])
def test_no_morning_letter_at_another_time(published: Callable[..., Proposal], luis: Person, hour: int) -> None:
    published()
    at_hour(luis, hour)
    run()
    assert digests(luis) == []


def test_who_wrote_is_told_of_what_others_wrote_after(
    amina: Person, luis: Person, priya: Person, now: datetime
) -> None:
    thread = assembly.open_thread(topic="other", title="Kettles", text="…", by=amina, at=now).thread
    assembly.write(thread, "one", by=luis, at=now)
    assembly.write(thread, "two", by=luis, at=now)
    at_hour(amina, 7)
    run()
    [letter] = digests(amina)
    assert "Kettles: 2 messages" in letter
    at_hour(luis, 7)
    run()
    assert digests(luis) == digests(priya) == []


def test_so_many_letters_as_are_made_are_told(published: Callable[..., Proposal], luis: Person) -> None:
    published()
    made = letters.make_due(at_hour(luis, 7))
    assert made == Letter.objects.count() > 0


def test_nothing_new_is_no_letter(luis: Person) -> None:
    at_hour(luis, 7)
    assert run() == 0


def test_applicants_clients_and_those_who_left_get_none(
    published: Callable[..., Proposal], newcomer: Person, olga: Person
) -> None:
    gone = members()[-1]
    depart(gone)
    published()
    for person in (newcomer, olga, gone):
        at_hour(person, 7)
        run()
        assert to(person) == []


def test_a_word_before_the_close_to_who_has_not_voted_and_to_nobody_else(published: Callable[..., Proposal]) -> None:
    proposal = published("N14")
    reach(proposal.opens_at)
    voter, silent = electors(proposal)[:2]
    voting.cast(proposal, "yes", by=voter, at=clock.now())
    assert proposal.closes_at
    reach(proposal.closes_at - timedelta(hours=73))
    run()
    assert reminders(silent) == []
    reach(proposal.closes_at - timedelta(hours=72))
    for _hour in range(30):
        run()
        reach(clock.now() + timedelta(hours=1))
    assert len(reminders(silent)) == 1
    assert proposal.title in reminders(silent)[0]
    assert reminders(voter) == []


def test_the_last_word_comes_in_the_last_24_hours(published: Callable[..., Proposal]) -> None:
    proposal = published("N14")
    assert proposal.closes_at
    where = f"Etc/GMT{proposal.closes_at.hour - 12:+d}"  # there it is noon when the vote closes, so nobody sleeps
    Person.objects.filter(pk__in=[person.pk for person in electors(proposal)]).update(time_zone=where)
    letters.make_due(reach(proposal.closes_at - timedelta(hours=72) + MINUTE))
    last = Letter.objects.filter(kind="last_day", subject=f"proposal:{proposal.pk}")
    assert Letter.objects.filter(kind="reminder", subject=f"proposal:{proposal.pk}").exists()
    letters.make_due(reach(proposal.closes_at - timedelta(hours=24) - MINUTE))
    assert not last.exists()
    letters.make_due(reach(proposal.closes_at - timedelta(hours=24) + MINUTE))
    assert last.exists()


def test_a_reminder_waits_for_the_morning(published: Callable[..., Proposal]) -> None:
    proposal = published("N14")
    assert proposal.closes_at
    for person in electors(proposal):
        Person.objects.filter(pk=person.pk).update(time_zone="UTC")
    silent = electors(proposal)[0]
    reach(proposal.closes_at - timedelta(hours=71))
    at_hour(silent, 23)
    run()
    assert reminders(silent) == []
    at_hour(silent, 7)
    run()
    assert len(reminders(silent)) == 1


def test_who_votes_between_making_and_sending_is_not_reminded(published: Callable[..., Proposal]) -> None:
    proposal = published("N14")
    assert proposal.closes_at
    silent = electors(proposal)[0]
    reach(proposal.closes_at - timedelta(hours=60))
    at_hour(silent, 12)
    letters.make_due(clock.now())
    assert Letter.objects.filter(person=silent, kind="reminder").exists()
    voting.cast(proposal, "no", by=silent, at=clock.now())
    posting.send_all(clock.now())
    assert reminders(silent) == []


def test_letters_that_the_server_refuses_are_tried_once_a_round_and_stand_in_front_of_none(
    published: Callable[..., Proposal], luis: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    Person.objects.filter(pk__in=[person.pk for person in electors(published())]).update(time_zone="UTC")
    luis.refresh_from_db()
    at_hour(luis, 7)
    letters.make_due(clock.now())
    waiting = list(Letter.objects.filter(claimed_at=None).order_by("pk").values_list("person__email", flat=True))
    assert len(waiting) > 2
    monkeypatch.setattr(posting, "AT_ONCE", 1)
    tried: list[str] = []

    def send(message: EmailMessage) -> None:
        tried.extend(message.to)
        assert len(tried) <= len(waiting)
        if message.to != waiting[-1:]:
            raise SMTPRecipientsRefused({})

    monkeypatch.setattr(EmailMessage, "send", send)
    assert posting.send_all(clock.now()) == 1
    assert tried == waiting


def test_no_letter_says_how_anybody_voted(published: Callable[..., Proposal]) -> None:
    proposal = published("N14")
    assert proposal.closes_at
    reach(proposal.opens_at)
    voting.cast(proposal, "abstain", by=electors(proposal)[0], at=clock.now())
    reach(proposal.closes_at - timedelta(hours=60))
    at_hour(electors(proposal)[1], 12)
    run()
    assert mail.outbox
    assert not [message for message in mail.outbox if "abstain" in str(message.body).lower()]


@pytest.mark.parametrize("kind", ["proposals", "replies", "reminders"])
def test_a_link_in_the_letter_ends_its_kind_without_signing_in(luis: Person, kind: str) -> None:
    address = wishes.off_link(luis.pk, kind).partition("//")[2].partition("/")[2]
    browser = Browser(enforce_csrf_checks=True)
    assert "No more of these letters?" in browser.get(f"/{address}").text
    assert getattr(wishes.of(luis), kind)
    assert "You get no more" in browser.post(f"/{address}", {"List-Unsubscribe": "One-Click"}).text
    assert not getattr(wishes.of(luis), kind)
    assert [name for name in wishes.KINDS if getattr(wishes.of(luis), name)] == [
        name for name in wishes.KINDS if name != kind
    ]


def test_the_letter_carries_that_link_where_mail_programs_look(
    published: Callable[..., Proposal], luis: Person
) -> None:
    published()
    at_hour(luis, 7)
    run()
    message = next(message for message in mail.outbox if message.to == [luis.email])
    assert message.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    address = message.extra_headers["List-Unsubscribe"].strip("<>")
    assert address in str(message.body)
    assert Browser().post("/" + address.split("/", 3)[3]).status_code == 200
    assert not wishes.of(luis).proposals


@pytest.mark.parametrize("token", ["x", "WzEsInByb3Bvc2FscyJd:1:x"])
def test_a_link_of_somebody_elses_making_ends_nothing(luis: Person, token: str) -> None:
    assert Browser().post(f"/me/notifications/off/{token}/").status_code == 404
    assert not LetterWish.objects.exists()


def test_what_is_not_wanted_is_not_sent(published: Callable[..., Proposal], luis: Person) -> None:
    wishes.choose(luis, proposals=False, reminders=False, by=luis, at=clock.now())
    proposal = published("N14")
    at_hour(luis, 7)
    run()
    assert proposal.closes_at
    reach(proposal.closes_at - timedelta(hours=60))
    at_hour(luis, 12)
    run()
    assert to(luis) == []


def test_nobody_chooses_for_another(luis: Person, samuel: Person, now: datetime) -> None:
    with pytest.raises(Refused):
        wishes.choose(luis, proposals=False, by=samuel, at=now)


def test_the_quiet_hours_are_ones_own(published: Callable[..., Proposal], luis: Person) -> None:
    wishes.choose(luis, quiet_from=6, quiet_until=14, by=luis, at=clock.now())
    published()
    at_hour(luis, 7)
    run()
    assert to(luis) == []
    at_hour(luis, 14)
    run()
    assert len(digests(luis)) == 1


def test_a_zone_that_this_machine_forgot_counts_as_utc(published: Callable[..., Proposal], luis: Person) -> None:
    Person.objects.filter(pk=luis.pk).update(time_zone="XYZ5", language="tlh")
    published()
    reach(clock.now().replace(hour=7, minute=5) + timedelta(days=1))
    run()
    assert len(digests(luis)) == 1


def test_a_title_makes_no_header(draft: Callable[..., Proposal], amina: Person, luis: Person) -> None:
    proposal = draft()
    Proposal.objects.filter(pk=proposal.pk).update(title="Green?\nBcc: all@evil.example")
    support(Proposal.objects.get(pk=proposal.pk))
    proposal = proposals.publish(Proposal.objects.get(pk=proposal.pk), by=amina, at=clock.now())
    assert proposal.closes_at
    reach(proposal.closes_at - timedelta(hours=60))
    at_hour(luis, 12)
    run()
    message = next(message for message in mail.outbox if "in which you have a voice" in str(message.body))
    assert message.message()["Bcc"] is None
    assert message.subject == "Your vote is open: Green? Bcc: all@evil.example"


def test_what_the_mail_server_refused_is_tried_again_and_sent_once(
    published: Callable[..., Proposal], luis: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    published()
    at_hour(luis, 7)

    def broken(self: EmailMessage, **options: Any) -> int:
        raise ConnectionRefusedError

    with monkeypatch.context() as patch:
        patch.setattr(EmailMessage, "send", broken)
        assert letters.make_due(clock.now()) > 0
        claimed = posting.claim(clock.now())
        assert not any(posting.send(letter, at=clock.now()) for letter in claimed)
    assert run() == len(claimed)
    assert run() == 0
    assert len(digests(luis)) == 1


@pytest.mark.usefixtures("committed")
def test_what_could_not_be_written_is_tried_again_and_sent_once(
    published: Callable[..., Proposal], luis: Person, owner: psycopg.Connection
) -> None:
    published()
    at_hour(luis, 7)
    assert letters.make_due(clock.now()) > 0
    owner.execute("REVOKE SELECT ON governance_proposal FROM workhall_web")
    owner.commit()
    assert posting.send_all(clock.now()) == 0
    owner.execute("GRANT SELECT ON governance_proposal TO workhall_web")
    owner.commit()
    assert run() > 0
    assert run() == 0
    assert len(digests(luis)) == 1


def test_a_letter_that_a_dead_worker_had_in_its_hands_is_not_sent_twice(
    published: Callable[..., Proposal], luis: Person
) -> None:
    published()
    at_hour(luis, 7)
    letters.make_due(clock.now())
    posting.claim(clock.now())
    assert run() == 0


@pytest.mark.parametrize(
    ("statement", "guard"),
    [("UPDATE governance_letter SET sent_at = NULL, claimed_at = NULL", "letter_is_sent_once"),
     ("UPDATE governance_letter SET subject = 'x'", "permission denied"),
     ("DELETE FROM governance_letter", "permission denied"),
     (("INSERT INTO governance_letter (person_id, kind, subject, made_at)"
      " SELECT person_id, kind, subject, now() FROM governance_letter"), "each_letter_once"),
     (("INSERT INTO governance_letter (person_id, kind, subject, made_at, sent_at)"
      " SELECT person_id, kind, 'x', now(), now() FROM governance_letter"), "letter_is_made_unsent"),
     ("DELETE FROM governance_letterwish", "permission denied")],
)  # fmt: skip
def test_each_letter_is_made_and_sent_once(
    published: Callable[..., Proposal], luis: Person, attack: Attack, statement: str, guard: str
) -> None:
    published()
    at_hour(luis, 7)
    run()
    attack(statement, guard=guard)


def test_the_database_tells_who_has_not_voted_and_not_how(
    published: Callable[..., Proposal], attack: Attack, amina: Person
) -> None:
    proposal = published("N14")
    reach(proposal.opens_at)
    voting.cast(proposal, "yes", by=amina, at=clock.now())
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM governance_not_voted(%s)", [proposal.pk])
        missing = {person for (person,) in cursor.fetchall()}
    assert missing == {person.pk for person in electors(proposal)} - {amina.pk}
    attack("SELECT person_id FROM governance_ballot", guard="permission denied")


def test_making_letters_costs_the_same_however_many_people_there_are(published: Callable[..., Proposal]) -> None:
    published()
    at = reach(clock.now().replace(hour=7, minute=5) + timedelta(days=1))
    with CaptureQueriesContext(connection) as queries:
        letters.make_due(at)
    assert len(queries) == 4


def test_the_page_keeps_what_is_chosen(luis: Person, signed_in: SignedIn) -> None:
    browser = signed_in(luis)
    assert browser.get("/me/notifications/").text.count("checked") == 3
    browser.post("/me/notifications/", {"replies": "on", "quiet_from": "20", "quiet_until": "9"})
    wish = wishes.of(luis)
    assert (wish.proposals, wish.replies, wish.quiet_from, wish.quiet_until) == (False, True, 20, 9)
    assert 'role="alert"' in browser.post("/me/notifications/", {"quiet_from": "24", "quiet_until": "9"}).text


def test_a_letter_really_lies_in_the_folder(
    published: Callable[..., Proposal], luis: Person, settings: Any, tmp_path: Any
) -> None:
    backend = "django.core.mail.backends.filebased.EmailBackend"
    settings.MAILERS = {"default": {"BACKEND": backend, "OPTIONS": {"file_path": tmp_path}}}
    proposal = published()
    at_hour(luis, 7)
    run()
    files = [path.read_text() for path in tmp_path.iterdir()]
    assert [text for text in files if f"To: {luis.email}" in text and proposal.title[:20] in text]
