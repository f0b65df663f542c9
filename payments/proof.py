"""The nightly proof of the books: what must always hold is asked again, every sealed month is sealed again.

The result stands in the public record and on the open ledger, and goes by mail to the officers of the books.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from importlib import import_module

from django.conf import settings
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from procrastinate.contrib.django import app as background

from coop.database.moment import one_moment
from coop.people.models import Person
from coop.record import events
from coop.record.models import Event
from governance import notices, offices
from governance.models import Right
from payments import at_services, invariants, lists, reconciling, sealing
from payments.models import Place, Transfer
from payments.templatetags.money import money

KINDS = ("ledger.proved", "ledger.unproved")
TELL = "payments.tell_of_proof"
# Who hears of it: those who move the money, and the one who looks after them.
RIGHTS = (Right.MONEY, Right.BOOKS)


@dataclass(frozen=True, slots=True)
class Proof:
    """What a night found: names of what does not hold, and of months whose transfers are not those sealed.

    What is asked is an invariant of the books, or a walk that compares them with what they speak of.
    """

    at: datetime
    transfers: int
    broken: list[str]
    months: list[str]

    @property
    def good(self) -> bool:
        """Whether everything holds."""
        return not (self.broken or self.months)

    @property
    def says(self) -> list[str]:
        """What does not hold, in words."""
        known = asked()
        unlike = _("The transfers of %(month)s are not those that were sealed.")
        return [f"{name}: {known.get(name, '')}" for name in self.broken] + [unlike % {"month": m} for m in self.months]


def prove_due(at: datetime) -> Proof | None:
    """Prove the books once a day (UTC), write it into the record and have the officers told; None if it was done."""
    day = f"ledger:{at.astimezone(UTC):%Y-%m-%d}"
    if Event.objects.filter(kind__in=KINDS, subject=day).exists():
        return None
    proof = prove(at)
    found = {"transfers": proof.transfers, "broken": proof.broken, "months": proof.months}
    if proof.good:
        events.write("ledger.proved", by=None, subject=day, at=at, **found)
    else:
        events.write("ledger.unproved", by=None, subject=day, at=at, **found)
    for person in officers(at):
        background.configure_task(TELL).defer(person_id=person.pk, day=day)
    return proof


def prove(at: datetime) -> Proof:
    """Ask everything now, of one moment; what it costs grows with the books, so it is done by night."""
    with one_moment():
        broken = [name for name, rows in invariants.broken().items() if rows]
        unlike = [str(month) for month, size, root in sealing.sealed() if sealing.root(month) != (size, root)]
        facts = list(import_module(settings.WALKS_OF_MONEY).found())
        return Proof(at, Transfer.objects.count(), broken + facts, unlike)


def asked() -> dict[str, str]:
    """Return everything that is asked at night, by name, in words."""
    walked: dict[str, str] = import_module(settings.WALKS_OF_MONEY).asked()
    return {one.name: str(one.says) for one in invariants.ALL} | walked


def latest() -> Proof | None:
    """Return the last proof, from the record; None before the first night."""
    return _of(Event.objects.filter(kind__in=KINDS).order_by("-id").first())


def officers(at: datetime) -> list[Person]:
    """Return who hears of a proof: whoever holds an office for money or for looking at the books."""
    held = [office for right in RIGHTS for office in offices.with_right(right, at).select_related("person")]
    return list({office.person_id: office.person for office in held}.values())


def tell(person: Person, day: str) -> None:
    """Mail an officer what a day's proof found, in their language."""
    proof = _of(Event.objects.filter(kind__in=KINDS, subject=day).order_by("id").first())
    if proof:
        notices.send(person, lambda: _words(proof, day.removeprefix("ledger:")))


def _words(proof: Proof, day: str) -> tuple[str, str]:
    address = f"{settings.ORIGIN}/ledger/"
    if proof.good:
        holds = _("All %(count)s statements about the books hold, for %(transfers)s transfers.")
        text = "\n".join([holds % {"count": len(asked()), "transfers": proof.transfers}, "", *_places()])
        return _("The books of %(day)s are proved") % {"day": day}, f"{text}\n\n{address}\n"
    ask = _("Look with `manage.py audit money`; nobody should move money before it is explained.")
    return _("LOOK: the books of %(day)s do not add up") % {"day": day}, "\n\n".join(
        [*proof.says, *_places(), ask, address]
    ) + "\n"


def _places() -> list[str]:
    """Return in words what the books and the last statement of each place say, and which gave none, by currency."""
    bank = _("%(place)s: our books hold %(held)s, its last statement closed with %(closing)s, %(rest)s stand between.")
    service = _(
        "%(place)s: our books hold %(held)s, its last list, until the end of %(day)s, closed with %(closing)s, %(rest)s"
        " stand between."
    )
    listed = at_services.compared()
    at_bank = [bank % _facts(Place.MAIN, one.currency, one.held, one.closing) for one in reconciling.compared()]
    said = [
        service % (_facts(one.place, one.currency, one.held, one.closing) | {"day": date_format(one.until)})
        for one in listed
    ]
    never = _("%(place)s: our books hold %(held)s, and none of its lists was ever confirmed.")
    facts = [(one.place.label, money(one.amount, one.currency)) for one in lists.never_confirmed()]
    return [*at_bank, *said, *(never % {"place": place, "held": held} for place, held in facts)]


def _facts(place: Place, currency: str, held: Decimal, closing: Decimal) -> dict[str, str]:
    sums = {"held": held, "closing": closing, "rest": held - closing}
    return {"place": str(place.label), **{name: money(amount, currency) for name, amount in sums.items()}}


def _of(event: Event | None) -> Proof | None:
    if event is None:
        return None
    return Proof(event.at, event.data["transfers"], event.data["broken"], event.data["months"])
