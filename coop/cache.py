"""The shared cache, as a table of the database: whoever writes into it leaves a value there, and never a program."""

import base64
import io
import pickle
from collections.abc import Iterable
from typing import Any, Never

from django.core.cache.backends.db import DatabaseCache
from django.db import connection
from django.utils import timezone

READ = "SELECT cache_key, value FROM coop_cache WHERE cache_key = ANY(%s) AND expires > %s"


class PlainCache(DatabaseCache):
    """Django's cache in the database, which reads numbers, words, lists and the like, and nothing that runs.

    Django's own hands what stands in the table to `pickle.loads`: whoever may write the table could run code in the
    site, and read the secrets that the site has and the database has not. What is no plain value is as if not there.
    """

    def get_many(self, keys: Iterable[str], version: int | None = None) -> dict[str, Any]:
        """Return the plain values that are kept under these keys and have not run out."""
        names = {self.make_and_validate_key(key, version=version): key for key in keys}
        if not names:
            return {}
        with connection.cursor() as cursor:
            cursor.execute(READ, [list(names), timezone.now()])
            kept = cursor.fetchall()
        return {names[name]: found[0] for name, value in kept if (found := _read(value))}


class _Plain(pickle.Unpickler):
    """Reads no function and no class by its name, without which nothing is called."""

    def find_class(self, module: str, name: str, /) -> Never:
        message = f"{module}.{name} is no plain value"
        raise pickle.UnpicklingError(message)


def _read(value: str) -> tuple[Any] | None:
    """Return a kept value, or None for anything but a plain one."""
    try:
        return (_Plain(io.BytesIO(base64.b64decode(value, validate=True))).load(),)
    except Exception:  # noqa: BLE001 - a broken pickle raises whatever it likes
        return None
