"""Backing a draft: one member in a hundred puts it to all, and the board cannot stand in the way (P8)."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from coop.people.models import Person
from coop.record import events
from coop.refusals import Refusal, refuse_if
from governance import standing
from governance.models import Proposal, Support


@dataclass(frozen=True, slots=True)
class Backed:
    """How many members back a draft as it stands, and how many it needs."""

    by: int
    needed: int

    @property
    def enough(self) -> bool:
        """Tell whether it can be put to all."""
        return self.by >= self.needed


def of(draft: Proposal) -> Backed:
    """Return the support of a draft: members whose latest word backs this very text, counted by the database."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT public.governance_support_of(%s), public.governance_support_needed()", [draft.pk])
        by, needed = cursor.fetchone()
    return Backed(int(by or 0), int(needed))


def needed() -> int:
    """Return how many members must back a draft before it is put to all (P8), as the database counts them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT public.governance_support_needed()")
        (number,) = cursor.fetchone()
    return int(number)


def said(draft: Proposal, person: Person) -> bool:
    """Tell whether a person's latest word on a draft backs it."""
    latest = Support.objects.filter(draft=draft, person=person).order_by("-number")
    return bool(latest.values_list("backs", flat=True).first())


def gathering() -> QuerySet[Proposal]:
    """Return the drafts that look for support: those that their authors put before the members, newest first."""
    words = Support.objects.filter(draft=OuterRef("pk"), person=OuterRef("proposed_by"))
    later = Support.objects.filter(draft=OuterRef("draft"), person=OuterRef("person"), number__gt=OuterRef("number"))
    latest = words.filter(~Exists(later), backs=True)
    return Proposal.objects.filter(Exists(latest), published_at=None).select_related("proposed_by").order_by("-pk")


def is_open(draft: Proposal) -> bool:
    """Tell whether other members may read a draft: once its author backs it."""
    return said(draft, draft.proposed_by)


def refusal(draft: Proposal, *, by: Person, at: datetime) -> Refusal | None:
    """Return why a person cannot back a draft or take that back, or None."""
    if draft.published_at is not None:
        return Refusal(_("This proposal is published already."), rule="P6", status=409)
    if draft.proposed_by_id != by.pk and not is_open(draft):
        return Refusal(_("Its author has not put this draft before the members."), rule="P8")
    return standing.refusal(by, doing="propose", at=at)


def back(draft: Proposal, *, by: Person, at: datetime) -> Support:
    """Back a draft as it stands now; the author's own word opens it to the members. Raises Refused."""
    return _say(draft, backs=True, by=by, at=at)


def withdraw(draft: Proposal, *, by: Person, at: datetime) -> Support:
    """Take one's support back; possible until the draft is published. Raises Refused."""
    return _say(draft, backs=False, by=by, at=at)


def _say(draft: Proposal, *, backs: bool, by: Person, at: datetime) -> Support:
    refuse_if(refusal(draft, by=by, at=at))
    with transaction.atomic():
        word = Support.objects.create(draft=draft, person=by, backs=backs, said_at=at)
        events.write("proposals.backed", by=by, subject=f"proposal:{draft.pk}", at=at, backs=backs)
    return word


def publish_refusal(draft: Proposal) -> Refusal | None:
    """Return why a draft cannot be put to all for want of support, or None. The database asks the same."""
    # Signed, voted before, or called for: who publishes these chooses nothing.
    if draft.first_reading_id or draft.petition_id or draft.policy == "election":
        return None
    backed = of(draft)
    if backed.enough:
        return None
    missing = _("%(by)s of %(needed)s members back this draft.") % {"by": backed.by, "needed": backed.needed}
    return Refusal(
        missing, rule="P8", status=409,
        appeal=_("Put it before the members and ask them. Whoever backed an earlier text is asked again."),
    )  # fmt: skip
