"""What a machine said of a task before anybody worked on it: brought with a data set, kept beside the task.

A member starts from it and sees that it is a machine's. Which parts they changed follows from comparing what they
handed in with what stood there, so that no page has to be believed. Pay does not know it: checking is work like any.
"""

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from coop.refusals import Text
from tasks import files
from tasks.models import Job
from tasks.shapes import Question, Shape, checking, media
from tasks.shapes.shape import Json, obj

FIELD = "prediction"
NAME = {"type": "string", "maxLength": 120}
SCORE = {"type": "number", "minimum": 0, "maximum": 1}
SCHEMA = obj({"value": {"type": "object"}, "model": NAME, "score": SCORE}, optional=("model", "score"))
# What other programs' regions lack when they are not as their documentation says.
BROKEN = (KeyError, TypeError, ValueError, IndexError, AttributeError, ArithmeticError, RecursionError)

type Files = Mapping[str, Json]


class Unusable(Exception):  # noqa: N818 - not a fault of ours: in words for the client
    """What a row says a machine said cannot be read; the message says why."""


def apart(job: Job, row: Json, known: Files) -> tuple[Json, Json | None]:
    """Return a row's data and, apart, its prediction with the value as the job's kind of work has it.

    `known` are the job's files by name, as kinds of work know them. Raise Unusable where it is none.
    """
    data = job.shape.kept(job.form, {name: part for name, part in row.items() if name != FIELD}, known)
    said = row.get(FIELD)
    if said is None or said == "":
        return data, None
    told = _object(said)
    try:
        return data, _keepable(_in_own_shape(job.shape, job.form, {**data, media.FILES: known}, told))
    except BROKEN as error:
        raise Unusable(_("The regions of the prediction cannot be read for this kind of work.")) from error


def _object(said: object) -> Json:
    """Return a prediction as an object; a cell of a table holds it as JSON."""
    try:
        found = json.loads(said) if isinstance(said, str) else said
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise Unusable(_("A “prediction” is an object with “value” and, where known, “model” and “score”."))
    return found


def _in_own_shape(shape: Shape, form: Json, data: Json, told: Json) -> Json:
    """Return a prediction whose regions or annotations of another program have become a value."""
    rest = {name: part for name, part in told.items() if name not in {"regions", "annotations"}}
    if "regions" in told:
        return rest | {"value": shape.from_label_studio(form, data, told["regions"])}
    return rest | {"value": shape.from_coco(form, told["annotations"])} if "annotations" in told else rest


def _keepable(value: Json) -> Json:
    """Return what was said; raise ValueError for what no database keeps, which JSON in a text may hold."""
    json.dumps(value, allow_nan=False, ensure_ascii=False).encode()
    if checking.has_nothing(value):
        message = "a NUL"
        raise ValueError(message)
    return value


def problems(job: Job, data: Json, prediction: Json | None, known: Files) -> list[str]:
    """Return what is wrong with a prediction, as sentences: its value is checked as a member's answer is.

    But for what its kind of work lets a guess leave open.
    """
    if prediction is None:
        return []
    if faults := checking.says(checking.faults(SCHEMA, prediction)):
        return [_("Prediction: %(problem)s") % {"problem": words} for words in faults]
    named = {name: known[name] for name in media.names(data) if name in known}
    form = job.shape.form_for_guess(job.form)
    question = Question.of(job.work_type.shape, form, {**data, media.FILES: named})
    return [_("Prediction: %(problem)s") % {"problem": words} for words in question.problems(prediction["value"])]


def row_problems(job: Job, row: Json, known: Files) -> list[Text]:
    """Return what is wrong with a row: what it lacks to be shown, and what a machine said of it."""
    try:
        return problems_apart(job, *apart(job, row, known), known)
    except Unusable as error:
        return [str(error)]


def problems_apart(job: Job, data: Json, prediction: Json | None, known: Files) -> list[Text]:
    """Return what is wrong with a row whose prediction is `apart` already."""
    shape = job.shape
    lacking = [*shape.data_problems(job.form, data), *files.missing(shape, job.form, data, known)]
    return lacking or list(problems(job, data, prediction, known))


def touched(shape: Shape, prediction: Json, value: Json) -> list[bool]:
    """Tell for each element of a value, in their order, whether a member set it: False where it stood there before."""
    said = Counter(map(_written, shape.elements(prediction["value"])))
    found = []
    for element in map(_written, shape.elements(value)):
        found.append(said[element] < 1)
        said[element] -= 1
    return found


def _written(element: Any) -> str:  # noqa: ANN401 - whatever JSON can hold
    """Return an element as text in which equal ones are the same: 2 and 2.0 are."""
    return json.dumps(_plain(element), sort_keys=True)


def _plain(part: Any) -> Any:  # noqa: ANN401 - likewise
    if isinstance(part, dict):
        return {name: _plain(one) for name, one in part.items()}
    if isinstance(part, list):
        return [_plain(one) for one in part]
    return int(part) if isinstance(part, float) and part.is_integer() else part
