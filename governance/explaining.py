"""A vote in plain words: what it needs, when things happen, what came out. Read by the pages, decides nothing."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coop.people.models import Person
from governance import amending, counting, options, parameters, policies, proposals, standstills, voting, wording
from governance.models import CUTS, WHOLE, Method, Proposal, Rule
from governance.voting import State

KINDS = {
    State.VOTING: "vote", State.ENACTED: "money", State.LOCKED: "money", State.DUE: "money", State.LOST: "stop",
    State.FAILED: "stop", State.EXPIRED: "stop", State.STOPPED: "stop", State.DRAFT: "warn", State.CLOSED: "warn",
}  # fmt: skip
# What became of a mandate that changed nothing.
ENDED = {
    State.FAILED: gettext_lazy("Could not take effect"), State.STOPPED: gettext_lazy("Stopped by the members"),
    State.EXPIRED: gettext_lazy("Not carried out within 30 days"),
}  # fmt: skip

# Why somebody left in a round of a count in order of preference.
LEFT = {
    "votes": gettext_lazy(
        "Round %(number)s: nobody has more than half of %(all)s ballots. %(out)s has fewest, and leaves."
    ),
    "earlier": gettext_lazy(
        "Round %(number)s: nobody has more than half of %(all)s ballots. Of those level now, %(out)s had fewer in an"
        " earlier round, and leaves."
    ),
    "lot": gettext_lazy(
        "Round %(number)s: nobody has more than half of %(all)s ballots. Level in every round, %(out)s leaves by a lot"
        " that everybody can draw again."
    ),
}


@dataclass(frozen=True, slots=True)
class Phase:
    """A step in the life of a proposal: its name, when it begins, and whether it is behind us or running."""

    name: str
    at: datetime | None
    done: bool
    current: bool


@dataclass(frozen=True, slots=True)
class Line:
    """A group's part in a result, in whole ballots; `count` has no numbers when the group is too small to be shown."""

    name: str
    count: counting.Count
    needs: str
    met: bool
    approvals: Sequence[tuple[str, int]] = ()
    winner: str = ""
    rounds: Sequence[str] = ()
    table: Sequence[tuple[str, Sequence[int | None]]] = ()

    @property
    def yes(self) -> int:
        """Return how many approve of a rival proposal, in a group that is shown."""
        return int(self.count["approvals"][str(self.count["option"])])

    @property
    def shown(self) -> bool:
        """Tell whether the group is large enough for its numbers to be shown."""
        return counting.is_shown(self.count)


@dataclass(frozen=True, slots=True)
class Seen:
    """A proposal as a page shows it to one reader."""

    proposal: Proposal
    state: State
    kind: str
    at: datetime
    reader: Person | None = None

    @property
    def what(self) -> str:
        """Return the change in the platform's own words, made from the payload (not from the author's text)."""
        return policies.find(self.proposal.policy).describe(proposals.payload_of(self.proposal))

    @property
    def impact(self) -> list[tuple[str, str]]:
        """Return the computed impact that is part of the digest, line by line."""
        return policies.find(self.proposal.policy).impact_lines(json.loads(self.proposal.impact))

    @property
    def offered(self) -> list[options.Offered]:
        """Return the lines of a ballot among options, to whoever may vote in their own order."""
        if self.reader is None or self.proposal.published_at is None:
            return options.offered(self.proposal)
        return options.in_order_for(self.proposal, self.reader)

    @property
    def needs(self) -> list[tuple[str, str]]:
        """Return who decides and what each of them needs; those who need the same, on one line."""
        rule, alike = self.proposal.rule, dict[str, list[str]]()
        for group in groups(rule):
            alike.setdefault(needs(rule, group), []).append(group_name(group))
        return [("; ".join(names), needed) for needed, names in alike.items()]

    @property
    def deepest(self) -> str:
        """Return how deep a cut may go without N3, as it stood when it was published (3.3); empty where none is cut."""
        if self.proposal.rule.key not in CUTS:
            return ""
        most = parameters.value("cuts_in_a_year", self.proposal.published_at or self.at)
        return amending.written(Fraction(most, WHOLE))

    @property
    def over(self) -> bool:
        """Tell whether its vote is over, counted or not."""
        return self.state not in {State.DRAFT, State.PUBLISHED, State.FROZEN, State.VOTING}

    @property
    def lost(self) -> timedelta:
        """Return how much of its time a running vote lost, so far, to a record that stood still (P11)."""
        opens, closes = self.proposal.opens_at, self.proposal.closes_at
        if self.state != State.VOTING or opens is None or closes is None:
            return timedelta()
        return standstills.ends(opens, closes, standstills.of(self.proposal, self.at)) - closes

    @property
    def turned(self) -> bool:
        """Tell whether the vote goes on beyond its end because its outcome turned (P7)."""
        end = self.proposal.closes_at or self.at
        return self.state == State.VOTING and self.at >= end and self.at >= end + self.lost

    @property
    def counted(self) -> bool:
        """Tell whether there is a result."""
        return hasattr(self.proposal, "tally")


