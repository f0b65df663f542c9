"""Posts and who holds them: an officer is whoever holds one now (D8)."""

from datetime import datetime

from django.utils.translation import gettext as _

from coop.people.models import Person
from coop.refusals import Refusal, Refused
from governance.models import Office

TREASURER = "treasurer"
SAFETY = "safety officer"
SECRETARY = "secretary"


def held_by(person: Person, at: datetime) -> list[Office]:
    """Return the posts a person holds at a moment, oldest first."""
    return list(Office.objects.filter(person=person, starts_at__lte=at, ends_at__gt=at).order_by("starts_at", "id"))


def is_officer(person: Person, at: datetime) -> bool:
    """Tell whether a person holds any post at a moment."""
    return Office.objects.filter(person=person, starts_at__lte=at, ends_at__gt=at).exists()


def handles_money(office: Office, at: datetime) -> bool:
    """Tell whether an office is one that handles money and is held at a moment."""
    return office.post in (TREASURER, SECRETARY) and office.starts_at <= at < office.ends_at


def refusal(person: Person, at: datetime) -> Refusal | None:
    """Return why somebody without any post is kept from what is the officers', or None."""
    if is_officer(person, at):
        return None
    return Refusal(_("This page is for people who hold a post now."), rule="D8", appeal=_("Posts are given by a vote."))


def require(person: Person, post: str, at: datetime) -> Office:
    """Return the post that a person holds at a moment; raise Refused when it is not theirs."""
    for office in held_by(person, at):
        if office.post == post:
            return office
    raise Refused(
        Refusal(
            _("This is for the post “%(post)s”, and you do not hold it now.") % {"post": post},
            rule="D8",
            appeal=_("Posts are given by a vote (rule N12)."),
        )
    )
