"""Jobs: a client drafts one, brings its tasks, sets the money aside and opens it.

Pay is for each answer, in US$. It starts at the voted rate or above, may rise at any time and never falls. Every amount
here is exact; the price of a job is tasks by answers by (pay + fee + two checks or their share), the fee rounded down,
what checks cost rounded up for each, and the voted deposit for the hourly floor. What nobody needs comes back.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from coop import due
from coop.people.models import Client, Person
from coop.record import events
from coop.refusals import Refusal, guard_of, refuse_if
from payments import checking, escrow, floors, guarantee, instruments, rates
from payments.models import Kind, Rate, WorkType
from payments.money import from_micro, to_micro
from payments.templatetags.money import money
from tasks import check_shares, deletions, funds, shapes, shortfalls, skills
from tasks import content as contents
from tasks.models import Job, ReviewRule, Skill

PAY_MAX = Decimal(10_000)
OVERLAP_MAX = 25
TIME_LIMIT = timedelta(hours=1)
ENOUGH = 3
NOTHING: Mapping[str, str] = {}
PROGRESS = """
SELECT (SELECT count(*) FROM tasks_task WHERE job_id = %(job)s),
       (SELECT coalesce(sum(open_slots), 0) FROM tasks_task WHERE job_id = %(job)s),
       count(*) FILTER (WHERE state = 'claimed'), count(*) FILTER (WHERE state = 'submitted'),
       count(*) FILTER (WHERE state = 'sent_back'), count(*) FILTER (WHERE state = 'accepted'),
       count(*) FILTER (WHERE state = 'disputed'), coalesce(sum(pay + fee) FILTER (WHERE state = 'accepted'), 0)
       + (SELECT coalesce(sum(k.pay), 0) FROM tasks_check k JOIN tasks_assignment b ON b.id = k.assignment_id
          WHERE b.job_id = %(job)s AND k.state = 'done')
FROM tasks_assignment WHERE job_id = %(job)s
"""
DEPOSITS_FREE = """
SELECT j.id FROM payments_account a JOIN tasks_job j ON a.code = 'job:' || j.id || ':floor'
WHERE a.kind = 'job:floor' AND a.balance > 0 AND j.closed_at IS NOT NULL AND tasks_deposit_is_free(j.id)
"""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is: its tasks, its answers by where they stand, US$ paid for accepted ones and for checks."""

    tasks: int
    unclaimed: int
    claimed: int
    being_checked: int
    sent_back: int
    accepted: int
    disputed: int
    spent: Decimal

    @property
    def answers(self) -> int:
        """Return how many answers the job asks for."""
        decided = self.accepted + self.disputed
        return self.unclaimed + self.claimed + self.being_checked + self.sent_back + decided


def draft_refusal(
    *,
    work_type: WorkType,
    title: str,
    guide: str,
    form: dict[str, Any],
    overlap: int,
    pay: Decimal,
    review_rule: str = ReviewRule.MAJORITY,
    content: Mapping[str, str] = NOTHING,
) -> Refusal | None:
    """Say why a job may not be drafted like this, or nothing."""
    if not title.strip() or not guide.strip() or "\0" in title + guide:
        return Refusal(_("A job needs a title and a guide that says how to do it."), status=400)
    if problems := shapes.form_problems(work_type.shape, form):
        return Refusal(problems[0], status=400)
    if not 1 <= overlap <= OVERLAP_MAX:
        return Refusal(_("Ask for 1 to %(most)d answers to each task.") % {"most": OVERLAP_MAX}, status=400)
    if review_rule not in {ReviewRule.MAJORITY, ReviewRule.PEER}:
        return Refusal(_("Answers of a client's job are checked by agreement or by a member."), status=400)
    if review_rule == ReviewRule.MAJORITY and not shapes.find(work_type.shape).agrees(form):
        words = _("No two answers of this kind are the same, so none agree: let a member check each.")
        return Refusal(words, status=400)
    return pay_refusal(work_type, pay, content)


