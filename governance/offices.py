"""Posts and who holds them: an officer is whoever holds one now, by mandate, until its date (D8).

Everything that asks for an officer asks here, with the time; the database's guards ask `governance_may` alike.
"""

from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db.models import BooleanField, DateTimeField, F, Func, QuerySet, TextField, Value
from django.utils.translation import gettext as _

from coop.people.models import Person
from coop.refusals import Refusal, Refused
from governance.models import CHECKED, CONFIRMED, Office, Post, Right

TREASURER = "treasurer"
SAFETY = "safety officer"
SECRETARY = "secretary"
AUDITOR = "auditor"
TRUSTEE = "panel trustee"


def _held(at: datetime) -> Func:
    return Func(F("pk"), Value(at), function="governance_in_office", output_field=BooleanField())


def _rights(at: datetime) -> Func:
    return Func(F("pk"), Value(at), function="governance_rights", output_field=ArrayField(TextField()))


def abolished_at() -> Func:
    """Return, for a query of offices, when the post of each was abolished after it was given; null where it was not."""
    return Func(F("post"), F("mandate"), function="governance_abolished_at", output_field=DateTimeField())


def held(at: datetime) -> QuerySet[Office]:
    """Return the offices held at a moment: within their dates, not recalled, their post not abolished, by members."""
    within = Office.objects.filter(starts_at__lte=at, ends_at__gt=at)
    return within.alias(held=_held(at)).filter(held=True).order_by("starts_at", "id")


def held_by(person: Person, at: datetime) -> list[Office]:
    """Return the posts a person holds at a moment, oldest first."""
    return list(held(at).filter(person=person))


def is_officer(person: Person, at: datetime) -> bool:
    """Tell whether a person holds any post at a moment."""
    return held(at).filter(person=person).exists()


def with_right(right: Right, at: datetime) -> QuerySet[Office]:
    """Return the offices held at a moment whose post has a right then."""
    return held(at).alias(allowed=has_right(right, Value(at))).filter(allowed=True)


def has_right(right: Right, at: F | Value) -> Func:
    """Return the expression by which an office has a right at a moment that is an expression."""
    return Func(F("pk"), Value(right.value), at, function="governance_may", output_field=BooleanField())


def may(person: Person, right: Right, at: datetime) -> bool:
    """Tell whether a person has a right by an office that they hold at a moment."""
    return with_right(right, at).filter(person=person).exists()


def rights_of(person: Person, at: datetime) -> set[str]:
    """Return all rights that a person has at a moment; one query, empty for whoever holds no post."""
    held_now = held(at).filter(person=person).values_list(_rights(at), flat=True)
    return {right for rights in held_now for right in rights}


def seated(at: datetime) -> QuerySet[Office]:
    """Return the offices held at a moment, each with its holder and with its `rights`, as handles_money."""
    return held(at).select_related("person").annotate(rights=_rights(at))


def handles_money(office: Office, at: datetime) -> bool:
    """Tell whether an office is one that handles money and is held at a moment."""
    return with_right(Right.MONEY, at).filter(pk=office.pk).exists()


def every() -> list[Post]:
    """Return every post there ever was, each in its latest version, by name."""
    return list(Post.objects.order_by("name", "-version").distinct("name"))


def posts(at: datetime) -> list[Post]:
    """Return the posts in force at a moment, each in its latest version, by name."""
    latest = Post.objects.filter(since__lte=at).order_by("name", "-version").distinct("name")
    return [post for post in latest if not post.abolished]


def words(office: Office, at: datetime) -> list[str]:
    """Return in words what the holder of an office may do at a moment that others may not."""
    found = Office.objects.filter(pk=office.pk).values_list(_rights(at), flat=True).get()
    return [str(Right(right).label) for right in Right.values if right in found]


def clash(person: Person, post: str, begins: datetime, ends: datetime) -> Office | None:
    """Return an office of a person in that time which excludes another post, or None; the database asks the same."""
    known = {one.name: one for one in posts(begins)}
    held_then = Office.objects.filter(person=person, starts_at__lt=ends, ends_at__gt=begins)
    for office in held_then.exclude(end__at__lte=begins):
        apart = post in known and office.post in known and _exclude(known[post], known[office.post])
        if post == office.post or apart:
            return office
    return None


def _exclude(one: Post, other: Post) -> bool:
    both_confirm = any(right in one.rights and right in other.rights for right in CONFIRMED)
    checks = {*one.rights, *other.rights} >= CHECKED
    return both_confirm or checks or other.name in one.excludes or one.name in other.excludes


def refusal(person: Person, at: datetime) -> Refusal | None:
    """Return why somebody without any post is kept from what is the officers', or None."""
    if is_officer(person, at):
        return None
    return Refusal(_("This page is for people who hold a post now."), rule="D8", appeal=_("Posts are given by a vote."))


def right_refusal(person: Person, right: Right, at: datetime) -> Refusal | None:
    """Return why somebody is kept from what one right of the officers allows, or None."""
    if may(person, right, at):
        return None
    return Refusal(
        _("This is for a post that %(right)s, and you hold none now.") % {"right": right.label},
        rule="D8",
        appeal=_("Posts are given by a vote (rule N12)."),
    )


def require(person: Person, post: str, at: datetime) -> Office:
    """Return the post that a person holds at a moment; raise Refused when it is not theirs."""
    for office in held_by(person, at):
        if office.post == post:
            return office
    raise Refused(
        Refusal(
            _("This is for the post “%(post)s”, and you do not hold it now.") % {"post": _(post)},
            rule="D8",
            appeal=_("Posts are given by a vote (rule N12)."),
        )
    )
