"""Letters about new work on the member's own terms: off until asked for, few, in their hours, and known to nobody else.

A member says of which kinds of work they want to hear, from which pay of an hour on, in which hours where they live,
and how often a day at most. Every ten minutes each who wants to hear is told of the one new job that pays best by the
hour, if it is open to them, names only what they chose, and has a task for them. The database knows the same terms
(`alerts_are_wished_for`).
"""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext as _
from procrastinate.contrib.django import app as background

from coop.due import each
from coop.people.models import Person
from coop.record import events
from coop.refusals import Refusal, Refused
from governance import notices
from tasks.models import Alert, AlertWish, Job

SEND = "tasks.send_alert"

# The best paid new job for each who wants to hear, by the pay of an hour.
DUE = """
SELECT DISTINCT ON (w.person_id) w.person_id, j.id
FROM tasks_alertwish w CROSS JOIN tasks_job j
WHERE w.wanted AND j.opened_at > %(at)s - interval '24 hours' AND j.closed_at IS NULL
    AND NOT EXISTS (SELECT FROM tasks_alert a WHERE a.person_id = w.person_id AND a.job_id = j.id)
    AND tasks_wants_to_hear(w.person_id, j.id)
ORDER BY w.person_id, tasks_hourly(j.id) DESC, j.id LIMIT %(most)s
"""


def of(person: Person) -> AlertWish:
    """Return what a person wishes; the row with which everybody begins, no letters at all (not saved)."""
    return AlertWish.objects.filter(person=person).first() or AlertWish(person=person)


@transaction.atomic
def choose(  # noqa: PLR0913 - as many terms as a wish has
    person: Person,
    *,
    wanted: bool,
    kinds: Iterable[int],
    least_hourly: Decimal | None,
    from_hour: int,
    until_hour: int,
    most_a_day: int,
    by: Person,
    at: datetime,
) -> AlertWish:
    """Keep of which new jobs a person wants to hear, and when. Raises Refused for others."""
    if by.pk != person.pk:
        raise Refused(Refusal(_("Only you choose which letters you get.")))
    terms = {
        "wanted": wanted, "kinds": sorted(set(kinds)), "least_hourly": least_hourly, "from_hour": from_hour,
        "until_hour": until_hour, "most_a_day": most_a_day, "at": at,
    }  # fmt: skip
    wish, _made = AlertWish.objects.update_or_create(person=person, defaults=terms)
    events.write("alerts.chosen", by=by, subject=f"person:{person.pk}", at=at)
    return wish


def tell_due(*, at: datetime, limit: int = 500) -> int:
    """Have each who wants to hear told of one new job, at most `limit` people; say how many. Anybody may call it."""
    with connection.cursor() as cursor:
        cursor.execute(DUE, {"at": at, "most": limit})
        best = dict(cursor.fetchall())
    people = Person.objects.filter(pk__in=best).order_by("pk")
    return each(lambda one: _tell(one, best[one.pk]), people, failed="person %s could not be told of new work")


@transaction.atomic
def _tell(person: Person, job: int) -> bool:
    made = Alert.objects.create(person=person, job_id=job)
    return bool(background.configure_task(SEND).defer(alert_id=made.pk))


def words(job: Job) -> tuple[str, str]:
    """Return subject and text of a letter in the active language."""
    text = _("It is open to you now. What it pays, by the task and by the hour, and how much is left is on its card:")
    off = _("You asked for these letters. Change or end them here:")
    about = f"{settings.ORIGIN}/jobs/{job.pk}/"
    return _("New work: %(title)s") % {
        "title": job.title
    }, f"{text}\n\n{about}\n\n{off}\n\n{settings.ORIGIN}/me/alerts/\n"


def deliver(alert: Alert) -> None:
    """Send one letter now."""
    notices.send(alert.person, lambda: words(alert.job))
