"""Trying out a proposal: what it would do, what it needs, when, and what is wrong with it. Nothing is saved."""

from dataclasses import dataclass
from datetime import datetime

from django.db import OperationalError, connection, transaction
from django.utils.translation import gettext as _

from coop.people.models import Person
from coop.refusals import Refusal, Refused
from governance import explaining, policies, proposals, supporting, wording
from governance.explaining import Phase, Seen
from governance.models import Proposal
from governance.policy import Payload
from governance.wording import Advice

# How long the replay may take before whoever waits is told to wait no longer, in seconds.
PATIENCE = 15


@dataclass(frozen=True, slots=True)
class Tried:
    """What a proposal would be if it were published now; `advice` says what is in the way or could be better."""

    vote: Seen
    changes: str
    phases: list[Phase]
    backers: int
    advice: list[Advice]

    @property
    def refused(self) -> bool:
        """Tell whether publication would refuse it as it stands."""
        return any(line.refuses for line in self.advice)


def attempt(*, policy: str, payload: Payload, title: str, text: str, by: Person, at: datetime) -> Tried:
    """Return what this proposal would do and need if it were published now. Saves nothing.

    Raises Refused when it could not even be drafted, or when working it out takes longer than PATIENCE.
    """
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [f"{PATIENCE}s"])
            proposal = proposals.worked_out(policy=policy, payload=payload, title=title, text=text, by=by, at=at)
            return _read(proposal, by, at)
    except OperationalError as error:
        raise Refused(_too_long()) from error


def _read(proposal: Proposal, by: Person, at: datetime) -> Tried:
    vote = explaining.seen(proposal, at)
    changes = policies.find(proposal.policy).changes_for(by, proposals.payload_of(proposal), at)
    phases = explaining.phases_from(proposal.rule, at)
    return Tried(vote, changes, phases, supporting.needed(), _advice(vote, at))


def _advice(vote: Seen, at: datetime) -> list[Advice]:
    soon = proposals.rhythm(vote.proposal, vote.proposal.rule, at)
    found = [Advice(soon.reason, soon.rule, soon.appeal, refuses=True)] if soon else []
    return [*found, *wording.style(vote.proposal, vote.what), *explaining.doubts(vote)]


def _too_long() -> Refusal:
    return Refusal(
        _("Working this out takes longer than %(seconds)s seconds.") % {"seconds": PATIENCE}, status=503,
        appeal=_("Nothing is lost. Try again in a while, or write the draft: then it is worked out once and kept."),
    )  # fmt: skip
