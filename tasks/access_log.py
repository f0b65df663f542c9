"""Who saw or fetched what a client has here: members by the work they took, officers for a reason, its own people.

What members saw follows from what they did: a task that was taken, an answer that was checked, a rejected one that was
looked at; what a client's own servers were sent, from the tries to send it. Only looks of officers, and what a client's
own people and programs take home, are written down for it.

When a member began is theirs (decision 0279): of their work the log tells the day in UTC, once that day is over.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from coop.database import moment
from coop.people.models import ApiKey, Client, Person
from coop.record import events
from coop.refusals import Refusal, refuse_if
from governance import offices
from tasks import exports
from tasks.models import Fetch, Look, Reason

LEAST_WORDS = 20
# Looking again within the hour is the same look.
ONCE_AN_HOUR = timedelta(hours=1)
CHUNK, LONGEST_SUBJECT = 500, 80
OF_MEMBERS = {"took", "checked", "was_drawn"}
DAY = "date_trunc('day', {} AT TIME ZONE interval '0') AT TIME ZONE interval '0'"
# One row for each time something was seen. A key tells its own name, an officer the post and why. What members saw is
# of no hour: it stands at the beginning of its day, in an order of its own.
SEEN = f"""
SELECT at, what, member, who, subject, why FROM (
    SELECT {DAY.format("a.claimed_at")} AS at, 'took' AS what, a.person_id AS member, '' AS who,
        'job:' || a.job_id || ' task ' || t.external_id AS subject, '' AS why
    FROM tasks_assignment a JOIN tasks_task t ON t.id = a.task_id JOIN tasks_job j ON j.id = a.job_id
    WHERE j.client_id = %(client)s AND a.claimed_at < %(today)s
    UNION ALL
    SELECT {DAY.format("c.taken_at")}, 'checked', c.person_id, '', 'job:' || a.job_id || ' answer ' || a.id, ''
    FROM tasks_check c JOIN tasks_assignment a ON a.id = c.assignment_id JOIN tasks_job j ON j.id = a.job_id
    WHERE j.client_id = %(client)s AND c.taken_at < %(today)s
    UNION ALL
    SELECT {DAY.format("p.seated_at")}, 'was_drawn', p.person_id, '', 'job:' || a.job_id || ' answer ' || a.id, ''
    FROM tasks_peer p JOIN tasks_dispute d ON d.id = p.dispute_id JOIN tasks_assignment a ON a.id = d.assignment_id
    JOIN tasks_job j ON j.id = a.job_id WHERE j.client_id = %(client)s AND p.seated_at < %(today)s
    UNION ALL
    SELECT r.given_at, 'said_why', NULL, p.name || ', ' || o.post, 'client:' || r.client_id, r.words
    FROM tasks_reason r JOIN governance_office o ON o.id = r.office_id JOIN people_person p ON p.id = o.person_id
    WHERE r.client_id = %(client)s AND r.given_at < %(before)s
    UNION ALL
    SELECT l.at, 'looked', NULL, p.name || ', ' || o.post, l.subject, r.words
    FROM tasks_look l JOIN tasks_reason r ON r.id = l.reason_id JOIN governance_office o ON o.id = r.office_id
    JOIN people_person p ON p.id = o.person_id WHERE r.client_id = %(client)s AND l.at < %(before)s
    UNION ALL
    SELECT f.at, CASE WHEN f.person_id IS NULL THEN 'opened' ELSE 'fetched' END, NULL,
        coalesce(k.prefix || '… ' || k.name, p.name, ''), f.subject, ''
    FROM tasks_fetch f LEFT JOIN people_person p ON p.id = f.person_id LEFT JOIN people_apikey k ON k.id = f.key_id
    WHERE f.client_id = %(client)s AND f.at < %(before)s
    UNION ALL
    SELECT t.at, 'was_sent', NULL, substring(m.url FROM '^[^:]+://(?:[^/?#@]*@)?([^/?#]+)'), m.subject, ''
    FROM tasks_message m JOIN tasks_attempt t ON t.message_id = m.id
    WHERE m.client_id = %(client)s AND t.at < %(before)s AND t.status IS NOT NULL AND (m.kind = 'task.completed'
        OR m.kind = 'callback' AND m.payload->>'status' = 'completed' AND m.payload->'response' IS NOT NULL)
) seen WHERE at < %(before)s ORDER BY at DESC, what, subject, member, who, why
"""  # noqa: S608 - both our own

TAKEN = """
INSERT INTO tasks_fetch (client_id, person_id, key_id, subject)
SELECT said.* FROM (VALUES (%(client)s::bigint, %(person)s::bigint, %(key)s::bigint, %(subject)s::varchar))
    said (client, person, key, subject)
WHERE NOT EXISTS (SELECT FROM tasks_fetch f WHERE f.client_id = said.client AND f.subject = said.subject
    AND f.key_id IS NOT DISTINCT FROM said.key AND f.at > %(since)s)
