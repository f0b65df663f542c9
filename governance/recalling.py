"""Recalling an officer (N13): members sign, the vote calls itself, and once it has passed the office ends that instant.

No officer takes part in any of it. Whoever is recalled can answer, stays a member, and may stand again.
"""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coop.people.models import Person
from coop.record import events
from coop.refusals import Refusal, Refused, refuse_if
from governance import offices, petitions
from governance.models import LONGEST_STATEMENT, Answer, Mandate, Office, OfficeEnd, Petition
from governance.policy import NobodysPay, NoForm, Payload, Stale


def answer_refusal(petition: Petition, *, by: Person, at: datetime) -> Refusal | None:
    """Return why a person cannot answer a petition, or None. What was said stands once the vote is open."""
    if petition.recalls is None or petition.recalls.person_id != by.pk:
        return Refusal(_("A petition to recall an officer is answered by that officer."), rule="N13")
    vote = petitions.called(petition)
    if vote and vote.opens_at and at >= vote.opens_at:
        return Refusal(_("The vote is open: what was said for and against stands."), rule="P6", status=409)
    return None


def answer(petition: Petition, *, text: str, by: Person, at: datetime) -> Answer:
    """Answer a petition that would recall oneself, in 1,200 characters; the latest answer is shown beside the question.

    Raises Refused to anybody else, and once the vote is open.
    """
    refuse_if(answer_refusal(petition, by=by, at=at))
    text = text.strip()
    if not 1 <= len(text) <= LONGEST_STATEMENT:
        raise Refused(Refusal(_("Answer in 1 to 1,200 characters."), rule="N13", status=422))
    with transaction.atomic():
        said = Answer.objects.create(petition=petition, text=text, written_at=at)
        events.write("petitions.answered", by=by, subject=f"petition:{petition.pk}", at=at)
    return said


def answer_to(petition: Petition | None) -> Answer | None:
    """Return what an officer last said to the petition that would recall them, or None."""
    return petition.answers.order_by("-id").first() if petition else None


class Recall(NobodysPay):
    """Ends an office before its date. Payload: {"office": number}; only its petition calls this vote."""

    name = "recall"
    label = gettext_lazy("Recall an officer (open the post and sign its petition)")
    form_class = NoForm

    def problems(self, payload: Payload) -> list[Refusal]:
        """Return why it cannot be asked."""
        if set(payload) == {"office"} and _office(payload) is not None:
            return []
        where = _("Open the post on the page of elections, and sign the petition there.")
        return [Refusal(_("A vote that recalls an officer is called by its petition."), rule="N13", appeal=where)]

    def subject(self, payload: Payload) -> str:
        """Return the office."""
        return f"office:{payload['office']}"

    def rule_key(self, payload: Payload) -> str:
        """Return N13, whatever the payload says."""
        return "N13"

    def describe(self, payload: Payload) -> str:
        """Return the change in plain words: which post, and what does not change."""
        office = _office(payload)
        words = _(
            "Whoever is %(post)s (seat %(seat)s) now is so no longer from the moment the vote is carried out. They stay"
            " a member with all rights of a member, and may stand again. Candidates can be called at once."
        )
        return words % {"post": _(office.post) if office else "", "seat": office.seat if office else ""}

    def changes_for(self, person: Person, payload: Payload, at: datetime) -> str:
        """Return to the officer it is about that it is their post."""
        office = _office(payload)
        if office is None or office.person_id != person.pk:
            return ""
        return _("It is about your post. Your answer stands beside the question. You stay a member, and paid as one.")

    def enact(self, mandate: Mandate, payload: Payload, at: datetime) -> None:
        """End the office; raise Stale when it has ended already."""
        office = offices.held(at).filter(pk=_number(payload)).first()
        if office is None:
            message = "this office had ended already"
            raise Stale(message)
        OfficeEnd.objects.create(office=office, mandate=mandate, at=at)
        events.write("offices.ended", by=None, subject=f"office:{office.pk}", at=at, post=office.post)


def _number(payload: Payload) -> int:
    number = payload["office"]
    return number if isinstance(number, int) and not isinstance(number, bool) else 0


def _office(payload: Payload) -> Office | None:
    return Office.objects.filter(pk=_number(payload)).first()
