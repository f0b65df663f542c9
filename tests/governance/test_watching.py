"""Whatever an officer does or looks at by a right is written down for the person it concerns (D8)."""

import ast
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from coop import clock
from coop.people.models import Person
from coop.record.models import Event
from governance import pauses, watching
from governance.models import Office, OfficeActKind, PauseRequest, Right
from tests.governance import charging

pytestmark = pytest.mark.django_db

ROOT = Path(settings.BASE_DIR)
type Attack = Callable[..., None]
type SignedIn = Callable[[Person], Browser]
NOTE = """INSERT INTO governance_officeact (office_id, person_id, act, duty, subject, at)
VALUES (%s, %s, %s, %s, 'payout:1', now() - interval '9 days')"""
# Everything that asks whether somebody has a right of office; what is not named below fails the walk.
ASKS = {
    "may", "with_right", "right_refusal", "handles_money", "office_of", "in_office", "refusal_of_office", "office_for",
    "right_to_look", "to_officers.refusal",
}  # fmt: skip
BY_A_RIGHT = {
    # Acts, each with its line in `test_each_act_by_a_right_names_the_person_it_concerns`.
    "governance/pauses.py": {"ask_refusal", "_posts"},
    "payments/payouts.py": {"refusal_to_send", "refusal_to_confirm"},
    # A report's look and answer are events that author and reporter see: tests/governance/test_reports.py.
    "governance/reporting.py": {"_seconds", "answer", "answer_refusal", "look_refusal"},
    # Pages that show people to officers, with their line in `test_each_look_names_the_people_it_concerns`.
    "governance/views/pauses.py": {"home", "ask"},
    "payments/views/__init__.py": {"office_of"},
    "payments/views/desk.py": {"confirm", "deposit", "home", "noted_deposit", "payout", "payouts_to_officers", "send"},
    # A client's money: a deposit and its mirror concern no person, and the client reads both in its statement.
    "payments/deposits.py": {"refusal", "office_of", "refusal_of_office", "refusal_to_confirm"},
    "payments/questions.py": {"refusal"},
    # An onboarding is opened for everybody who comes.
    "tasks/onboarding.py": {"refusal_to_open"},
    # Nor does a skill's definition, and a letter about a day of deletion goes to the client or, for want of one, here.
    "tasks/skills.py": {"refusal_to_define"},
    "tasks/forewarnings.py": {"_tell_the_client"},
    "payments/ledger.py": {"reverse"},
    "payments/corrections.py": {"refusal"},
    "payments/views/corrections.py": {"home", "one"},
    "payments/paybacks.py": {"refusal_of_officer"},
    "payments/views/paybacks.py": {"confirm", "one", "send"},
    # Each payout of a run names who checked and who released it; looks at a run, its file and statements are noted.
    "payments/runs.py": {"take_apart", "refusal_of_file", "refusal_to_hand_over", "_not_theirs"},
    "payments/bank_statements.py": {"give", "refusal"},
    "payments/views/bank_statements.py": {"one", "turn_down"},
    "payments/views/runs.py": {
        "file", "home", "is_deposit", "prepare", "question", "run", "statements", "step", "take_apart",
    },
    # What never was answered for: the database notes each verdict for whose money it is.
    "payments/unanswered.py": {"refusal_to_ask", "refusal", "_agreed"},
    "payments/views/unanswered.py": {"ask", "decide"},
    # The house's bills concern no member, and everybody reads them; who hears of a proof acts on nobody.
    "payments/budgets.py": {"refusal_to_ask", "refusal_to_pay"},
    "payments/views/bills.py": {"home", "bill"},
    # Who asked the education fund reads who answered what; the desk's look is noted, and care is shown to no officer.
    "payments/support.py": {"refusal_to_answer"},
    "payments/views/support.py": {"desk", "answer"},
    # Nor does foreign money that the house bought for payouts, nor what it moved between places of its own.
    "payments/exchange.py": {"refusal_to_note", "refusal"},
    "payments/moves.py": {"refusal_to_note", "refusal"},
    "payments/views/exchange.py": {"home", "confirm", "turn_down"},
    "payments/views/places.py": {"home", "confirm", "turn_down"},
    # What a service lists stands there by its own numbers and names nobody; its lines are read on the statements' page.
    "payments/lists.py": {"refusal", "ask"},
    "payments/at_services.py": {"refusal_to_explain"},
    "payments/views/lists.py": {"one", "ask", "give"},
    "payments/proof.py": {"officers"},
    # Who they are; what is done with a payout to one is asked for where it is done.
    "payments/to_officers.py": {"handlers", "_checks_the_books", "office_for", "refusal"},
    # What a client hid concerns the client: it is on its public record, and the members who reported it are not named.
    "tasks/hidden.py": {"_refusal_to_find", "find"},
    "tasks/views/hidden.py": {"desk", "find"},
    "governance/watching.py": {"note"},
}  # fmt: skip


