"""Elections of officers and trustees (N12): a call for candidates, those who stand, the vote, the office.

The call is open for a week; then anybody puts those who stand to the vote. A ballot always offers "nobody of these", so
that a candidate without a rival can lose; then the seat stays free and candidates are called again.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coop.due import each
from coop.people.models import Person
from coop.record import events
from coop.refusals import Refusal, Refused, refuse_if
from governance import offices, options, proposals, standing
from governance.models import LONGEST_STATEMENT, Call, Candidacy, Mandate, Method, Office, Post, Proposal, Right
from governance.options import Alternative, Asked
from governance.policy import NobodysPay, NoForm, Payload

OPEN_FOR, TO_PUBLISH, LAST_DAY = timedelta(days=7), timedelta(days=7), timedelta(days=1)
# The vote by N12 in all, and its one extension; then the term can begin.
NEEDED = OPEN_FOR + TO_PUBLISH + timedelta(days=29 + 5)
# Nobody elects for a term that begins in half a year.
AHEAD = timedelta(days=175)
# As it stands in the digest of every election; pages translate it.
NOBODY = "Nobody of these"


def term(post: Post, seat: int, at: datetime) -> tuple[datetime, datetime]:
    """Return the next term of a seat: as soon as a vote can be held, or when the present one ends."""
    filled = Office.objects.filter(post=post.name, seat=seat, ends_at__gt=at).exclude(end__at__lte=at)
    seated = filled.alias(ended=offices.abolished_at()).filter(Q(ended=None) | Q(ended__gt=at))
    held = seated.order_by("-ends_at").values_list("ends_at", flat=True).first()
    begins = max(at + NEEDED, held or at)
    return begins, begins + timedelta(days=post.term_days)


def call_refusal(post: Post, seat: int, *, by: Person, at: datetime) -> Refusal | None:
    """Return why candidates cannot be called for a seat now, or None."""
    if not any(one.name == post.name and seat <= one.seats for one in offices.posts(at)):
        return Refusal(_("There is no such seat any more."), rule="N12", status=409)
    begins, _ends = term(post, seat, at)
    if begins > at + AHEAD:
        return Refusal(
            _("This seat is held for longer than half a year."), rule="N12", status=409,
            appeal=_("Before its end an office ends by a recall (rule N13)."),
        )  # fmt: skip
    if any(is_open(call, at) for call in Call.objects.filter(post=post.name, seat=seat)):
        return Refusal(_("Candidates are called for this seat already."), rule="N12", status=409)
    return standing.refusal(by, doing="propose", at=at)


def call(post: Post, seat: int, *, by: Person, at: datetime) -> Call:
    """Call for candidates for the next term of a seat; any member may. Raises Refused when it is not to be filled."""
    refuse_if(call_refusal(post, seat, by=by, at=at))
    begins, ends = term(post, seat, at)
    with transaction.atomic():
        opened = Call.objects.create(
            post=post.name, seat=seat, starts_at=begins, ends_at=ends, opened_by=by, opened_at=at,
            closes_at=at + OPEN_FOR,
        )  # fmt: skip
        events.write("elections.called", by=by, subject=f"call:{opened.pk}", at=at, post=post.name, seat=seat)
    opened.refresh_from_db()
    return opened


@dataclass(frozen=True, slots=True)
class Seat:
    """A seat of a post, and the office that is held in it now, or None.

    `rights` are what its holder may do that others may not, `later` what the next one may do beside it, both in words.
    """

    post: Post
    number: int
    office: Office | None
    rights: list[str]
    later: list[str]

    @property
    def name(self) -> str:
        """Return what it is called: the post, and the number of the seat where the post has several."""
        return _named(self.post.name, self.number) if max(self.post.seats, self.number) > 1 else _(self.post.name)

    @property
    def goes_on(self) -> bool:
        """Tell whether the seat is filled again when its term is over."""
        return self.number <= self.post.seats


def seats(at: datetime) -> list[Seat]:
    """Return every seat of every post in force, with who holds it; two queries."""
    held = {(office.post, office.seat): office for office in offices.seated(at)}
    return [
        _seat(post, number, held.get((post.name, number)))
        for post in offices.posts(at)
        for number in sorted({*range(1, post.seats + 1), *(seat for name, seat in held if name == post.name)})
    ]


def named(found: Iterable[Call], among: Iterable[Seat]) -> list[tuple[str, Call]]:
    """Return calls, each with what the seat that it is about is called among those there are."""
    shared = {seat.post.name for seat in among if seat.post.seats > 1}
    return [(_named(call.post, call.seat) if call.post in shared else _(call.post), call) for call in found]


def _named(post: str, seat: int) -> str:
    return _("%(post)s, seat %(seat)s") % {"post": _(post), "seat": seat}


def _seat(post: Post, number: int, office: Office | None) -> Seat:
    now = set(getattr(office, "rights", post.rights))
    rights = [str(right.label) for right in Right if right in now]
    later = [str(right.label) for right in Right if right in post.rights and right not in now]
    return Seat(post, number, office, rights, later if number <= post.seats else [])


def calls() -> list[Call]:
    """Return the latest hundred calls, newest first; one query."""
    return list(Call.objects.order_by("-id")[:100])


def election_of(call: Call) -> Proposal | None:
    """Return the vote that a call led to, or None."""
    published = Proposal.objects.filter(policy="election", subject=f"call:{call.pk}").exclude(published_at=None)
    return published.select_related("rule", "tally", "mandate__enactment").first()


def is_open(call: Call, at: datetime) -> bool:
    """Tell whether a call may still give its seat to somebody; the database asks the same."""
    vote = election_of(call)
    if vote is None:
        return call.closes_at > at - TO_PUBLISH
    if not hasattr(vote, "tally"):
        return True
    carried_out = hasattr(vote, "mandate") and (hasattr(vote.mandate, "enactment") or vote.mandate.expires_at <= at)
    return bool(vote.tally.passed) and not carried_out


def standing_in(call: Call) -> list[Candidacy]:
    """Return those who stand, in the order in which they came forward."""
    return list(call.candidacies.filter(withdrawn_at=None).select_related("person").order_by("id"))


def stand_refusal(call: Call, *, by: Person, at: datetime) -> Refusal | None:
    """Return why a person cannot stand, or change what they say, in a call now; or None."""
    if at >= call.closes_at:
        return Refusal(_("The call is closed: the list of candidates stands."), rule="N12", status=409)
    if clash := offices.clash(by, call.post, call.starts_at, call.ends_at):
        return Refusal(
            _("You are %(post)s in that time, and nobody holds two posts that check or confirm each other.")
            % {"post": _(clash.post)},
            rule="D8",
        )
    return standing.refusal(by, doing="propose", at=at)


def last_day_refusal(call: Call, *, by: Person, at: datetime) -> Refusal | None:
    """Return that somebody's candidacy stands, in the last day of its call; or None.

    So nobody is withdrawn or reworded in their name without a day in which they see it and come back.
    """
    stood = call.candidacies.filter(person=by, withdrawn_at=None, put_forward_at__lt=call.closes_at - LAST_DAY)
    if at < call.closes_at - LAST_DAY or not stood.exists():
        return None
    return Refusal(
        _("In the last day of a call, whoever stood before stands with the words they had."), rule="N12", status=409,
        appeal=_("Say in the assembly what has changed."),
    )  # fmt: skip


def stand(call: Call, *, statement: str, by: Person, at: datetime) -> Candidacy:
    """Put oneself forward, again too, or write one's statement anew, while the call is open; 1,200 characters each.

    Raises Refused when the call is closed, in its last day for who stood before, or when the post cannot be held
    beside another.
    """
    refuse_if(stand_refusal(call, by=by, at=at) or last_day_refusal(call, by=by, at=at))
    statement = statement.strip()
    if not 1 <= len(statement) <= LONGEST_STATEMENT:
        raise Refused(Refusal(_("Say in 1 to 1,200 characters why."), rule="N12", status=422))
    with transaction.atomic():
        mine, new = Candidacy.objects.get_or_create(
            call=call, person=by, defaults={"statement": statement, "put_forward_at": at}
        )
        Candidacy.objects.filter(pk=mine.pk).update(statement=statement, withdrawn_at=None)
        kind = "put_forward" if new or mine.withdrawn_at else "rewritten"
        events.write(f"candidacies.{kind}", by=by, subject=f"call:{call.pk}", at=at)
    mine.refresh_from_db()
    return mine


def withdraw(call: Call, *, by: Person, at: datetime) -> None:
    """Withdraw, until the last day of the call. Raises Refused afterwards, except for who came forward in that day."""
    if election_of(call):
        raise Refused(Refusal(_("The candidates are put to the vote: their list stands."), rule="P6", status=409))
    refuse_if(last_day_refusal(call, by=by, at=at))
    with transaction.atomic():
        Candidacy.objects.filter(call=call, person=by, withdrawn_at=None).update(withdrawn_at=at)
        events.write("candidacies.withdrawn", by=by, subject=f"call:{call.pk}", at=at)


def put_refusal(call: Call, *, by: Person, at: datetime) -> Refusal | None:
    """Return why the candidates of a call cannot be put to the vote now, or None. Any member may do it (P5)."""
    if at < call.closes_at:
        return Refusal(_("The call is open until its time is over."), rule="N12", status=409)
    if election_of(call):
        return Refusal(_("The candidates are put to the vote already."), rule="P6", status=409)
    if at >= call.closes_at + TO_PUBLISH or not call.candidacies.filter(withdrawn_at=None).exists():
        return Refusal(
            _("This call led to nothing: nobody stood, or a week went by."), rule="3.5", status=409,
            appeal=_("Candidates can be called again."),
        )  # fmt: skip
    return standing.refusal(by, doing="propose", at=at)


def put_to_vote(call: Call, *, by: Person, at: datetime) -> Proposal:
    """Publish the election of a call: the candidates and "nobody of these", ranked. The database compares them.

    Raises Refused before the call is over, a week after it, or without anybody who stands.
    """
    refuse_if(put_refusal(call, by=by, at=at))
    title = _("Who shall be %(post)s?") % {"post": call.post}
    text = _("Put the candidates in your order. “Nobody of these” leaves the seat free; candidates are called again.")
    with transaction.atomic():
        draft = proposals.draft(
            policy=Election.name, payload=payload(call), title=title, text=text, by=by, at=at, asks=_asks(call)
        )
        return proposals.publish(draft, by=by, at=at)


def _asks(call: Call) -> Asked:
    lines = [Alternative(one.person.name, one.statement, person=one.person) for one in standing_in(call)]
    return Asked(Method.RANKED, [*lines, Alternative(NOBODY)])


def payload(call: Call) -> Payload:
    """Return what the vote of a call decides, in literal values."""
    return {
        "call": call.pk, "post": call.post, "seat": call.seat,
        "starts_at": f"{call.starts_at:%Y-%m-%dT%H:%M:%S.%fZ}", "ends_at": f"{call.ends_at:%Y-%m-%dT%H:%M:%S.%fZ}",
    }  # fmt: skip


class Election(NobodysPay):
    """The policy: who wins an election takes the seat for its term."""

    name = "election"
    label = gettext_lazy("An officer or a trustee")
    form_class = NoForm

    def problems(self, payload: Payload) -> list[Refusal]:
        """Return that an election begins with a call, unless it does."""
        if Call.objects.filter(pk=cast("int", payload.get("call") or 0)).exists():
            return []
        begin = _("Call for candidates on the page of elections.")
        return [Refusal(_("An election begins with a call for candidates."), rule="N12", appeal=begin)]

    def subject(self, payload: Payload) -> str:
        """Return the call."""
        return f"call:{payload['call']}"

    def rule_key(self, payload: Payload) -> str:
        """Return the rule of elections, whatever the payload says."""
        return "N12"

    def describe(self, payload: Payload) -> str:
        """Return which seat is filled, and for how long."""
        post = str(payload["post"])
        words = _("One member becomes %(post)s (seat %(seat)s) from %(start)s to %(end)s.")
        return words % {
            "post": _(post), "seat": payload["seat"],
            "start": str(payload["starts_at"])[:10], "end": str(payload["ends_at"])[:10],
        }  # fmt: skip

    def enact(self, mandate: Mandate, payload: Payload, at: datetime) -> None:
        """Give the seat to whoever won it; the database compares person, seat and term with the vote."""
        vote = Proposal.objects.select_related("tally").get(mandate=mandate)
        winner, opened = options.winner(vote), Call.objects.get(pk=cast("int", payload["call"]))
        office = Office.objects.create(
            person=cast("Person", winner.person if winner else None), post=opened.post, seat=opened.seat,
            mandate=mandate, starts_at=opened.starts_at, ends_at=opened.ends_at,
        )  # fmt: skip
        events.write("offices.given", by=None, subject=f"office:{office.pk}", at=at, post=office.post)


def due(at: datetime) -> list[Call]:
    """Return the calls whose time is over and whose candidates wait to be put to the vote."""
    over = Call.objects.filter(closes_at__lte=at, closes_at__gt=at - TO_PUBLISH)
    # Without the first a call that nobody answered would have a candidacy that nobody withdrew.
    over = over.filter(candidacies__isnull=False, candidacies__withdrawn_at=None)
    return [call for call in over.select_related("opened_by").distinct().order_by("id") if not election_of(call)]


def put_all(at: datetime) -> int:
    """Put to the vote what is due, in the name of whoever called for it; return how many."""
    return each(lambda one: _put(one, at), due(at), failed="call %s could not be put to the vote")


def _put(call: Call, at: datetime) -> bool:
    if put_refusal(call, by=call.opened_by, at=at):
        return False
    put_to_vote(call, by=call.opened_by, at=at)
    return True
