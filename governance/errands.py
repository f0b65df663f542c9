"""Errands of the machine that it gave up: who holds a post is told, and the public record says how many.

An errand fails for good when it raised too often, or killed its worker each time (`coop.background.rescue`). It stays
as it was; whoever runs the machine mends the cause and lets it run again (`coop/docs/operating.md`).
"""

from collections.abc import Mapping
from datetime import UTC, datetime

from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from procrastinate.contrib.django import app as background

from coop.people.models import Person
from coop.record import events
from coop.record.models import Event
from governance import notices, offices

TELL = "governance.tell_of_errands"
KIND, SUBJECT = "errands.given_up", "errands"
# The site writes events of any kind: a flood of what nobody can mean has all told anew, and is no work for hours.
MOST = 100
BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
# By the machine's clock; a minute later, as what ends at this moment may not be seen yet. Of its own letters it tells
# nothing: when no mail leaves there would be more of them each time.
FAILED = """
SELECT j.task_name, count(*), max(e.at) FROM procrastinate_jobs j CROSS JOIN LATERAL (
    SELECT max(f.at) AS at FROM procrastinate_events f WHERE f.job_id = j.id AND f.type = 'failed'
) e
WHERE j.status = 'failed' AND j.task_name <> %s AND e.at > %s AND e.at < clock_timestamp() - interval '1 minute'
GROUP BY j.task_name ORDER BY j.task_name
"""


@transaction.atomic
def tell_due(*, at: datetime) -> int:
    """Have officers told of what was given up since they last were; return how many that is. Anybody may call it.

    All of them are, or it is done again: what the public record says was told is not told a second time.
    """
    found = _given_up()
    if not found:
        return 0
    counts, until = {name: count for name, count, _at in found}, max(when for _name, _count, when in found)
    total = sum(counts.values())
    events.write(KIND, by=None, subject=SUBJECT, at=at, count=total, tasks=counts, until=until.isoformat())
    for person in Person.objects.filter(pk__in=offices.held(at).values("person")):
        background.configure_task(TELL).defer(person_id=person.pk, counts={**counts})
    return total


def _given_up() -> list[tuple[str, int, datetime]]:
    with connection.cursor() as cursor:
        cursor.execute(FAILED, [TELL, _told_until()])
        return list(cursor.fetchall())


def _told_until() -> datetime:
    """Return the last moment until which the record says that all was told, and which was over when that was written.

    By one index, however long the record is; of the latest hundred that say so, or none.
    """
    for event in Event.objects.filter(subject=SUBJECT, kind=KIND).order_by("-id")[:MOST]:
        until = _moment(event.data.get("until")) if isinstance(event.data, dict) else None
        if until and until <= event.at:
            return until
    return BEGINNING


def _moment(said: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(said))
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def tell(person: Person, counts: Mapping[str, int]) -> None:
    """Mail an officer which errands were given up, by the names that the source gives them."""
    notices.send(person, lambda: _words(counts))


def _words(counts: Mapping[str, int]) -> tuple[str, str]:
    total = sum(counts.values())
    subject = ngettext("LOOK: the machine gave up an errand", "LOOK: the machine gave up %(count)s errands", total)
    listed = "\n".join(f"{name}: {count}" for name, count in counts.items())
    ask = _(
        "They failed as often as they may, or ended the program each time. Let whoever runs the machine read its log,"
        " mend the cause and let them run again; what members and clients were told is done may wait for them."
    )
    return subject % {"count": total}, f"{listed}\n\n{ask}\n\n{settings.ORIGIN}/health/\n"
