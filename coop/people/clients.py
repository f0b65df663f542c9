"""Organisations that post work, and the people who speak for them."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.http import Http404
from django.utils.translation import gettext as _

from coop.people import keys
from coop.people.models import ApiKey, Client, ClientSeat, Person
from coop.record import events
from coop.refusals import Refusal, Refused, refuse_if

# Words that an address under /client/ or /c/ needs itself.
RESERVED = frozenset({"new", "keys", "seats", "jobs", "api"})


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
            ClientSeat.objects.create(client=client, person=by, created_at=at)
            events.write("clients.founded", by=by, subject=f"client:{client.pk}", at=at, slug=slug)
    except IntegrityError as error:  # somebody was faster
        raise Refused(Refusal(_("This short name is taken."), appeal=_("Choose another one."), status=409)) from error
    return client


def has_seat(client: Client, person: Person) -> bool:
    """Tell whether a person speaks for the organisation now."""
    return ClientSeat.objects.filter(client=client, person=person, ended_at=None).exists()


def seats(client: Client) -> list[ClientSeat]:
    """Return the organisation's seats that have not ended, the oldest first, their holders loaded."""
    return list(client.seats.filter(ended_at=None).select_related("person").order_by("id"))


def first_seat(person: Person) -> ClientSeat | None:
    """Return a person's oldest seat that has not ended, its client loaded."""
    return ClientSeat.objects.filter(person=person, ended_at=None).select_related("client").order_by("id").first()


def client_of(person: Person, slug: str) -> Client:
    """Return the organisation of this short name; Http404 unless the person has a seat in it."""
    client = Client.objects.filter(slug=slug, seats__person=person, seats__ended_at=None).first()
    if client is None:
        raise Http404
    return client


def refusal(client: Client, *, by: Person) -> Refusal | None:
    """Say why a person may not act for the organisation."""
    if has_seat(client, by):
        return None
    return Refusal(
        _("You have no seat in %(client)s.") % {"client": client.name},
        appeal=_("Somebody who has one can give you a seat."),
    )


def seat(client: Client, person: Person, *, by: Person, at: datetime) -> ClientSeat:
    """Give a person a seat. Raises Refused unless `by` has one, or when the person has one already."""
    refuse_if(refusal(client, by=by))
    try:
        with transaction.atomic():
            given = ClientSeat.objects.create(client=client, person=person, created_at=at)
            events.write("clients.seated", by=by, subject=f"client:{client.pk}", at=at, person=person.pk)
    except IntegrityError as error:
        raise Refused(Refusal(_("%(person)s has a seat already.") % {"person": person}, status=409)) from error
    return given


def seat_address(client: Client, email: str, *, by: Person, at: datetime) -> ClientSeat:
    """Give a seat to whoever has an account under an e-mail address. Raises Refused when nobody has."""
    person = Person.objects.filter(email__iexact=email).first()
    if person is None:
        raise Refused(
            Refusal(
                _("No account has this address."), appeal=_("Ask them to join first, then give the seat."), status=404
            )
        )
    return seat(client, person, by=by, at=at)


@transaction.atomic
def end_seat(given: ClientSeat, *, by: Person, at: datetime) -> ClientSeat:
    """End a seat and every API key its holder made. Raises Refused without a seat, and for the last seat."""
    refuse_if(refusal(given.client, by=by))
    # The client's row is the lock: two last seats cannot end at once.
    Client.objects.select_for_update().get(pk=given.client_id)
    open_seats = ClientSeat.objects.filter(client=given.client, ended_at=None)
    if not open_seats.exclude(pk=given.pk).exists():
        raise Refused(Refusal(_("This is the last seat."), appeal=_("Give somebody else a seat first."), status=409))
    if open_seats.filter(pk=given.pk).update(ended_at=at):
        for key in ApiKey.objects.filter(client=given.client, created_by=given.person, revoked_at=None):
            keys.revoke(key, by=by, at=at)
        events.write("clients.unseated", by=by, subject=f"client:{given.client_id}", at=at, person=given.person_id)
    given.refresh_from_db()
    return given
