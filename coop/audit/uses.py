"""Uses of data: each row is what its vote said, and no column about people is kept or shown beside them (N8)."""

import json
from collections.abc import Iterator

from django.apps import apps
from django.db import connection

from coop import clock, data_places
from coop.audit.findings import Finding, Tick
from governance import data_uses
from governance.models import DataUse

COLUMNS = """
SELECT c.relname, a.attname FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'm') AND a.attnum > 0
    AND NOT a.attisdropped AND a.attname <> 'id' ORDER BY c.relname, a.attnum
"""


def walk(tick: Tick) -> Iterator[Finding]:
    """Compare the registry with its votes, and the database's columns with the registry in force."""
    for use in DataUse.objects.select_related("mandate__proposal__rule").order_by("pk"):
        tick(1)
        yield from _voted(use)
    in_force = {entry.key: entry.shown for entry in data_uses.known(clock.now())}
    for key in data_places.PLACES:
        yield from _used(key, in_force.get(key))
    yield from _kept()
    yield from _shown(in_force)


def _voted(use: DataUse) -> Iterator[Finding]:
    """Say that a row is not what the vote of its mandate said; those of the founding are hashed by its own walk."""
    row, vote = f"governance_datause {use.pk}", use.mandate.proposal
    if vote is None:
        if use.version > 1:
            yield Finding(row, "changes a use of data by no vote", "a new version takes a vote under N8")
        return
    said = {name: getattr(use, name) for name in data_uses.SAID} | {"replaces": use.version - 1}
    if vote.rule.key != "N8" or json.loads(vote.payload) != said:
        yield Finding(row, f"is not what vote {vote.pk} said, or not by N8", "a use of data is written as it was voted")


def _used(key: str, use: DataUse | None) -> Iterator[Finding]:
    tables = ", ".join(data_places.PLACES[key])
    if use is None:
        yield Finding(f"data use {key}", f"was never voted on, and has its data in {tables}", "a use takes a vote (N8)")
    elif not use.in_use:
        # What stands in the record stays there; that nothing is added is for people to see.
        yield Finding(f"data use {key}", f"has ended, and has its data in {tables}", "it ends there", certain=False)


def _kept() -> Iterator[Finding]:
    known = {(table, column) for _use, table, column in data_places.named()}
    with connection.cursor() as cursor:
        cursor.execute(COLUMNS)
        for table, column in cursor.fetchall():
            if (table, column) not in known and table not in data_places.ABOUT_NOBODY:
                yield Finding(f"{table}.{column}", "is kept for no use of data", "what is kept takes a vote (N8)")


def _shown(in_force: dict[str, DataUse]) -> Iterator[Finding]:
    """Say which column the site shows to somebody whom none of its uses names, as voted."""
    told: dict[tuple[str, str], set[str]] = {}
    for key, table, column in data_places.named():
        if use := in_force.get(key):
            told.setdefault((table, column), set()).update(use.seen_by.split(","))
    for model in apps.get_models():
        for field in model._meta.concrete_fields:  # noqa: SLF001 - Django's own name
            audience = getattr(model, "privacy_audiences", {}).get(field.name)
            readers = told.get((model._meta.db_table, str(field.column)))  # noqa: SLF001 - likewise
            if audience and readers is not None and audience.value not in readers:
                where = f"{model._meta.db_table}.{field.column}"  # noqa: SLF001 - likewise
                yield Finding(where, f"is shown to {audience.value}", f"the votes say {', '.join(sorted(readers))}")
