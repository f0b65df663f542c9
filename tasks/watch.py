"""Watching what works like a ban in the work: no tasks while others had some, a kind lost, mass returns (7.11).

Each look is one question to the database for everybody at once; what it finds opens a case that the cooperative has to
explain to the member. Nobody has to complain first.
"""

from collections.abc import Iterable
from datetime import datetime

from django.db import connection
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from coop.people.models import Person
from governance import cases
from governance.models import Equivalent

AT_ONCE = 200

# Who did a kind of work in the last 90 days and had no offer of it in the last 14, though others worked. A job was an
# offer to whoever may work at it if they had a day for it: a share kept for them, tasks left now, or the last one taken
# a day or more after it opened. Whoever took a task was offered one; whoever left, or is limited by a panel, is not
# meant. When somebody signed in does not matter.
NO_OFFERS = """
SELECT DISTINCT w.person_id FROM (
    SELECT j.work_type_id, a.person_id, max(a.claimed_at) AS last_at
    FROM tasks_assignment a JOIN tasks_job j ON j.id = a.job_id
    WHERE a.claimed_at > %(at)s - interval '90 days' AND NOT j.is_onboarding GROUP BY j.work_type_id, a.person_id
) w
CROSS JOIN LATERAL (
    SELECT s.status FROM governance_standing s WHERE s.person_id = w.person_id ORDER BY s.id DESC LIMIT 1
) now
WHERE now.status IN ('candidate', 'member') AND NOT governance_bars(w.person_id, ARRAY['work'])
AND w.last_at <= %(at)s - interval '14 days' AND EXISTS (
    SELECT FROM tasks_assignment a JOIN tasks_job j ON j.id = a.job_id
    WHERE j.work_type_id = w.work_type_id AND a.person_id <> w.person_id AND a.claimed_at > %(at)s - interval '14 days'
) AND NOT EXISTS (
    SELECT FROM tasks_assignment a WHERE a.person_id = w.person_id AND a.claimed_at > %(at)s - interval '14 days'
) AND NOT EXISTS (
    SELECT FROM tasks_job j WHERE j.opened_at IS NOT NULL AND NOT j.is_onboarding
    AND j.work_type_id IN (SELECT o.work_type_id FROM tasks_assignment b JOIN tasks_job o ON o.id = b.job_id
        WHERE b.person_id = w.person_id AND b.claimed_at > %(at)s - interval '90 days')
    AND coalesce(j.closed_at, %(at)s) > %(at)s - interval '14 days' AND tasks_may_work(w.person_id, j.id)
    AND (EXISTS (SELECT FROM tasks_reserve r WHERE r.job_id = j.id AND r.person_id = w.person_id AND r.units > 0)
        OR (j.closed_at IS NULL AND EXISTS (SELECT FROM tasks_task t WHERE t.job_id = j.id AND t.open_slots > 0)
            AND NOT EXISTS (SELECT FROM tasks_halt h WHERE h.job_id = j.id AND h.ended_at IS NULL))
        OR (SELECT max(a.claimed_at) FROM tasks_assignment a WHERE a.job_id = j.id)
            >= greatest(j.opened_at, %(at)s - interval '14 days') + interval '24 hours')
) ORDER BY w.person_id LIMIT %(most)s
"""

# Who did a kind of work in the last 90 days and is not let into it any more, and not because the day's share is used.
LOST_TIER = """
SELECT DISTINCT w.person_id FROM (
    SELECT j.work_type_id, a.person_id FROM tasks_assignment a JOIN tasks_job j ON j.id = a.job_id
    WHERE a.claimed_at > %(at)s - interval '90 days' AND a.state = 'accepted' AND NOT j.is_onboarding
    GROUP BY j.work_type_id, a.person_id HAVING max(a.claimed_at) <= %(at)s - interval '24 hours'
) w WHERE NOT payments_opens_to(w.person_id, w.work_type_id) ORDER BY w.person_id LIMIT %(most)s
"""

# At least five answers sent back or rejected for one client in a week, and more than a tenth of what was handed in.
MASS_RETURNS = """
SELECT DISTINCT s.person_id FROM (
    SELECT j.client_id, a.person_id, count(*) AS handed_in,
        count(*) FILTER (WHERE r.id IS NOT NULL OR q.id IS NOT NULL) AS returned
    FROM tasks_assignment a JOIN tasks_job j ON j.id = a.job_id
    LEFT JOIN tasks_review r ON r.assignment_id = a.id AND r.decision = 'send_back' AND r.ground = 'client'
        AND r.at > %(at)s - interval '7 days'
    LEFT JOIN tasks_dispute q ON q.assignment_id = a.id AND q.looks_for = 'client'
        AND q.opened_at > %(at)s - interval '7 days'
    WHERE a.submitted_at > %(at)s - interval '7 days' OR r.id IS NOT NULL OR q.id IS NOT NULL
    GROUP BY j.client_id, a.person_id
) s WHERE s.returned >= 5 AND s.returned * 10 > s.handed_in ORDER BY s.person_id LIMIT %(most)s
"""

SIGNS: "tuple[tuple[Equivalent, str, str | Promise], ...]" = (
    (
        Equivalent.NO_OFFERS,
        NO_OFFERS,
        _("No job that the member can do was open to them for a day within 14 days, while others had such work."),
    ),
    (Equivalent.LOST_TIER, LOST_TIER, _("A kind of work that the member did is not open to them any more.")),
    (
        Equivalent.MASS_REJECTION,
        MASS_RETURNS,
        _("One client sent back or rejected at least five of the member's answers in a week, over a tenth of them."),
    ),
)


def found(sql: str, at: datetime) -> Iterable[Person]:
    """Return the people whom a sign points at; two queries, whatever it finds."""
    with connection.cursor() as cursor:
        cursor.execute(sql, {"at": at, "most": AT_ONCE})
        numbers = [number for (number,) in cursor.fetchall()]
    return Person.objects.filter(pk__in=numbers).order_by("pk")


def look(*, at: datetime) -> int:
    """Open a case for each member to whom one of the signs points, and return how many are new. Anybody may call it."""
    opened = [
        cases.open_equivalent(person, kind=kind, facts=str(words), at=at)
        for kind, sql, words in SIGNS
        for person in found(sql, at)
    ]
    return sum(case is not None for case in opened)
