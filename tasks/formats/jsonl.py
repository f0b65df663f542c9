"""JSON lines: the version as it is kept; its digest is that of these lines in parts of 5,000 tasks."""

from collections.abc import Iterator

from tasks import releases
from tasks.models import Release


def write(release: Release) -> Iterator[bytes]:
    """Yield a line for each item."""
    return (line.encode() for line in releases.lines(release))
