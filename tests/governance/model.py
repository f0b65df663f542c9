"""What the constitution says of the life of votes (parts 3 to 5), as a small model in Python without a database.

It shares nothing with the code that it is compared with: the numbers stand here once more, as part 3 has them. N4 has
no row of its own (a pilot passes without a vote, else it is a cut), nor has N5 (it is decided as a cut of its size).
"""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fractions import Fraction

from governance.voting import State

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
LATE, LATER, LIFE = 48 * HOUR, 72 * HOUR, 30 * DAY
# Seven days always have five working days; a shorter vote is made longer until it has them (P12).
WEEK, WORKING = 7, 5
MOST_RIVALS = 4
HALF, TWO_THIRDS, THREE_QUARTERS = Fraction(1, 2), Fraction(2, 3), Fraction(3, 4)
CUTS = {"N1", "N2", "N3"}
STOPPABLE = {*CUTS, "N6"}

type Share = tuple[Fraction, Fraction]
type Approved = frozenset[int]
type Group = tuple[frozenset[int], Fraction, Fraction, Fraction]


def share(least: Fraction, percent: Fraction | int = 0) -> Share:
    """Return the share of yes and no that must be yes, and the share of the roll."""
    return least, Fraction(percent) / 100


@dataclass(frozen=True)
class Kind:
    """A row of part 3: days of deliberation, frozen text, voting, lock; which electorates decide, and by how much."""

    days: tuple[int, int, int, int]
    whole: Share | None = None
    affected: Share | None = None
    turnout: Fraction = Fraction(0)
    readings: int = 1
    seniors: bool = False


KINDS: Mapping[str, Kind] = {
    "N1": Kind((21, 7, 7, 14), affected=share(TWO_THIRDS, 40), seniors=True),
    "N2": Kind((21, 7, 10, 21), share(HALF, 15), share(THREE_QUARTERS, 50), seniors=True),
    "N3": Kind((30, 7, 10, 30), share(THREE_QUARTERS, Fraction(100, 3)), share(THREE_QUARTERS, Fraction(100, 3)),
               readings=2, seniors=True),
    "N6": Kind((30, 7, 10, 60), share(HALF, 15), share(TWO_THIRDS), seniors=True),
    "N7": Kind((7, 0, 7, 0), share(TWO_THIRDS, 20)),
    "N8": Kind((21, 7, 7, 14), share(HALF, 15)),
    "N9": Kind((14, 0, 7, 7), affected=share(HALF), turnout=Fraction(20, 100)),
    "N10": Kind((7, 0, 5, 0), share(HALF)),
    "N11": Kind((15, 0, 7, 7), share(HALF, 10)),
    "N12": Kind((15, 15, 7, 7), share(HALF)),
    "N13": Kind((7, 7, 7, 0), share(HALF), turnout=Fraction(15, 100)),
    "N14": Kind((21, 7, 7, 14), share(TWO_THIRDS, 20)),
    "N15": Kind((30, 7, 10, 30), share(THREE_QUARTERS, Fraction(100, 3)), readings=2, seniors=True),
    "3.2": Kind((0, 0, 7, 0), share(HALF)),
}  # fmt: skip
# Those that a member proposes; the others are called for by a petition or a call for candidates.
PROPOSED = [name for name in KINDS if name not in {"N12", "N13", "3.2"}]


@dataclass(frozen=True)
class Roll:
    """Who may vote, who of them is affected, and who was a member for 180 days."""

    people: frozenset[int]
    affected: frozenset[int]
    senior: frozenset[int]


