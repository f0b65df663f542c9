"""Petitions: members sign, and when enough have, the vote publishes itself (3.2, N13). No officer in between.

The vote of a petition is of the policy named as its kind: "stop" with {"proposal": number}, "recall" with
{"office": number}.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils.translation import gettext as _

from coop import due
from coop.people.models import Person
from coop.record import events
from coop.refusals import Refusal, refuse_if
from governance import offices, proposals, standing
from governance.models import Mandate, Office, Petition, PetitionKind, Proposal, Signature, Status
from governance.options import Asked

STOPPABLE = {"N1", "N2", "N3", "N4", "N5", "N6"}
RECALL_OPEN = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Signed:
    """How many electors have signed a petition, and how many it needs to call its vote."""

    by: int
    needed: int

    @property
    def enough(self) -> bool:
        """Tell whether it calls its vote."""
        return self.by >= self.needed


def signed(petition: Petition) -> Signed:
    """Return how far a petition has come, counted by the database."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT public.governance_signed(%s), public.governance_petition_needed()", [petition.pk])
        by, needed = cursor.fetchone()
    return Signed(int(by), int(needed))


def ends_at(petition: Petition) -> datetime:
    """Return until when it can be signed and call its vote: while the decision waits, or thirty days for a recall."""
    if petition.stops is not None:
        return petition.stops.mandate.due_at
    assert petition.recalls is not None  # noqa: S101 - a constraint says so
    return min(petition.recalls.ends_at, petition.opened_at + RECALL_OPEN)


def to_stop(proposal: Proposal) -> Petition | None:
    """Return the petition to stop a decision, or None."""
    return Petition.objects.select_related("stops__mandate").filter(stops=proposal).first()


def callable_until(petition: Petition) -> datetime:
    """Return until when a petition that enough have signed can call its vote: a recall as long as the office lasts."""
    return petition.recalls.ends_at if petition.recalls else ends_at(petition)


def called(petition: Petition) -> Proposal | None:
    """Return the vote that a petition called, or None."""
    return petition.votes.exclude(published_at=None).first()


def stop_refusal(proposal: Proposal, *, by: Person, at: datetime) -> Refusal | None:
    """Return why a petition to stop this decision cannot be opened, or None."""
    mandate = Mandate.objects.filter(proposal=proposal).first()
    if proposal.rule.key not in STOPPABLE or mandate is None or at >= mandate.due_at:
        return Refusal(
            _("Only a cut, or the closing of a region, can be stopped, while it waits for its day."), rule="3.2",
            status=409,
        )  # fmt: skip
    return standing.refusal(by, doing="vote", at=at)


def ask_to_stop(proposal: Proposal, *, by: Person, at: datetime) -> Petition:
    """Open the petition to stop a decision, or find it open, and sign it. Raises Refused."""
    refuse_if(stop_refusal(proposal, by=by, at=at))
    with transaction.atomic():
        petition, _new = Petition.objects.get_or_create(
            stops=proposal, defaults={"kind": PetitionKind.STOP, "opened_by": by, "opened_at": at}
        )
        sign(petition, by=by, at=at)
    return petition


def to_recall(office: Office, at: datetime) -> Petition | None:
    """Return the petition to recall an officer that was opened in the last thirty days, or None."""
    lately = office.recall_petitions.filter(opened_at__gt=at - RECALL_OPEN)
    return lately.select_related("recalls").order_by("-id").first()


def recall_refusal(office: Office, *, by: Person, at: datetime) -> Refusal | None:
    """Return why this person cannot ask for the recall of an officer, or None. Who is asked about has no say."""
    if not offices.held(at).filter(pk=office.pk).exists():
        return Refusal(_("Nobody holds this post any more by this vote."), rule="N13", status=409)
    petition = to_recall(office, at)
    if petition and called(petition):
        return Refusal(
            _("The vote is called already. A petition is opened once in thirty days."), rule="N13", status=409
        )
    return standing.refusal(by, doing="vote", at=at)