def pay_refusal(
    work_type: WorkType, pay: Decimal, content: Mapping[str, str] = NOTHING, *, rate: Rate | None = None
) -> Refusal | None:
    """Say why this pay for each answer cannot be offered, or nothing; `rate` is the one in force, where it was read."""
    if not pay.is_finite() or not 0 < pay <= PAY_MAX:
        words = _("The pay is an amount above zero and at most %(most)s.")
        return Refusal(words % {"most": money(PAY_MAX, "USD")}, status=400)
    if pay != from_micro(int(pay * 1_000_000)):
        return Refusal(_("The pay has at most six decimal places."), status=400)
    rate = rate or voted_rate(work_type)
    if rate is None:
        return Refusal(
            _("The members have not voted a rate for %(kind)s.") % {"kind": work_type}, "N10",
            _("Choose a kind of work from the rate card."),
        )  # fmt: skip
    least = contents.with_rests(rate.amount, content)
    return None if pay >= least else _below(rate, least)


def voted_rate(work_type: WorkType) -> Rate | None:
    """Return the rate in force for a kind of work, or nothing."""
    try:
        return rates.current(work_type)
    except Rate.DoesNotExist:
        return None


def _below(rate: Rate, least: Decimal) -> Refusal:
    words = {"kind": rate.work_type, "least": money(least, rate.currency)}
    return Refusal(
        _("The members have voted at least %(least)s for each answer of %(kind)s; only their vote can lower it.")
        % words,
        "N1",
        _("Offer %(least)s or more.") % words,
    )


@transaction.atomic
def draft(  # noqa: PLR0913 - a job has as many parts
    client: Client,
    *,
    work_type: WorkType,
    title: str,
    guide: str,
    form: dict[str, Any],
    overlap: int,
    pay: Decimal,
    review_rule: str = ReviewRule.MAJORITY,
    check_share: int = Job.EACH,
    sensitivity: str = "",
    content: Mapping[str, str] = NOTHING,
    time_limit: timedelta = TIME_LIMIT,
    asks: Skill | None = None,
    by: Person | None,
    at: datetime,
) -> Job:
    """Write down a job that nobody sees; `pay` is US$ an answer, `asks` a skill. Raise Refused below the voted rate."""
    refuse_if(
        draft_refusal(
            work_type=work_type, title=title, guide=guide, form=form, overlap=overlap, pay=pay, review_rule=review_rule,
            content=content,
        )
        or check_shares.refusal(review_rule, check_share)
        or contents.refusal(content, sensitivity)
        or skills.refusal_to_ask(asks, work_type)
    )  # fmt: skip
    job = Job.objects.create(
        client=client, work_type=work_type, title=title.strip(), guide=guide, form=form, overlap=overlap, pay=pay,
        review_rule=review_rule, check_share=check_share, sensitivity=sensitivity.strip(), content=content, asks=asks,
        time_limit=time_limit, created_by=by, drafted_at=at,
    )  # fmt: skip
    events.write("jobs.drafted", by=by, subject=f"job:{job.pk}", at=at)
    return job


def price(job: Job) -> escrow.Quote:
    """Return what all answers of a job cost at most, at its pay and the fee in force, in US$."""
    tasks = job.tasks.count() + funds.tasks_to_come(job)
    return quote(job.work_type_id, tasks, job.overlap, job.pay, share=job.check_share)


def quote(
    work_type: int, tasks: int, overlap: int, pay: Decimal, *, share: int = Job.EACH, more: bool = False
) -> escrow.Quote:
    """Return what so many tasks of a kind of work cost at most, at a pay, a share of checks and the fee, in US$.

    Where a share is checked, the checks are one whole check at least; not of what comes to a job that stands (`more`).
    """
    check = checking.pay_for(work_type, pay) or Decimal(0)
    least = Decimal(0) if more or not tasks or share == Job.EACH else check
    deposit = guarantee.deposit_on(tasks * overlap * pay, work_type)
    fee = rates.fee_now()
    return escrow.quote(tasks, overlap, pay, fee, check=check, share=share, least=least, floor=deposit)


def missing(job: Job, *, pay: Decimal | None = None) -> Decimal:
    """Return the US$ still to be set aside so that every answer can be paid at `pay` (the job's own when left out).

    Claims that stand are paid from their own money; should one be given back at a higher pay, the difference is here.
    With it comes what lacks of the deposit for the hourly floor.
    """
    return funds.wages_missing(job, pay) + funds.deposit_needed(job, pay)


def money_of(job: Job) -> dict[str, Decimal]:
    """Return a job's price with what of it is set aside and unclaimed, and what is missing; all in US$."""
    cost, held = price(job), escrow.set_aside(job.pk)
    return {
        "wages": cost.wages,
        "fee": cost.fee,
        "checks": cost.checks,
        "floor": cost.floor,
        "total": cost.total,
        "set_aside": held,
        "missing": missing(job),
    }


