"""A change of address takes seven days, is told to the old one and stopped by it, and gives nobody a vote (A16)."""

import re
from collections.abc import Callable
from datetime import datetime

import psycopg
import pytest
from allauth.account.models import EmailAddress
from django.core import mail, signing
from django.core.cache import cache
from django.db import IntegrityError
from django.test import Client as Browser

from coop import clock
from coop.people import addresses, background
from coop.people.models import AddressChange, Person
from coop.refusals import Refused
from tests.people.test_joining import link_in

pytestmark = pytest.mark.django_db

type Attack = Callable[..., None]
type Later = Callable[..., datetime]
type SignedIn = Callable[[Person], Browser]

NEW = "amina@new.example"
ASK = """
INSERT INTO people_addresschange (person_id, old_address, new_address, asked_at)
VALUES (%s, 'x@x.example', %s, now())
"""


@pytest.fixture(autouse=True)
def no_earlier_tries() -> None:
    cache.clear()


@pytest.fixture
def asked(amina: Person, at: datetime) -> AddressChange:
    """Return the change that Amina asked for, both addresses told."""
    change = addresses.ask(amina, NEW, by=amina, at=at)
    background.tell(change=change.pk)
    return AddressChange.objects.get(pk=change.pk)


@pytest.fixture
def confirmed(asked: AddressChange, at: datetime) -> AddressChange:
    """Return it with the new address confirmed."""
    addresses.confirm(asked, at=at)
    return AddressChange.objects.get(pk=asked.pk)


def letters() -> dict[str, str]:
    return {message.to[0]: str(message.body) for message in mail.outbox}


def follow(browser: Browser, letter: str) -> str:
    address = link_in(letter)
    assert browser.get(address).status_code == 200
    return browser.post(address, follow=True).text


def address_of(person: Person) -> str:
    return Person.objects.get(pk=person.pk).email


def test_the_address_changes_seven_days_after_the_old_one_was_told(
    confirmed: AddressChange, amina: Person, later: Later
) -> None:
    old = amina.email
    assert addresses.take_effect_all(later(days=6, hours=23)) == 0
    assert address_of(amina) == old
    assert addresses.take_effect_all(later(hours=2)) == 1
    assert address_of(amina) == NEW
    assert list(EmailAddress.objects.filter(user=amina).values_list("email", "verified")) == [(NEW, True)]
    assert addresses.take_effect_all(later(days=30)) == 0


def test_both_addresses_are_told_once(asked: AddressChange, amina: Person) -> None:
    background.tell(change=asked.pk)
    assert sorted(message.to[0] for message in mail.outbox) == sorted([amina.email, NEW])
    assert "stop it here" in letters()[amina.email]
    assert "no officer either" in letters()[amina.email]


def test_the_seven_days_begin_with_the_letter_not_with_the_asking(amina: Person, at: datetime, later: Later) -> None:
    change = addresses.ask(amina, NEW, by=amina, at=at)
    addresses.confirm(change, at=at)
    moment = later(days=8)
    assert addresses.take_effect_all(moment) == 0
    background.tell(change=change.pk)
    assert addresses.take_effect_all(later(days=6)) == 0
    assert addresses.take_effect_all(later(days=1, seconds=1)) == 1


def test_the_old_address_stops_it_without_signing_in(confirmed: AddressChange, amina: Person, later: Later) -> None:
    assert "Stopped" in follow(Browser(), letters()[amina.email])
    assert addresses.take_effect_all(later(days=8)) == 0
    assert address_of(amina) != NEW


def test_a_look_at_a_letter_does_nothing(asked: AddressChange, amina: Person) -> None:
    for letter in letters().values():
        assert Browser().get(link_in(letter)).status_code == 200
    asked.refresh_from_db()
    assert (asked.confirmed_at, asked.stopped_at) == (None, None)


def test_an_address_that_nobody_confirmed_never_takes_effect(asked: AddressChange, amina: Person, later: Later) -> None:
    assert addresses.take_effect_all(later(days=30)) == 0
    assert "Confirmed" in follow(Browser(), letters()[NEW])
    assert addresses.take_effect_all(clock.now()) == 1
    assert address_of(amina) == NEW


