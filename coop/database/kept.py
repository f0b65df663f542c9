"""Queries that nearly every request asks: their SQL is written once in a process, where Django writes it each time.

To write the SQL of a query that loads a few tables costs several times what the database takes to answer it.
"""

from collections.abc import Callable
from functools import cached_property
from typing import Any

from django.db import connection, models
from django.db.models import Expression, Model, QuerySet
from django.db.models.query import get_related_populators


class Given(Expression):
    """A place in a kept query that is filled each time it is asked, by this name."""

    def __init__(self, name: str) -> None:
        """Keep the name."""
        super().__init__()
        self.name = name

    def as_sql(self, _compiler: Any, _connection: Any) -> tuple[str, list[Any]]:  # type: ignore[override]  # noqa: ANN401 - itself is what will be replaced
        """Stand for what is given."""
        return "%s", [self]


class Kept[Row: Model]:
    """A query of a model with places to fill: `Kept(lambda: Job.objects.filter(pk=Given("job")))`.

    Rows come as of the query itself, with what it selects beside them (`select_related`, `annotate`); nothing is
    prefetched.
    """

    def __init__(self, query: Callable[[], QuerySet[Row]]) -> None:
        """Keep what makes the query, for when it is first asked."""
        self._query = query

    def first(self, **given: object) -> Row | None:
        """Return the first row with these places filled, or None. Raise KeyError for a place that is left out."""
        sql, places = self._written
        with connection.cursor() as cursor:
            values: list[Any] = [given[one.name] if isinstance(one, Given) else one for one in places]
            cursor.execute(sql, values)
            row = cursor.fetchone()
        return None if row is None else self._made(list(row))

    @cached_property
    def _written(self) -> tuple[str, tuple[Any, ...]]:
        sql, places = self._compiler.as_sql()
        return sql, tuple(places)

    @cached_property
    def _compiler(self) -> Any:  # noqa: ANN401 - Django's own, which says how rows become objects
        return self._query()[:1].query.get_compiler(connection.alias)

    @cached_property
    def _reading(self) -> tuple[Any, ...]:
        """Return how a row is read: as Django's ModelIterable does, but found out once."""
        compiler = self._compiler
        model, columns = compiler.klass_info["model"], compiler.klass_info["select_fields"]
        own = slice(columns[0], columns[-1] + 1)
        names = [column.target.attname for column, *_ in compiler.select[own]]
        converters = compiler.get_converters([column for column, *_ in compiler.select[: compiler.col_count]])
        ways = models.FETCH_ONE  # what a query that says nothing else has
        related = get_related_populators(compiler.klass_info, compiler.select, connection.alias, ways)
        return model, own, names, list(converters.items()), related, compiler.annotation_col_map or {}

    def _made(self, row: list[Any]) -> Row:
        model, own, names, converters, related, beside = self._reading
        for place, (steps, column) in converters:
            for step in steps:
                row[place] = step(row[place], column, connection)
        made: Row = model.from_db(connection.alias, names, row[own])
        for one in related:
            one.populate(row, made)
        for name, place in beside.items():
            setattr(made, name, row[place])
        return made