def progress(job: Job) -> Progress:
    """Return how far a job is; one query, whatever its size."""
    with connection.cursor() as cursor:
        cursor.execute(PROGRESS, {"job": job.pk})
        tasks, unclaimed, claimed, being_checked, sent_back, accepted, disputed, spent = map(int, cursor.fetchone())
    return Progress(tasks, unclaimed, claimed, being_checked, sent_back, accepted, disputed, from_micro(spent))


def refusal_to_fund(job: Job) -> Refusal | None:
    """Say why the money for a job cannot be set aside, or nothing."""
    return _refusal_to_change(job) or _refusal_without_tasks(job) or _refusal_to_pay(job, missing(job))


def _refusal_to_change(job: Job) -> Refusal | None:
    if job.closed_at:
        return Refusal(_("The job is closed."), appeal=_("Post a new job."), status=409)
    return None


def _refusal_without_tasks(job: Job) -> Refusal | None:
    if job.uploads.filter(finished_at=None).exists():
        return Refusal(_("A data set is still being read."), appeal=_("Wait until it is done."), status=409)
    if job.deliveries.filter(finished_at=None).exists():
        return Refusal(_("Files are still being read."), appeal=_("Wait until it is done."), status=409)
    if not job.tasks.exists() and not funds.tasks_to_come(job):
        return Refusal(_("The job has no tasks yet."), appeal=_("Send a data set first."), status=409)
    return None


def _refusal_to_pay(job: Job, amount: Decimal) -> Refusal | None:
    """Say why the client cannot set this much aside, or nothing."""
    return escrow.refusal_to_fund(job.client, amount) if amount > 0 else None


@transaction.atomic
def fund(job: Job, *, by: Person | None, at: datetime) -> Job:
    """Move what the job still needs from the client's balance behind it (kind 2); nothing when it has it all.

    Raise Refused when the client has too little; nothing moves then.
    """
    job = _locked(job)
    refuse_if(refusal_to_fund(job))
    funds.set_aside(job, job.pay, by=by, at=at)
    return job


def refusal_to_open(job: Job, *, at: datetime) -> Refusal | None:
    """Say why a job cannot be opened for work, or nothing."""
    if (
        wrong := _refusal_to_change(job)
        or _refusal_without_tasks(job)
        or deletions.refusal_to_open(job, at=at)
        or pay_refusal(job.work_type, job.pay, job.content)
        or _refusal_by_instrument(job)
        or below_former(job.pay, funds.least_pay(job))
        or skills.refusal_to_ask(job.asks, job.work_type)
        or floors.refusal(job.work_type_id, contents.for_the_work(job.pay, job.content))
    ):
        return wrong
    if job.next_stages.filter(job__opened_at=None, job__closed_at=None).exists():
        return Refusal(
            _("The stages after this job are not open yet."), "E1",
            _("Open them first, the last before the others, so that their money is there."), status=409,
        )  # fmt: skip
    if (short := missing(job)) > 0:
        words = _("The money for every answer must be set aside before anybody works; %(short)s is missing.")
        appeal = _("Set the money aside, then open the job.")
        return Refusal(words % {"short": money(short, "USD")}, "E1", appeal)
    return None


def below_former(pay: Decimal, least: Decimal | None) -> Refusal | None:
    """Say that a pay is less than what a client's comparable work makes it (`funds.least_pay`), or nothing (N5)."""
    if least is None or pay >= least:
        return None
    words = {"least": money(least, "USD")}
    reason = _("You had comparable work in the last 12 months that makes this at least %(least)s for each answer.")
    appeal = _("Offer %(least)s or more, or ask the members: only their vote can lower it.")
    return Refusal(reason % words, "N5", appeal % words)


def _refusal_by_instrument(job: Job) -> Refusal | None:
    """Say which of the members' instruments a job's terms do not keep to, or nothing."""
    least = _least_time(job)
    if job.time_limit < least:
        words = _("The members give at least %(seconds)s seconds for a task: three times what it is said to take.")
        return Refusal(words % {"seconds": round(least.total_seconds())}, "N4")
    if job.review_days > (most := instruments.value(Kind.ACCEPTANCE)["silence_days"]):
        return Refusal(_("Answers are accepted by silence after at most %(days)s days.") % {"days": most}, "7")
    if not instruments.takes_jobs(job.work_type):
        return Refusal(_("The members have closed this kind of work to new jobs."), "N5")
    return None


