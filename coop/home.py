"""What stands on the first page: for visitors how the cooperative is doing, for members what awaits them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Count, Sum
from django.db.models.functions import Coalesce

from coop.people.models import Person
from governance import pauses, voting
from governance.models import Pause, Proposal, RollEntry
from payments import statements
from payments.ledger import Kind
from payments.models import Transfer
from payments.statements import Summary
from tasks import offers
from tasks.models import Assignment, AssignmentState
from tasks.offers import Offered

MONTH = timedelta(days=30)
LINES = 3


@dataclass(frozen=True, slots=True)
class Paid:
    """Wages and training pay that became members' own within 30 days, in US dollars, and to how many people."""

    amount: Decimal
    people: int


@dataclass(frozen=True, slots=True)
class Awaiting:
    """What awaits a member: a pause of theirs, the votes still without theirs, those coming, tasks, pay, best jobs."""

    pauses: list[Pause]
    votes: list[Proposal]
    coming: list[Proposal]
    sent_back: list[Assignment]
    begun: list[Assignment]
    pay: Summary
    offers: list[Offered]
    more: int


def paid(at: datetime) -> Paid:
    """Return what members earned in the last 30 days."""
    earned = Transfer.objects.filter(kind__in=[Kind.WAGE, Kind.TRAINING_PAY], posted_at__gt=at - MONTH)
    sums = earned.aggregate(amount=Sum("amount"), people=Count("credit", distinct=True))
    return Paid(sums["amount"] or Decimal(0), sums["people"])


def open_now() -> list[Offered]:
    """Return the best paid jobs on the board."""
    return offers.on_the_board()[:LINES]


def awaiting(person: Person, at: datetime) -> Awaiting:
    """Return what awaits a member, money at risk first."""
    board = offers.on_the_board()
    mine = Assignment.objects.filter(person=person).select_related("job").order_by("expires_at")
    return Awaiting(
        pauses=pauses.running(person, at),
        votes=_votes(person, at),
        coming=list(Proposal.objects.filter(opens_at__gt=at, roll__person=person, rival_of=None).order_by("opens_at")),
        sent_back=list(mine.filter(state=AssignmentState.SENT_BACK)),
        begun=list(mine.filter(state=AssignmentState.CLAIMED, expires_at__gt=at)),
        pay=statements.summary(person, at),
        offers=board[:LINES],
        more=len(board[LINES:]),
    )


def _votes(person: Person, at: datetime) -> list[Proposal]:
    """Return the votes open now that the person is on the roll of and has not cast a ballot in."""
    on_the_roll = RollEntry.objects.filter(person=person, proposal__tally=None, proposal__opens_at__lte=at)
    mine = set(on_the_roll.values_list(Coalesce("proposal__rival_of_id", "proposal_id"), flat=True))
    found = [vote for vote in voting.open_now(at) if vote.pk in mine]
    voted = voting.voted_in(found, person)
    return [vote for vote in found if vote.pk not in voted]
