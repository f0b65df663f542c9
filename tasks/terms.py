"""What a job offers somebody at this moment: its terms, whether they may take it, and their latest task of it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import connection
from django.utils.translation import gettext as _

from coop.people.models import Person
from coop.refusals import Refusal, Refused
from payments.money import from_micro
from tasks.models import AssignmentState, Job


@dataclass(frozen=True, slots=True)
class Offer:
    """A job's terms as they stand now, and the latest assignment one person had of it (its fields None if none)."""

    pay: Decimal
    overlap: int
    time_limit: timedelta
    is_onboarding: bool
    is_open: bool
    may_work: bool
    rate_id: int
    rate_amount: Decimal
    fee_id: int
    fee: Decimal
    has_seat: bool
    above_floor: bool
    is_paused: bool
    has_news: bool
    is_ordered: bool
    is_staged: bool
    kept: int | None
    people: list[int] | None
    last_id: int | None
    last_position: int
    last_state: str | None
    last_expires_at: datetime | None
    last_card: str | None
    other_team: bool

    def continues(self, at: datetime) -> bool:
        """Tell whether the person has a task of this job open already."""
        return (
            self.last_state == AssignmentState.CLAIMED
            and self.last_expires_at is not None
            and self.last_expires_at > at
        )


# The card of the last assignment serves again as long as its terms are those of today.
OFFER = """
SELECT j.pay, j.overlap, j.time_limit, j.is_onboarding, j.opened_at <= %(at)s AND j.closed_at IS NULL,
    tasks_may_work(%(person)s, j.id),
    r.id, tasks_with_rests(r.amount, j.content), f.id,
    CASE WHEN j.is_onboarding THEN 0 ELSE j.pay * f.on_wage / 10000 END,
    EXISTS (SELECT FROM people_clientseat s
        WHERE s.client_id = j.client_id AND s.person_id = %(person)s
            AND s.accepted_at IS NOT NULL AND s.ended_at IS NULL),
    j.is_onboarding AND j.tests_id IS NULL OR j.pay >= (SELECT tasks_with_rests(
            payments_least_by_floor(j.work_type_id, NULL, p.country)::bigint, j.content)
        FROM people_person p WHERE p.id = %(person)s),
    tasks_hides(j.id) OR EXISTS (SELECT FROM tasks_shortfall s WHERE s.job_id = j.id AND s.made_up_at IS NULL)
        OR EXISTS (SELECT FROM tasks_halt h WHERE h.job_id = j.id AND h.ended_at IS NULL),
    EXISTS (SELECT FROM tasks_guideversion v WHERE v.job_id = j.id
        AND EXISTS (SELECT FROM tasks_assignment a
            WHERE a.job_id = v.job_id AND a.person_id = %(person)s AND a.claimed_at <= v.at)
        AND NOT EXISTS (SELECT FROM tasks_reading g WHERE g.version_id = v.id AND g.person_id = %(person)s)),
    EXISTS (SELECT FROM tasks_machine m WHERE m.job_id = j.id AND m.orders AND m.at IS NOT NULL),
    EXISTS (SELECT FROM tasks_stage s WHERE s.job_id = j.id OR s.after_id = j.id),
    tasks_kept_for(%(person)s, j.id), tasks_taken_for(%(person)s, j.id),
    last.id, coalesce(last.position, -1), last.state, last.expires_at,
    CASE WHEN (last.pay, last.rate_id, last.fee_version_id) = (j.pay, r.id, f.id) AND NOT EXISTS (
        SELECT FROM tasks_guideversion v WHERE v.job_id = j.id AND v.at >= last.claimed_at) THEN last.card_id END,
    last.id IS NOT NULL AND last.team_id IS DISTINCT FROM tasks_team_of(%(person)s, j.id)
FROM tasks_job j
CROSS JOIN LATERAL (
    SELECT id, amount FROM payments_rate WHERE work_type_id = j.work_type_id ORDER BY version DESC LIMIT 1
) r
CROSS JOIN LATERAL (SELECT id, on_wage FROM payments_fee ORDER BY version DESC LIMIT 1) f
LEFT JOIN LATERAL (
    SELECT a.*, t.position FROM tasks_assignment a JOIN tasks_task t ON t.id = a.task_id
    WHERE a.person_id = %(person)s AND a.job_id = j.id ORDER BY a.id DESC LIMIT 1
) last ON true
WHERE j.id = %(job)s
"""


def offer(job: Job, *, by: Person, at: datetime) -> Offer:
    """Return what a job offers a person now; one query."""
    with connection.cursor() as cursor:
        cursor.execute(OFFER, {"job": job.pk, "person": by.pk, "at": at})
        row = cursor.fetchone()
    if row is None:
        raise Refused(Refusal(_("No rate was voted for this kind of work."), "N10", status=409))
    pay, overlap, limit, onboarding, is_open, may_work, rate, amount, fee_version, fee, *who = row
    pay, amount, fee = map(from_micro, (pay, amount, fee))
    return Offer(pay, overlap, limit, onboarding, is_open, may_work, rate, amount, fee_version, fee, *who)