def test_a_link_of_somebody_elses_making_opens_nothing(asked: AddressChange, amina: Person) -> None:
    token = link_in(letters()[NEW]).rstrip("/").rsplit("/", 1)[1]
    for wrong in (token[:-1], token + "x", "stop", signing.dumps([asked.pk, "stop"], salt="other")):
        assert Browser().post(f"/account/email/letter/{wrong}/").status_code == 404
    # The link that confirms does not stop, and the other way round: what it does is signed with it.
    Browser().post(f"/account/email/letter/{token}/")
    asked.refresh_from_db()
    assert asked.confirmed_at
    assert asked.stopped_at is None


def test_until_then_the_old_address_signs_in_and_gets_the_new_password(confirmed: AddressChange, amina: Person) -> None:
    mail.outbox.clear()
    Browser().post("/account/password/reset/", {"email": NEW})
    assert not [message for message in mail.outbox if re.search(r"/account/password/reset/key", str(message.body))]
    Browser().post("/account/password/reset/", {"email": amina.email})
    assert [message.to for message in mail.outbox if "/account/password/reset/key" in str(message.body)] == [
        [amina.email]
    ]
    browser = Browser()
    browser.post("/account/login/", {"login": NEW, "password": "workhall-demo"})
    assert "_auth_user_id" not in browser.session
    browser.post("/account/login/", {"login": amina.email, "password": "workhall-demo"})
    assert browser.session["_auth_user_id"] == str(amina.pk)


def test_afterwards_the_new_one_does(confirmed: AddressChange, amina: Person, later: Later) -> None:
    old = amina.email
    addresses.take_effect_all(later(days=8))
    browser = Browser()
    browser.post("/account/login/", {"login": old, "password": "workhall-demo"})
    assert "_auth_user_id" not in browser.session
    browser.post("/account/login/", {"login": NEW, "password": "workhall-demo"})
    assert browser.session["_auth_user_id"] == str(amina.pk)


@pytest.mark.parametrize("who", ["samuel", "teresa", "petra", "luis"])
def test_nobody_asks_for_another_an_officer_neither(
    request: pytest.FixtureRequest, amina: Person, at: datetime, who: str
) -> None:
    other: Person = request.getfixturevalue(who)
    with pytest.raises(Refused, match="no officer"):
        addresses.ask(amina, "mine@new.example", by=other, at=at)


def test_nobody_stops_anothers(asked: AddressChange, samuel: Person, at: datetime, signed_in: SignedIn) -> None:
    with pytest.raises(Refused):
        addresses.stop(asked, by=samuel, at=at)
    signed_in(samuel).post("/account/email/stop/")
    asked.refresh_from_db()
    assert asked.stopped_at is None


def test_one_change_at_a_time_and_a_stopped_one_is_over(asked: AddressChange, amina: Person, at: datetime) -> None:
    with pytest.raises(Refused, match="under way"):
        addresses.ask(amina, "again@new.example", by=amina, at=at)
    addresses.stop(asked, by=amina, at=at)
    asked.refresh_from_db()
    with pytest.raises(Refused, match="stopped"):
        addresses.confirm(asked, at=at)
    assert addresses.ask(amina, "again@new.example", by=amina, at=at).pk


def test_whose_address_it_is_already_is_told_to_nobody_but_its_reader(
    amina: Person, luis: Person, at: datetime, signed_in: SignedIn, later: Later
) -> None:
    change = addresses.ask(amina, luis.email.upper(), by=amina, at=at)
    background.tell(change=change.pk)
    assert "belongs to another account" in follow(Browser(), letters()[luis.email])
    assert addresses.take_effect_all(later(days=8)) == 0


