"""A mute that no panel decided leaves a trace, and opens a case after 24 hours (7.11)."""

from collections.abc import Callable
from datetime import datetime, timedelta

import psycopg
import pytest
from django.db import connection
from django.db.models import QuerySet
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from coop import clock
from coop.people.models import Person
from coop.refusals import Refusal
from governance import assembly, casefile, cases, reading, signs, turned_away
from governance.models import (
    Case,
    CaseGround,
    CaseKind,
    Equivalent,
    Measure,
    Message,
    Thread,
    TurnedAway,
    TurnedFrom,
)
from governance.views import assembly as pages
from tests.governance import charging
from tests.governance.conftest import reach

pytestmark = pytest.mark.django_db
type Attack = Callable[..., None]
type Later = Callable[..., datetime]
type SignedIn = Callable[[Person], Browser]


LIES = """INSERT INTO governance_case (kind, person_id, ground, facts, happened_from, happened_until, measure, scope,
    days, remedy, opened_at) VALUES ('equivalent', %s, 'muted', 'She stole.', coop_now() - interval '9 days',
    coop_now() - interval '8 days', 'nothing', '', 0, 'Give it back.', coop_now())"""


def grounds(person: Person) -> list[str]:
    return list(Case.objects.filter(person=person).values_list("ground", flat=True))


def kept(person: Person) -> list[tuple[str, str]]:
    rows = TurnedAway.objects.filter(person=person).order_by("pk")
    return [(one.act, one.ground) for one in rows]


@pytest.fixture
def thread(amina: Person, luis: Person) -> Thread:
    """Return a thread in which Luis, Amina and Luis wrote."""
    first = assembly.open_thread(topic="other", title="Guides", text="Which one?", by=luis, at=clock.now())
    assembly.write(first.thread, "The long one.", by=amina, at=clock.now())
    assembly.write(first.thread, "Thanks.", by=luis, at=clock.now())
    clock.advance(timedelta(seconds=11))
    return first.thread


@pytest.fixture
def silenced(monkeypatch: pytest.MonkeyPatch, amina: Person) -> None:
    """Change the running program: what Amina writes is refused."""
    answers = assembly.write_refusal

    def silence(person: Person, *, at: datetime) -> Refusal | None:
        return Refusal("Not now.") if person.pk == amina.pk else answers(person, at=at)

    monkeypatch.setattr(assembly, "write_refusal", silence)


@pytest.fixture
def hidden(monkeypatch: pytest.MonkeyPatch, amina: Person) -> None:
    """Change the running program: nobody is shown what Amina wrote."""
    answers = reading.messages

    def hide(thread: Thread) -> QuerySet[Message]:
        return answers(thread).exclude(author=amina)

    monkeypatch.setattr(reading, "messages", hide)


def test_who_may_write_nothing_for_a_day_has_a_case(
    thread: Thread, silenced: None, amina: Person, luis: Person, later: Later, signed_in: SignedIn
) -> None:
    address = f"/assembly/{thread.pk}/"
    assert signed_in(amina).post(address, {"text": "Still the long one."}).status_code == 403
    assert signed_in(luis).post(address, {"text": "Good."}).status_code == 302
    assert (kept(amina), kept(luis)) == ([("speak", "")], [])
    assert signs.look(at=later(hours=23, minutes=59)) == 0
    assert signs.look(at=later(minutes=2)) == 1
    assert signs.look(at=clock.now()) == 0
    assert grounds(amina) == [Equivalent.MUTED]


def test_who_wrote_since_has_no_case(thread: Thread, amina: Person, later: Later) -> None:
    charging.kept_quiet(amina)
    assembly.write(thread, "Here I am.", by=amina, at=clock.now())
    assert signs.look(at=clock.now()) == 0


@pytest.mark.usefixtures("hidden")
def test_whose_words_are_shown_to_nobody_on_two_days_has_a_case(
    thread: Thread, amina: Person, luis: Person, priya: Person, later: Later, signed_in: SignedIn
) -> None:
    assert "The long one." not in signed_in(priya).get(f"/assembly/{thread.pk}/").text
    assert (kept(amina), kept(luis)) == ([("heard", "")], [])
    later(hours=23)
    signed_in(priya).get(f"/assembly/{thread.pk}/")
    assert signs.look(at=clock.now()) == 0
    later(hours=1, minutes=1)
    signed_in(luis).get(f"/assembly/{thread.pk}/")
    assert signs.look(at=clock.now()) == 1
    assert grounds(amina) == [Equivalent.MUTED]


@pytest.mark.usefixtures("hidden")
def test_words_are_missed_on_whichever_page_they_stand(
    thread: Thread, amina: Person, luis: Person, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "MESSAGES", 2)
    for text in ("One.", "Two.", "Three."):
        assembly.write(thread, text, by=luis, at=clock.now())
    clock.advance(timedelta(seconds=11))
    for page in (2, 3):
        signed_in(luis).get(f"/assembly/{thread.pk}/?page={page}")
    assert kept(amina) == []
    signed_in(luis).get(f"/assembly/{thread.pk}/")
    assert (kept(amina), kept(luis)) == ([("heard", "")], [])


