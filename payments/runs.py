"""Pay runs: payouts of one rail that go out together, checked by one officer and released by another.

A payout's key follows from the payout, never from an attempt: whatever is handed over twice is one payment.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count, Q, QuerySet, Sum
from django.utils.translation import gettext as _

from coop.models import Cooperative
from coop.people.models import Person
from coop.record import events
from coop.record.events import Entry
from coop.refusals import Refusal, refuse_if
from governance import pauses, watching
from governance.models import Office, Right
from payments import deposits, details, instruments, places, rails, to_officers
from payments.models import Payout, PayoutState, PayRun
from payments.money import Money
from payments.rails.iso20022 import pain001
from payments.rails.iso20022.pain001 import Account, Order
from payments.templatetags.money import money

# Nobody waits for a run longer than that: a payout held for 72 hours is a case (E3).
LONGEST_WAIT = timedelta(hours=24)
FRIDAY = 4
AT_ONCE = 500
KEY = "WORKHALL-PAYOUT-"
GOING = (PayoutState.SENDING, PayoutState.SENT)
# Of a demonstration, which has no bank: an account of the standard's own examples.
EXAMPLE = Account("Workhall", "DE89370400440532013000", "COBADEFFXXX")


@dataclass(frozen=True, slots=True)
class Preview:
    """What a run comes to, and where it differs from the books: nothing may, before it is released."""

    count: int
    totals: list[Money]
    differences: list[str]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is: payouts by state."""

    asked: int
    sending: int
    sent: int
    settled: int
    failed: int

    @property
    def all(self) -> int:
        """How many payouts it has."""
        return self.asked + self.sending + self.sent + self.settled + self.failed

    @property
    def handed_over(self) -> int:
        """How many the rail has."""
        return self.sent + self.settled + self.failed


def key_of(payout: int) -> str:
    """Return the one key under which a payout, by its number, is known to every rail; at most 35 characters."""
    return f"{KEY}{payout}"


def payout_of(key: str) -> int | None:
    """Return the number of the payout that a key stands for, or None."""
    number = key.removeprefix(KEY)
    return int(number) if key.startswith(KEY) and number.isascii() and number.isdigit() else None


def waiting(rail: str, *, at: datetime) -> QuerySet[Payout]:
    """Return what a run of this rail would take: rested, in no run, held by nobody, and no officer's of money."""
    rested = at - instruments.payout_terms(rail).delay
    officers = to_officers.handlers(at).values("person_id")
    asked = Payout.objects.filter(rail=rail, state=PayoutState.REQUESTED, run=None, requested_at__lte=rested)
    asked = asked.exclude(person_id__in=officers).exclude(pk__in=pauses.holding(at))
    return asked.exclude(details=None).order_by("id")


def prepare(rail: str, *, at: datetime) -> PayRun | None:
    """Put what waits into the run of a rail that nobody has checked yet, and return it; None if nothing waits.

    Anybody may call it; asked again, it takes what came since.
    """
    if not waiting(rail, at=at).exists():
        return None
    with transaction.atomic():
        run = PayRun.objects.filter(rail=rail, checked_at=None).first()
        if run is None:
            run = PayRun.objects.create(rail=rail, made_at=at)
            events.write("payouts.run_made", by=None, subject=f"pay_run:{run.pk}", at=at)
        Payout.objects.filter(pk__in=waiting(rail, at=at).values("pk")).update(run=run)
    return run


def prepare_due(*, at: datetime) -> int:
    """Prepare the runs that are due: on Fridays, and as soon as somebody has waited a day. Return how many."""
    made = 0
    for rail in rails.ALL.values():
        first = waiting(rail.name, at=at).first() if rail.in_runs else None
        due = first and (at.weekday() == FRIDAY or first.requested_at <= at - LONGEST_WAIT)
        if due:
            made += prepare(rail.name, at=at) is not None
    return made


def due_by(payout: Payout, *, at: datetime) -> datetime | None:
    """Return when a payout is put into a run at the latest; None for one that goes otherwise or is in one."""
    return dues([payout], at=at)[0][1]