@dataclass(frozen=True, slots=True)
class Decided:
    """A counted vote in a list: how many of the roll took part (whole ballots), and how far it is carried out."""

    vote: Seen
    ballots: int
    roll: int
    steps: list[Phase]


def decided(vote: Seen) -> Decided:
    """Return a counted vote with its turnout and its way: decided, in force, done; no query of its own."""
    count = counting.main(vote.proposal.tally.counts)
    ballots = count.get("ballots") or sum(int(count.get(choice, 0)) for choice in ("yes", "no", "abstain"))
    return Decided(vote, int(ballots), int(count["roll"]), tracker(vote))


def tracker(vote: Seen) -> list[Phase]:
    """Return how far a counted vote is carried out: decided, in force, done; or what ended it on the way."""
    tally, mandate = vote.proposal.tally, getattr(vote.proposal, "mandate", None)
    waits = vote.state in {State.LOST, State.LOCKED}
    decided = Phase(_("Decided"), tally.counted_at, done=True, current=waits)
    if vote.state == State.LOST:
        return [decided]
    if mandate is None:
        return [decided, Phase(_("Second reading, 30 days later at the earliest"), None, done=False, current=True)]
    enactment = getattr(mandate, "enactment", None)
    if vote.state in ENDED:
        when = {State.FAILED: enactment and enactment.at, State.EXPIRED: mandate.expires_at}.get(vote.state)
        return [decided, Phase(str(ENDED[vote.state]), when, done=False, current=True)]
    begins, done = enactment.at if enactment else mandate.due_at, vote.state == State.ENACTED
    return [
        decided,
        Phase(_("In force"), begins, done=done, current=vote.state == State.DUE),
        Phase(_("Done"), begins if done else None, done=done, current=done),
    ]


def seen(proposal: Proposal, at: datetime, reader: Person | None = None) -> Seen:
    """Return a proposal with its state and the colour of its tag, for a reader or for everybody."""
    state = voting.state(proposal, at)
    return Seen(proposal, state, KINDS.get(state, ""), at, reader)


def changes_for(proposal: Proposal, person: Person | None, at: datetime) -> str:
    """Return what it would change for this person, or nothing."""
    if person is None:
        return ""
    return policies.find(proposal.policy).changes_for(person, proposals.payload_of(proposal), at)


def doubts(vote: Seen) -> list[wording.Advice]:
    """Return where an author's words and the platform's figures differ, to be read beside both."""
    known = [vote.what, *(value for _label, value in vote.impact)]
    return wording.doubts(vote.proposal, json.loads(vote.proposal.impact), known)


def groups(rule: Rule) -> Iterator[str]:
    """Yield the groups that decide by a rule, named as a tally names them."""
    for group, share in (("whole", rule.whole_yes), ("affected", rule.affected_yes)):
        if share is not None:
            yield group
            if rule.seniors_too:
                yield f"{group}_senior"


def group_name(group: str) -> str:
    """Return how a page calls a group."""
    return {
        "whole": _("Everybody on the roll"),
        "whole_senior": _("Members of more than 180 days, of everybody"),
        "affected": _("Those whose work it is"),
        "affected_senior": _("Members of more than 180 days, of those whose work it is"),
    }[group]


def _group_that_decided(group: str, counts: Mapping[str, counting.Count]) -> str:
    """Return how the result calls a group: where fewer than ten are affected the whole roll decided (3.4).

    How many are affected is told nowhere. Where everybody decided as well, rolls of two sizes say that it was not so.
    """
    part = group.removeprefix("affected")
    if not group.startswith("affected") or (
        "whole" in counts and counts["whole"]["roll"] != counts["affected"]["roll"]
    ):
        return group_name(group)
    if part:
        return _(
            "Members of more than 180 days, of those whose work it is, or of everybody where they are fewer than ten"
        )
    return _("Those whose work it is, or everybody where they are fewer than ten")


