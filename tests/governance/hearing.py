"""What the constitution says of a hearing that may end in an expulsion (part 7), as a model without a database.

As in `model.py`, the numbers stand here once more; what the lot draws is asked of nobody: it is computed by hand.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from governance.cases import State
from governance.models import Measure, Role, Side
from tests.governance.model import DAY, HOUR

# What is walked of the ladder: its two ends and the mildest measure.
STEPS = (Measure.NOTHING, Measure.ADVICE, Measure.EXPULSION)
FIVE, NINE = 5, 9
REPLY, MORE, DECIDE, APPEAL_FOR = 15 * DAY, 14 * DAY, 45 * DAY, 90 * DAY
OPEN_FOR, REFUSE_FOR, REFUSALS = 5 * DAY, 72 * HOUR, 2


@dataclass
class Moved:
    """A motion on a panel: how far it goes, and who voted on it and agreed, by their numbers."""

    number: int
    step: Measure
    voted: set[int] = field(default_factory=set)
    agreed: set[int] = field(default_factory=set)


@dataclass
class Bench:
    """A panel: the lot that makes it, who sits, and what it decides (7.4 to 7.6)."""

    number: int
    size: int
    began: datetime
    sealing: timedelta
    presumed: bool
    most: Measure
    sealed: dict[Role, int] = field(default_factory=dict)
    opened: set[Role] = field(default_factory=set)
    seated: dict[int, datetime] = field(default_factory=dict)
    refused: Counter[Side] = field(default_factory=Counter)
    motions: list[Moved] = field(default_factory=list)
    decided: Moved | None = None
    decided_at: datetime | None = None

    @property
    def seal_by(self) -> datetime:
        return self.began + self.sealing

    @property
    def member_by(self) -> datetime:
        return self.seal_by + OPEN_FOR / 2

    @property
    def decide_by(self) -> datetime:
        return self.began + DECIDE

    @property
    def drawn(self) -> bool:
        return self.opened >= {Role.CHARGE, Role.WITNESS}

    def takes_seal(self, role: Role | None, now: datetime) -> bool:
        return role is not None and role not in self.sealed and not self.opened and now <= self.seal_by

    def takes_opening(self, role: Role, now: datetime) -> bool:
        """Tell whether a part is opened in turn, the member's first, within five days of the sealing."""
        waits = len(self.sealed) < len(Role) and now <= self.seal_by
        if waits or role not in self.sealed or role in self.opened or now > self.seal_by + OPEN_FOR:
            return False
        missed = now > self.member_by or (now > self.seal_by and Role.MEMBER not in self.sealed)
        return now <= self.member_by if role == Role.MEMBER else Role.MEMBER in self.opened or missed

    def takes_refusal(self, side: Side | None, person: int, now: datetime) -> bool:
        """Tell whether somebody who sits is refused; two in five may say no themselves."""
        if side is None or person not in self.seated or self.decided or now >= self.decide_by:
            return False
        if side == Side.SELF:
            return self.refused[side] < self.size * 2 // 5
        in_time = now <= self.seated[person] + REFUSE_FOR and not self.motions
        return in_time and self.refused[side] < REFUSALS

    def decides(self, person: int, now: datetime) -> bool:
        """Tell whether somebody has a say in what is decided now."""
        return person in self.seated and not self.decided and now < self.decide_by

    def takes_motion(self, person: int, step: Measure, now: datetime) -> bool:
        return self.decides(person, now) and STEPS.index(step) <= STEPS.index(self.most)

    def vote(self, motion: Moved, person: int, now: datetime, *, agrees: bool) -> None:
        """Let somebody vote; when enough of those who sit agree, it is the decision."""
        motion.voted.add(person)
        motion.agreed |= {person} if agrees else set()
        if agrees and len(motion.agreed & self.seated.keys()) >= self.needed(motion.step):
            self.decided, self.decided_at = motion, now

    def needed(self, step: Measure) -> int:
        """Return how many must agree: more than half, or four in five to expel or where retaliation is presumed."""
        severe = step == Measure.EXPULSION or (self.presumed and step != Measure.NOTHING)
        return -(-self.size * 4 // 5) if severe else self.size // 2 + 1


@dataclass
class File:
    """A case from the charge on, by what was done and when."""

    opened: datetime
    first: Bench
    answered: bool = False
    asked_more: bool = False
    appealed: datetime | None = None
    again: Bench | None = None

    @property
    def bench(self) -> Bench:
        """The panel before which it is."""
        return self.again or self.first

    @property
    def reply_by(self) -> datetime:
        return self.opened + REPLY + (MORE if self.asked_more else timedelta())

    def is_heard(self, now: datetime) -> bool:
        """Tell whether the member answered or could have; on appeal they have spoken."""
        return self.answered or now > self.reply_by or self.again is not None

    def takes_appeal(self, now: datetime) -> bool:
        found, at = self.first.decided, self.first.decided_at
        return bool(found and at and found.step != Measure.NOTHING and not self.appealed and now < at + APPEAL_FOR)

    def takes_meeting(self, now: datetime) -> bool:
        """Tell whether the general meeting can be asked: expelled by a panel, and the appeal over or gone (7.7)."""
        found, at = self.bench.decided, self.bench.decided_at
        if found is None or at is None or found.step != Measure.EXPULSION:
            return False
        return self.appealed is not None or now >= at + APPEAL_FOR

    def state(self, now: datetime) -> State:
        """Return where it stands; what is not decided in time is void for good."""
        if self.first.decided is None:
            if now >= self.first.decide_by:
                return State.VOID
            return State.PANEL if self.answered or now > self.reply_by else State.ANSWER
        if self.appealed is None or self.again is None:
            return State.DECIDED
        if self.again.decided:
            return State.SETTLED
        return State.APPEALED if now < self.appealed + DECIDE else State.VOID


NEXT = {
    State.ANSWER: {State.PANEL, State.VOID},
    State.PANEL: {State.DECIDED, State.VOID},
    State.DECIDED: {State.APPEALED},
    State.APPEALED: {State.SETTLED, State.VOID},
}


def lot(words: Mapping[Role, str], candidates: Iterable[int], *, without: set[int]) -> list[int]:
    """Return the order of the lot, as anybody with a SHA-256 computes it (7.4)."""
    seed = sha256("\n".join(words.get(role, "") for role in (Role.CHARGE, Role.MEMBER, Role.WITNESS)))
    return sorted((one for one in candidates if one not in without), key=lambda one: (sha256(f"{seed}:{one}"), one))


def sha256(words: str) -> str:
    return hashlib.sha256(words.encode()).hexdigest()
