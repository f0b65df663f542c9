"""Rejected answers (part 7): one by one, with reason and place, paid at once; two blind peers decide who bears it.

The dispute fund advances the pay in the act of rejection; the client's money stays set aside. Two members who know the
work and have no part in it are drawn, each looks without seeing the other, a third if they differ, all paid (E6). When
the answer stands the client pays the fund back, with the fee; when it does not, the client has its money back and the
fund bears the wage. Nobody decides within 72 hours: it is decided for the member. The database draws, counts and ends.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import IntegrityError, connection, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from coop import due
from coop.people.models import Client, Person
from coop.record import events
from coop.refusals import Refusal, guard_of, refuse_if
from payments import accounts, advances, escrow, ledger
from tasks import checks, content, jobs, locks, notices, reviews, teams
from tasks.models import Assignment, AssignmentState, Dispute, Finding, Ground, Peer, Settlement

RULE = "7"
LEAST_REASON = 10


def refusal(assignment: Assignment, *, by: Person, at: datetime, ground: Ground = Ground.CLIENT) -> Refusal | None:
    """Say why a person cannot reject this answer, for the client or as a peer; None if they can."""
    if no := reviews.refusal(assignment, by=by, at=at, ground=ground):
        return no
    if assignment.accept_by is not None and assignment.accept_by <= at:
        return Refusal(_("The time to object has passed: the answer is accepted."), RULE, status=409)
    if assignment.job.is_onboarding:
        return Refusal(_("Onboarding is paid right or wrong."), "E6", status=409)
    return None


def reason_refusal(assignment: Assignment, *, reason: str, place: str) -> Refusal | None:
    """Say what is missing in the reason or the place of a rejection; None if nothing is."""
    if len("".join(reason.split())) < LEAST_REASON:
        return Refusal(
            _("Say what is wrong, in a sentence."), RULE, _("The member and two others read it."), status=422
        )
    if place not in places(assignment):
        return Refusal(_("Say which part of the answer is wrong."), RULE, status=422)
    return None


def places(assignment: Assignment) -> list[str]:
    """Return the parts of an answer that can be wrong, as its shape names them."""
    return list(assignment.job.shape.parts(assignment.job.form))


def reject(
    assignment: Assignment, *, reason: str, place: str, by: Person, at: datetime, ground: Ground = Ground.CLIENT
) -> Dispute:
    """Reject one answer, pay it from the dispute fund in the same act, and draw the two who decide.

    Raises Refused without a reason or place, too late, by who may not, or beyond what can be rejected of a job.
    """
    try:
        with transaction.atomic():
            return _reject(locks.one(assignment), reason, place, by, at, ground)
    except IntegrityError as error:
        refuse_if(_refused(error))
        raise


def _reject(held: Assignment, reason: str, place: str, by: Person, at: datetime, ground: Ground) -> Dispute:
    refuse_if(refusal(held, by=by, at=at, ground=ground))
    refuse_if(reason_refusal(held, reason=reason, place=place))
    check = checks.taken(held, by=by, at=at) if ground == Ground.PEER else None
    dispute = Dispute.objects.create(
        assignment=held, rejected_by=by, looks_for=str(ground), reason=reason.strip(), place=place
    )
    Assignment.objects.filter(pk=held.pk).update(state=AssignmentState.DISPUTED)
    if check:
        checks.finish(check, held, at=at)
    advances.advance(held.pk, teams.parts(held, held.pay), at=at)
    events.write("disputes.opened", by=by, subject=f"dispute:{dispute.pk}", at=at, assignment=held.pk, job=held.job_id)
    for author in teams.authors(held):
        notices.tell(author, "rejected", held.pk)
    draw(dispute, at=at)
    dispute.refresh_from_db()
    return dispute


def _refused(error: IntegrityError) -> Refusal | None:
    """Return what the database's refusal means to the person, or None for what is none of theirs."""
    name = guard_of(error)
    if name == "rejections_stay_few":
        return Refusal(
            _("At most one in five answers of a job can be rejected, and ten an hour: never in bulk."), RULE,
            _("Send answers back to be put right, or leave them: silence accepts them. Is the guide clear?"),
            status=409,
        )  # fmt: skip
    if name in {"account_above_its_floor", "advances_leave_peers_their_pay"}:
        return Refusal(
            _("The dispute fund cannot pay this answer at this moment, so it cannot be rejected."), "E1",
            _("Pay is not held back. Send the answer back to be put right, or ask the treasurer about the fund."),
            status=409,
        )  # fmt: skip
    return None


def draw(dispute: Dispute, *, at: datetime) -> list[Peer]:
    """Draw peers for the places that are free, and return them. Anybody may call it; the database says who it is."""
    drawn: list[Peer] = []
    while int(_asked("tasks_places_free", dispute)) > 0 and (peer := _draw_one(dispute)):
        events.write("disputes.drawn", by=None, subject=f"dispute:{dispute.pk}", at=at)
        assert peer.person is not None  # noqa: S101 - the database says who it is
        notices.tell(peer.person, "drawn", peer.pk)
        drawn.append(peer)
    return drawn


def _draw_one(dispute: Dispute) -> Peer | None:
    """Return a new place, or None when nobody is left who knows the work and has no part in it."""
    try:
        with transaction.atomic():
            place = Peer.objects.create(dispute=dispute)
    except IntegrityError as error:
        if guard_of(error) != "peers_are_drawn_by_lot":
            raise
        return None
    return Peer.objects.select_related("person").get(pk=place.pk)


def _asked(function: str, dispute: Dispute) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s)", [dispute.pk])
        return str(cursor.fetchone()[0])


