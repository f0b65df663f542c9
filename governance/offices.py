"""Posts and who holds them: an officer is whoever holds one now, by mandate, until its date (D8).

Everything that asks for an officer asks here, with the time; the database's guards ask `governance_may` alike.
"""

from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.utils.translation import gettext as _

from coop.people.models import Person
from coop.refusals import Refusal, Refused
from governance.models import CONFIRMED, Office, OfficeEnd, Post, Right, Standing, Status

TREASURER = "treasurer"
SAFETY = "safety officer"
SECRETARY = "secretary"
AUDITOR = "auditor"
TRUSTEE = "panel trustee"


def held(at: datetime) -> QuerySet[Office]:
    """Return the offices held at a moment: within their dates, not recalled, by people who are members all along."""
    standings = Standing.objects.filter(person=OuterRef("person"))
    went = standings.filter(status__in=[Status.LEFT, Status.EXPELLED], since__gte=OuterRef("starts_at"))
    recalled = OfficeEnd.objects.filter(office=OuterRef("pk"), at__lte=at)
    within = Office.objects.filter(~Exists(recalled), ~Exists(went), starts_at__lte=at, ends_at__gt=at)
    status = Subquery(standings.order_by("-id").values("status")[:1])
    return within.alias(status=status).filter(status=Status.MEMBER).order_by("starts_at", "id")


def held_by(person: Person, at: datetime) -> list[Office]:
    """Return the posts a person holds at a moment, oldest first."""
    return list(held(at).filter(person=person))


def is_officer(person: Person, at: datetime) -> bool:
    """Tell whether a person holds any post at a moment."""
    return held(at).filter(person=person).exists()


def with_right(right: Right, at: datetime) -> QuerySet[Office]:
    """Return the offices held at a moment whose post has a right then."""
    latest = Post.objects.filter(name=OuterRef("post"), since__lte=at).order_by("-version").values("rights")[:1]
    return held(at).alias(rights=Subquery(latest)).filter(rights__contains=right.value)


def may(person: Person, right: Right, at: datetime) -> bool:
    """Tell whether a person has a right by an office that they hold at a moment."""
    return with_right(right, at).filter(person=person).exists()


def rights_of(person: Person, at: datetime) -> set[str]:
    """Return all rights that a person has at a moment; one query, empty for whoever holds no post."""
    latest = Post.objects.filter(name=OuterRef("post"), since__lte=at).order_by("-version").values("rights")[:1]
    held_now = held(at).filter(person=person).values_list(Subquery(latest), flat=True)
    return {right for rights in held_now for right in rights or []}


def handles_money(office: Office, at: datetime) -> bool:
    """Tell whether an office is one that handles money and is held at a moment."""
    return with_right(Right.MONEY, at).filter(pk=office.pk).exists()


def posts(at: datetime) -> list[Post]:
    """Return the posts in force at a moment, each in its latest version, by name."""
    return list(Post.objects.filter(since__lte=at).order_by("name", "-version").distinct("name"))


def words(post: str, at: datetime) -> list[str]:
    """Return in words what the holder of a post may do at a moment that others may not."""
    rights = Post.objects.filter(name=post, since__lte=at).order_by("-version").values_list("rights", flat=True)
    return [str(Right(right).label) for right in rights.first() or []]


def clash(person: Person, post: str, begins: datetime, ends: datetime) -> Office | None:
    """Return an office of a person in that time which excludes another post, or None; the database asks the same."""
    known = {one.name: one for one in posts(begins)}
    held_then = Office.objects.filter(person=person, starts_at__lt=ends, ends_at__gt=begins)
    for office in held_then.exclude(end__at__lte=begins):
        if post == office.post or _exclude(known[post], known[office.post]):
            return office
    return None


def _exclude(one: Post, other: Post) -> bool:
    both_confirm = any(right in one.rights and right in other.rights for right in CONFIRMED)
    return both_confirm or other.name in one.excludes or one.name in other.excludes


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
            _("This is for the post “%(post)s”, and you do not hold it now.") % {"post": post},
            rule="D8",
            appeal=_("Posts are given by a vote (rule N12)."),
        )
    )
