"""How far people agree beyond chance: Krippendorff's alpha with its interval."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

RESAMPLES = 1000
# The middle 95 of a hundred resamples.
INTERVAL = (2.5, 97.5)

type Counts = npt.NDArray[np.int64]
type Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Agreement:
    """Alpha, 1 where all agree and 0 where chance would do as well, and the interval it lies in 95 times of 100."""

    alpha: float
    low: float
    high: float


def alpha(counts: Counts, *, seed: int, ordered: bool = False) -> Agreement | None:
    """Return how far the answers agree; None where fewer than two labels, or two tasks with two answers, are there.

    `counts` has a row for each task and a column for each label: how many said it. Where the labels are `ordered`, as
    steps of a scale are, those further apart differ more. Formula: K. Krippendorff, "Computing Krippendorff's
    Alpha-Reliability" (2011), nominal and ordinal data; the interval by drawing the tasks anew 1,000 times.
    """
    found = _ordered if ordered else _alpha
    paired = counts[counts.sum(axis=1) > 1]
    if len(paired) < 2:  # noqa: PLR2004 - of one task drawn anew the interval would be a point
        return None
    kinds, times = np.unique(paired, axis=0, return_counts=True)
    value = found(kinds, times[np.newaxis, :].astype(float))[0]
    if np.isnan(value):
        return None
    drawn = np.random.default_rng(seed).multinomial(times.sum(), times / times.sum(), size=RESAMPLES)
    low, high = np.nanpercentile(found(kinds, drawn.astype(float)), INTERVAL)
    return Agreement(float(value), float(low), float(high))


def _alpha(kinds: Counts, times: Numbers) -> Numbers:
    """Return alpha for each row of `times`, which says how often each kind of row was seen."""
    pairs = (kinds * (kinds - 1)).sum(axis=1) / (kinds.sum(axis=1) - 1)
    values = times @ kinds.sum(axis=1)
    apart = (values - times @ pairs) / values
    chance = (values**2 - ((times @ kinds) ** 2).sum(axis=1)) / (values * (values - 1))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(chance > 0, 1 - apart / chance, np.nan)


def _ordered(kinds: Counts, times: Numbers) -> Numbers:
    """Return alpha as `_alpha` does, of steps in their order."""
    size, said = kinds.shape[1], times @ kinds
    pairs = kinds[:, :, np.newaxis] * kinds[:, np.newaxis, :] / (kinds.sum(axis=1) - 1)[:, np.newaxis, np.newaxis]
    seen = (times @ pairs.reshape(len(kinds), -1)).reshape(-1, size, size)
    apart = _distances(said)
    chance = (said[:, :, np.newaxis] * said[:, np.newaxis, :] * apart).sum(axis=(1, 2))
    with np.errstate(invalid="ignore", divide="ignore"):
        found = 1 - (said.sum(axis=1) - 1) * (seen * apart).sum(axis=(1, 2)) / chance
        return np.where(chance > 0, found, np.nan)


def _distances(said: Numbers) -> Numbers:
    """Return for each row how far each two steps are apart, squared: by how many answers lie between their middles."""
    middles = np.cumsum(said, axis=1) - said / 2
    return (middles[:, :, np.newaxis] - middles[:, np.newaxis, :]) ** 2