def ask_to_recall(office: Office, *, by: Person, at: datetime) -> Petition:
    """Open the petition to recall an officer, or find that of the last thirty days, and sign it. Raises Refused."""
    refuse_if(recall_refusal(office, by=by, at=at))
    with transaction.atomic():
        petition = to_recall(office, at) or Petition.objects.create(
            kind=PetitionKind.RECALL, recalls=office, opened_by=by, opened_at=at
        )
        sign(petition, by=by, at=at)
    return petition


def sign_refusal(petition: Petition, *, by: Person, at: datetime) -> Refusal | None:
    """Return why a person cannot sign, or None."""
    if at >= ends_at(petition):
        rule = "N13" if petition.kind == PetitionKind.RECALL else "3.2"
        return Refusal(_("This petition is over."), rule=rule, status=409)
    return standing.refusal(by, doing="vote", at=at)


def sign(petition: Petition, *, by: Person, at: datetime) -> Signature:
    """Sign a petition, once; signed already is fine. When enough have signed, its vote publishes itself.

    Raises Refused when the person cannot sign.
    """
    refuse_if(sign_refusal(petition, by=by, at=at))
    with transaction.atomic():
        # The guard lets one sign at a time: whoever signs last finds all the others and calls the vote.
        signature, new = Signature.objects.get_or_create(petition=petition, person=by, defaults={"signed_at": at})
        if new:
            events.write("petitions.signed", by=None, subject=f"petition:{petition.pk}", at=at)
        call(petition, by=by, at=at)
    return signature


def call(petition: Petition, *, by: Person, at: datetime) -> Proposal | None:
    """Publish the vote that a petition asks for if enough have signed, and return it. Anybody may (P5)."""
    if called(petition) or at >= callable_until(petition) or not signed(petition).enough:
        return called(petition)
    title, payload = QUESTIONS[petition.kind](petition)
    asks = Asked(petition=petition)
    text = _("Called by a petition of members.")
    draft = proposals.draft(policy=petition.kind, payload=payload, title=title, text=text, by=by, at=at, asks=asks)
    return proposals.publish(draft, by=by, at=at)


def call_all(at: datetime) -> int:
    """Call the vote of each recall that enough have signed and whose vote nobody called; return how many."""
    uncalled = Petition.objects.exclude(votes__published_at__isnull=False)
    waiting = uncalled.filter(kind=PetitionKind.RECALL, recalls__ends_at__gt=at, recalls__end=None)
    waiting = waiting.select_related("recalls", "opened_by")
    return due.each(lambda one: _call_if_signed(one, at), waiting, failed="petition %s could not be put to the vote")


def _call_if_signed(petition: Petition, at: datetime) -> bool:
    if not signed(petition).enough:
        return False
    call(petition, by=_signer(petition), at=at)
    return True


def _signer(petition: Petition) -> Person:
    """Return the first who signed and is a member still: the vote is published in their name."""
    signers = [signature.person for signature in petition.signatures.select_related("person").order_by("id")]
    return next(one for one in signers if standing.status(one) == Status.MEMBER)


def _stop(petition: Petition) -> tuple[str, dict[str, object]]:
    return _("Shall vote %(number)s be stopped?") % {"number": petition.stops_id}, {"proposal": petition.stops_id}


def _recall(petition: Petition) -> tuple[str, dict[str, object]]:
    assert petition.recalls is not None  # noqa: S101 - a constraint says so
    office = petition.recalls
    title = _("Shall the %(post)s (seat %(seat)s) be recalled?") % {"post": office.post, "seat": office.seat}
    return title, {"office": office.pk}


QUESTIONS: Mapping[str, Callable[[Petition], tuple[str, dict[str, object]]]] = {
    PetitionKind.STOP: _stop, PetitionKind.RECALL: _recall,
}  # fmt: skip