"""


@dataclass(frozen=True, slots=True)
class Seen:
    """That somebody saw something: when, what they did, who (a member by pseudonym), what of, and an officer's why.

    `at` is a moment, or of what a member saw the day.
    """

    at: datetime | date
    what: str
    who: str
    subject: str
    why: str

    @property
    def is_day(self) -> bool:
        """Tell whether only the day is told."""
        return self.what in OF_MEMBERS

    def line(self) -> str:
        """Return it as a line of JSON."""
        return json.dumps(asdict(self) | {"at": self.at.isoformat()}, ensure_ascii=False) + "\n"

    def cells(self) -> list[str]:
        """Return it as a row of a table."""
        return [self.at.isoformat(), self.what, self.who, self.subject, self.why]


def of(client: Client, *, at: datetime) -> Iterator[Seen]:
    """Yield what was seen of a client until now, the latest first, read as it is asked for."""
    name = _names(client)
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        moment.take_time(minutes=2)
        cursor.execute(SEEN, _facts(client, before=at, at=at))
        while some := cursor.fetchmany(CHUNK):
            for row in some:
                yield _seen(row, name)


def page(client: Client, *, before: datetime, skip: int, most: int, at: datetime) -> list[Seen]:
    """Return the last of what was seen of a client before a moment, so many of them passed over."""
    name, facts = _names(client), _facts(client, before=before, at=at)
    with connection.cursor() as cursor:
        cursor.execute(SEEN + "LIMIT %(most)s OFFSET %(skip)s", facts | {"most": most, "skip": skip})
        return [_seen(row, name) for row in cursor.fetchall()]


def _names(client: Client) -> Callable[[int], str]:
    return cache(lambda person: exports.pseudonym(client.pk, person))


def _facts(client: Client, *, before: datetime, at: datetime) -> dict[str, Any]:
    today = at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return {"client": client.pk, "before": before, "today": today}


def _seen(row: tuple[Any, ...], name: Callable[[int], str]) -> Seen:
    at, what, member, *rest = row
    if what not in OF_MEMBERS:
        return Seen(at, what, *rest)
    _who, subject, why = rest
    return Seen(at.astimezone(UTC).date(), what, name(member), subject, why)


def csv(client: Client, *, at: datetime) -> Iterator[str]:
    """Yield the same as lines of CSV."""
    rows = (seen.cells() for seen in of(client, at=at))
    return exports.lines_of(row for rows in ([["at", "what", "who", "subject", "why"]], rows) for row in rows)


def fetched(client: Client, subject: str, *, by: Person, key: ApiKey | None = None) -> None:
    """Write down that somebody of a client takes something home."""
    Fetch(client=client, person=by, key=key, subject=subject).save(force_insert=True)


def taken(client: Client, subject: str, *, key: ApiKey | None, at: datetime) -> None:
    """Write down, once an hour, that a program takes answers home by its key, or whoever has an address."""
    person = key.created_by_id if key else None
    number = key.pk if key else None
    with connection.cursor() as cursor:
        cursor.execute(TAKEN, {
            "client": client.pk, "person": person, "key": number, "subject": subject[:LONGEST_SUBJECT],
            "since": at - ONCE_AN_HOUR,
        })  # fmt: skip


def refusal(words: str, *, by: Person, at: datetime) -> Refusal | None:
    """Say why a person cannot look into a client's compartment for this reason."""
    if no := offices.refusal(by, at):
        return no
    if len("".join(words.split())) < LEAST_WORDS:
        return Refusal(_("Say why, in a sentence: the client reads it."), status=422)
    return None


@transaction.atomic
def say(client: Client, *, words: str, by: Person, at: datetime) -> Reason:
    """Let an officer see what a client has here for eight hours, for a reason that the client reads. Raises Refused."""
    refuse_if(refusal(words, by=by, at=at))
    made = Reason(client=client, office=offices.held_by(by, at)[0], words=" ".join(words.split()))
    made.save(force_insert=True)
    made.refresh_from_db()
    events.write("compartments.opened", by=by, subject=f"client:{client.pk}", at=at)
    return made


def running(by: Person, *, at: datetime) -> list[Reason]:
    """Return the reasons for which an officer may look now, the latest first."""
    held = offices.held(at).filter(person=by)
    found = Reason.objects.filter(office__in=held, given_at__lte=at, ends_at__gt=at)
    return list(found.select_related("client").order_by("-pk"))


def looked(clients: Iterable[int], subject: str, *, by: Person, at: datetime) -> None:
    """Write down for each of these clients that an officer looked; again within the hour is the same look."""
    reasons = {reason.client_id: reason for reason in reversed(running(by, at=at))}
    known = Look.objects.filter(reason__in=reasons.values(), subject=subject, at__gt=at - ONCE_AN_HOUR)
    told = set(known.values_list("reason__client_id", flat=True))
    for client in sorted(set(clients) & reasons.keys() - told):
        Look(reason=reasons[client], subject=subject).save(force_insert=True)
