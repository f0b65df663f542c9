"""Sending what waits: eight at a time to one client's addresses, again and again for a day, in order of each thing."""

import json
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import prefetch_related_objects

from coop import door
from tasks.models import Attempt, Message, MessageState
from tasks.webhooks import addresses, signing

AT_ONCE = 200
SIDE_BY_SIDE = 8
PATIENCE = 10.0
# How long after each failed try the next one is made: 20 more within a day.
DELAYS = [
    timedelta(minutes=minutes)
    for minutes in (1, 2, 4, 8, 15, 30, 45, 60, 60, 60, 90, 90, 90, 90, 120, 120, 120, 120, 150, 150)
]
DUE = """
SELECT m.* FROM tasks_message m
WHERE m.client_id = %s AND m.state = 'waiting' AND m.next_at <= %s AND NOT EXISTS (
    SELECT FROM tasks_message b WHERE b.state = 'waiting' AND b.subject = m.subject AND b.id < m.id
    AND b.url = m.url AND b.client_id = m.client_id)
ORDER BY m.next_at, m.id LIMIT %s
"""


def clients_due(*, at: datetime) -> list[int]:
    """Return the clients whose messages wait to be sent."""
    due = Message.objects.filter(state=MessageState.WAITING, next_at__lte=at)
    return list(due.order_by("client_id").values_list("client_id", flat=True).distinct())


def send_due(client_id: int, *, at: datetime) -> int:
    """Send the first messages that are due to a client's addresses, at most one about each thing; return how many.

    What is not taken (2xx) waits for its next try; after twenty more it is given up. Killed on the way, the same
    messages are sent once more: a receiver knows them by their `webhook-id`.
    """
    due = list(Message.objects.raw(DUE, [client_id, at, AT_ONCE]))
    prefetch_related_objects(due, "webhook")
    tried = _tried(due, at)
    if tried:
        _note(due, tried, at)
    return len(due)


def _tried(due: Sequence[Message], at: datetime) -> list[Attempt]:
    letters = [_letter(message, at) for message in due]
    with ThreadPoolExecutor(SIDE_BY_SIDE) as together:
        return list(together.map(_try, due, letters))


def _letter(message: Message, at: datetime) -> tuple[bytes, Mapping[str, str]]:
    """Return the body and the headers of a message."""
    content, sent = json.dumps(message.payload, ensure_ascii=False).encode(), int(at.timestamp())
    if message.webhook:
        return content, signing.headers(str(message.key), content, sent, addresses.secrets_of(message.webhook, at=at))
    key = signing.callback_key(message.client_id, test=message.kind == "callback.test")
    return content, {**signing.headers(str(message.key), content, sent, [key]), "scale-callback-auth": key}


def _try(message: Message, letter: tuple[bytes, Mapping[str, str]]) -> Attempt:
    """Send a message and return what came of it, not saved yet: this runs beside others."""
    begun, (content, headers) = time.monotonic(), letter
    status, problem = None, ""
    try:
        status = door.post(message.url, content, headers, seconds=PATIENCE).status
    except door.Closed as closed:
        problem = closed.why
    spent = int((time.monotonic() - begun) * 1_000)
    return Attempt(message=message, status=status, problem=problem, milliseconds=spent)


@transaction.atomic
def _note(due: Sequence[Message], tried: Sequence[Attempt], at: datetime) -> None:
    """Write down what came of the tries, and put off what else waits for addresses where nobody answers."""
    for attempt in tried:
        attempt.at = at
        _go_on(attempt.message, attempt, at)
    Attempt.objects.bulk_create(tried)
    Message.objects.bulk_update(due, ["state", "tries", "next_at", "ended_at"])
    for url, until in _silent(tried).items():
        waiting = Message.objects.filter(client=due[0].client_id, url=url, state=MessageState.WAITING)
        waiting.filter(next_at__lt=until).update(next_at=until)


def _go_on(message: Message, attempt: Attempt, at: datetime) -> None:
    if attempt.status is not None and 200 <= attempt.status < 300:  # noqa: PLR2004 - HTTP's successes
        message.state, message.ended_at = MessageState.TAKEN, at
    elif message.tries >= len(DELAYS):
        message.state, message.ended_at = MessageState.GIVEN_UP, at
    else:
        message.next_at = at + DELAYS[message.tries]
    message.tries += 1


def _silent(tried: Iterable[Attempt]) -> Mapping[str, datetime]:
    """Return the addresses from which nothing came back, each with the soonest time that it is tried again."""
    of: dict[str, list[Attempt]] = defaultdict(list)
    for attempt in tried:
        of[attempt.message.url].append(attempt)
    mute = {url: attempts for url, attempts in of.items() if all(one.status is None for one in attempts)}
    return {url: min(one.message.next_at for one in attempts) for url, attempts in mute.items()}


def forget(limit: int = 5_000) -> int:
    """Delete messages that ended thirty days ago, with their tries, at most `limit`; return how many."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tasks_forget_messages(%s)", [limit])
        (gone,) = cursor.fetchone()
    return int(gone)
