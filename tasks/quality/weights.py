"""How much each answer counts, and what the answers to one task come to."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod

type Chances = dict[str, dict[str, float]]

# Where nothing else is known of a true label, and so that no answer rules one out for good.
OTHERWISE = "*"
LEAST = 0.001


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the answers to a task come to: the label (None when they are even), and how sure that is, from 0 to 1."""

    label: str | None
    confidence: float


@dataclass(frozen=True, slots=True)
class Weights:
    """How often each label is true, and how often each person says what where what is true.

    `errors[who][said][true]` is the chance that somebody says `said` where `true` holds; `usual` is that of people not
    yet known. Without any, every answer counts alike.
    """

    priors: dict[str, float] = field(default_factory=dict)
    errors: dict[int, Chances] = field(default_factory=dict)
    usual: Chances = field(default_factory=dict)

    def outcome(self, said: Mapping[int, str]) -> Outcome:
        """Return what the labels said come to, by person: Dawid and Skene's second step (1979), else the majority.

        A label that was not there when people were compared is counted, not weighed.
        """
        if not self.priors or any(label not in self.priors for label in said.values()):
            return _majority(said)
        chances = {true: prior * self._of_all(said, true) for true, prior in self.priors.items()}
        best = max(chances, key=lambda true: chances[true])
        return Outcome(best, chances[best] / sum(chances.values()))

    def _of_all(self, said: Mapping[int, str], true: str) -> float:
        return prod(_chance(self.errors.get(who, self.usual), label, true) for who, label in said.items())


def _chance(errors: Chances, said: str, true: str) -> float:
    row = errors.get(said, {})
    return max(row.get(true, row.get(OTHERWISE, 0)), LEAST)


def _majority(said: Mapping[int, str]) -> Outcome:
    (first, most), *others = Counter(said.values()).most_common(2)
    even = any(count == most for _label, count in others)
    return Outcome(None if even else first, most / len(said))
