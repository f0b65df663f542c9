"""Organisations that post work, and the people who speak for them."""

from collections.abc import Iterable
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.http import Http404
from django.utils.translation import gettext as _

from coop.database import compartment
from coop.people import keys
from coop.people.models import OFFERED, SEATED, ApiKey, Client, ClientSeat, Person
from coop.record import events
from coop.refusals import Refusal, Refused, refuse_if

# Words that an address under /client/ or /c/ needs itself.
RESERVED = frozenset({"new", "keys", "seats", "jobs", "api"})
MOST_OFFERS = 20


def refusal_of_slug(slug: str) -> Refusal | None:
    """Say why a short name cannot be had."""
    if slug in RESERVED or Client.objects.filter(slug=slug).exists():
        return Refusal(_("This short name is taken."), appeal=_("Choose another one."), status=409)
    return None


def found(name: str, *, slug: str, by: Person, at: datetime) -> Client:
    """Found an organisation and give its first seat to whoever asks. Raises Refused when the short name is taken."""
    refuse_if(refusal_of_slug(slug))
    try:
        with transaction.atomic():
            client = Client.objects.create(name=name, slug=slug, created_at=at)
            ClientSeat.objects.create(client=client, person=by, created_at=at, accepted_at=at)
            events.write("clients.founded", by=by, subject=f"client:{client.pk}", at=at, slug=slug)
    except IntegrityError as error:  # somebody was faster
        raise Refused(Refusal(_("This short name is taken."), appeal=_("Choose another one."), status=409)) from error
    return client


def has_seat(client: Client | int, person: Person) -> bool:
    """Tell whether a person speaks for the organisation (or the one of this number) now."""
    return ClientSeat.objects.filter(SEATED, client=client, person=person).exists()


def for_which_sat(people: Iterable[int], *, since: datetime, among: Iterable[Client]) -> set[int]:
    """Return the numbers of those organisations for which any of these people, by number, spoke at any time since."""
    seats = ClientSeat.objects.filter(person__in=list(people), client__in=list(among), accepted_at__isnull=False)
    sat = seats.filter(Q(ended_at=None) | Q(ended_at__gt=since))
    return set(sat.values_list("client", flat=True))


def seats(client: Client) -> list[ClientSeat]:
    """Return the organisation's accepted seats that have not ended, the oldest first, their holders loaded."""
    return list(client.seats.filter(SEATED).select_related("person").order_by("id"))


def people(client: Client) -> list[Person]:
    """Return who speaks for the organisation now, the longest first."""
    return [seat.person for seat in seats(client) if seat.person]


def first_seat(person: Person) -> ClientSeat | None:
    """Return a person's oldest accepted seat that has not ended, its client loaded."""
    return ClientSeat.objects.filter(SEATED, person=person).select_related("client").order_by("id").first()


def client_of(person: Person, slug: str) -> Client:
    """Return the organisation of this short name; Http404 unless the person has a seat in it.

    From then on its compartment alone is seen.
    """
    mine = Client.objects.filter(slug=slug, seats__in=ClientSeat.objects.filter(SEATED, person=person))
    client = compartment.enter(mine, client="pk")
    if client is None:
        raise Http404
    return client


def refusal(client: Client, *, by: Person) -> Refusal | None:
    """Say why a person may not act for the organisation."""
    if has_seat(client, by):
        return None
    return Refusal(
        _("You have no seat in %(client)s.") % {"client": client.name},
        appeal=_("Somebody who has one can offer you a seat."),
    )


def offers(client: Client) -> list[ClientSeat]:
    """Return the seats that the organisation has offered and nobody has answered, the oldest first."""
    return list(client.seats.filter(OFFERED).order_by("id"))


def offer_to(person: Person, number: int) -> ClientSeat:
    """Return the offer of this number; Http404 unless it was made to the person and is open."""
    offered = ClientSeat.objects.filter(OFFERED, pk=number, person=person).select_related("client").first()
    if offered is None:
        raise Http404
    return offered


