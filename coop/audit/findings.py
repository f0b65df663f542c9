"""What an audit finds: a row, what it is, and what it should have been."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass

from django.db import connection
from django.utils.functional import Promise

# Told how many rows were looked at since the last call.
type Tick = Callable[[int], object]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that does not add up. `row` is a table and a number, or a part of the schema.

    `certain` is false for what has innocent causes too, as a restored backup: it is told, and fails nothing.
    """

    row: str
    what: str
    should: str
    certain: bool = True

    def __str__(self) -> str:
        return f"{self.row}: {self.what}; {self.should}."

    def plain(self) -> dict[str, object]:
        """Return the finding for machines."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Walk:
    """One thing that is walked: its name, what it shows when it finds nothing, and the walk itself."""

    name: str
    says: str | Promise
    find: Callable[[Tick], Iterable[Finding]]


def faults(query: str, row: str, what: str, should: str) -> Iterator[Finding]:
    """Return a finding for each row of a query, its words filled in with the row's columns by their names."""
    with connection.cursor() as cursor:
        cursor.execute(query)
        names = [column.name for column in cursor.description or ()]
        for values in cursor.fetchall():
            said = dict(zip(names, values, strict=True))
            yield Finding(row.format(**said), what.format(**said), should.format(**said))