def asking(path: Path) -> Iterator[str]:
    """Yield the functions of a file that ask for a right of office."""
    for function in ast.walk(ast.parse(path.read_text())):
        if isinstance(function, ast.FunctionDef):
            called = [it.func for it in ast.walk(function) if isinstance(it, ast.Call)]
            names = {one.attr if isinstance(one, ast.Attribute) else getattr(one, "id", "") for one in called}
            if ASKS & (names | {ast.unparse(one) for one in called}):
                yield function.name


def test_everything_that_asks_for_a_right_is_on_the_list() -> None:
    files = [path for app in ("coop", "governance", "payments", "tasks") for path in (ROOT / app).rglob("*.py")]
    found = {
        str(path.relative_to(ROOT)): names
        for path in files
        if "demo" not in path.parts and path.name != "offices.py" and (names := set(asking(path)))
    }
    assert found == BY_A_RIGHT


def office(person: Person) -> Office:
    return Office.objects.get(person=person)


def seen(person: Person) -> list[tuple[str, str, str, str]]:
    """Return what a person reads about officers: act, post, right, subject."""
    acts = watching.concerning(person).order_by("id")
    return [(act.act, act.office.post, act.duty, act.subject) for act in acts]


def test_each_act_by_a_right_names_the_person_it_concerns(
    amina: Person, samuel: Person, teresa: Person, asked: Callable[..., PauseRequest]
) -> None:
    request = asked(amina)
    pause = pauses.confirm(request, by=teresa, at=clock.now())
    case = charging.charge(amina, samuel)
    assert seen(amina) == [
        ("asked_pause", "safety officer", "asks_for_pauses", f"pause_request:{request.pk}"),
        ("began_pause", "treasurer", "asks_for_pauses", f"pause:{pause.pk}"),
        ("opened_case", "safety officer", "", f"case:{case.pk}"),
    ]
    told = {OfficeActKind.ASKED_PAUSE, OfficeActKind.BEGAN_PAUSE, OfficeActKind.OPENED_CASE}
    # tests/payments/test_watched.py takes a payout through both officers, the admin and the pages are looked at below.
    assert set(OfficeActKind) - told == {
        OfficeActKind.SENT_PAYOUT, OfficeActKind.SETTLED_PAYOUT, OfficeActKind.LOOKED,
    }  # fmt: skip


def test_a_member_who_charges_another_acts_in_no_office(amina: Person, luis: Person) -> None:
    charging.charge(amina, luis)
    assert seen(amina) == []


def test_each_look_names_the_people_it_concerns(
    amina: Person, samuel: Person, asked: Callable[..., PauseRequest], signed_in: SignedIn
) -> None:
    asked(amina)
    browser = signed_in(samuel)
    for _look in range(2):
        assert browser.get("/pauses/").status_code == 200
    assert seen(amina)[1:] == [("looked", "safety officer", "asks_for_pauses", "pauses")]
    event = Event.objects.get(kind="offices.looked")
    assert (event.actor, event.subject, event.data) == (samuel, "pauses", {"people": 1})
    clock.advance(timedelta(hours=1, seconds=1))
    browser.get("/pauses/")
    assert len(seen(amina)) == 3


