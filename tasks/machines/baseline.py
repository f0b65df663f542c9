"""The built-in machine for texts: learns from a job's accepted answers which label a task gets, and how sure that is.

scikit-learn's logistic regression. Of single texts it looks at words and pairs of words, weighed by TF-IDF; of tasks
that put two things side by side, at how far the two are alike, as wholes and part by part. Nothing is drawn by lot: the
same answers give the same guesses. Loads large libraries; only the background job imports it.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

type Json = dict[str, Any]
type Numbers = npt.NDArray[np.float64]
type Table = Any  # a matrix with a row for each task: sparse for texts, dense for pairs

PAIR = ("left", "right")
LONGEST = 2_000  # characters of a task that are read
MOST_PARTS = 6
# How much one feature may say (the C of scikit-learn): little for the few of pairs, more for the many words of texts.
OF_PAIRS, OF_TEXTS = 0.1, 10.0
LEAST_CODE = 4  # characters of a word with digits, from which on it stands for a thing
WORD = re.compile(r"\w+")
# One in so many known tasks is kept back to see how often the guess is right.
KEPT_BACK = 5


@dataclass(frozen=True, slots=True)
class Guesses:
    """What the machine guesses of each task, and how likely it holds that to be, from 0 to 1.

    Of `tried` known tasks that were kept back from it, it guessed `agreed` right.
    """

    labels: list[str]
    chances: list[float]
    tried: int
    agreed: int


def guess(known: Sequence[tuple[Json, str]], asked: Sequence[Json]) -> Guesses | None:
    """Return the guesses for tasks by data and label of known ones; None where those have fewer than two labels."""
    labels = np.array([label for _data, label in known])
    if len(set(labels)) < 2 or not asked:  # noqa: PLR2004 - nothing to tell apart
        return None
    table = described([*(data for data, _label in known), *asked])
    tried, agreed = _tried(table[: len(known)], labels)
    machine = taught(table[: len(known)], labels)
    chances = machine.predict_proba(table[len(known) :])
    best = chances.argmax(axis=1)
    return Guesses([str(machine.classes_[one]) for one in best], chances.max(axis=1).tolist(), tried, agreed)


def taught(table: Table, labels: npt.NDArray[np.str_]) -> LogisticRegression:
    """Return a machine that has seen these tasks and labels."""
    strength = OF_PAIRS if isinstance(table, np.ndarray) else OF_TEXTS
    return LogisticRegression(C=strength, max_iter=1000).fit(table, labels)


def _tried(table: Table, labels: npt.NDArray[np.str_]) -> tuple[int, int]:
    """Return of how many known tasks, kept back, a machine that saw the others guesses how many right."""
    back = np.arange(len(labels)) % KEPT_BACK == 0
    if len(set(labels[~back])) < 2:  # noqa: PLR2004 - likewise
        return 0, 0
    guessed = taught(table[~back], labels[~back]).predict(table[back])
    return int(back.sum()), int((guessed == labels[back]).sum())


def described(tasks: Sequence[Json]) -> Table:
    """Return a row of numbers for each task."""
    if all(isinstance(data.get(side), dict | str) for data in tasks for side in PAIR):
        alike = _alike([data[PAIR[0]] for data in tasks], [data[PAIR[1]] for data in tasks])
        return StandardScaler().fit_transform(alike)
    return _weighed(list(map(text, tasks)), analyzer="word", ngram_range=(1, 2))


def text(data: Any) -> str:  # noqa: ANN401 - whatever JSON can hold
    """Return all words and numbers in it, at most 2,000 characters."""
    return " ".join(_texts(data))[:LONGEST]


def _texts(data: Any) -> Iterator[str]:  # noqa: ANN401 - likewise
    if isinstance(data, dict | list):
        for part in data.values() if isinstance(data, dict) else data:
            yield from _texts(part)
    elif data is not None:
        yield str(data)


def _weighed(texts: Sequence[str], **how: Any) -> Table:
    """Return a column for each thing found in texts, by TF-IDF; one that is empty where nothing is found in any."""
    try:
        return TfidfVectorizer(sublinear_tf=True, **how).fit_transform(texts)
    except ValueError:  # its way to say that there is no word
        return np.zeros((len(texts), 1))


def _alike(left: Sequence[Any], right: Sequence[Any]) -> Numbers:
    """Return how far two sides are alike: as wholes, and part by part where they have named parts."""
    names = sorted({name for side in (*left, *right) if isinstance(side, dict) for name in side})[:MOST_PARTS]
    columns = [*_compared(list(map(text, left)), list(map(text, right)))]
    for name in names:
        columns += _compared([_part(side, name) for side in left], [_part(side, name) for side in right])
    return np.column_stack(columns)


def _part(side: Any, name: str) -> str:  # noqa: ANN401 - likewise
    return text(side.get(name)) if isinstance(side, dict) else ""


def _compared(left: list[str], right: list[str]) -> Iterator[Numbers]:
    """Yield for two lists of texts how alike they are: by words, letters and codes; and where one is missing."""
    yield _cosine(left, right, analyzer="word")
    yield _cosine(left, right, analyzer="char_wb", ngram_range=(3, 3))
    words = [(_words(one), _words(other)) for one, other in zip(left, right, strict=True)]
    yield np.array([_share(one, other) for one, other in words])
    yield np.array([_share(_codes(one), _codes(other)) for one, other in words])
    yield np.array([float(any(code in " ".join(other) for code in _codes(one, LEAST_CODE))) for one, other in words])
    yield np.array([float(not one or not other) for one, other in words])


def _words(said: str) -> set[str]:
    return set(WORD.findall(said.lower()))


def _codes(words: set[str], least: int = 1) -> set[str]:
    return {word for word in words if len(word) >= least and any(map(str.isdigit, word))}


def _share(one: set[str], other: set[str]) -> float:
    return len(one & other) / max(1, min(len(one), len(other)))


def _cosine(left: list[str], right: list[str], **how: Any) -> Numbers:
    table = _weighed([*left, *right], **how)
    if isinstance(table, np.ndarray):
        return np.zeros(len(left))
    found: Numbers = np.asarray(table[: len(left)].multiply(table[len(left) :]).sum(axis=1)).ravel()
    return found
