"""Letters that are due: in the morning what is new, and twice before a vote closes a word to those who have not voted.

After it, one to those who have: whoever did not finds out that somebody voted in their name (B19). Made set by set,
each at most once; written and sent one by one. The maker learns whether somebody voted, never how.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import connection
from django.db.models.functions import Coalesce

from coop.people.middleware import zone
from coop.people.models import Person
from governance.models import Letter
from governance.models.letters import QUIET_FROM, QUIET_UNTIL

# P12: three days and one day before the close, in the hours when people are awake where they live.
BEFORE_CLOSE = timedelta(hours=72)
LAST_DAY = timedelta(hours=24)
MORNING = 3
# What a transaction that began earlier still commits belongs into the next digest.
SETTLED = timedelta(minutes=2)
# Nobody is told of older things, after a holiday of the worker or of theirs.
OLDEST = timedelta(days=7)


# A zone, from and until when it is quiet, and the local time.
type Hour = tuple[str, int, int, datetime]

# People whose letters may come now, each with what they want and from when on they have not been told.
READERS = """
WITH hours AS (
    SELECT * FROM unnest(%(zones)s::text[], %(froms)s::int[], %(untils)s::int[], %(days)s::text[])
        AS hour(zone, quiet_from, quiet_until, day)
), readers AS (
    SELECT p.id, h.day, coalesce(w.proposals, true) AS proposals, coalesce(w.replies, true) AS replies,
        coalesce(w.reminders, true) AS reminders
    FROM people_person p
    LEFT JOIN governance_letterwish w ON w.person_id = p.id
    JOIN hours h ON h.zone = p.time_zone
        AND h.quiet_from = coalesce(w.quiet_from, %(quiet_from)s)
        AND h.quiet_until = coalesce(w.quiet_until, %(quiet_until)s)
    WHERE governance_status(p.id) IN ('candidate', 'member')
)
"""
DIGESTS = """
INSERT INTO governance_letter (person_id, kind, subject, made_at)
SELECT told.id, 'digest', told.day, %(at)s FROM (
    SELECT r.*, greatest(%(oldest)s, (
        SELECT max(l.made_at) - %(settled)s FROM governance_letter l WHERE l.person_id = r.id AND l.kind = 'digest'
    )) AS since FROM readers r
) told
WHERE (
    told.proposals AND EXISTS (
        SELECT FROM governance_proposal p WHERE p.published_at > told.since AND p.published_at <= %(until)s
    )
) OR (
    told.replies AND EXISTS (
        SELECT FROM governance_message m
        WHERE m.written_at > told.since AND m.written_at <= %(until)s AND m.author_id <> told.id AND EXISTS (
            SELECT FROM governance_message mine
            WHERE mine.thread_id = m.thread_id AND mine.author_id = told.id AND mine.id < m.id
        )
    )
)
ON CONFLICT DO NOTHING
"""
# The second in the last day, and not on the heels of the first, as when the worker was away.
REMINDERS = """
INSERT INTO governance_letter (person_id, kind, subject, made_at)
SELECT r.id, CASE WHEN first.id IS NULL THEN 'reminder' ELSE 'last_day' END, 'proposal:' || p.id, %(at)s
FROM governance_proposal p
CROSS JOIN LATERAL governance_not_voted(p.id) AS missing(person_id)
JOIN readers r ON r.id = missing.person_id AND r.reminders
LEFT JOIN governance_letter first
    ON first.person_id = r.id AND first.kind = 'reminder' AND first.subject = 'proposal:' || p.id
WHERE p.opens_at <= %(at)s AND p.closes_at > %(at)s AND p.closes_at <= %(close)s
    AND (first.id IS NULL OR (p.closes_at <= %(last_day)s AND first.made_at <= %(heels)s))
ON CONFLICT DO NOTHING
"""

# Whatever a person wishes to be told: this is how they learn that somebody used their account.
VOTED = """
INSERT INTO governance_letter (person_id, kind, subject, made_at)
SELECT r.id, 'voted', 'proposal:' || t.proposal_id, %(at)s
FROM governance_tally t CROSS JOIN LATERAL governance_voters(t.proposal_id) AS voter(person_id)
JOIN readers r ON r.id = voter.person_id
WHERE t.counted_at > %(counted)s AND t.closed_at IS NOT NULL
ON CONFLICT DO NOTHING
"""


def _hours(at: datetime) -> list[Hour]:
    """Return every combination of zone and quiet hours that people have, with the local time; one query."""
    quiet = (Coalesce("letter_wish__quiet_from", QUIET_FROM), Coalesce("letter_wish__quiet_until", QUIET_UNTIL))
    found = Person.objects.values_list("time_zone", *quiet).distinct()
    return [(name, start, end, at.astimezone(zone(name))) for name, start, end in found]


def awake(local: datetime, start: int, end: int) -> bool:
    """Tell whether it is not quiet: from `end` o'clock until `start` o'clock, around midnight too."""
    return (local.hour - end) % 24 < ((start - end) % 24 or 24)


def _asked(at: datetime, hours: Iterable[Hour], *, mornings: bool) -> dict[str, object]:
    hours = [hour for hour in hours if awake(hour[3], hour[1], hour[2])]
    if mornings:
        hours = [hour for hour in hours if (hour[3].hour - hour[2]) % 24 < MORNING]
    return {
        "zones": [name for name, *_rest in hours],
        "froms": [start for _name, start, _end, _local in hours],
        "untils": [end for _name, _start, end, _local in hours],
        "days": [f"{local:%Y-%m-%d}" for *_rest, local in hours],
        "quiet_from": QUIET_FROM,
        "quiet_until": QUIET_UNTIL,
        "at": at,
        "until": at - SETTLED,
        "settled": SETTLED,
        "oldest": at - OLDEST,
        "close": at + BEFORE_CLOSE,
        "last_day": at + LAST_DAY,
        "heels": at - LAST_DAY / 2,
        "counted": at - BEFORE_CLOSE,
    }


def make_due(at: datetime) -> int:
    """Make the letters that are due and return how many; three statements, however many people there are."""
    made, hours = 0, _hours(at)
    with connection.cursor() as cursor:
        for statement, mornings in ((DIGESTS, True), (REMINDERS, False), (VOTED, False)):
            cursor.execute(READERS + statement, _asked(at, hours, mornings=mornings))  # type: ignore[arg-type]
            made += cursor.rowcount
    return made


def since(letter: Letter) -> datetime:
    """Return from when on a digest tells: from where the one before ended, a week ago at most."""
    before = Letter.objects.filter(person=letter.person_id, kind=letter.kind, made_at__lt=letter.made_at)
    last = before.order_by("-made_at").values_list("made_at", flat=True).first()
    oldest = letter.made_at - OLDEST
    return max(oldest, last - SETTLED) if last else oldest