def test_the_admin_notes_whose_row_and_whose_list_it_was(
    amina: Person, samuel: Person, asked: Callable[..., PauseRequest], signed_in: SignedIn
) -> None:
    asked(amina)
    browser = signed_in(samuel)
    browser.get(f"/admin/people/person/{amina.pk}/change/")
    browser.get("/admin/governance/pauserequest/")
    assert [(act, subject) for act, _post, _duty, subject in seen(amina)[1:]] == [
        ("looked", f"person:{amina.pk}"), ("looked", "list:pauserequest"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("who", "opens", "shut"),
    [("teresa", "payments/transfer", "tasks/report"), ("teresa", "governance/pauserequest", "tasks/report"),
     ("petra", "payments/account", "tasks/report")],
)  # fmt: skip
def test_the_admin_shows_what_a_right_of_the_post_needs(
    who: str, opens: str, shut: str, request: pytest.FixtureRequest, signed_in: SignedIn
) -> None:
    browser = signed_in(request.getfixturevalue(who))
    assert browser.get(f"/admin/{opens}/").status_code == 200
    assert browser.get(f"/admin/{shut}/").status_code == 403
    assert shut not in browser.get("/admin/").text


def test_a_person_reads_it_on_their_standing_with_post_and_mandate(
    amina: Person, luis: Person, asked: Callable[..., PauseRequest], signed_in: SignedIn
) -> None:
    asked(amina)
    page = " ".join(signed_in(amina).get("/standing/").text.split())
    assert "Samuel asked for an emergency pause of your work" in page
    assert "safety officer" in page
    assert "elected by the founding meeting" in page
    assert "Samuel asked" not in signed_in(luis).get("/standing/").text


def test_my_standing_costs_the_same_for_one_act_and_for_five(
    amina: Person, samuel: Person, asked: Callable[..., PauseRequest], signed_in: SignedIn
) -> None:
    asked(amina)
    browser, costs = signed_in(amina), []
    for number in (0, 4):
        for look in range(number):
            watching.note([amina.pk], subject=f"list:{look}", right=Right.PAUSES, by=samuel, at=clock.now())
        with CaptureQueriesContext(connection) as queries:
            browser.get("/standing/")
        costs.append(len(queries))
    assert costs[0] == costs[1]


def test_who_holds_no_post_looks_at_nobody(amina: Person, luis: Person, teresa: Person) -> None:
    at = clock.now()
    assert watching.note([amina.pk], subject="desk", right=Right.MONEY, by=luis, at=at) == 0
    assert watching.note([teresa.pk], subject="desk", right=Right.MONEY, by=teresa, at=at) == 0


def test_nothing_is_done_in_office_without_a_running_mandate_that_gives_the_right(
    amina: Person, teresa: Person, samuel: Person, attack: Attack
) -> None:
    for held, act, duty in (
        (samuel, "looked", "handles_money"), (teresa, "looked", "keeps_panels"), (teresa, "looked", "every_right"),
        (teresa, "sent_payout", "handles_money"), (samuel, "asked_pause", "asks_for_pauses"),
    ):  # fmt: skip
        attack(NOTE, [office(held).pk, amina.pk, act, duty], guard="officers_act_by_a_right_they_hold")
    clock.advance(office(teresa).ends_at - clock.now() + timedelta(seconds=1))
    attack(NOTE, [office(teresa).pk, amina.pk, "looked", "handles_money"], guard="officers_act_by_a_right_they_hold")


def test_what_officers_did_stays_written(amina: Person, asked: Callable[..., PauseRequest], attack: Attack) -> None:
    asked(amina)
    attack("UPDATE governance_officeact SET person_id = person_id + 1", guard="permission denied")
    attack("DELETE FROM governance_officeact", guard="permission denied")


@pytest.mark.usefixtures("committed")
def test_an_older_view_notes_nothing(attack_from_the_past: Attack, amina: Person, teresa: Person) -> None:
    facts = [office(teresa).pk, amina.pk, "looked", "handles_money"]
    attack_from_the_past(NOTE, facts, guard="officers_act_by_a_right_they_hold")


def test_no_session_keeps_an_act_from_the_person(superuser: psycopg.Connection) -> None:
    told = superuser.execute("SELECT tgname, tgenabled FROM pg_trigger WHERE tgname ^@ 'tell_'").fetchall()
    # A payout is sent by hand or in a run, and ended by one officer or by what two of them read.
    acts = set(OfficeActKind.values) - {"looked"} | {"ran_payout", "verdict"}
    assert sorted(told) == [(f"tell_{act}", "A") for act in sorted(acts)]
