"""Another e-mail address for an account: after seven days, told to the old one, which can stop it (attack A16).

Whoever has the address can have the password. So nobody changes another's, an officer neither, and not in a hurry.
"""

from datetime import datetime, timedelta
from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core import signing
from django.core.mail import EmailMessage
from django.db import IntegrityError, models, transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from procrastinate.contrib.django import app

from coop.people.models import AddressChange, Person
from coop.record import events
from coop.refusals import Refusal, Refused, refuse_if

WAIT = timedelta(days=7)
TELL = "people.tell"
SALT = "people.addresses"
STOP, CONFIRM = "stop", "confirm"


def open_change(person: Person) -> AddressChange | None:
    """Return the change of address that is under way for a person, or None."""
    return AddressChange.objects.filter(person=person, stopped_at=None, done_at=None).first()


def ask_refusal(person: Person, address: str, *, by: Person) -> Refusal | None:
    """Return why this person cannot ask for this address, or None. Whether somebody else has it is not told here."""
    if by.pk != person.pk:
        return Refusal(_("Only you change your address; no officer and no administrator can."), rule="R5")
    if address.lower() == person.email.lower():
        return Refusal(_("This is your address already."), status=409)
    if open_change(person):
        return Refusal(
            _("A change of your address is under way."), appeal=_("Stop it first, or wait for its end."), status=409
        )
    return None


def ask(person: Person, address: str, *, by: Person, at: datetime) -> AddressChange:
    """Ask for another address and return the change. The old address is told, the new one asked to confirm.

    Raises Refused for anybody else's account, or while another change is under way.
    """
    address = address.lower()
    refuse_if(ask_refusal(person, address, by=by))
    with transaction.atomic():
        change = AddressChange.objects.create(person=person, new_address=address, asked_at=at)
        events.write("people.address_asked", by=by, subject=f"person:{person.pk}", at=at)
        app.configure_task(TELL).defer(change=change.pk)
    return change


def tell(change: AddressChange, *, at: datetime) -> None:
    """Write to both addresses and note that the old one was told: the seven days begin. Again does nothing."""
    if change.told_at or change.stopped_at:
        return
    with translation.override(change.person.spoken):
        said = {"change": change, "stop": _link(change, STOP), "confirm": _link(change, CONFIRM)}
        _send(_("Your e-mail address here is to change"), "people/email/old_address.txt", said, change.old_address)
        _send(_("Confirm your new e-mail address"), "people/email/new_address.txt", said, change.new_address)
    AddressChange.objects.filter(pk=change.pk, told_at=None).update(told_at=at)


def _send(subject: str, template: str, said: dict[str, Any], to: str) -> None:
    EmailMessage(subject, render_to_string(template, said), to=[to]).send()


def _link(change: AddressChange, what: str) -> str:
    token = signing.dumps([change.pk, what], salt=SALT)
    return settings.ORIGIN + reverse("address_letter", args=[token])


def read(token: str) -> tuple[AddressChange, str]:
    """Return the change that a letter's link is about, and what the link does; raises Refused for a wrong one."""
    try:
        number, what = signing.loads(token, salt=SALT)
    except signing.BadSignature as error:
        raise Refused(Refusal(_("This link is not one of ours, or not the whole of it."), status=404)) from error
    return AddressChange.objects.select_related("person").get(pk=number), what


def confirm(change: AddressChange, *, at: datetime) -> None:
    """Note that the new address is read by whoever asked; by its letter alone. Raises Refused when it is over."""
    refuse_if(_over(change) or _taken(change))
    with transaction.atomic():
        if AddressChange.objects.filter(pk=change.pk, confirmed_at=None).update(confirmed_at=at):
            _write("people.address_confirmed", change, by=None, at=at)


def stop(change: AddressChange, *, by: Person | None, at: datetime) -> None:
    """Stop a change: by its person, or by whoever reads the old address (`by` None). Raises Refused when it is over."""
    if by is not None and by.pk != change.person_id:
        raise Refused(Refusal(_("Only the account's own person stops this."), status=404))
    refuse_if(_over(change))
    with transaction.atomic():
        if AddressChange.objects.filter(pk=change.pk, stopped_at=None).update(stopped_at=at):
            _write("people.address_stopped", change, by=by, at=at)


def _over(change: AddressChange) -> Refusal | None:
    if change.stopped_at is None and change.done_at is None:
        return None
    words = _("This change was stopped.") if change.stopped_at else _("The address has changed already.")
    return Refusal(words, appeal=_("If it was not you, change your password now and write to us."), status=409)


def _taken(change: AddressChange) -> Refusal | None:
    if not Person.objects.filter(email__iexact=change.new_address).exists():
        return None
    return Refusal(_("This address belongs to another account."), status=409)


def due(at: datetime) -> models.QuerySet[AddressChange]:
    """Return the changes whose seven days are over, confirmed and not stopped."""
    waiting = AddressChange.objects.filter(stopped_at=None, done_at=None, confirmed_at__isnull=False)
    return waiting.filter(told_at__lte=at - WAIT).select_related("person").order_by("id")


def take_effect(change: AddressChange, *, at: datetime) -> None:
    """Put the new address in the place of the old one, where letters go and for signing in.

    Raises IntegrityError by the guard that says no: before the seven days, or while the person has a vote open.
    """
    with transaction.atomic():
        Person.objects.filter(pk=change.person_id).update(email=change.new_address)
        EmailAddress.objects.filter(user=change.person_id).update(email=change.new_address, verified=True)
        AddressChange.objects.filter(pk=change.pk).update(done_at=at)
        _write("people.address_changed", change, by=None, at=at)


def take_effect_all(at: datetime) -> int:
    """Carry out every change that is due and that no vote holds up; return how many."""
    done = 0
    for change in due(at):
        try:
            take_effect(change, at=at)
        except IntegrityError:  # held by an open vote, or somebody has the address by now: it waits, or is stopped
            continue
        done += 1
    return done


def _write(kind: str, change: AddressChange, *, by: Person | None, at: datetime) -> None:
    events.write(kind, by=by, subject=f"person:{change.person_id}", at=at)
