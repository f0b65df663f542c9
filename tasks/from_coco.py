"""COCO's JSON as rows of ours: an image each, with what was drawn on it.

Images, annotations and categories stand in lists of their own, in any order, and are brought together on disk: one of
them is in memory at a time. Source: cocodataset.org, "Data format".
"""

import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from typing import Any, BinaryIO

from django.utils.translation import gettext as _

from tasks import listed, rows
from tasks.rows import Json, Unreadable

PLACE = ("type", "bbox", "segmentation", "keypoints", "points", "words", "attributes")
TABLES = """
CREATE TABLE category (key TEXT PRIMARY KEY, length INTEGER, said TEXT) WITHOUT ROWID;
CREATE TABLE image (number INTEGER PRIMARY KEY, key TEXT, said TEXT);
CREATE TABLE annotation (number INTEGER PRIMARY KEY, image TEXT, category TEXT, length INTEGER, said TEXT);
"""
# A category's name is written with each of its annotations: the rows may be so many times as long as the file.
TIMES = 10
TWICE = "SELECT key FROM image GROUP BY key HAVING count(*) > 1 LIMIT 1"
LENGTH = "SELECT coalesce(sum(a.length + c.length), 0) FROM annotation a JOIN category c ON c.key = a.category"
TOGETHER = "CREATE INDEX drawn ON annotation (image)"
UNKNOWN = "SELECT 1 FROM annotation a LEFT JOIN category c ON c.key = a.category WHERE c.key IS NULL LIMIT 1"
DRAWN = """SELECT a.said, c.said FROM annotation a JOIN category c ON c.key = a.category WHERE a.image = ?
ORDER BY a.number"""


def read(file: BinaryIO) -> Iterator[Json]:
    """Yield each image of a COCO file with what was drawn on it, once the whole file was read.

    Raise LookupError, TypeError or AttributeError where a list or a part of an entry is not there, Unreadable where two
    images have one id or names are too long for the file, and as `listed.members` does.
    """
    # SQLite's own nameless file: on disk beyond a few megabytes, and gone when it is closed.
    with closing(sqlite3.connect("")) as kept:
        kept.executescript(TABLES)
        _take_in(file, kept)
        kept.execute(TOGETHER)
        if kept.execute(UNKNOWN).fetchone():
            message = "an annotation is of no category"
            raise LookupError(message)
        _check(kept, length=file.tell())
        for key, said in kept.execute("SELECT key, said FROM image ORDER BY number"):
            yield _row(json.loads(said), _drawn(kept, key))


def _take_in(file: BinaryIO, kept: sqlite3.Connection) -> None:
    missing = set(LISTS)
    for name, entries in listed.members(file, rows.ROW_MAX_BYTES):
        if name in LISTS:
            statement, told = LISTS[name]
            kept.executemany(statement, map(told, entries))
            missing.discard(name)
    if missing:
        message = f"no {', '.join(sorted(missing))}"
        raise LookupError(message)


def _check(kept: sqlite3.Connection, *, length: int) -> None:
    """Raise Unreadable where the rows would be many times as long as the file."""
    if twice := kept.execute(TWICE).fetchone():
        raise Unreadable(_("Two images have the id %(id)s. Give each image its own id.") % {"id": twice[0][:80]})
    if kept.execute(LENGTH).fetchone()[0] > TIMES * length:
        words = _("The rows would be over %(times)d times as long as the file: shorten the names of its categories.")
        raise Unreadable(words % {"times": TIMES})


def _category(one: Any) -> tuple[str | int, ...]:  # noqa: ANN401 - whatever JSON can hold
    said = json.dumps(one["name"])
    return _key(one["id"]), len(said), said


def _image(one: Any) -> tuple[str | int, ...]:  # noqa: ANN401 - likewise
    row = {"id": one.get("item", one["id"]), "image": one["file_name"]}
    return _key(one["id"]), json.dumps(row)


def _annotation(one: Any) -> tuple[str | int, ...]:  # noqa: ANN401 - likewise
    said = json.dumps({name: one[name] for name in PLACE if name in one})
    return _key(one["image_id"]), _key(one["category_id"]), len(said), said


LISTS: Mapping[str, tuple[str, Callable[[Any], tuple[str | int, ...]]]] = {
    "categories": ("INSERT OR REPLACE INTO category VALUES (?, ?, ?)", _category),
    "images": ("INSERT INTO image (key, said) VALUES (?, ?)", _image),
    "annotations": ("INSERT INTO annotation (image, category, length, said) VALUES (?, ?, ?, ?)", _annotation),
}


def _key(number: Any) -> str:  # noqa: ANN401 - likewise
    """Return an id as text: 1 and 1.0 are the same, as to whoever compares numbers."""
    return json.dumps(int(number) if isinstance(number, float) and number.is_integer() else number)


def _drawn(kept: sqlite3.Connection, image: str) -> list[Json]:
    """Return what was drawn on an image: of too much for a row the beginning, which is too much, too."""
    found, length = [], 0
    for place, label in kept.execute(DRAWN, [image]):
        found.append({**json.loads(place), "label": json.loads(label)})
        length += len(place) + len(label)
        if length > 2 * rows.ROW_MAX_BYTES:
            break
    return found


def _row(row: Json, shapes: list[Json]) -> Json:
    return row | ({"prediction": {"annotations": shapes, "model": "COCO"}} if shapes else {})
