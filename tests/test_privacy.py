"""Every field says who may see it, and what is for nobody is shown to nobody."""
# ruff: noqa: SLF001 - it reads models and the admin by Django's own names

import json
from collections.abc import Callable

import pytest
from django.apps import apps
from django.db import connection
from django.db.models import Model
from django.test import Client as Browser

from coop import admin, clock, data_places, own_data
from coop.people.models import Person
from coop.people.privacy import Audience
from coop.record import events
from governance import founding_uses
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
    assert own_data._belonging(apps.get_model("tasks.Answer")) == ["assignment__person"]


SEEN_BY = {use.key: set(use.seen_by.split(",")) for use in founding_uses.FIRST}
COLUMNS = """
SELECT c.relname, a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'm') AND a.attnum > 0
    AND NOT a.attisdropped AND a.attname <> 'id'
"""


def in_no_use(columns: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """Return the columns that no use of data names, of tables that are not known to hold nothing about people."""
    named = {(table, column) for _use, table, column in data_places.named()}
    return {(table, column) for table, column in columns - named if table not in data_places.ABOUT_NOBODY}


def audiences(model: type[Model]) -> dict[str, Audience]:
    """Return who may see each column of a model."""
    declared: dict[str, Audience] = getattr(model, "privacy_audiences", {})
    return {str(field.column): declared[field.name] for field in model._meta.concrete_fields if field.name in declared}


@pytest.mark.django_db
def test_no_column_about_people_is_in_no_use() -> None:
    """A new column fails here until a use of data names it, which takes a vote in a cooperative that stands (N8)."""
    with connection.cursor() as cursor:
        cursor.execute(COLUMNS)
        standing = set(cursor.fetchall())
    assert not in_no_use(standing)
    named = {(table, column) for _use, table, column in data_places.named()}
    assert not named - standing
    assert not {table for table, _column in named} & data_places.ABOUT_NOBODY
    assert {table for table, _column in standing} >= data_places.ABOUT_NOBODY


def test_a_column_in_no_use_is_found() -> None:
    assert in_no_use({("tasks_answer", "screenshot"), ("tasks_answer", "seconds"), ("payments_rate", "note")}) == {
        ("tasks_answer", "screenshot")
    }


def test_what_is_about_nobody_names_nobody() -> None:
    for model in apps.get_models():
        if model._meta.db_table in data_places.ABOUT_NOBODY:
            assert not [f.name for f in model._meta.concrete_fields if f.related_model is Person], model
            assert set(audiences(model).values()) <= {Audience.PUBLIC}, model


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_no_column_is_shown_to_more_people_than_its_uses_say(model: type[Model]) -> None:
    seen = audiences(model)
    for column, audience in seen.items():
        uses = {use for use, table, named in data_places.named() if (table, named) == (model._meta.db_table, column)}
        told = set().union(*(SEEN_BY[use] for use in uses))
        assert not uses or audience.value in told, f"{column} is shown to {audience}, and none of {uses} says so (N8)"


def test_every_use_says_where_its_data_lie() -> None:
    assert set(data_places.PLACES) == set(SEEN_BY)