def test_an_address_taken_meanwhile_holds_up_nobody_else(
    confirmed: AddressChange, amina: Person, luis: Person, later: Later, at: datetime
) -> None:
    change = addresses.ask(luis, "luis@new.example", by=luis, at=at)
    background.tell(change=change.pk)
    addresses.confirm(change, at=at)
    Person.objects.create_user(NEW, "a long sentence 7", name="Faster")
    assert addresses.take_effect_all(later(days=8)) == 1
    assert address_of(luis) == "luis@new.example"


@pytest.mark.parametrize(
    "statement",
    ["UPDATE people_person SET email = 'mine@evil.example' WHERE id = %s",
     "UPDATE people_person SET email = upper(email) WHERE id = %s",
     "UPDATE people_person SET email = '' WHERE id = %s"],
)  # fmt: skip
def test_no_row_gives_an_account_another_address(attack: Attack, amina: Person, statement: str) -> None:
    attack(statement, [amina.pk], guard="address_changes_after_seven_days")


def test_not_before_the_seven_days_whatever_is_written(
    attack: Attack, confirmed: AddressChange, amina: Person, later: Later
) -> None:
    take = "UPDATE people_person SET email = %s WHERE id = %s"
    attack(take, [NEW, amina.pk], guard="address_changes_after_seven_days")
    later(days=6, hours=23)
    attack(take, [NEW, amina.pk], guard="address_changes_after_seven_days")
    later(days=1)
    attack(take, ["mine@evil.example", amina.pk], guard="address_changes_after_seven_days")


def test_a_stop_stands_whatever_is_written(
    attack: Attack, confirmed: AddressChange, amina: Person, later: Later
) -> None:
    addresses.stop(confirmed, by=amina, at=clock.now())
    later(days=30)
    attack(
        "UPDATE people_person SET email = %s WHERE id = %s", [NEW, amina.pk], guard="address_changes_after_seven_days"
    )
    for column in ("stopped_at = NULL", "told_at = now()", "done_at = now()"):
        attack(
            f"UPDATE people_addresschange SET {column} WHERE id = %s", [confirmed.pk],
            guard="address_change_goes_step_by_step",
        )  # fmt: skip


@pytest.mark.parametrize(
    "change",
    ["told_at = told_at - interval '9 days'", "told_at = NULL", "confirmed_at = now()", "done_at = now()",
     "told_at = now() - interval '9 days', confirmed_at = now()"],
)  # fmt: skip
def test_the_steps_are_written_once_and_by_the_clock(
    attack: Attack, asked: AddressChange, at: datetime, change: str
) -> None:
    if change == "confirmed_at = now()":
        addresses.confirm(asked, at=at)
    attack(f"UPDATE people_addresschange SET {change}", guard="address_change_goes_step_by_step")


def test_a_letter_is_not_dated_back(attack: Attack, amina: Person, at: datetime) -> None:
    change = addresses.ask(amina, NEW, by=amina, at=at)
    AddressChange.objects.filter(pk=change.pk).update(told_at=at.replace(year=2020))
    change.refresh_from_db()
    assert change.told_at
    assert change.told_at >= at


@pytest.mark.parametrize(
    "columns",
    ["told_at", "confirmed_at", "stopped_at", "done_at"],
)
def test_a_change_begins_at_its_beginning(attack: Attack, amina: Person, columns: str) -> None:
    attack(
        f"INSERT INTO people_addresschange (person_id, old_address, new_address, asked_at, {columns})"
        " VALUES (%s, 'x@x.example', 'y@y.example', now(), now() - interval '9 days')",
        [amina.pk],
        guard="address_change_begins_at_its_beginning",
    )


@pytest.mark.parametrize("address", ["", "no address", "a@b c", "a@b@c"])
def test_an_address_looks_like_one(attack: Attack, amina: Person, address: str) -> None:
    attack(ASK, [amina.pk, address], guard="address_change_begins_at_its_beginning")


def test_the_old_address_in_a_change_is_the_accounts(amina: Person) -> None:
    from django.db import connection  # noqa: PLC0415 - for this one

    with connection.cursor() as cursor:
        cursor.execute(ASK + " RETURNING old_address", [amina.pk, NEW])
        assert cursor.fetchone() == (amina.email,)


