"""What we keep about one person, gathered from every app by what each field's privacy says."""
# ruff: noqa: ANN401, SLF001 - it reads models by Django's own names

from typing import Any

from django.apps import apps
from django.db.models import Field, Model, Q

from coop.people.models import Person
from coop.people.privacy import Audience
from payments import details
from payments.models import PayoutDetails
from tasks import badges

# What is about a person, or what they can see of the organisations and assignments they are a party to.
THEIRS = {Audience.PUBLIC, Audience.MEMBERS, Audience.SELF, Audience.PARTIES}


def of(person: Person) -> dict[str, Any]:
    """Return every row that names the person, by table, each with the fields that are theirs to see.

    Left out are fields for other parties only (a client's, the officers') and what nobody sees (secrets, ballots).
    """
    tables = {"people.Person": _rows(Person, Q(pk=person.pk))}
    for model in apps.get_models():
        theirs = _theirs(model, person)
        if theirs and (rows := _rows(model, theirs)):
            tables[f"{model._meta.app_label}.{model.__name__}"] = rows
    _open(tables.get("payments.PayoutDetails", []))
    passed = [badges.token(person, badge) for badge in badges.of(person)]
    return {**tables, "Open Badges 3.0": passed} if passed else tables


def _open(rows: list[dict[str, Any]]) -> None:
    """Put beside each version of where the money goes what the person said; the table holds it sealed."""
    kept = PayoutDetails.objects.in_bulk([row["id"] for row in rows])
    for row in rows:
        row["said"] = details.opened(kept[row["id"]])


def _theirs(model: type[Model], person: Person) -> Q:
    """Return what finds a person's rows: they name them, or name nobody and belong to a row that is about them."""
    naming = [field for field in _seen(model) if field.related_model is Person]
    named = Q(*((field.name, person.pk) for field in naming), _connector=Q.OR)
    if not all(field.null for field in naming):
        return named
    nobody = Q(*((f"{field.name}__isnull", True) for field in naming))
    belonging = Q(*((name, person.pk) for name in _belonging(model)), _connector=Q.OR)
    return named | (belonging & nobody) if belonging else named


def _belonging(model: type[Model]) -> list[str]:
    """Return the lookups by which a row belongs to one that is about a person."""
    return [
        f"{field.name}__{about.name}"
        for field in _seen(model)
        if field.related_model
        for about in _columns(field.related_model)
        if about.related_model is Person and _audience(field.related_model, about) == Audience.SELF
    ]


def _rows(model: type[Model], condition: Q) -> list[dict[str, Any]]:
    fields = [field.attname for field in _seen(model)]
    found = model._default_manager.filter(condition).order_by("pk").values(*fields)
    return [{name: _plain(value) for name, value in row.items()} for row in found]


def _plain(value: Any) -> Any:
    """Return a hash as hexadecimal digits, everything else as it is."""
    return bytes(value).hex() if isinstance(value, bytes | memoryview) else value


def _seen(model: type[Model]) -> list["Field[Any, Any]"]:
    """Return the columns that are a person's to see."""
    return [field for field in _columns(model) if _audience(model, field) in THEIRS]


def _audience(model: Any, field: "Field[Any, Any]") -> Audience | None:
    return getattr(model, "privacy_audiences", {}).get(field.name)


def _columns(model: Any) -> list["Field[Any, Any]"]:
    return list(model._meta.concrete_fields)