@dataclass(eq=False)
class Vote:
    """A vote as the model knows it. A ballot is "yes", "no", "abstain", places approved of as "1,3", or an order."""

    number: int
    rule: str
    author: int
    replaces: int = 0
    colour: str = ""
    backers: set[int] = field(default_factory=set)
    reads: "Vote | None" = None
    beside: "Vote | None" = None
    rivals: list["Vote"] = field(default_factory=list)
    published: datetime | None = None
    digest: str = ""
    roll: Roll | None = None
    candidates: int = 0
    ballots: list[tuple[datetime, int, str]] = field(default_factory=list)
    counted: datetime | None = None
    carried_out: State | None = None
    signed: set[int] = field(default_factory=set)
    stop: "Vote | None" = None
    stops: "Vote | None" = None
    office: "Held | None" = None
    closed: datetime | None = None
    won: bool = False

    def count(self, now: datetime) -> None:
        """Let it be counted: from here on neither its end nor its outcome changes."""
        self.closed, self.won, self.counted = self.closes, self.outcome(), now

    @property
    def kind(self) -> Kind:
        return KINDS[self.rule]

    @property
    def first(self) -> "Vote":
        return self.beside or self

    @property
    def together(self) -> list["Vote"]:
        """What stands on its ballot, in the order of their places."""
        return [self.first, *self.first.rivals]

    @property
    def place(self) -> int:
        return self.together.index(self) + 1

    @property
    def alone(self) -> bool:
        return len(self.together) == 1

    @property
    def opens(self) -> datetime:
        assert self.first.published is not None
        return self.first.published + self.first.kind.days[0] * DAY

    @property
    def first_end(self) -> datetime:
        days = self.first.kind.days[2]
        while (
            days < WEEK and sum((self.opens + n * DAY).astimezone(UTC).isoweekday() <= 5 for n in range(days)) < WORKING
        ):
            days += 1
        return self.opens + days * DAY

    def takes_rival(self, kind: Kind, author: int, now: datetime) -> bool:
        """Tell whether a change by another rule can be put beside this one now: in time, and with the time it needs."""
        first = self.first
        if first.published is None or first.reads or first.rule not in PROPOSED or len(first.together) > MOST_RIVALS:
            return False
        given = (first.kind.days[0], first.kind.days[1], (first.first_end - first.opens).days)
        return (
            now < min(first.opens - first.kind.days[1] * DAY, first.opens - 3 * DAY)
            and all(has >= asks for has, asks in zip(given, kind.days, strict=False))
            and author not in {one.author for one in first.together}
        )

    @property
    def closes(self) -> datetime:
        return self.closed or self.first_end + (LATER if self.turns() else timedelta())

    @property
    def due(self) -> datetime:
        return self.closes + self.kind.days[3] * DAY

    def box(self, until: datetime) -> dict[int, str]:
        """What each voter said last, before a moment."""
        return {who: said for when, who, said in self.first.ballots if when < until}

    def groups(self) -> Iterator[Group]:
        """Each group that decides: its people, the share of yes, of the roll, and of those who take part."""
        assert self.roll is not None
        for asked, people in ((self.kind.whole, self.roll.people), (self.kind.affected, self.roll.affected)):
            if asked:
                yield people, *asked, self.kind.turnout
                if self.kind.seniors and people & self.roll.senior:
                    yield people & self.roll.senior, *asked, Fraction(0)

    def meets(self, until: datetime) -> bool:
        """Tell whether every group that decides says yes; of rivals each by its own rule."""
        box = self.box(until)
        for people, least, floor, turnout in self.groups():
            theirs = {who: said for who, said in box.items() if who in people}
            yes, no = self.sums(theirs)
            enough = len(theirs) >= turnout * len(people)
            if not (enough and yes > no and yes >= least * (yes + no) and yes >= floor * len(people)):
                return False
        return True

    def sums(self, box: Mapping[int, str]) -> tuple[int, int]:
        """Return the ballots for and against; who approves of a rival and of leaving it as it is, is both."""
        if self.alone:
            return sum(said == "yes" for said in box.values()), sum(said == "no" for said in box.values())
        approved = [set(map(int, said.split(","))) for said in box.values() if said != "abstain"]
        return sum(self.place in one for one in approved), sum(self.place not in one or 0 in one for one in approved)

    def base(self) -> frozenset[int]:
        """The people by whom a result is told: all, or those affected who alone decide."""
        assert self.roll is not None
        return self.roll.people if self.kind.whole else self.roll.affected

    def approvals(self, box: Mapping[int, str]) -> int:
        people = self.base()
        return sum(str(self.place) in said.split(",") for who, said in box.items() if who in people)

    def winner(self, until: datetime) -> int:
        """Return the place of the most approved of those that meet their own rule; 0 if none does."""
        box = self.box(until)
        met = [one for one in self.together if one.meets(until)]
        return max(met, key=lambda one: (one.approvals(box), -one.place)).place if met else 0

    @property
    def passed(self) -> bool:
        return bool(self.counted and self.won)

    @property
    def is_decided(self) -> bool:
        """Tell whether it gives a mandate: passed, and of two readings the second."""
        return self.passed and (self.kind.readings == 1 or self.reads is not None)

    def elected(self) -> int:
        """Return the place of the candidate who wins; 0 for nobody of these."""
        won = runoff(list(self.box(self.closes).values()), self.candidates + 1, self.digest)
        return won if won and won <= self.candidates else 0

    def outcome(self) -> bool:
        """Tell whether it passes, by all that was cast until its end."""
        if self.candidates:
            return self.elected() > 0
        return self.meets(self.closes) if self.alone else self.winner(self.closes) == self.place

    def turns(self) -> bool:
        """Tell whether the last 48 hours before the first end turned the outcome (P7)."""
        begins = self.first_end - LATE
        late = [one for one in self.first.ballots if begins <= one[0] < self.first_end]
        if not late:
            return False
        box, was = self.box(begins), self.outlook(self.box(begins))
        for _when, who, said in late:
            box[who] = said
            if self.outlook(box) != was:
                return True
        return not self.alone and self.winner(self.first_end) != self.winner(begins)

    def outlook(self, box: Mapping[int, str]) -> object:
        """Return what leads, and whether its floor is reached."""
        if self.candidates:
            return leader(Counter(int(said.split(",")[0]) for said in box.values() if said != "abstain"))
        if self.alone:
            return [self.leads(box, people, floor) for people, floor in self.floors()]
        led = leader(Counter({one.place: one.approvals(box) for one in self.together}))
        if not led:
            return 0, False
        ahead = self.together[led - 1]
        floor = (ahead.kind.whole or ahead.kind.affected or share(HALF))[1]
        return led, ahead.approvals(box) >= floor * len(ahead.base())

    def floors(self) -> list[tuple[frozenset[int], Fraction]]:
        assert self.roll is not None
        both = ((self.kind.whole, self.roll.people), (self.kind.affected, self.roll.affected))
        return [(people, asked[1]) for asked, people in both if asked]

    def leads(self, box: Mapping[int, str], people: frozenset[int], floor: Fraction) -> tuple[bool, bool]:
        yes, no = self.sums({who: said for who, said in box.items() if who in people})
        return yes > no, yes >= floor * len(people)

    def state(self, now: datetime) -> State:
        """Return where it stands, by its times and by what was done."""
        if self.published is None:
            return State.DRAFT
        if now < self.opens:
            return State.PUBLISHED if now < self.opens - self.first.kind.days[1] * DAY else State.FROZEN
        if now < self.first_end or (self.counted is None and now < self.closes):
            return State.VOTING
        return self.after(now) if self.counted else State.CLOSED

    def after(self, now: datetime) -> State:
        """Return where it stands once it is counted."""
        if not self.passed:
            return State.LOST
        if not self.is_decided:
            return State.FIRST_READING
        if self.carried_out:
            return self.carried_out
        if self.stop and self.stop.counted and self.stop.passed:
            return State.STOPPED
        waits = self.stop is not None and self.stop.counted is None
        if now < self.due or (waits and now < self.due + LIFE):
            return State.LOCKED
        return State.DUE if now < self.due + LIFE else State.EXPIRED


