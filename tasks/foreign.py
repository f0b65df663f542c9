"""Data sets as other programs write them: Label Studio's JSON and COCO's, with what machines said, as our own rows.

Sources: Label Studio's documentation, "Label Studio JSON format of annotated tasks" and "Import pre-annotations";
for COCO `tasks.from_coco`. Both are read entry by entry; in their problems, the line counts entries.
"""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tasks import from_coco, listed, rows
from tasks.rows import Json, Problem, Row, Unreadable

TASK = frozenset({"predictions", "annotations"})
COCO = re.compile(rb'\s*\{\s*"(info|licenses|categories|images|annotations)"\s*:\s*[\[{]')
OPENING_BYTES = 1024
NOT_JSON = gettext_lazy("The file is not JSON in UTF-8: %(error)s.")


def read(file: BinaryIO) -> Iterator[Row | Problem]:
    """Yield every row of a file, or the problem with it, in order, whichever program wrote it."""
    opening = file.read(OPENING_BYTES).removeprefix(b"\xef\xbb\xbf").lstrip()
    file.seek(0)
    if opening[:1] == b"[":
        yield from rows.no_more_than(rows.ROWS_MAX, _listed(file))
    elif COCO.match(opening) and not _is_one_of_our_lines(file):
        yield from rows.no_more_than(rows.ROWS_MAX, _coco(file))
    else:
        yield from map(_own, rows.read(file))


def _is_one_of_our_lines(file: BinaryIO) -> bool:
    """Tell whether the first line is an object by itself that is no whole COCO file."""
    first = file.readline(rows.ROW_MAX_BYTES)
    file.seek(0)
    try:
        found = json.loads(first)
    except (ValueError, RecursionError):
        return False
    lists = (found.get("images"), found.get("annotations")) if isinstance(found, dict) else ()
    return not (lists and all(isinstance(one, list) for one in lists))


def _listed(file: BinaryIO) -> Iterator[Row | Problem]:
    number = 1
    try:
        for found in checked(listed.entries(file, rows.ROW_MAX_BYTES)):
            yield found
            number = found.line + 1
    except Unreadable as error:
        yield Problem(number, str(error))
    except (ValueError, RecursionError) as error:
        yield Problem(number, NOT_JSON % {"error": str(error)[:200]})


def _coco(file: BinaryIO) -> Iterator[Row | Problem]:
    try:
        yield from checked(from_coco.read(file))
    except Unreadable as error:
        yield Problem(1, str(error))
    except (LookupError, TypeError, AttributeError):
        yield Problem(1, _("The file begins as a COCO file and is none: images or annotations lack a part."))
    except (ValueError, RecursionError) as error:
        yield Problem(1, NOT_JSON % {"error": str(error)[:200]})


def checked(entries: Iterable[object]) -> Iterator[Row | Problem]:
    """Yield entries as rows, checked as a line of ours is."""
    for number, entry in enumerate(entries, 1):
        try:
            yield _own(Row(number, *rows.parts(_bounded(entry))))
        except Unreadable as error:
            yield Problem(number, str(error))


def _bounded(entry: object) -> Json:
    if not isinstance(entry, dict):
        raise Unreadable(_("The entry is not an object."))
    if len(json.dumps(entry, ensure_ascii=False)) > rows.ROW_MAX_BYTES:
        raise Unreadable(_("The entry is longer than %(most)d bytes.") % {"most": rows.ROW_MAX_BYTES})
    return entry


def _own(row: Row | Problem) -> Row | Problem:
    """Return a task of Label Studio's as ours: its data, and of its predictions the first."""
    if isinstance(row, Problem) or not (isinstance(row.data.get("data"), dict) and TASK & set(row.data)):
        return row
    task: Any = row.data
    data = {name: part for name, part in task["data"].items() if name != "id"}
    meta = task.get("meta")
    name = meta.get("id") if isinstance(meta, dict) else None
    said = task.get("predictions")
    first = said[0] if isinstance(said, list) and said and isinstance(said[0], dict) else None
    prediction = {"prediction": _said(first)} if first else {}
    return Row(row.line, str(name) if isinstance(name, str | int) else row.external_id, {**data, **prediction})


def _said(first: dict[str, Any]) -> Json:
    """Return a prediction of Label Studio's; a score beyond 0 to 1 is another measure than ours and left out."""
    score = first.get("score")
    good = isinstance(score, int | float) and not isinstance(score, bool) and 0 <= score <= 1
    told = {"regions": first.get("result", []), "model": str(first.get("model_version") or "")[:120]}
    return told | {"score": score} if good else told
