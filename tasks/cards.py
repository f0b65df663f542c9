"""Rate cards: what a member is shown before accepting, kept word by word under its SHA-256."""

import hashlib
import json
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from coop.refusals import Refusal, Refused
from payments import rates
from payments.models import Fee, Rate
from payments.rates import Time
from tasks import content
from tasks.models import Job, RateCard, TeamMember


def card_for(job: Job, *, at: datetime, share: TeamMember | None = None) -> RateCard:  # noqa: ARG001 - every act says when
    """Return the card that a job shows now, to who has a share of a team's pay there; stored when it is a new one."""
    rate = rates.current(job.work_type)
    return keep(body(job, rate, rates.fee_now(), rates.measured_time(job.work_type, rate), share))


def refusal() -> Refusal:
    """Say that a card that somebody accepted does not name the terms as they stand."""
    reason = _("The terms of this job changed while you accepted them.")
    return Refusal(reason, "E2", _("Look at the new rate card, then decide again."), status=409)


def are_other(refused: Refused) -> bool:
    """Tell whether a task was refused as the terms are others than the card that was accepted names."""
    return refused.refusal == refusal()


def keep(words: dict[str, Any]) -> RateCard:
    """Return the stored card with these words; the same words are the same card."""
    text = json.dumps(words, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    digest = hashlib.sha256(text.encode()).hexdigest()
    card = RateCard(digest=digest, body=text)
    if not RateCard.objects.filter(pk=digest).exists():
        RateCard.objects.bulk_create([card], ignore_conflicts=True)
    return card


def body(job: Job, rate: Rate, fee: Fee, time: Time, share: TeamMember | None = None) -> dict[str, Any]:
    """Return what the card says: amounts as text in `currency`, times in seconds, the rest as facts.

    Whoever works in a team reads which, and how many percent of the pay are theirs.
    """
    charge = rates.fee_on(job.pay, fee)
    loads = {"bytes": job.task_bytes} if job.task_bytes else {}
    return {
        **loads,
        **_content(job),
        **({"team": share.team_id, "share": share.percent} if share else {}),
        **({"asks": {"skill": job.asks_id, "name": job.asks.name}} if job.asks else {}),
        **({"delete_on": job.delete_on.isoformat()} if job.delete_on else {}),
        **({"check_share": job.check_share} if job.check_share < Job.EACH else {}),
        "job": job.pk,
        "title": job.title,
        "client": job.client.name,
        "work_type": job.work_type.slug,
        "pay": _plain(job.pay),
        "currency": rate.currency,
        "fee": "0" if job.is_onboarding else _plain(charge),
        "fee_basis_points": 0 if job.is_onboarding else fee.on_wage,
        "rate": rate.pk,
        "rate_amount": _plain(rate.amount),
        "rate_version": rate.version,
        "mandate": rate.mandate_id,
        "seconds": round(time.usual),
        "seconds_slower_quarter": time.slower_quarter and round(time.slower_quarter),
        "seconds_quicker_quarter": time.quicker_quarter and round(time.quicker_quarter),
        "measured": time.measured,
        "hourly": str(rates.hourly(content.for_the_work(job.pay, job.content), round(time.usual))),
        "review_rule": job.review_rule,
        "review_days": job.review_days,
        "overlap": job.overlap,
        "time_limit": round(job.time_limit.total_seconds()),
        "sensitivity": job.sensitivity,
        "guide": hashlib.sha256(job.guide_now.encode()).hexdigest(),
    }


def _content(job: Job) -> dict[str, Any]:
    """Return what may upset, and the rest that the pay includes: nothing where a job names nothing."""
    if not job.content:
        return {}
    rest = {"after": content.AFTER.seconds, "for": content.REST.seconds}
    return {"content": job.content, "rest": rest}


def read(card: RateCard) -> dict[str, Any]:
    """Return what a card says."""
    words: dict[str, Any] = json.loads(card.body)
    return words


def figures(words: dict[str, Any]) -> dict[str, Any]:
    """Return what a card says with its amounts as Decimals, ready to be shown."""
    return {**words, **{name: Decimal(words[name]) for name in ("pay", "fee", "rate_amount", "hourly")}}


def _plain(amount: object) -> str:
    """Return an amount without needless zeros, as 0.09."""
    return f"{amount:.6f}".rstrip("0").rstrip(".")
