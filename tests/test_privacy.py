"""Every field says who may see it, and what is for nobody is shown to nobody."""
# ruff: noqa: SLF001 - it reads models and the admin by Django's own names

import json
from collections.abc import Callable

import pytest
from django.apps import apps
from django.db.models import Model
from django.test import Client as Browser

from coop import admin, clock, own_data
from coop.people.models import Person
from coop.people.privacy import Audience
from coop.record import events
from tests.record.waiting import settle

MODELS = [model for label in admin.OUR_APPS for model in apps.get_app_config(label).get_models()]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_field_says_who_may_see_it(model: type[Model]) -> None:
    declared: dict[str, object] = getattr(model, "privacy_audiences", {})
    assert set(declared) == {field.name for field in model._meta.concrete_fields}
    assert all(isinstance(audience, Audience) for audience in declared.values())


@pytest.mark.parametrize(
    ("model", "field"),
    [("people.Person", "password"), ("people.ApiKey", "digest"), ("governance.Ballot", "choice"),
     ("governance.Ballot", "person"), ("tasks.Task", "gold")],
)  # fmt: skip
def test_secrets_are_for_nobody(model: str, field: str) -> None:
    assert getattr(apps.get_model(model), "privacy_audiences", {})[field] == Audience.NOBODY


def test_officers_see_no_field_that_is_for_others() -> None:
    for model in MODELS:
        audiences = getattr(model, "privacy_audiences", {})
        assert not {audiences[name] for name in admin.shown(model)} & {Audience.SELF, Audience.PARTIES, Audience.NOBODY}


@pytest.mark.django_db
def test_my_data_are_mine_whole_and_without_secrets(
    amina: Person, luis: Person, signed_in: Callable[[Person], Browser]
) -> None:
    answer = signed_in(amina).get("/me/data.json")
    data = json.loads(answer.content)
    assert [person["email"] for person in data["people.Person"]] == [amina.email]
    assert "governance.Standing" in data
    assert luis.email not in answer.text
    assert amina.password not in answer.text
    assert not [
        name for name, rows in data.items() for row in rows if {"password", "digest", "choice", "gold"} & set(row)
    ]


@pytest.mark.usefixtures("committed")
@pytest.mark.django_db
def test_my_data_hold_my_acts_and_their_places(amina: Person, signed_in: Callable[[Person], Browser]) -> None:
    events.write("people.changed", by=amina, subject=f"person:{amina.pk}", at=clock.now())
    settle()
    data = json.loads(signed_in(amina).get("/me/data.json").content)
    assert data["record.Event"][-1]["kind"] == "people.changed"
    assert bytes.fromhex(data["record.Leaf"][-1]["leaf_hash"])


@pytest.mark.django_db
def test_my_data_ask_for_a_sign_in() -> None:
    assert Browser().get("/me/data.json").status_code == 302


def test_what_belongs_to_my_assignments_is_in_my_data() -> None:
    assert own_data._naming(apps.get_model("tasks.Answer")) == ["assignment__person"]
