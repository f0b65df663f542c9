"""The kinds of answer. One module per kind; a work type names its shape, a job's form holds its question.

A shape's form and value are plain JSON, so that what a client downloads is what a member handed in. Forms and values of
every kind stand with an example in coop/docs/kinds.md. settings.SHAPES names them; a kind is added there.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from django.conf import settings
from django.http import QueryDict
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from coop.refusals import Refusal, Text
from tasks.shapes import checking, media
from tasks.shapes.shape import Json, Shape, too_long, written_length

__all__ = ["Json", "Question", "Shape", "find", "form_problems", "names"]
LONGEST_FORM = 40_000


@cache
def _all() -> dict[str, Shape]:
    return {shape.name: shape for shape in (import_string(path)() for path in settings.SHAPES)}


def find(name: str) -> Shape:
    """Return the shape of that name; raise KeyError when there is none."""
    return _all()[name]


def names() -> list[str]:
    """Return the names of all shapes."""
    return list(_all())


def form_problems(name: str, form: object) -> list[Text]:
    """Return what is wrong with a job's form of that shape; nothing when it can be opened."""
    if name not in _all():
        return [_("The site does not know this kind of answer.")]
    if not isinstance(form, dict) or len(str(form)) > LONGEST_FORM:
        return [_("The form is an object of at most 40,000 characters.")]
    if not str(form.get("question", "")).strip():
        return [_("Write the question.")]
    return _problems(find(name).form_schema(), form, lambda: find(name).form_problems(form))


@dataclass(frozen=True, slots=True)
class Question:
    """What one task asks: its kind of answer, the job's form as it stands for this task, and the task's data.

    Of a job that `upsets`, recordings begin without a sound.
    """

    shape: Shape
    form: Json
    data: Json
    upsets: bool = False

    @classmethod
    def of(cls, name: str, form: Json, data: Json, *, upsets: bool = False) -> "Question":
        """Return the question that a job's form asks about a task's data."""
        shape = find(name)
        return cls(shape, shape.form_for(form, data), data, upsets)

    def read(self, post: QueryDict) -> Json:
        """Return the value that a page's fields hold, complete or not, without characters that are nothing."""
        clean = post.copy()
        for name in post:
            clean.setlist(name, [text.replace("\0", "").replace("\r\n", "\n") for text in post.getlist(name)])
        return self.shape.read(self.form, self.data, clean)

    def length_refusal(self, value: object) -> Refusal | None:
        """Say why a value is too long to be kept or handed in; None where it is not."""
        return too_long(self.shape.longest) if written_length(value) > self.shape.longest else None

    def problems(self, value: object) -> list[str]:
        """Return what is missing or wrong in a value, as sentences: by its schema, and by its meaning."""
        if no := self.length_refusal(value):
            return [str(no.reason)]
        meaning = lambda: self.shape.problems(self.form, self.data, value)  # type: ignore[arg-type] # noqa: E731 - asked of an object only
        return list(map(str, _problems(self.shape.schema(self.form), value, meaning)))

    def shown(self, value: Json, seed: int) -> dict[str, object]:
        """Return what the template of the kind reads: shape, page and value."""
        data = media.muted(self.data) if self.upsets else self.data
        return {"shape": self.shape, "page": self.shape.page(self.form, data, value, seed), "value": value}


def _problems(schema: Json, value: object, by_meaning: Callable[[], list[Text]]) -> list[Text]:
    """Return the problems by meaning where the types allow to ask, else those by the schema."""
    if checking.has_nothing(value):
        return [_("Leave out the character that is nothing (NUL).")]
    faults = checking.faults(schema, value)
    wrong_types = [fault for fault in faults if fault.validator in checking.TYPES]
    return checking.says(wrong_types) or by_meaning() or checking.says(faults)
