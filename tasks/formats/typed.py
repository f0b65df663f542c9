"""Columns of their own types beside the JSON: numbers as numbers, lists as lists, as far as all items say them alike.

`data_NAME` is a part of what was shown, `result_NAME` of what the answers came to. What is a number here and a text
there has no column, nor has a whole number that programs do not hold exactly; the JSON has all of it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import pyarrow as pa

from tasks.shapes import Json

PARTS = ("data", "result")
# A part with more names than that is a table of its own, and so are more columns.
MOST = 200
EXACT = 2**53
_PLAIN = {bool: pa.bool_(), int: pa.int64(), float: pa.float64(), str: pa.string()}


@dataclass(slots=True)
class Seen:
    """What kind of thing was seen in one place: nothing yet (all empty), one kind, or things that are not alike."""

    plain: type | None = None
    items: "Seen | None" = None
    named: "dict[str, Seen] | None" = None
    unlike: bool = field(default=False)

    def look(self, value: object) -> None:
        """Take one more value into account."""
        if isinstance(value, dict):
            self.unlike |= self.plain is not None or self.items is not None
            self._look_at_names(value)
        elif isinstance(value, list):
            self.unlike |= self.plain is not None or self.named is not None
            self.items = self.items or Seen()
            for one in value:
                self.items.look(one)
        elif value is not None:
            self.unlike |= self.items is not None or self.named is not None
            self._look_at_plain(value)

    def _look_at_names(self, value: Mapping[str, object]) -> None:
        named = self.named = {} if self.named is None else self.named
        for name, one in value.items():
            named.setdefault(name, Seen()).look(one)
            if len(named) > MOST:
                self.unlike = True
                return

    def _look_at_plain(self, value: object) -> None:
        kind = type(value)
        numbers = {kind, self.plain} == {int, float}
        self.unlike |= self.plain not in {None, kind} and not numbers
        self.unlike |= isinstance(value, int) and abs(value) > EXACT
        self.plain = float if numbers else kind

    def arrow(self) -> pa.DataType | None:
        """Return the type of a column for it; None where there is none."""
        if self.unlike:
            return None
        if self.items is not None:
            inner = self.items.arrow()
            return pa.list_(inner) if inner is not None else None
        if self.named is not None:
            fields = [(name, one.arrow()) for name, one in sorted(self.named.items())]
            known = [pa.field(name, kind) for name, kind in fields if kind is not None]
            return pa.struct(known) if known else None
        return _PLAIN.get(self.plain) if self.plain else None


def columns(items: Iterable[Json]) -> dict[str, pa.DataType]:
    """Return the columns for items by name, each with its type, 200 at most; every item is looked at once."""
    seen = {part: Seen(named={}) for part in PARTS}
    for one in items:
        for part in PARTS:
            seen[part].look(one[part])
    found = {
        f"{part}_{name}": kind
        for part in PARTS
        for name, one in sorted((seen[part].named or {}).items())
        if not seen[part].unlike and (kind := one.arrow()) is not None
    }
    return dict(list(found.items())[:MOST])


def cells(one: Json, names: Iterable[str]) -> Json:
    """Return what an item says in columns of these names; nothing where it says none."""
    placed = ((name, *name.split("_", 1)) for name in names)
    return {name: (one[part] or {}).get(key) for name, part, key in placed}