@transaction.atomic
def offer(client: Client, email: str, *, by: Person, at: datetime) -> None:
    """Offer a seat to whoever has an account under an address; it counts once they accept.

    What is kept and shown is the same whether or not somebody has, so an address tells nothing; a second offer to
    the same address changes nothing. Raises Refused unless `by` has a seat, and with MOST_OFFERS open.
    """
    refuse_if(refusal(client, by=by))
    # The client's row is the lock: offers made at once are counted one after the other.
    Client.objects.select_for_update().get(pk=client.pk)
    waiting = offers(client)
    if any(one.offered_to.lower() == email.lower() for one in waiting):
        return
    if len(waiting) >= MOST_OFFERS:
        raise Refused(
            Refusal(_("Too many offers wait for an answer."), appeal=_("Take one back, or wait for them."), status=409)
        )
    person = Person.objects.filter(email__iexact=email).first()
    if person and client.seats.filter(person=person, ended_at=None).exists():
        person = None
    ClientSeat.objects.create(client=client, person=person, offered_to=email, created_at=at)
    events.write("clients.offered", by=by, subject=f"client:{client.pk}", at=at)


def accept(offered: ClientSeat, *, by: Person, at: datetime) -> ClientSeat:
    """Accept an offered seat: from now on the person speaks for the organisation.

    Raises Refused unless it is open, and for whoever works for the organisation.
    """
    try:
        with transaction.atomic():
            return _accept(offered, by=by, at=at)
    except IntegrityError as error:
        words = _("You have worked for this client in the last 90 days: whoever does its work takes no seat there.")
        raise Refused(Refusal(words, "7", _("You keep the work; decline the offer."), status=409)) from error


def _accept(offered: ClientSeat, *, by: Person, at: datetime) -> ClientSeat:
    if not ClientSeat.objects.filter(OFFERED, pk=offered.pk, person=by).update(accepted_at=at):
        raise Refused(Refusal(_("This offer is not open to you."), status=409))
    events.write("clients.seated", by=by, subject=f"client:{offered.client_id}", at=at, person=by.pk)
    offered.refresh_from_db()
    return offered


@transaction.atomic
def decline(offered: ClientSeat, *, by: Person, at: datetime) -> ClientSeat:
    """Decline an offered seat; nothing else changes. Raises Refused unless it is open to `by`."""
    if not ClientSeat.objects.filter(OFFERED, pk=offered.pk, person=by).update(ended_at=at):
        raise Refused(Refusal(_("This offer is not open to you."), status=409))
    events.write("clients.declined", by=by, subject=f"client:{offered.client_id}", at=at)
    offered.refresh_from_db()
    return offered


@transaction.atomic
def withdraw(offered: ClientSeat, *, by: Person, at: datetime) -> ClientSeat:
    """Take an offer back. Raises Refused unless `by` has a seat and the offer is open."""
    refuse_if(refusal(offered.client, by=by))
    if not ClientSeat.objects.filter(OFFERED, pk=offered.pk).update(ended_at=at):
        raise Refused(Refusal(_("This offer has been answered already."), status=409))
    events.write("clients.withdrawn", by=by, subject=f"client:{offered.client_id}", at=at)
    offered.refresh_from_db()
    return offered


@transaction.atomic
def end_seat(given: ClientSeat, *, by: Person, at: datetime) -> ClientSeat:
    """End a seat and every API key its holder made. Raises Refused without a seat, and for the last seat."""
    refuse_if(refusal(given.client, by=by))
    # The client's row is the lock: two last seats cannot end at once.
    Client.objects.select_for_update().get(pk=given.client_id)
    open_seats = ClientSeat.objects.filter(SEATED, client=given.client)
    if not open_seats.exclude(pk=given.pk).exists():
        raise Refused(
            Refusal(_("This is the last seat."), appeal=_("Somebody else has to accept a seat first."), status=409)
        )
    if open_seats.filter(pk=given.pk).update(ended_at=at):
        for key in ApiKey.objects.filter(client=given.client, created_by=given.person_id, revoked_at=None):
            keys.revoke(key, by=by, at=at)
        events.write("clients.unseated", by=by, subject=f"client:{given.client_id}", at=at, person=given.person_id)
    given.refresh_from_db()
    return given