def test_two_changes_at_once_are_refused(attack: Attack, asked: AddressChange, amina: Person) -> None:
    attack(ASK, [amina.pk, "second@evil.example"], guard="one_change_of_address_at_a_time")


def test_a_change_is_neither_rewritten_nor_forgotten(attack: Attack, asked: AddressChange) -> None:
    for statement in (
        "UPDATE people_addresschange SET new_address = 'x@y.example'",
        "DELETE FROM people_addresschange",
    ):
        attack(statement, guard="permission denied for table people_addresschange")


def test_not_even_the_owner_rewrites_it(owner: psycopg.Connection, amina: Person) -> None:
    owner.execute(ASK, [amina.pk, NEW])
    with pytest.raises(psycopg.errors.CheckViolation) as refused, owner.transaction(force_rollback=True):
        owner.execute("UPDATE people_addresschange SET new_address = 'x@y.example', told_at = now()")
    assert refused.value.diag.constraint_name == "people_addresschange_stays_the_same"
    with pytest.raises(psycopg.errors.CheckViolation) as refused, owner.transaction(force_rollback=True):
        owner.execute("UPDATE people_person SET email = 'x@y.example' WHERE id = %s", [amina.pk])
    assert refused.value.diag.constraint_name == "address_changes_after_seven_days"


@pytest.mark.parametrize(
    "statement",
    [('INSERT INTO account_emailaddress (user_id, email, verified, "primary")'
     " VALUES (%s, 'x@evil.example', true, false)"),
     "UPDATE account_emailaddress SET email = 'x@evil.example' WHERE user_id = %s",
     "UPDATE account_emailaddress SET user_id = user_id + 1 WHERE user_id = %s",
     "UPDATE account_emailaddress SET verified = false WHERE user_id = %s"],
)  # fmt: skip
def test_no_second_address_signs_in_to_an_account(attack: Attack, amina: Person, statement: str) -> None:
    attack(statement, [amina.pk], guard="sign_in_address_is_the_accounts_own")


def test_nobody_is_locked_out_by_taking_their_address(attack: Attack, amina: Person) -> None:
    attack("DELETE FROM account_emailaddress WHERE user_id = %s", [amina.pk], guard="account_emailaddress_is_kept")


def test_a_change_from_an_older_view_is_refused(attack_from_the_past: Callable[..., None], amina: Person) -> None:
    attack_from_the_past(
        "UPDATE people_person SET email = %s WHERE id = %s", [NEW, amina.pk], guard="address_changes_after_seven_days"
    )


def test_the_page_shows_what_is_under_way_and_stops_it(amina: Person, signed_in: SignedIn, at: datetime) -> None:
    browser = signed_in(amina)
    asked = browser.post("/account/email/", {"email": NEW})
    assert asked.headers["Location"].startswith("/account/reauthenticate/")
    browser.post("/account/reauthenticate/", {"password": "workhall-demo"})
    assert "We write to both addresses" in browser.post("/account/email/", {"email": NEW}, follow=True).text
    background.tell(change=AddressChange.objects.get().pk)
    shown = browser.get("/account/email/").text
    assert NEW in shown
    assert "in 7 days" in shown
    assert "Stopped" in browser.post("/account/email/stop/", follow=True).text
    assert NEW not in browser.get("/account/email/").text


def test_the_page_says_what_is_wrong(amina: Person, signed_in: SignedIn) -> None:
    browser = signed_in(amina)
    browser.post("/account/reauthenticate/", {"password": "workhall-demo"})
    assert "your address already" in browser.post("/account/email/", {"email": amina.email.upper()}).text
    assert 'role="alert"' in browser.post("/account/email/", {"email": "no address"}).text
    assert not AddressChange.objects.exists()


def test_an_error_that_is_no_guards_is_not_swallowed_silently(confirmed: AddressChange, later: Later) -> None:
    later(days=1)
    with pytest.raises(IntegrityError, match="seven days"):
        addresses.take_effect(confirmed, at=clock.now())
