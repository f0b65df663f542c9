"""Another way to the same end, on the same ballot (P10): who may file it, until when, and which of them wins.

The first proposal and its rivals keep their own identity, impact, roll and threshold. They are voted on together by
approval, "leave it as it is" among the choices; a rival is timed by the first, so that nobody delays anything with one.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from coop.people.models import Person
from coop.refusals import Refusal
from governance.models import Method, Proposal, Rule

MOST = 4
BEFORE_OPENING = timedelta(days=3)
# What a payload is about, beside the values it would set; as the database's `governance_target`.
AMOUNT = re.compile(r"[0-9]+(\.[0-9]+)?")
TARGET = {"work_type", "key", "name", "replaces"}

type Said = Mapping[str, Any]


def first_of(proposal: Proposal) -> Proposal:
    """Return the proposal on whose ballot this one stands: itself, unless it is a rival."""
    return proposal.rival_of or proposal


def on_the_ballot(proposal: Proposal) -> list[Proposal]:
    """Return what stands on one ballot with a proposal, in the order of its positions from 1 on; itself if alone."""
    first = first_of(proposal)
    filed = first.rivals.exclude(published_at=None).select_related("rule", "proposed_by")
    return [first, *filed.order_by("published_at", "pk")]


def stands_alone(proposal: Proposal) -> bool:
    """Tell whether no published rival stands beside a proposal, nor it beside another."""
    if proposal.rival_of_id is not None:
        return False
    return proposal.published_at is None or not proposal.rivals.exclude(published_at=None).exists()


def until(first: Proposal) -> datetime | None:
    """Return until when rivals are published: before the text is frozen, three days before the vote; None if never."""
    if first.frozen_at is None or first.opens_at is None or first.published_at is None or not _takes_rivals(first):
        return None
    end = min(first.frozen_at, first.opens_at - BEFORE_OPENING)
    return end if end > first.published_at else None


def _takes_rivals(first: Proposal) -> bool:
    of_its_own = first.first_reading_id is None and first.petition_id is None and first.rival_of_id is None
    return of_its_own and first.method == Method.YES_NO and "replaces" in json.loads(first.payload)


def window_refusal(first: Proposal, *, at: datetime) -> Refusal | None:
    """Return why no rival of a proposal can be filed any more, or None."""
    end = until(first)
    if end is None:
        return Refusal(
            _("Nothing else stands on the ballot of this kind of vote."), rule="P10", status=409,
            appeal=_("Make a proposal of your own."),
        )  # fmt: skip
    if at >= end:
        return Refusal(
            _("It is too late for another way on this ballot: its text is about to be frozen."), rule="P10", status=409,
            appeal=_("Vote to leave it as it is, or make a proposal of your own."),
        )  # fmt: skip
    if len(on_the_ballot(first)) > MOST:
        return Refusal(
            _("Four other ways stand on this ballot already."), rule="P10", status=409,
            appeal=_("Back none of them and vote to leave it as it is, or make a proposal of your own."),
        )  # fmt: skip
    return None


def fit_refusal(first: Proposal, policy: str, payload: Said, rule: Rule, *, by: Person) -> Refusal | None:
    """Return why a change is no rival of the first, or None. The database asks the same."""
    if policy != first.policy or _about(payload) != _about(json.loads(first.payload)):
        return Refusal(
            _("Another way changes the very same thing as the first, and nothing else."), rule="P10",
            appeal=_("For something else, make a proposal of your own."),
        )  # fmt: skip
    if not _has_the_time(first, rule):
        return Refusal(
            _("This change needs more time than this ballot gives: rule %(rule)s asks for it.") % {"rule": rule.key},
            rule="P10", status=409, appeal=_("Make a proposal of your own: it gets the time that its rule asks for."),
        )  # fmt: skip
    standing = on_the_ballot(first)
    if _plainly(payload) in {_plainly(json.loads(one.payload)) for one in standing}:
        return Refusal(_("This very change stands on the ballot already."), rule="P10", status=409)
    if by.pk in {one.proposed_by_id for one in standing}:
        return Refusal(
            _("One way each: you have proposed one that stands on this ballot."), rule="P10", status=409,
            appeal=_("Ask another member to propose it."),
        )  # fmt: skip
    return None


def _about(payload: Said) -> dict[str, Any]:
    return {name: value for name, value in payload.items() if name in TARGET}


def _plainly(payload: Said) -> str:
    """Return a payload with its amounts in the shortest way of writing them: 0.100 is the same change as 0.1."""
    written = {
        name: f"{Decimal(value).normalize():f}" if isinstance(value, str) and AMOUNT.fullmatch(value) else value
        for name, value in payload.items()
    }
    return json.dumps(written, sort_keys=True)


def _has_the_time(first: Proposal, rule: Rule) -> bool:
    """Tell whether the first's times are no shorter than another rule asks for."""
    published, frozen, opens, closes = first.published_at, first.frozen_at, first.opens_at, first.closes_at
    if published is None or frozen is None or opens is None or closes is None:
        return False
    asked = (rule.deliberation_days, rule.frozen_days, rule.voting_days)
    given = (opens - published, opens - frozen, closes - opens)
    return all(has >= timedelta(days=days) for has, days in zip(given, asked, strict=True))


def publish_refusal(proposal: Proposal, payload: Said, rule: Rule, *, at: datetime) -> Refusal | None:
    """Return why a draft cannot be put on the ballot of the first it is a rival of, or None."""
    first = proposal.rival_of
    if first is None:
        return None
    fits = fit_refusal(first, proposal.policy, payload, rule, by=proposal.proposed_by)
    return window_refusal(first, at=at) or fits


def filled_in(first: Proposal) -> dict[str, Any]:
    """Return what a form of the same kind is filled in with: the first's own values, and what its key is about.

    A key as "client:7/work_type:3" fills in both.
    """
    payload: dict[str, Any] = json.loads(first.payload)
    parts = [part.partition(":") for part in str(payload.get("key", "")).split("/")]
    return payload | {name: value for name, colon, value in parts if colon}


def set_id(proposals: Iterable[Proposal]) -> str:
    """Return the identity of what stands together: the SHA-256 of the digests in the order of the ballot."""
    return hashlib.sha256("\n".join(one.digest for one in proposals).encode()).hexdigest()