def dues(payouts: Iterable[Payout], *, at: datetime) -> list[tuple[Payout, datetime | None]]:
    """Return payouts, each with when it is put into a run at the latest, as `due_by`; two queries, where any waits.

    What goes to whoever handles money goes by hand, with no run.
    """
    found = list(payouts)
    waits = [one for one in found if _waits(one)]
    handlers = set(to_officers.handlers(at).values_list("person_id", flat=True)) if waits else set()
    waits = [one for one in waits if one.person_id not in handlers]
    terms = instruments.payout_terms_of(*sorted({one.rail for one in waits})) if waits else {}
    latest = {one.pk: one.requested_at + terms[one.rail].delay + LONGEST_WAIT for one in waits}
    return [(one, latest.get(one.pk)) for one in found]


def _waits(payout: Payout) -> bool:
    return not payout.run_id and payout.state == PayoutState.REQUESTED and rails.of(payout.rail).in_runs


# Each payout of a run beside what the books say left the member's account for it.
DIFFERENCES = """
SELECT p.id, p.amount, t.amount, d.cancelled_at IS NOT NULL OR d.erased_at IS NOT NULL
FROM payments_payout p
LEFT JOIN payments_transfer t ON t.ref = 'payout:' || p.id AND t.kind = 13
LEFT JOIN payments_payoutdetails d ON d.id = p.details_id
WHERE p.run_id = %s AND (t.amount IS DISTINCT FROM p.amount OR d.id IS NULL OR d.cancelled_at IS NOT NULL
    OR d.erased_at IS NOT NULL)
ORDER BY p.id
"""


def preview(run: PayRun) -> Preview:
    """Return what a run comes to and every difference to the books; two queries, and two for each currency."""
    sums = run.payouts.order_by().values("currency").annotate(count=Count("pk"), total=Sum("amount"))
    facts = list(sums.order_by("currency"))
    with connection.cursor() as cursor:
        cursor.execute(DIFFERENCES, [run.pk])
        found = [_difference(number, booked, lost=lost) for number, _amount, booked, lost in cursor.fetchall()]
    totals = [Money(one["total"], one["currency"]) for one in facts]
    found += [words for one in totals if (words := _short(run, one.currency))]
    return Preview(sum(one["count"] for one in facts), totals or [Money(Decimal(0), "USD")], found)


def _short(run: PayRun, currency: str) -> str:
    """Say that by our books a run's place holds too little for it and all that is under way from there, or nothing."""
    place = rails.place_of(run.rail)
    ways = [rail.name for rail in rails.ALL.values() if rail.paid_from == place]
    out = Q(run=run) | Q(run__released_at__isnull=False) | Q(state__in=GOING)
    payouts = Payout.objects.filter(out, rail__in=ways, currency=currency, state__in=[PayoutState.REQUESTED, *GOING])
    needed, lies = payouts.aggregate(sum=Sum("amount"))["sum"] or Decimal(0), places.held(place, currency)
    if needed <= lies:
        return ""
    facts = {"held": money(lies, currency), "place": place.label, "needed": money(needed, currency)}
    words = _(
        "By our books there is %(held)s (%(place)s); with what is under way %(needed)s are to be paid from there."
    )
    return words % facts


def _difference(number: int, booked: int | None, *, lost: bool) -> str:
    if booked is None:
        return _("Payout %(number)s has not left its member's account.") % {"number": number}
    if lost:
        return _("Payout %(number)s goes to a place that is not in force.") % {"number": number}
    return _("Payout %(number)s left its member's account with another amount.") % {"number": number}


def progress(run: PayRun) -> Progress:
    """Return how far a run is; one query."""
    counted: dict[str, int] = run.payouts.aggregate(
        **{str(state): Count("pk", filter=Q(state=state)) for state in PayoutState.values}
    )
    return Progress(counted["requested"], counted["sending"], counted["sent"], counted["settled"], counted["failed"])


