"""The admin looks and changes nothing."""
# ruff: noqa: SLF001 - it reads models and the admin by Django's own names

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib import admin
from django.db.models import Model
from django.test import Client as Browser

from coop.admin import shown
from coop.people.models import Person
from coop.record.models import Event
from governance.models import Ballot, Right

pytestmark = pytest.mark.django_db
REGISTERED = list(admin.site._registry)


def address(model: type[Model], page: str, *args: object) -> str:
    return "/".join(["/admin", model._meta.app_label, str(model._meta.model_name), *map(str, args), page, ""])


@pytest.fixture
def officer(teresa: Person, signed_in: Callable[[Person], Browser]) -> Browser:
    return signed_in(teresa)


@pytest.mark.parametrize("model", REGISTERED, ids=lambda model: model.__name__)
def test_an_officer_adds_changes_and_deletes_nothing(officer: Browser, model: type[Model]) -> None:
    row: Any = model._default_manager.first()
    before = list(model._default_manager.order_by("pk").values())
    key = row.pk if row else 1
    assert officer.post(address(model, "add"), {}).status_code == 403
    fields = {field.name: "1" for field in model._meta.concrete_fields}
    assert officer.post(address(model, "change", key), fields).status_code in {302, 403}
    assert officer.post(address(model, "delete", key), {"post": "yes"}).status_code in {302, 403}
    bulk = {"action": "delete_selected", "_selected_action": [str(key)], "post": "yes"}
    officer.post(f"/admin/{model._meta.app_label}/{model._meta.model_name}/", bulk)
    assert [old for old in before if old not in model._default_manager.values()] == []


@pytest.mark.parametrize("model", REGISTERED, ids=lambda model: model.__name__)
def test_an_officer_can_look(officer: Browser, model: type[Model]) -> None:
    # A treasurer; what other rights need is in tests/governance/test_watching.py.
    sees = bool(shown(model, {Right.MONEY, Right.PAUSES}))
    listed = officer.get(f"/admin/{model._meta.app_label}/{model._meta.model_name}/").status_code
    assert listed == (200 if sees else 403)
    row = model._default_manager.first()
    if row is not None and sees:
        assert officer.get(address(model, "change", row.pk)).status_code in {200, 302}


@pytest.mark.parametrize("model", REGISTERED, ids=lambda model: model.__name__)
def test_no_list_edits_acts_or_shows_other_models_inside(model: type[Model]) -> None:
    shown = admin.site._registry[model]
    assert not shown.list_editable
    assert not shown.inlines
    assert not shown.actions
    assert not shown.save_as


def test_only_officers_come_in(amina: Person, teresa: Person, signed_in: Callable[[Person], Browser]) -> None:
    assert signed_in(teresa).get("/admin/").status_code == 200
    assert signed_in(amina).get("/admin/").status_code == 302
    assert Browser().get("/admin/").status_code == 302


def test_an_office_that_ended_opens_nothing(
    teresa: Person, signed_in: Callable[[Person], Browser], later: Callable[..., object]
) -> None:
    browser = signed_in(teresa)
    later(days=4 * 365)
    browser = signed_in(teresa)
    assert browser.get("/admin/").status_code == 302


def test_each_look_at_a_row_is_written_down(teresa: Person, amina: Person, officer: Browser) -> None:
    page = officer.get(address(type(amina), "change", amina.pk))
    assert Event.objects.filter(kind="admin.looked", actor=teresa, subject=f"person:{amina.pk}").count() == 1
    assert amina.email not in page.text


@pytest.mark.parametrize("model", REGISTERED, ids=lambda model: model.__name__)
def test_no_list_is_filtered_by_what_its_columns_do_not_show(officer: Browser, model: type[Model]) -> None:
    listed = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
    for field in model._meta.concrete_fields:
        for asked in (field.name, f"{field.name}__isnull", f"{field.name}__gte", f"{field.name}__id__exact"):
            assert officer.get(listed, {asked: "1"}).status_code in {400, 403}, asked


def test_an_officer_finds_no_password_letter_by_letter_and_no_act_by_its_actor(officer: Browser, amina: Person) -> None:
    for path, asked in (
        ("people/person", {"password__startswith": amina.password[:8]}),
        ("people/person", {"email__startswith": amina.email[:1]}),
        ("record/event", {"actor": str(amina.pk)}),
    ):
        answer = officer.get(f"/admin/{path}/", asked)
        assert answer.status_code == 400
        assert amina.name not in answer.text


def test_a_rows_history_is_the_row_and_the_look_at_it_is_written_down(officer: Browser, amina: Person) -> None:
    officer.get(address(Person, "history", amina.pk), follow=True)
    assert Event.objects.filter(kind="admin.looked", subject=f"person:{amina.pk}").count() == 1


def test_ballots_are_not_in_the_admin_at_all(officer: Browser) -> None:
    assert Ballot not in REGISTERED
    assert officer.get("/admin/governance/ballot/").status_code == 404


def test_there_is_one_way_to_sign_in() -> None:
    assert Browser().get("/admin/login/").headers["Location"] == "/account/login/"
