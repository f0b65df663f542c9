"""JSON lines: what changed, and the version as it is kept: its digest is of these lines in parts of 5,000 tasks."""

import json
from collections.abc import Iterator

from tasks import releases
from tasks.models import Release


def write(release: Release) -> Iterator[bytes]:
    """Yield a line for each item."""
    return (line.encode() for line in releases.lines(release))


def changes(release: Release) -> Iterator[bytes]:
    """Yield a line for each item that is not as in the version before: its id, and added, changed or removed."""
    for one in releases.changes(release):
        yield f"{json.dumps({'id': one.name, 'what': one.what}, ensure_ascii=False)}\n".encode()
