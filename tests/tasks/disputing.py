"""What the tests of rejected answers share: members who know the work, a rejection, what drawn peers do."""

from typing import Any

from coop import clock
from coop.people.models import Client, Person
from payments import advances, invariants
from tasks import disputes, reviews
from tasks.models import Assignment, Dispute, Ground, Job, Peer, ReviewRule
from tests.conftest import person
from tests.tasks.conftest import SAME, make_job, work

REASON = "These are two different kettles."
WHY = "The capacity differs, see the second line."


def learned(orbit: Client, olga: Person, names: str = "luis priya teresa samuel petra") -> list[Person]:
    """Let members have done this kind of work, so that the lot can draw them."""
    known = [person(name) for name in names.split()]
    job = checked(orbit, olga, title="Earlier work", tasks=1, overlap=len(known))
    for who in known:
        reviews.accept(work(job, who, SAME), by=olga, at=clock.now(), ground=Ground.CLIENT)
    return known


def checked(orbit: Client, olga: Person, **facts: Any) -> Job:
    """Return an open job whose answers wait for a look."""
    return make_job(orbit, olga, review_rule=ReviewRule.PEER, **({"overlap": 1} | facts))


def reject(mine: Assignment, by: Person, reason: str = REASON) -> Dispute:
    """Reject an answer for the client."""
    return disputes.reject(mine, reason=reason, place="labels", by=by, at=clock.now())


def look(peer: Peer, *, stands: bool) -> None:
    """Let a drawn peer say what they find."""
    assert peer.person is not None
    disputes.find(peer, stands=stands, reason=WHY, by=peer.person, at=clock.now())


def places(dispute: Dispute) -> list[Peer]:
    """Return the places of a dispute in the order of the lot."""
    return list(Peer.objects.filter(dispute=dispute).select_related("person").order_by("rank"))


def books_hold() -> bool:
    """Tell whether no invariant of the books is broken."""
    return not any(invariants.broken().values()) and advances.available() >= 0
