"""What a ballot offers: yes or no, or the options of a vote, and how a choice among them is written.

A choice is "yes", "no" or "abstain"; by approval positions in ascending order, as "1,3", with "0" for leaving things
as they are; in order of preference as "3,1".
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from coop.people.models import Person
from governance import rivals
from governance.models import Choice, Method, Option, Petition, Proposal

LEAVE_IT = 0
ABSTAIN = Choice.ABSTAIN.value


@dataclass(frozen=True, slots=True)
class Alternative:
    """An option as it is drafted: a title, and where it fits a text, literal values, or a candidate."""

    title: str
    text: str = ""
    payload: Mapping[str, object] | None = None
    person: Person | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """How a question is put: the method of its ballot, the options in the order of their positions from 1 on.

    `petition` is the one that calls the vote, if one does; `beside` the proposal that this is a rival of, if it is.
    """

    method: Method = Method.YES_NO
    options: Sequence[Alternative] = field(default_factory=tuple)
    petition: Petition | None = None
    beside: Proposal | None = None


@dataclass(frozen=True, slots=True)
class Offered:
    """A line of a ballot: its position, what it is called, and what is said for it."""

    position: int
    title: str
    text: str = ""


def canonical(payload: Mapping[str, object]) -> str:
    """Return the one JSON text of literal values: keys sorted, no spaces. Its hash is part of a digest."""
    return json.dumps(payload, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def write(proposal: Proposal, alternatives: Iterable[Alternative]) -> list[Option]:
    """Write the options of a draft; the database refuses them once it is published."""
    return Option.objects.bulk_create(
        Option(
            proposal=proposal, position=position, title=it.title, text=it.text, person=it.person,
            payload="" if it.payload is None else canonical(it.payload),
        )
        for position, it in enumerate(alternatives, 1)
    )  # fmt: skip


def method(proposal: Proposal) -> Method:
    """Return how the question is answered: rivals by approval, whatever their first would have asked alone."""
    return Method(proposal.method) if rivals.stands_alone(proposal) else Method.APPROVAL


def offered(proposal: Proposal) -> list[Offered]:
    """Return the lines of a ballot among options, leaving things as they are among them; none for yes or no."""
    how = method(proposal)
    if how == Method.YES_NO:
        return []
    lines = [Offered(option.position, option.title, option.text) for option in proposal.options.all()]
    if proposal.method != how:
        lines = [Offered(n, one.title, one.text) for n, one in enumerate(rivals.on_the_ballot(proposal), 1)]
    if how == Method.APPROVAL:
        return [*lines, Offered(LEAVE_IT, _("Leave it as it is"))]
    return lines


def in_order_for(proposal: Proposal, voter: Person) -> list[Offered]:
    """Return a ballot's lines in an order of the voter's own, so that none stands first for everybody (G11).

    By SHA-256 of "digest:voter:position", with numbers of rows: whoever knows the three draws it again. Leaving things
    as they are, or nobody of these, is the last resort and stands last.
    """
    lines = offered(proposal)
    if not lines:
        return []
    last = lines[-1:] if method(proposal) == Method.APPROVAL or proposal.policy == "election" else []
    lots = {it.position: f"{proposal.digest}:{voter.pk}:{it.position}".encode() for it in lines}
    drawn = sorted(lines[: len(lines) - len(last)], key=lambda it: hashlib.sha256(lots[it.position]).digest())
    return drawn + last


def may_say(proposal: Proposal, choice: str) -> bool:
    """Tell whether a ballot may say this: the database asks the same (`ballot_names_the_options`)."""
    how = method(proposal)
    if choice == ABSTAIN or how == Method.YES_NO:
        return choice in Choice.values
    said = choice.split(",")
    known = {str(line.position) for line in offered(proposal)}
    in_order = how == Method.RANKED or said == sorted(said, key=lambda name: int(name) if name in known else 0)
    return set(said) <= known and len(set(said)) == len(said) and in_order


def read(proposal: Proposal, choice: str) -> list[str]:
    """Return a well-formed choice in words, line by line."""
    if choice in Choice.values:
        return [str(Choice(choice).label)]
    titles = {str(line.position): line.title for line in offered(proposal)}
    return [titles[name] for name in choice.split(",")]


def winner(proposal: Proposal) -> Option | None:
    """Return the option that a counted vote names, whether or not it met the rule; None for yes or no."""
    return proposal.options.filter(position=proposal.tally.winner or 0).first()
