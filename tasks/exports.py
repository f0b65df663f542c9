"""What a client takes home: one row for each answer, or one for each task with what its answers come to.

Rows come from a server-side cursor and go out as they are read, so that a job of any size takes the same memory.
No name, no number of an account and no time spent leaves the cooperative (E10).
"""

import csv
import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache, partial
from itertools import chain, groupby
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.crypto import salted_hmac

from coop import spreadsheets
from coop.database import moment
from tasks import predictions
from tasks.models import Answer, AssignmentState, Job, Task
from tasks.quality import estimates
from tasks.quality.weights import Weights
from tasks.shapes import Question
from tasks.shapes.composing import Part
from tasks.shapes.shape import Together

type Found = QuerySet[Answer, tuple[Any, ...]]

# Read within two minutes each, or the connection goes to somebody else; an answer may be a megabyte.
CHUNK = 50


@dataclass(frozen=True, slots=True)
class Given:
    """One answer to one task, as the client may see it: `by` is the member's pseudonym for this client.

    `number` is what the client rejects it by, should it be wrong; `position` is the task's place in the job, `card` the
    rate card it was given at. Where a machine had said something before, `touched` tells of each element of the value
    whether the member set it.
    """

    number: int
    task: str
    data: dict[str, Any]
    value: dict[str, Any]
    state: str
    by: str
    at: datetime
    position: int
    card: str
    prediction: dict[str, Any] | None = None
    touched: list[bool] | None = None

    def row(self) -> dict[str, Any]:
        """Return the answer as a JSON object."""
        said = {"prediction": self.prediction, "touched": self.touched} if self.prediction else {}
        return {
            "id": self.task, "data": self.data, "answer": self.value, "by": self.by, "state": self.state,
            "accepted": self.state == AssignmentState.ACCEPTED, "at": self.at.isoformat(), "number": self.number,
            **said,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Result:
    """What the answers to one task come to: nothing when they are even; how sure that is, and the share that says it.

    `confidence` is from 0 to 1: by what is known of who answered, or that share where nothing is. Of drawings the share
    is how far the answers agree; of texts, which are never the same, how many of them were accepted. `composed` has the
    parts of a result where no whole answer was given more often than every other, each with how sure it is: the result
    is as sure as the least sure of them, and there is none where one is even or they make no answer.
    """

    task: str
    data: dict[str, Any]
    value: dict[str, Any] | None
    confidence: float
    agreement: float
    answers: int
    position: int
    composed: Mapping[str, Part] = field(default_factory=dict)

    def row(self) -> dict[str, Any]:
        """Return the result as a JSON object."""
        parts = {name: part.row() for name, part in self.composed.items()}
        return {
            "id": self.task, "data": self.data, "result": self.value, "confidence": self.confidence,
            "agreement": self.agreement, "answers": self.answers,
            **({"composed": parts} if parts else {}),
        }  # fmt: skip


def pseudonym(client_id: int, person_id: int) -> str:
    """Return the name a client knows a member by: the same in all its jobs, another with every other client."""
    return "m-" + salted_hmac(f"pseudonym:{client_id}", str(person_id), algorithm="sha256").hexdigest()[:16]


def rows(job: Job) -> Iterator[Given]:
    """Yield every answer handed in to a job in the order of its tasks, the last one where there was a redo."""
    return (given for _person, given in _by_person(job, _answers(job)))


def _by_person(job: Job, answers: Found) -> Iterator[tuple[int, Given]]:
    """Yield each answer with who gave it, which stays with us."""
    name: Callable[[int], str] = cache(lambda person_id: pseudonym(job.client_id, person_id))
    with transaction.atomic():
        moment.take_time(minutes=2)
        for number, task, data, value, state, who, at, position, card, said in answers.iterator(chunk_size=CHUNK):
            touched = predictions.touched(job.shape, said, value) if said else None
            yield who, Given(number, task, data, value, state, name(who), at, position, card, said, touched)


def _answers(job: Job, *, until: datetime | None = None, **places: int | Collection[int]) -> Found:
    """Find the answers to these tasks, as they stood then."""
    return (
        Answer.last_ones(until=until)
        .filter(assignment__job=job, **places)
        .order_by("assignment__task__position", "assignment__slot", "pk")
        .values_list(
            "assignment_id", "assignment__task__external_id", "assignment__task__data", "value", "assignment__state",
            "assignment__person_id", "at", "assignment__task__position", "assignment__card_id",
            "assignment__task__prediction",
        )
    )  # fmt: skip


def results(job: Job) -> Iterator[Result]:
    """Yield for every task with an answer what its answers come to, those left out that peers found wrong.

    Who answered counts by how they answered elsewhere in the job, once enough answers are there to tell.
    """
    return (result for result, _given in _grouped(job, _answers(job)))


def whole(job: Job, *, after: int, upto: int, until: datetime) -> Iterator[tuple[Result, list[Given]]]:
    """Yield results with their answers for the tasks whose position is above `after`, at most `upto`.

    Only what was handed in until then counts.
    """
    places = {"assignment__task__position__gt": after, "assignment__task__position__lte": upto}
    return _grouped(job, _answers(job, until=until, **places))


def those(job: Job, tasks: Collection[int], *, until: datetime | None = None) -> Iterator[tuple[Result, list[Given]]]:
    """Yield some tasks of a job, each with what its answers come to, or came to until then, and those answers."""
    return _grouped(job, _answers(job, until=until, assignment__task__in=tasks))


def of_tasks(job: Job, tasks: Collection[int]) -> Iterator[tuple[int, Result]]:
    """Yield some tasks of a job by their number, each with what its answers come to."""
    numbers = dict(Task.objects.filter(pk__in=tasks).values_list("position", "pk"))
    return ((numbers[result.position], result) for result, _given in those(job, tasks))


def _grouped(job: Job, answers: Found) -> Iterator[tuple[Result, list[Given]]]:
    key, weights = partial(job.shape.key_of, job.form), estimates.of(job)
    standing = (one for one in _by_person(job, answers) if one[1].state != AssignmentState.REJECTED)
    for _task, grouped in groupby(standing, lambda one: one[1].task):
        by_person = dict(grouped)
        given = list(by_person.values())
        merged = job.shape.together(job.form, [one.value for one in given]) if len(given) > 1 else None
        found = _merged(given, merged) if merged else _result(by_person, key, weights)
        yield _composed(job, found, given) if found.value is None else found, given


def _merged(given: list[Given], merged: Together) -> Result:
    first, share = given[0], round(merged.agreement, 4)
    return Result(first.task, first.data, merged.value, share, share, len(given), first.position)


def _result(given: dict[int, Given], key: Callable[[dict[str, Any]], str | None], weights: Weights) -> Result:
    if len(given) > 1 and all(key(one.value) is None for one in given.values()):
        return _accepted(list(given.values()))
    # An answer that agrees with no other stands for itself: alone it is the result, beside others there is none.
    said = {person: key(one.value) or f"answer {one.number}" for person, one in given.items()}
    found = weights.outcome(said)
    alike = [given[person] for person, label in said.items() if label == found.label]
    share = len(alike) or max(Counter(said.values()).values())
    first = next(iter(given.values()))
    return Result(
        first.task, first.data, alike[0].value if alike else None, round(found.confidence, 4),
        round(share / len(given), 4), len(given), first.position,
    )  # fmt: skip


def _accepted(given: list[Given]) -> Result:
    """Return what is taken of answers that are never the same: the first that was accepted, by who looked at it."""
    good = [one for one in given if one.state == AssignmentState.ACCEPTED]
    first, share = given[0], round(len(good) / len(given), 4)
    return Result(first.task, first.data, good[0].value if good else None, share, share, len(given), first.position)


def _composed(job: Job, found: Result, given: list[Given]) -> Result:
    """Return a result without a value as its parts tell it, where the answers of this kind have any."""
    asked = Question.of(job.shape.name, job.form, found.data)
    rule = job.shape.by_parts(asked.form)
    parts = rule.parts([one.value for one in given]) if rule else {}
    if not rule or not parts:
        return found
    told = replace(found, composed=parts)
    value = rule.whole(parts)
    if value is None or asked.problems(value):
        return told
    sure = round(min(part.share for part in parts.values()), 4)
    return replace(told, value=value, confidence=sure, agreement=sure)


def parts_cell(row: Mapping[str, Any]) -> str:
    """Return the parts of a result, or of an item of a version, as a cell of a table; empty where it has none."""
    return json.dumps(row["composed"], ensure_ascii=False) if "composed" in row else ""


def jsonl(found: Iterable[Given | Result]) -> Iterator[str]:
    """Yield each answer or result as a line of JSON."""
    return (json.dumps(one.row(), ensure_ascii=False) + "\n" for one in found)


def answers_csv(job: Job) -> Iterator[str]:
    """Yield the answers as CSV: id, the shape's own columns, by, state, accepted, at, and the task's data as JSON."""
    shape = job.shape
    head = ["id", *shape.columns(job.form), "by", "state", "accepted", "at", "data"]
    return lines_of(chain([head], (_answer_cells(one, shape.cells(job.form, one.value)) for one in rows(job))))


def _answer_cells(one: Given, value: list[str]) -> list[str]:
    row = one.row()
    accepted = "yes" if row["accepted"] else "no"
    return [one.task, *value, one.by, one.state, accepted, row["at"], json.dumps(one.data, ensure_ascii=False)]


def results_csv(job: Job) -> Iterator[str]:
    """Yield results as CSV: id, the shape's own columns (empty on a tie), confidence and the like, the task's data."""
    shape = job.shape
    columns = shape.columns(job.form)
    lines = (
        [
            one.task, *(shape.cells(job.form, one.value) if one.value else [""] * len(columns)),
            str(one.confidence), str(one.agreement), parts_cell(one.row()), str(one.answers),
            json.dumps(one.data, ensure_ascii=False),
        ]
        for one in results(job)
    )  # fmt: skip
    return lines_of(chain([["id", *columns, "confidence", "agreement", "composed", "answers", "data"]], lines))


class _Line:
    """What csv writes to: hands each line straight back."""

    @staticmethod
    def write(line: str) -> str:
        return line


def lines_of(rows: Iterable[list[str]]) -> Iterator[str]:
    """Yield rows of cells as lines of CSV; no cell is taken for a formula by a spreadsheet."""
    writer = csv.writer(_Line())
    return (writer.writerow([spreadsheets.harmless(cell) for cell in cells]) for cells in rows)
