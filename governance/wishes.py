"""What people want to be told by letter, chosen by themselves, on the page or by the link in every letter."""

from datetime import datetime

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from coop.people.models import Person
from coop.record import events
from coop.refusals import Refusal, Refused
from governance.models import LetterWish

SALT = "governance.wishes"
KINDS = ("proposals", "replies", "reminders")


def of(person: Person) -> LetterWish:
    """Return what a person chose; the row with which everybody begins when they chose nothing yet (not saved)."""
    return LetterWish.objects.filter(person=person).first() or LetterWish(person=person)


def choose(person: Person, *, by: Person, at: datetime, **wanted: bool | int) -> LetterWish:
    """Keep what a person wants to be told and when it is quiet where they live. Raises Refused for anybody else."""
    if by.pk != person.pk:
        raise Refused(Refusal(_("Only you choose which letters you get.")))
    with transaction.atomic():
        wish, _made = LetterWish.objects.update_or_create(person=person, defaults=wanted)
        events.write("letters.chosen", by=by, subject=f"person:{person.pk}", at=at)
    return wish


def off_link(person: int, kind: str) -> str:
    """Return the address that ends one kind of letters without signing in."""
    return settings.ORIGIN + reverse("governance:letters_off", args=[signing.dumps([person, kind], salt=SALT)])


def read_off(token: str) -> tuple[Person, str]:
    """Return whose letters of which kind a link ends; raises Refused for a link that is not ours."""
    try:
        number, kind = signing.loads(token, salt=SALT)
    except signing.BadSignature as error:
        raise Refused(Refusal(_("This link is not one of ours, or not the whole of it."), status=404)) from error
    return Person.objects.get(pk=number), kind
