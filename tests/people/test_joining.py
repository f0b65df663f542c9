import re
from collections.abc import Callable

import pytest
from django.contrib.auth.hashers import identify_hasher
from django.core import mail
from django.core.cache import cache
from django.test import Client as Browser
from django.test import override_settings

from coop.people.models import AddressChange, Person
from coop.record.models import Event

pytestmark = pytest.mark.django_db

FORM = {
    "email": "wanjiku@people.example",
    "password1": "a long sentence 7",
    "name": "Wanjiku",
    "country": "KE",
    "language": "en",
    "time_zone": "Africa/Nairobi",
}


@pytest.fixture(autouse=True)
def no_earlier_tries() -> None:
    cache.clear()


def link_in(message: str) -> str:
    found = re.search(r"http://[^/]+(/account/\S+)", message)
    assert found
    return found[1]


def test_somebody_joins_confirms_signs_in_and_starts() -> None:
    browser = Browser()
    assert browser.post("/account/signup/", FORM).headers["Location"] == "/account/confirm-email/"
    person = Person.objects.get(email=FORM["email"])
    assert (person.name, person.country, person.time_zone) == ("Wanjiku", "KE", "Africa/Nairobi")
    assert Event.objects.filter(kind="people.joined", actor=person, data={}).count() == 1
    [message] = mail.outbox
    browser.post(link_in(str(message.body)))
    signed_in = browser.post("/account/login/", {"login": FORM["email"], "password": FORM["password1"]}, follow=True)
    assert signed_in.redirect_chain[-1][0] == "/start/"
    browser.post("/account/logout/")
    assert browser.get("/me/").status_code == 302


def test_nobody_signs_in_before_confirming() -> None:
    browser = Browser()
    browser.post("/account/signup/", FORM)
    browser.post("/account/login/", {"login": FORM["email"], "password": FORM["password1"]})
    assert "_auth_user_id" not in browser.session


def test_joining_twice_tells_nobody_that_an_account_exists(amina: Person) -> None:
    answers = [
        Browser().post("/account/signup/", FORM | {"email": email})
        for email in ("wanjiku@people.example", amina.email, amina.email.upper())
    ]
    assert {(answer.status_code, answer.headers["Location"]) for answer in answers} == {
        (302, "/account/confirm-email/")
    }
    assert Person.objects.filter(email__iexact=amina.email).count() == 1


def test_a_forgotten_password_is_set_anew(amina: Person) -> None:
    browser = Browser()
    browser.post("/account/password/reset/", {"email": amina.email})
    [message] = mail.outbox
    form = browser.get(link_in(str(message.body)), follow=True)
    browser.post(form.redirect_chain[-1][0], {"password1": "quite another 9", "password2": "quite another 9"})
    amina.refresh_from_db()
    assert amina.check_password("quite another 9")


def test_an_address_without_account_is_not_given_away() -> None:
    assert Browser().post("/account/password/reset/", {"email": "nobody@people.example"}).status_code == 302


def test_guessing_a_password_ends_after_five_tries(amina: Person) -> None:
    browser = Browser()
    for _try in range(5):
        browser.post("/account/login/", {"login": amina.email, "password": "wrong guess here"})
    last = browser.post("/account/login/", {"login": amina.email, "password": "workhall-demo"})
    assert last.status_code in {200, 429}
    assert "_auth_user_id" not in browser.session


@override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.Argon2PasswordHasher"])
def test_passwords_are_kept_by_argon2() -> None:
    Browser().post("/account/signup/", FORM)
    assert identify_hasher(Person.objects.get(email=FORM["email"]).password).algorithm == "argon2"


@pytest.mark.parametrize(
    "wrong",
    [{"password1": "short"}, {"password1": "1234567890"}, {"time_zone": "Mars/Base"}, {"country": "XX"}, {"name": ""},
     {"language": "tlh"}, {"email": "no address"}],
)  # fmt: skip
def test_joining_says_what_is_wrong(wrong: dict[str, str]) -> None:
    answer = Browser().post("/account/signup/", FORM | wrong)
    assert answer.status_code == 200
    assert b'role="alert"' in answer.content
    assert not Person.objects.filter(email=FORM["email"]).exists()


def test_a_page_speaks_of_time_as_it_is_where_the_reader_lives(
    luis: Person, signed_in: Callable[[Person], Browser]
) -> None:
    Person.objects.filter(pk=luis.pk).update(time_zone="America/Caracas")
    assert b"Caracas" in signed_in(luis).get("/record/").content


def test_a_zone_that_this_machine_forgot_breaks_no_page(luis: Person, signed_in: Callable[[Person], Browser]) -> None:
    Person.objects.filter(pk=luis.pk).update(time_zone="XYZ5", language="tlh")
    assert signed_in(luis).get("/record/").status_code == 200


def test_the_people_of_a_demonstration_sign_in_at_one_click(amina: Person) -> None:
    browser = Browser()
    browser.post("/demo/sign-in/", {"email": amina.email})
    assert browser.session["_auth_user_id"] == str(amina.pk)


def test_nobody_else_signs_in_at_one_click(amina: Person) -> None:
    real = Person.objects.create_user("real@people.example", "a long sentence 7", name="Real")
    browser = Browser()
    assert browser.post("/demo/sign-in/", {"email": real.email}).status_code == 404
    assert browser.get("/demo/sign-in/").status_code == 405
    assert "_auth_user_id" not in browser.session


def test_a_change_of_address_asks_for_the_password_again(amina: Person, signed_in: Callable[[Person], Browser]) -> None:
    browser, change = signed_in(amina), {"email": "new@people.example"}
    asked = browser.post("/account/email/", change)
    assert asked.headers["Location"].startswith("/account/reauthenticate/")
    assert not AddressChange.objects.exists()
    browser.post("/account/reauthenticate/", {"password": "workhall-demo"})
    browser.post("/account/email/", change)
    assert AddressChange.objects.filter(person=amina, new_address="new@people.example", done_at=None).exists()


def test_a_new_password_is_told_to_the_address(amina: Person, signed_in: Callable[[Person], Browser]) -> None:
    browser = signed_in(amina)
    browser.post("/account/reauthenticate/", {"password": "workhall-demo"})
    said = {"oldpassword": "workhall-demo", "password1": "quite another 9", "password2": "quite another 9"}
    browser.post("/account/password/change/", said)
    amina.refresh_from_db()
    assert amina.check_password("quite another 9")
    assert [message.to for message in mail.outbox] == [[amina.email]]