def leader(approvals: Counter[int]) -> int:
    """Return what has most, of those that are level the first; 0 if nothing has any."""
    most = max(approvals.values(), default=0)
    return min(place for place, many in approvals.items() if many == most) if most else 0


def runoff(ballots: Sequence[str], places: int, digest: str) -> int | None:
    """Return who wins an instant run-off; None of no ballots. Who has fewest leaves: of late, before, else by lot."""
    orders = [[int(place) for place in said.split(",")] for said in ballots if said != "abstain"]
    standing, history = set(range(1, places + 1)), []
    while True:
        tops = Counter(next((place for place in order if place in standing), 0) for order in orders)
        counts = {place: tops[place] for place in standing}
        history.append(counts)
        active, most = sum(counts.values()), max(counts.values())
        if not active:
            return None
        if 2 * most > active or len(standing) == 1:
            return min(place for place in standing if counts[place] == most)
        standing.remove(min(standing, key=lambda one: ([turn[one] for turn in reversed(history)], lot(digest, one))))


def lot(digest: str, place: int) -> str:
    return hashlib.sha256(f"{digest}:{place}".encode()).hexdigest()


@dataclass
class Held:
    """An office: who holds which post, from when until when; shortened by a recall."""

    number: int
    post: str
    person: int
    starts: datetime
    ends: datetime

    def __contains__(self, now: datetime) -> bool:
        return self.starts <= now < self.ends


@dataclass
class Asked:
    """A petition to recall an officer: open for thirty days, or until the office ends."""

    office: Held
    opened: datetime
    signed: set[int] = field(default_factory=set)
    vote: Vote | None = None


@dataclass
class Called:
    """A call for candidates for a post."""

    number: int
    post: str
    closes: datetime
    starts: datetime
    ends: datetime
    candidates: list[int] = field(default_factory=list)
    vote: Vote | None = None

    def is_open(self, now: datetime) -> bool:
        """Tell whether it may still give its seat to somebody."""
        if self.vote is None:
            return self.closes > now - 7 * DAY
        over = self.vote.carried_out or (self.vote.counted and now >= self.vote.due + LIFE)
        return not self.vote.counted or (self.vote.passed and not over)

    def waits(self, now: datetime) -> bool:
        """Tell whether its candidates can be put to the vote now."""
        return self.vote is None and bool(self.candidates) and self.closes <= now < self.closes + 7 * DAY
