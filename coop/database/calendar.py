"""Days at the ends of Python's calendar and beyond are read as far away as pages can still count with.

The database keeps days of before the year 1 and after 9999, and "infinity"; the first and the last of those between are
others in another zone. One of them in a row made every page fail
that read the row: in the row of an account, all that its person opened.
"""

from datetime import UTC, date, datetime

import psycopg
from psycopg import adapt, pq
from psycopg.abc import AdaptContext, Buffer, Loader
from psycopg.postgres import types

LONG_AGO, IN_A_LONG_TIME = date(1000, 1, 1), date(9000, 1, 1)


def read() -> None:
    """Let every connection that is made from now on read them so; again does nothing new. Before Django's own."""
    for name in ("date", "timestamptz"):
        loader = psycopg.adapters.get_loader(types[name].oid, pq.Format.TEXT)
        if loader is not None and not issubclass(loader, _Kept):
            psycopg.adapters.register_loader(name, type(f"Kept {name}", (_Kept,), {"usual": loader}))


class _Kept(adapt.Loader):
    """Reads as the usual one does, and what that one cannot, or what no zone but UTC can show."""

    usual: type[Loader]

    def __init__(self, oid: int, context: AdaptContext | None = None) -> None:
        super().__init__(oid, context)
        self.loader = self.usual(oid, context)

    def load(self, data: Buffer) -> object:
        try:
            day = self.loader.load(data)
        except psycopg.DataError:
            said = bytes(data)
            return self._far(LONG_AGO if said.startswith(b"-") or said.endswith(b"BC") else IN_A_LONG_TIME)
        if LONG_AGO.year <= day.year <= IN_A_LONG_TIME.year:
            return day
        return self._far(LONG_AGO if day.year < LONG_AGO.year else IN_A_LONG_TIME)

    def _far(self, day: date) -> date:
        return day if self.oid == types["date"].oid else datetime(day.year, day.month, day.day, tzinfo=UTC)
