"""Queries that nearly every request asks: their SQL is written once in a process, where Django writes it each time.

To write the SQL of a query that loads a few tables costs several times what the database takes to answer it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db import connection, models
from django.db.models import Expression, Model, QuerySet
from django.db.models.query import get_related_populators

# How what was not loaded is fetched later, of a query that says nothing else: for its own row.
ALONE = models.FETCH_ONE


class Given(Expression):
    """A place in a kept query that is filled each time it is asked, by this name.

    The value goes to the database as it is, past the field that it is compared with: a number, a text, a bool or an
    aware time; never an amount of money, which its field writes as micro-units.
    """

    def __init__(self, name: str) -> None:
        """Keep the name."""
        super().__init__()
        self.name = name

    def as_sql(self, _compiler: Any, _connection: Any) -> tuple[str, list[Any]]:  # type: ignore[override]  # noqa: ANN401 - itself is what will be replaced
        """Stand for what is given."""
        return "%s", [self]


@dataclass(frozen=True, slots=True)
class Plan:
    """What asks a kept query, and how a row of it is read: as Django's ModelIterable does, but found out once."""

    sql: str
    places: tuple[Any, ...]
    model: Any
    own: slice
    names: list[str]
    converters: list[Any]
    related: list[Any]
    beside: dict[str, int]


class Kept[Row: Model]:
    """A query of a model with places to fill: `Kept(lambda: Job.objects.filter(pk=Given("job")))`.

    Rows come as of the query itself, with what it selects beside them (`select_related`, `annotate`); nothing is
    prefetched.
    """

    def __init__(self, query: Callable[[], QuerySet[Row]]) -> None:
        """Keep what makes the query, for when it is first asked."""
        self._query = query

    def first(self, **given: object) -> Row | None:
        """Return the first row with these places filled, or None; in no order but the query's own.

        Raise KeyError for a place that is left out, ValueError for one that is None: nothing equals NULL.
        """
        if any(value is None for value in given.values()):
            message = f"a kept query has no place for None: {given}"
            raise ValueError(message)
        plan = self._plan
        values: list[Any] = [given[one.name] if isinstance(one, Given) else one for one in plan.places]
        with connection.cursor() as cursor:
            cursor.execute(plan.sql, values)
            row = cursor.fetchone()
        return None if row is None else self._made(list(row))

    @cached_property
    def _plan(self) -> Plan:
        # Threads that ask for the first time together each make one: none touches what another is making.
        compiler: Any = self._query()[:1].query.get_compiler(connection.alias)
        sql, places = compiler.as_sql()
        model, columns = compiler.klass_info["model"], compiler.klass_info["select_fields"]
        own = slice(columns[0], columns[-1] + 1)
        names = [column.target.attname for column, *_ in compiler.select[own]]
        converters = compiler.get_converters([column for column, *_ in compiler.select[: compiler.col_count]])
        related = get_related_populators(compiler.klass_info, compiler.select, connection.alias, ALONE)
        beside = compiler.annotation_col_map or {}
        return Plan(sql, tuple(places), model, own, names, list(converters.items()), related, beside)

    def _made(self, row: list[Any]) -> Row:
        plan = self._plan
        for place, (steps, column) in plan.converters:
            for step in steps:
                row[place] = step(row[place], column, connection)
        made: Row = plan.model.from_db(connection.alias, plan.names, row[plan.own], fetch_mode=ALONE)
        for one in plan.related:
            one.populate(row, made)
        for name, place in plan.beside.items():
            setattr(made, name, row[place])
        return made