def _least_time(job: Job) -> timedelta:
    """Return the least time for a task: as voted, and three times the estimate of its kind, so that none runs out."""
    voted: int = instruments.value(Kind.TIME_LIMIT)["least"]
    return timedelta(seconds=max(voted, ENOUGH * rates.current(job.work_type).estimated_seconds))


@transaction.atomic
def open(job: Job, *, by: Person | None, at: datetime) -> Job:  # noqa: A001 - jobs.open(job) says what it does
    """Open a job for work; opening it again changes nothing. Raise Refused below the voted rate or unfunded."""
    job = _locked(job)
    if job.opened_at and not job.closed_at:
        return job
    refuse_if(refusal_to_open(job, at=at))
    job.opened_at = at
    job.save(update_fields=["opened_at"])
    events.write("jobs.opened", by=by, subject=f"job:{job.pk}", at=at, pay=to_micro(job.pay))
    return job


def refusal_to_raise(job: Job, pay: Decimal) -> Refusal | None:
    """Say why the pay of a job cannot become `pay`, or nothing."""
    if wrong := _refusal_to_change(job) or pay_refusal(job.work_type, pay, job.content):
        return wrong
    if pay < job.pay:
        return Refusal(
            _("The pay of a job rises and never falls; it is %(pay)s.") % {"pay": money(job.pay, "USD")},
            "E2",
            _("Offer more, or close the job."),
        )
    return _refusal_to_pay(job, missing(job, pay=pay)) if job.opened_at else None


@transaction.atomic
def raise_pay(job: Job, *, pay: Decimal, by: Person | None, at: datetime) -> Job:
    """Raise a job's pay for each answer to US$ `pay`; an open job's missing money is set aside in the same step.

    What is claimed keeps its pay. A job that was paused below the floor opens when the pay makes it: whoever did it for
    less is paid the difference in the same step. The pay it has already changes nothing. Raise Refused for less, or too
    little money.
    """
    job = _locked(job)
    refuse_if(refusal_to_raise(job, pay))
    if pay == job.pay:
        return job
    if job.opened_at:
        funds.set_aside(job, pay, by=by, at=at)
    before, job.pay = job.pay, pay
    job.save(update_fields=["pay"])
    shortfalls.make_up(job, by=by, at=at)
    events.write("jobs.raised", by=by, subject=f"job:{job.pk}", at=at, before=to_micro(before), pay=to_micro(pay))
    return job


def close(job: Job, *, by: Person | None, at: datetime) -> Job:
    """End a job and give back what nobody has claimed (kind 18); claimed answers can be handed in and are paid.

    Closing again gives back what claims returned since. The money behind claims never goes back to the client; what is
    left of the deposit for the hourly floor does, once the last week of the job was counted and paid.
    """
    while True:
        try:
            return _close(job, by, at)
        except IntegrityError as error:  # somebody claimed a task this moment: that much less is given back
            if guard_of(error) != "account_above_its_floor":
                raise


@transaction.atomic
def _close(job: Job, by: Person | None, at: datetime) -> Job:
    job = _locked(job)
    ending = job.closed_at is None
    if ending:
        job.closed_at = at
        job.save(update_fields=["closed_at"])
    unspent = funds.give_back(job, at=at)
    if ending:
        events.write("jobs.closed", by=by, subject=f"job:{job.pk}", at=at)
    elif unspent > 0:
        events.write("jobs.returned", by=by, subject=f"job:{job.pk}", at=at)
    return job


def return_deposits(*, at: datetime) -> int:
    """Give back what closed jobs no longer need of their deposits for the floor, for anybody; say how many jobs."""
    with connection.cursor() as cursor:
        cursor.execute(DEPOSITS_FREE)
        over = Job.objects.filter(pk__in=[number for (number,) in cursor.fetchall()])
    return due.each_of(lambda job: bool(close(job, by=None, at=at)), over, failed="job %s: its deposit stays")


def _locked(job: Job) -> Job:
    """Return the job as it stands, its row locked against other changes but not against claims."""
    return Job.objects.select_for_update(no_key=True, of=["self"]).select_related("client", "work_type").get(pk=job.pk)
