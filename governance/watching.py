"""What officers did and looked at, for the person it concerns. Acts the database writes; looks are written here."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import QuerySet

from coop.people.models import Person
from coop.record import events
from governance import offices
from governance.models import OfficeAct, Right

# Looking again within the hour is the same look.
ONCE_AN_HOUR = timedelta(hours=1)
LOOK = """
INSERT INTO governance_officeact (office_id, person_id, act, duty, subject, at)
SELECT %(office)s, seen, 'looked', %(duty)s, %(subject)s::text, %(at)s::timestamptz
FROM unnest(%(people)s::bigint[]) AS seen
WHERE seen <> %(by)s AND NOT EXISTS (
    SELECT FROM governance_officeact known WHERE known.person_id = seen AND known.office_id = %(office)s
        AND known.act = 'looked' AND known.subject = %(subject)s::text AND known.at > %(since)s
)
"""


def looked(people: Iterable[int], *, subject: str, right: Right | None, by: Person, at: datetime) -> None:
    """Write down that an officer looked at something of these people (by number), for them and in the record.

    `subject` is what was looked at, as "payout:12" or "desk"; `right` the one that opened it, None where any post does.
    """
    with transaction.atomic():
        if new := note(people, subject=subject, right=right, by=by, at=at):
            # The record is public: that an officer looked, at what and at how many people, not at whom.
            events.write("offices.looked", by=by, subject=subject, at=at, people=new)


def note(people: Iterable[int], *, subject: str, right: Right | None, by: Person, at: datetime) -> int:
    """Write down for each of these people that an officer looked, and return for how many; one query for the office.

    `right` is None where any post opens it. Left out are the officer and what was looked at within the hour; nothing
    is written when `by` holds no such post.
    """
    held = offices.with_right(right, at) if right else offices.held(at)
    office, whom = held.filter(person=by).first(), sorted(set(people) - {by.pk})
    if office is None or not whom:
        return 0
    facts = {"office": office.pk, "duty": right or "", "subject": subject, "at": at, "people": whom, "by": by.pk}
    with connection.cursor() as cursor:
        cursor.execute(LOOK, facts | {"since": at - ONCE_AN_HOUR})
        new: int = cursor.rowcount
    return new


def concerning(person: Person) -> QuerySet[OfficeAct]:
    """Return what officers did and looked at that concerns a person, newest first, with post, holder and mandate."""
    return (
        OfficeAct.objects.filter(person=person)
        .select_related("office__person", "office__mandate__proposal")
        .order_by("-id")
    )