def refusal_to_check(run: PayRun, *, by: Office, at: datetime) -> Refusal | None:
    """Say why an officer cannot check a run, or nothing."""
    if run.checked_at is not None:
        return Refusal(_("This run was checked."), status=409)
    return _not_theirs(run, by, at)


def _not_theirs(run: PayRun, by: Office, at: datetime) -> Refusal | None:
    if out_of_office := deposits.refusal_of_office(by, at):
        return out_of_office
    if preview(run).differences:
        return Refusal(_("The run differs from the books; look at the differences first."), status=409)
    return None


@transaction.atomic
def check(run: PayRun, *, by: Office, at: datetime) -> PayRun:
    """Say that a run is as it should be. Nothing comes into it after that."""
    run = _locked(run)
    refuse_if(refusal_to_check(run, by=by, at=at))
    run.checked_by, run.checked_at = by, at
    run.save(update_fields=["checked_by", "checked_at"])
    events.write("payouts.run_checked", by=by.person, subject=f"pay_run:{run.pk}", at=at)
    # The guard writes the database's own moment.
    run.refresh_from_db()
    return run


def refusal_to_release(run: PayRun, *, by: Office, at: datetime) -> Refusal | None:
    """Say why an officer cannot release a run, or nothing."""
    if run.checked_by is None or run.released_at is not None:
        return Refusal(_("Only a run that was checked is released, once."), status=409)
    if by.person_id == run.checked_by.person_id:
        return Refusal(_("You checked this run; another officer releases it."), "D8", _("Ask the other officer."))
    return _not_theirs(run, by, at)


@transaction.atomic
def release(run: PayRun, *, by: Office, at: datetime) -> PayRun:
    """Let a checked run go. What is the two officers' own stays behind: nobody sends money to themselves (D8)."""
    run = _locked(run)
    refuse_if(refusal_to_release(run, by=by, at=at))
    assert run.checked_by  # noqa: S101 - the refusal stands before
    run.payouts.filter(person_id__in=[by.person_id, run.checked_by.person_id]).update(run=None)
    run.released_by, run.released_at = by, at
    run.save(update_fields=["released_by", "released_at"])
    events.write("payouts.run_released", by=by.person, subject=f"pay_run:{run.pk}", at=at)
    # The guard writes the database's own moment, and the bank's file bears it.
    run.refresh_from_db()
    return run


@transaction.atomic
def take_apart(run: PayRun, *, by: Office, at: datetime) -> int:
    """Take what has not gone out of a run, for the next one or to be sent by hand; return how many."""
    refuse_if(deposits.refusal_of_office(by, at))
    out = run.payouts.filter(state=PayoutState.REQUESTED).update(run=None)
    events.write("payouts.run_taken_apart", by=by.person, subject=f"pay_run:{run.pk}", at=at, payouts=out)
    return out


def carry_out(run: PayRun, *, at: datetime) -> int:
    """Hand a released run over, some hundred payouts in a transaction, and return how many were new.

    What two officers hold stays behind for a later run (part 6). Killed half-way, it goes on where it stood.
    """
    run.payouts.filter(state=PayoutState.REQUESTED, pk__in=pauses.holding(at)).update(run=None)
    done = 0
    while numbers := list(
        run.payouts.filter(state=PayoutState.REQUESTED).order_by("pk").values_list("pk", flat=True)[:AT_ONCE]
    ):
        with transaction.atomic():
            begun = Payout.objects.filter(pk__in=numbers, state=PayoutState.REQUESTED)
            done += begun.update(state=PayoutState.SENDING, sent_by=run.released_by)
            events.write_many(_entries("payouts.sending", numbers, at))
    return done


def refusal_of_file(run: PayRun, *, by: Office, at: datetime) -> Refusal | None:
    """Say why an officer cannot have the bank's file of a run, or nothing."""
    if not rails.of(run.rail).has_file:
        return Refusal(_("This way has no file: the service is told by itself."), status=409)
    if run.released_at is None:
        return Refusal(_("The file is made once a second officer has released the run."), "D8", status=409)
    if out_of_office := deposits.refusal_of_office(by, at):
        return out_of_office
    if not run.payouts.filter(state__in=[PayoutState.REQUESTED, *GOING]).exists():
        return _nothing_left()
    if account() is None:
        return Refusal(_("The cooperative's account is not set: see BANK_ACCOUNT in the operating guide."), status=409)
    return None