def needs(rule: Rule, group: str) -> str:
    """Return what a group needs to decide yes."""
    whole = group.startswith("whole")
    share = Fraction((rule.whole_yes if whole else rule.affected_yes) or 0, WHOLE)
    floor = Fraction(rule.whole_floor if whole else rule.affected_floor, WHOLE)
    words = _("yes from at least %(share)s of those who say yes or no")
    if share == Fraction(1, 2):
        words = _("more yes than no")
    words %= {"share": amending.written(share)}
    if floor:
        words += _(", and from at least %(floor)s of the roll") % {"floor": amending.written(floor)}
    if rule.turnout_floor and not group.endswith("_senior"):
        words += _("; at least %(share)s of the roll take part") % {
            "share": amending.written(Fraction(rule.turnout_floor, WHOLE))
        }
    return words


def phases(proposal: Proposal, at: datetime) -> list[Phase]:
    """Return the life of a published proposal as dated steps."""
    more = voting.closes(proposal, at) - (proposal.closes_at or at)
    later = [when and when + more for when in (proposal.closes_at, proposal.locked_until)]
    return _steps([proposal.published_at, proposal.opens_at, *later], at)


def phases_from(rule: Rule, at: datetime) -> list[Phase]:
    """Return the life that a proposal would have by a rule if it were published at a moment."""
    opens = at + timedelta(days=rule.deliberation_days)
    closes = opens + rule.voting_time(opens)
    return _steps([at, opens, closes, closes + timedelta(days=rule.lock_days)], at)


def _steps(moments: Sequence[datetime | None], at: datetime) -> list[Phase]:
    names = (
        _("Published; discussion"), _("Vote opens"), _("Vote closes and is counted"), _("Takes effect, if passed"),
    )  # fmt: skip
    steps = list(zip(names, moments, strict=True))
    begun = [when is not None and when <= at for _name, when in steps]
    last = max((place for place, reached in enumerate(begun) if reached), default=-1)
    return [Phase(name, when, begun[n] and n < last, n == last) for n, (name, when) in enumerate(steps)]


def result(proposal: Proposal) -> list[Line]:
    """Return the result of a counted vote, group by group."""
    counts, rule = proposal.tally.counts, proposal.rule
    titles = {str(line.position): line.title for line in options.offered(proposal)}
    return [
        _line(_group_that_decided(group, counts), counts[group], needs(rule, group), titles)
        for group in groups(rule) if group in counts
    ]  # fmt: skip


def _line(name: str, count: counting.Count, asked: str, titles: Mapping[str, str]) -> Line:
    approvals = [(title, count["approvals"][name]) for name, title in titles.items() if "approvals" in count]
    winner = titles.get(str(count.get("option", count.get("winner"))), "")
    met = bool(count["met"])
    turns = count.get("rounds", [])
    return Line(
        name, count, asked, met, approvals, winner,
        [_turn(number, turn, titles, winner) for number, turn in enumerate(turns, 1)],
        [(title, [turn["counts"].get(position) for turn in turns]) for position, title in titles.items() if turns],
    )  # fmt: skip


def _turn(number: int, turn: Mapping[str, Any], titles: Mapping[str, str], winner: str) -> str:
    """Return a round of a count in order of preference in words: who left and why, or who won."""
    counts = turn["counts"]
    facts = {"number": number, "all": sum(counts.values()), "winner": winner, "out": titles.get(str(turn.get("out")))}
    if "out" in turn:
        return LEFT[turn["by"]] % facts
    if not winner:
        return _("Round %(number)s: no ballot names anybody.") % facts
    facts["most"] = counts[next(position for position, title in titles.items() if title == winner)]
    return _("Round %(number)s: %(winner)s has %(most)s of %(all)s ballots, more than half.") % facts


def outcome(seen_now: Seen) -> str:
    """Return the outcome of a closed vote in one sentence."""
    if seen_now.state == State.LOST and seen_now.proposal.tally.winner and seen_now.proposal.method == Method.YES_NO:
        return _("Not passed: another way on the same ballot won.")
    return {
        State.CLOSED: _("The vote is over and is being counted."),
        State.LOST: _("Not passed: nothing changes."),
        State.FIRST_READING: _("Passed the first reading. It needs a second one, at least 30 days later."),
        State.LOCKED: _("Passed. It takes effect when its waiting time is over."),
        State.DUE: _("Passed, and taking effect now."),
        State.ENACTED: _("Passed, and in force."),
        State.FAILED: _("Passed, but what it stood on had changed meanwhile: nothing changes."),
        State.STOPPED: _("Passed, then stopped by a majority of all: nothing changes."),
        State.EXPIRED: _("Passed, but not carried out within 30 days: nothing changes."),
    }.get(seen_now.state, "")