@pytest.mark.usefixtures("hidden")
def test_what_is_written_as_the_page_is_made_is_not_missed(
    thread: Thread, amina: Person, luis: Person, signed_in: SignedIn, later: Later
) -> None:
    said = assembly.open_thread(topic="other", title="Rates", text="How?", by=amina, at=clock.now())
    later(seconds=9)
    signed_in(luis).get(f"/assembly/{said.thread_id}/")
    assert kept(amina) == []
    later(seconds=2)
    signed_in(luis).get(f"/assembly/{said.thread_id}/")
    assert kept(amina) == [("heard", "")]


def test_an_honest_page_keeps_nothing_and_asks_once(thread: Thread, luis: Person, signed_in: SignedIn) -> None:
    browser = signed_in(luis)
    with CaptureQueriesContext(connection) as asked:
        browser.get(f"/assembly/{thread.pk}/")
    assert not TurnedAway.objects.exists()
    assert len([one for one in asked if "DISTINCT m.author_id" in one["sql"]]) == 1


def test_a_mute_that_a_panel_decided_is_no_sign_of_one(
    thread: Thread, amina: Person, samuel: Person, teresa: Person, later: Later, signed_in: SignedIn
) -> None:
    decision = charging.decide(
        amina, samuel, teresa, ground=CaseGround.VIOLENCE, measure=Measure.LIMIT, scope="mute", days=20
    )
    reach(decision.restriction.starts_at)
    assert signed_in(amina).post(f"/assembly/{thread.pk}/", {"text": "But."}).status_code == 403
    assert kept(amina) == [("speak", "restriction")]
    later(hours=25)
    assert signs.look(at=clock.now()) == 0
    assert grounds(amina) == [CaseGround.VIOLENCE]


def test_who_wrote_thirty_messages_is_not_muted(thread: Thread, amina: Person, signed_in: SignedIn) -> None:
    for number in range(29):
        assembly.write(thread, f"Word {number}.", by=amina, at=clock.now())
    assert signed_in(amina).post(f"/assembly/{thread.pk}/", {"text": "More."}).status_code == 429
    assert kept(amina) == []


def test_the_site_chooses_neither_words_nor_times_of_a_case_like_a_ban(amina: Person) -> None:
    charging.kept_quiet(amina)
    with connection.cursor() as cursor:
        cursor.execute(LIES, [amina.pk])
    case = Case.objects.get(person=amina)
    assert case.facts == casefile.FACTS[Equivalent.MUTED]
    assert case.remedy == ""
    assert case.happened_from == case.happened_until == case.opened_at


def test_the_database_and_the_pages_have_the_same_words(superuser: psycopg.Connection) -> None:
    for ground in Equivalent:
        (said,) = superuser.execute("SELECT governance_words_of_sign(%s, 12)", [ground]).fetchone() or ("",)
        assert said == casefile.FACTS[ground].replace("%(number)s", "12")


def test_a_case_like_a_ban_is_read_in_the_readers_language(amina: Person, signed_in: SignedIn) -> None:
    case = charging.unexplained(amina)
    Person.objects.filter(pk=amina.pk).update(language="es")
    page = signed_in(Person.objects.get(pk=amina.pk)).get(f"/cases/{case.pk}/").text
    assert "Durante más de 24 horas el sitio no dejó al miembro escribir" in page


def test_where_the_rows_show_nothing_no_case_opens(amina: Person) -> None:
    assert cases.open_equivalent(amina, kind=Equivalent.MUTED, at=clock.now()) is None
    assert not Case.objects.exists()


def test_of_an_applicant_it_is_not_kept(newcomer: Person) -> None:
    assert turned_away.note(newcomer, TurnedFrom.HEARD, at=clock.now()) is False
    assert not TurnedAway.objects.exists()


def test_a_held_payout_is_named_by_its_number() -> None:
    said = {
        ground: casefile.facts(Case(kind=CaseKind.EQUIVALENT, ground=ground, facts="Payout 12 was asked for."))
        for ground in (Equivalent.HELD_PAYOUT, Equivalent.MUTED)
    }
    assert said[Equivalent.HELD_PAYOUT].startswith("Payout 12 was asked for more than 72 hours ago")
    assert said[Equivalent.MUTED] == casefile.FACTS[Equivalent.MUTED]


@pytest.mark.parametrize(
    ("shown", "first", "last", "missed"),
    [
        ([0, 2], True, True, {"Amina"}), ([0, 2], False, True, {"Amina"}), ([0, 2], True, False, {"Amina"}),
        ([2], False, True, set()), ([2], True, True, {"Amina", "Luis"}), ([0], True, False, set()),
        ([0], True, True, {"Amina", "Luis"}), ([1], False, False, set()), ([0, 1, 2], True, True, set()),
        ([], True, True, {"Amina", "Luis"}), ([], False, False, {"Amina", "Luis"}),
    ],
)  # fmt: skip
def test_what_is_missing_between_the_first_and_the_last_of_a_page(
    thread: Thread, shown: list[int], *, first: bool, last: bool, missed: set[str]
) -> None:
    """Luis, Amina and Luis wrote."""
    numbers = list(Message.objects.filter(thread=thread).order_by("pk").values_list("pk", flat=True))
    turned_away.note_unheard(thread, [numbers[one] for one in shown], first=first, last=last, at=clock.now())
    assert {one.person.name for one in TurnedAway.objects.select_related("person")} == missed