def _nothing_left() -> Refusal:
    return Refusal(_("Nothing is left in this run."), status=409)


def file(run: PayRun, *, by: Office, at: datetime) -> bytes:
    """Return the bank's file of what is still to be paid of a run; the look at each member's place is written down.

    Raises Refused, envelopes.Unopened where a place is not what its member said.
    """
    refuse_if(refusal_of_file(run, by=by, at=at))
    carry_out(run, at=at)
    going = run.payouts.select_related("details", "person").filter(state__in=GOING).order_by("pk")
    payouts = [payout for payout in going if payout.details]
    # Two officers may have begun to hold all of it since the release.
    refuse_if(None if payouts else _nothing_left())
    watching.looked(
        [payout.person_id for payout in payouts], subject=f"pay_run:{run.pk}", right=Right.MONEY, by=by.person, at=at
    )
    ours, released = account(), run.released_at
    assert ours  # noqa: S101 - the refusal stands before
    assert released  # noqa: S101 - likewise
    return pain001.write(
        [_order(payout) for payout in payouts], name=f"WORKHALL-RUN-{run.pk}", debtor=ours,
        currency=payouts[0].currency, day=released.date(), at=released,
    )  # fmt: skip


def _order(payout: Payout) -> Order:
    assert payout.details  # noqa: S101 - a run takes no other
    said = details.opened(payout.details)
    to = Account(said["holder"], said["account"], said["bic"])
    return Order(key_of(payout.pk), to, payout.amount, f"Workhall payout {payout.pk}")


def account() -> Account | None:
    """Return the account that the cooperative is paid into and pays from; an example's in a demonstration."""
    if settings.BANK_ACCOUNT:
        number, _space, rest = settings.BANK_ACCOUNT.partition(" ")
        bank, _space, holder = rest.partition(" ")
        return Account(holder, number, bank)
    return EXAMPLE if Cooperative.objects.filter(simulated=True).exists() else None


def refusal_to_hand_over(run: PayRun, *, by: Office, at: datetime) -> Refusal | None:
    """Say why an officer cannot say that the bank has the file, or nothing."""
    if run.released_at is None or run.handed_over_at is not None or not rails.of(run.rail).has_file:
        return Refusal(_("Only a released run is handed over, once."), status=409)
    return deposits.refusal_of_office(by, at)


def hand_over(run: PayRun, *, by: Office, at: datetime) -> PayRun:
    """Write down that the bank took the file: its payouts are on their way. Goes on where it stood."""
    refuse_if(refusal_to_hand_over(run, by=by, at=at))
    carry_out(run, at=at)
    while numbers := list(
        run.payouts.filter(state=PayoutState.SENDING).order_by("pk").values_list("pk", flat=True)[:AT_ONCE]
    ):
        with transaction.atomic():
            going = Payout.objects.filter(pk__in=numbers, state=PayoutState.SENDING)
            going.update(state=PayoutState.SENT, sent_at=at, reference=f"WORKHALL-RUN-{run.pk}")
            events.write_many(_entries("payouts.sent", numbers, at, by.person))
    with transaction.atomic():
        PayRun.objects.filter(pk=run.pk, handed_over_at=None).update(handed_over_at=at)
        events.write("payouts.run_handed_over", by=by.person, subject=f"pay_run:{run.pk}", at=at)
    run.refresh_from_db()
    return run


def _entries(kind: str, numbers: Iterable[int], at: datetime, by: Person | None = None) -> list[Entry]:
    return [Entry(kind, by.pk if by else None, f"payout:{number}", at) for number in numbers]


def _locked(run: PayRun) -> PayRun:
    return PayRun.objects.select_for_update(of=("self",)).select_related("checked_by").get(pk=run.pk)