def offered_to(person: Person, at: datetime) -> QuerySet[Peer]:
    """Return the places that a person was drawn for and has still to use, the one that ends first in front."""
    waiting = Peer.objects.filter(person=person, decide_by__gt=at, finding=None, dispute__settlement=None)
    return waiting.select_related("dispute__assignment__job__work_type", "dispute__assignment__task").order_by(
        "decide_by"
    )


def find_refusal(peer: Peer, *, by: Person, at: datetime) -> Refusal | None:
    """Say why a person cannot decide on this rejected answer now; None if they can."""
    if peer.person_id != by.pk:
        return Refusal(_("Somebody else was drawn to look at this answer."), status=404)
    if not offered_to(by, at).filter(pk=peer.pk).exists():
        return Refusal(
            _("This look is over: you have decided, or others were drawn in your place."), RULE,
            _("Nothing is held against you."), status=409,
        )  # fmt: skip
    job = peer.dispute.assignment.job
    return content.refusal_to_take(job, by=by, at=at) if job.content else None


@transaction.atomic
def find(peer: Peer, *, stands: bool, reason: str, by: Person, at: datetime) -> None:
    """Say as a drawn peer whether the answer stands, and why; paid in the same act. The second who agrees ends it.

    Raises Refused for anybody else, out of time, a second time, or without a reason.
    """
    held = locks.one(peer.dispute.assignment)
    refuse_if(find_refusal(peer, by=by, at=at))
    if len("".join(reason.split())) < LEAST_REASON:
        refuse_if(Refusal(_("Say why, in a sentence."), RULE, _("The member reads it."), status=422))
    finding = _found(peer, held, stands=stands, reason=reason.strip(), by=by, at=at)
    pay = Finding.objects.values_list("pay", flat=True).get(pk=finding.pk)
    _hold(held, by)
    advances.pay_peer(by.pk, finding.pk, Decimal(pay or 0), at=at)
    # What was found stands in no event: nobody knows it before the end.
    events.write("disputes.found", by=by, subject=f"dispute:{peer.dispute_id}", at=at)
    _go_on(peer.dispute, held, at)


def _hold(held: Assignment, by: Person) -> None:
    """Take what a look and what it may end move, at once (decision 0204)."""
    own = {("USD", code) for code in (accounts.DISPUTE, accounts.payable(by.pk), accounts.escrow(held.job_id))}
    ended = escrow.lines(teams.accepted(held), advanced=True)
    ledger.hold(own | ledger.touched(("USD", line) for line in ended))


def _found(peer: Peer, held: Assignment, *, stands: bool, reason: str, by: Person, at: datetime) -> Finding:
    """Write down what a peer found; raise Refused where the same moment brought them to their cap or a rest."""
    try:
        with transaction.atomic():
            return Finding.objects.create(peer=peer, stands=stands, reason=reason)
    except IntegrityError as error:
        if guard_of(error) == content.LOOKS:
            content.refuse(held.job, by=by, at=at)
        raise


def go_on(dispute: Dispute, *, at: datetime) -> bool:
    """Do what is due in a dispute: end it, or draw in the place of who did not look. Tell whether it ended.

    Anybody may call it (P5).
    """
    with transaction.atomic():
        return _go_on(dispute, locks.one(dispute.assignment), at)


def _go_on(dispute: Dispute, held: Assignment, at: datetime) -> bool:
    if held.state != AssignmentState.DISPUTED:
        return False
    if _asked("tasks_dispute_outcome", dispute) in {"open", "split"}:
        draw(dispute, at=at)
        return False
    ended = Settlement.objects.create(dispute=dispute)
    ended.refresh_from_db()
    _move_the_money(held, ended, at)
    events.write("disputes.settled", by=None, subject=f"dispute:{dispute.pk}", at=at)
    return True


def _move_the_money(held: Assignment, ended: Settlement, at: datetime) -> None:
    """Let the client pay what the fund advanced, or have its money back; of a closed job at once."""
    state = AssignmentState.ACCEPTED if ended.stands else AssignmentState.REJECTED
    Assignment.objects.filter(pk=held.pk).update(state=state, decided_at=at)
    if ended.stands:
        advances.recover(teams.accepted(held), at=at)
        return
    advances.give_back(held.job_id, held.person_id, held.pk, held.pay + held.fee, at=at)
    if held.job.closed_at is not None:
        jobs.close(held.job, by=None, at=at)


def go_on_all(*, at: datetime) -> int:
    """Do what is due in every open dispute, and return how many ended. Anybody may call it."""
    waiting = Dispute.objects.filter(settlement=None).select_related("assignment__job")
    return due.each_of(lambda one: go_on(one, at=at), waiting, failed="dispute %s could not go on")


def of(client: Client) -> QuerySet[Dispute]:
    """Return the rejected answers of all jobs of a client, with what each is about and how it ended."""
    return Dispute.objects.filter(assignment__job__client=client).select_related(
        "assignment__task", "assignment__job", "settlement"
    )


@dataclass(frozen=True, slots=True)
class Found:
    """What a named peer found, readable once the dispute is settled."""

    who: Person
    stands: bool
    reason: str
    at: datetime


def findings(dispute: Dispute) -> list[Found]:
    """Return what the peers found; nothing before the dispute is settled, as the database shows it to nobody."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT person_id, stands, reason, found_at FROM tasks_findings_shown WHERE dispute_id = %s ORDER BY rank",
            [dispute.pk],
        )
        rows = cursor.fetchall()
    people = Person.objects.in_bulk([row[0] for row in rows])
    return [Found(people[who], stands, reason, when) for who, stands, reason, when in rows]
