"""Where a member's money goes: said by them alone, told to them by mail, in force 72 hours after that (attack L8).

Whoever takes over an account or a desk cannot send its money elsewhere before its person has read of it.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.conf import settings
from django.core import signing
from django.core.mail import EmailMessage
from django.db import IntegrityError, connection, transaction
from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from procrastinate.contrib.django import app

from coop.people.models import AddressChange, Person
from coop.record import events
from coop.refusals import Refusal, Refused, refuse_if
from payments import envelopes, instruments, rails
from payments.envelopes import Envelope
from payments.models import PayoutDetails

WAIT = timedelta(hours=72)
# Whoever changed the address of an account is told at the former one too, for so long.
FORMER = timedelta(days=30)
TELL = "payments.tell_of_details"
SALT = "payments.details"


def in_force(person: Person, *, at: datetime) -> list[PayoutDetails]:
    """Return where a person's money can go now, by which rail: one for each rail, open or not; one query."""
    standing = PayoutDetails.objects.filter(person=person, cancelled_at=None, erased_at=None, effective_at__lte=at)
    return list(standing.order_by("rail", "-version").distinct("rail"))


def waiting(person: Person, *, at: datetime) -> list[PayoutDetails]:
    """Return what is not in force yet and can be cancelled."""
    given = PayoutDetails.objects.filter(person=person, cancelled_at=None, erased_at=None)
    return list(given.exclude(effective_at__lte=at).order_by("id"))


def refusal(person: Person, rail: str, facts: Mapping[str, str], *, by: Person) -> Refusal | None:
    """Say why these details cannot be given, or nothing."""
    return refusal_of_way(person, rail, by=by) or rails.refusal(rails.of(rail), rails.of(rail).clean(facts))


def refusal_of_way(person: Person, rail: str, *, by: Person) -> Refusal | None:
    """Say why somebody cannot say where this person's money goes by a rail, whatever they would say; or nothing."""
    if by.pk != person.pk:
        return Refusal(_("Only you say where your money goes; no officer and no administrator can."), "E3")
    if rail not in rails.ALL or not (rails.of(rail).available and instruments.payout_terms(rail).is_open):
        return Refusal(_("The members have not opened this way to be paid."), "N6", _("Any member can propose it."))
    return None


def give(person: Person, *, rail: str, facts: Mapping[str, str], by: Person, at: datetime) -> PayoutDetails:
    """Say where one's money goes by a rail, and return the new version; the person is told by mail.

    It takes effect 72 hours after the letter; at once where nothing was earned yet and nothing said before. Raises
    Refused for anybody else, for a rail that is not open, and for what cannot be an account.
    """
    refuse_if(refusal(person, rail, facts, by=by))
    clean = rails.of(rail).clean(facts)
    latest = PayoutDetails.objects.filter(person=person, rail=rail).order_by("-version").first()
    version = latest.version + 1 if latest else 1
    envelope = envelopes.seal(clean, place=_place(person.pk, rail, version))
    details = PayoutDetails(
        person=person, rail=rail, version=version, sealed=envelope.sealed, fingerprint=envelope.fingerprint,
        hint=rails.of(rail).hint(clean), given_at=at,
    )  # fmt: skip
    try:
        return _give(details)
    except IntegrityError as error:  # the same page in two windows
        words = _("You changed this in another window at the same time. Look at it again.")
        raise Refused(Refusal(words, status=409)) from error


@transaction.atomic
def _give(details: PayoutDetails) -> PayoutDetails:
    details.save()
    details.refresh_from_db()
    events.write("payouts.details_given", by=details.person, subject=_subject(details), at=details.given_at)
    app.configure_task(TELL).defer(details=details.pk)
    return details


def cancel(details: PayoutDetails, *, by: Person | None, at: datetime) -> None:
    """Stop details before they take effect: by their person, or by whoever reads the letter (`by` None).

    Raises Refused for others, and once they are in force or were cancelled.
    """
    if by is not None and by.pk != details.person_id:
        raise Refused(Refusal(_("Only you say where your money goes."), "E3", status=404))
    refuse_if(_too_late(details, at))
    with transaction.atomic():
        if PayoutDetails.objects.filter(pk=details.pk, cancelled_at=None).update(cancelled_at=at):
            events.write("payouts.details_cancelled", by=by, subject=_subject(details), at=at)


def _too_late(details: PayoutDetails, at: datetime) -> Refusal | None:
    if details.cancelled_at is not None:
        return Refusal(_("This was cancelled already."), status=409)
    if details.effective_at is not None and details.effective_at <= at:
        return Refusal(
            _("This is in force already."), appeal=_("Say anew where your money goes, and write to us."), status=409
        )
    return None


def tell(details: PayoutDetails, *, at: datetime) -> None:
    """Write to the person, at their former address too if it changed lately: the 72 hours begin. Once only."""
    if details.told_at or details.cancelled_at:
        return
    person = details.person
    former = AddressChange.objects.filter(person=person, done_at__gt=at - FORMER).values_list("old_address", flat=True)
    with translation.override(person.spoken):
        said = {"details": details, "rail": rails.of(details.rail), "link": _link(details), "person": person}
        text = render_to_string("payments/email/details.txt", said)
        EmailMessage(_("Where your money goes is to change"), text, to=[person.email]).send()
        for address in set(former) - {person.email}:
            EmailMessage(_("Where your money goes is to change"), text, to=[address]).send()
    PayoutDetails.objects.filter(pk=details.pk, told_at=None).update(told_at=at)


def _link(details: PayoutDetails) -> str:
    return settings.ORIGIN + reverse("payments:details_letter", args=[signing.dumps(details.pk, salt=SALT)])


def read(token: str) -> PayoutDetails:
    """Return the details that a letter's link is about; raises Refused for a wrong one."""
    try:
        number = signing.loads(token, salt=SALT)
    except signing.BadSignature as error:
        raise Refused(Refusal(_("This link is not one of ours, or not the whole of it."), status=404)) from error
    return PayoutDetails.objects.select_related("person").get(pk=number)


def opened(details: PayoutDetails) -> dict[str, str]:
    """Return what was said, for its own person or for a payout that is to be sent; nothing once erased.

    Raises envelopes.Unopened where it is not what the person said.
    """
    if details.erased_at is not None:
        return {}
    envelope = Envelope(details.sealed, details.fingerprint)
    return envelopes.unseal(envelope, place=_place(details.person_id, details.rail, details.version))


def erase_due(*, at: datetime) -> int:
    """Erase what nothing needs any more, and return how many; anybody may call it.

    That is what was replaced or cancelled more than 90 days ago, and all of whoever left and was paid out, each only
    while no payout on its way needs it. The database says which.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT payments_details_to_erase()")
        due = [number for (number,) in cursor.fetchall()]
    for details in PayoutDetails.objects.filter(pk__in=due):
        with transaction.atomic():
            PayoutDetails.objects.filter(pk=details.pk).update(sealed="", hint="", erased_at=at)
            events.write("payouts.details_erased", by=None, subject=_subject(details), at=at)
    return len(due)


def reseal_all() -> int:
    """Seal everything again by the newest key, so that an older one can be given up; return how many."""
    kept: QuerySet[PayoutDetails] = PayoutDetails.objects.filter(erased_at=None)
    for details in kept.iterator():
        PayoutDetails.objects.filter(pk=details.pk, erased_at=None).update(sealed=envelopes.resealed(details.sealed))
    return kept.count()


def _place(person: int, rail: str, version: int) -> str:
    return f"{person}:{rail}:{version}"


def _subject(details: PayoutDetails) -> str:
    return f"payout_details:{details.pk}"
