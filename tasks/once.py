"""Carrying a call out once: what was answered to its name is answered again."""

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from django.core.files import File
from django.db import connection, transaction
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.encoders import JSONEncoder

from coop.people.models import ApiKey
from coop.refusals import Refusal, Refused, refuse_if
from payments import envelopes
from payments.envelopes import Envelope
from tasks.models import Call

HEADER, REPLAYED = "Idempotency-Key", "Idempotency-Replayed"
NAME = re.compile("[!-~]{1,255}")
PIECE = 1_000_000
# A second call of the same name waits here until the first has ended.
BEGIN = """
INSERT INTO tasks_call (key_id, name, digest, sealed, fingerprint, at) VALUES (%s, %s, %s, '', '', %s)
ON CONFLICT (key_id, name) DO NOTHING RETURNING id
"""


@transaction.atomic
def carried_out(key: ApiKey, request: Request, act: Callable[[], Response], *, at: datetime) -> Response:
    """Carry a call out, or return what the same call was answered within a day.

    A refusal is no answer: nothing was done, and the call may come again. Raises Refused for a name that is too long,
    and for a name under which something else was asked.
    """
    name = request.headers[HEADER]
    if not NAME.fullmatch(name):
        refuse_if(Refusal(_("An Idempotency-Key has 1 to 255 letters, digits or signs of ASCII."), status=400))
    digest = _digest(request)
    number = _begin(key, name, digest, at)
    try:
        answer = act() if number else _again(Call.objects.get(key=key, name=name), digest)
    finally:
        # Where it was refused, or answered before, nobody read it.
        if isinstance(request.data, File):
            request.data.close()
    return _kept(number, answer) if number else answer


def _kept(number: int, answer: Response) -> Response:
    body = json.dumps(answer.data, cls=JSONEncoder)
    envelope = envelopes.seal({"body": body}, place=f"call:{number}")
    Call.objects.filter(pk=number).update(
        status=answer.status_code, sealed=envelope.sealed, fingerprint=envelope.fingerprint
    )
    return answer


def forget(limit: int = 5_000) -> int:
    """Delete answers that are older than a day, at most `limit`; return how many."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tasks_forget_calls(%s)", [limit])
        (gone,) = cursor.fetchone()
    return int(gone)


def _begin(key: ApiKey, name: str, digest: str, at: datetime) -> int | None:
    with connection.cursor() as cursor:
        cursor.execute(BEGIN, [key.pk, name, digest, at])
        row = cursor.fetchone()
    return row[0] if row else None


def _again(call: Call, digest: str) -> Response:
    if call.digest != digest:
        words = _("Under this Idempotency-Key something else was asked.")
        raise Refused(Refusal(words, appeal=_("Give another call another key."), status=422))
    said = envelopes.unseal(Envelope(call.sealed, call.fingerprint), place=f"call:{call.pk}")
    return Response(json.loads(said["body"]), status=call.status, headers={REPLAYED: "true"})


def _digest(request: Request) -> str:
    found = hashlib.sha256(f"{request.method} {request.get_full_path()}\n".encode())
    for piece in _pieces(request.data):
        found.update(piece)
    return found.hexdigest()


def _pieces(data: Any) -> Iterator[bytes]:  # noqa: ANN401 - whatever a parser makes of a body
    """Yield what was sent, a large file piece by piece."""
    if isinstance(data, File):
        yield from data.chunks(PIECE)
        data.seek(0)
    elif isinstance(data, Mapping) and hasattr(data, "lists"):
        for name, values in data.lists():
            for value in values:
                yield f"{name}\n{getattr(value, 'name', '')}\n".encode()
                yield from _pieces(value)
    else:
        yield json.dumps(data, sort_keys=True, default=str).encode()
