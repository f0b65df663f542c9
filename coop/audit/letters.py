"""A head of the log inside a letter that a member got: its time is that of the mail server which took it in."""

import re
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import parsedate_to_datetime

LINE = re.compile(r"Workhall-Record: (\d+) ([0-9a-f]{64})")


def kept_in(letter: bytes) -> tuple[int, str, datetime | None]:
    """Return the size and root that a saved letter carries, and when its reader's mail server took it in, if one did.

    Raises ValueError for a letter without a head. The topmost `Received` was written last, by the reader's own server.
    """
    message = BytesParser(_class=EmailMessage, policy=policy.default).parsebytes(letter)
    body = message.get_body(("plain",))
    said = [str(body.get_content())] if body is not None else []
    found = LINE.search("\n".join([*said, letter.decode(errors="replace")]))
    if found is None:
        nothing = "No head of the record stands in this file."
        raise ValueError(nothing)
    received = message.get("Received")
    return int(found[1]), found[2], _time(str(received).rpartition(";")[2]) if received else None


def _time(said: str) -> datetime | None:
    try:
        return parsedate_to_datetime(said.strip()).astimezone(UTC)
    except ValueError:
        return None
