"""What every kind of answer can do: the base of the modules that settings.SHAPES names.

A kind is one module with one subclass of `Shape`, one template `tasks/work/shapes/NAME.html` and, where a page needs
them, one script and one stylesheet, loaded on pages of that kind alone. The template shows the fields of an answer, or,
`reading`, an answer that was handed in: the same file for doing, for a known answer, for review and for the client's
preview. It reads `page` (what `page()` returns) and `value`.

A widget with a script stands in `<div data-NAME="id of an input">` and reads and writes that input alone:
`<input type="hidden" name="value" data-value disabled>` holds the value as JSON. The script enables it and puts the
plain fields away, so that without the script those are what is sent. After every change it fires `input` (the draft
saves itself, the check runs); on `draft:restored` it draws anew.
"""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NoReturn, cast
from xml.etree.ElementTree import Element, SubElement

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _

from coop.refusals import Refusal, Refused, Text
from tasks.shapes import checking, material
from tasks.shapes.composing import ByParts

type Json = dict[str, Any]

LONGEST_QUESTION = 500
LONGEST_TEXT = 20_000
# Empty rows to fill, and so many fields of rows can a page send beside its own: Django reads a thousand.
MORE_ROWS, MOST_FIELDS = 3, 960
LONGEST_WHOLE = 16  # digits of a number that a widget writes
TEXT: Json = {"type": "string", "minLength": 1, "maxLength": LONGEST_TEXT}
# Columns that a client's file has beside those of a kind.
OUR_COLUMNS = frozenset(
    {"id", "by", "state", "accepted", "at", "data", "agreement", "confidence", "composed", "answers"}
)
QUESTION: Json = {"type": "string", "minLength": 1, "maxLength": LONGEST_QUESTION}


@dataclass(frozen=True, slots=True)
class Together:
    """One value made of several, and how far those agree, from 0 to 1."""

    value: Json
    agreement: float


@dataclass(frozen=True, slots=True)
class Distance:
    """How far two answers are apart, from 0 for the same to 1, and in words what that goes by."""

    between: Callable[[Json, Json], float]
    goes_by: Text


@dataclass(frozen=True, slots=True)
class Duel:
    """Two things of which an answer says which is better: `share` is 1 for the first, 0 for the second, else 0.5."""

    first: str
    second: str
    share: float


class Shape:
    """One kind of answer: what its form and its value look like, and how they are read, checked, shown and compared."""

    name: ClassVar[str]
    label: ClassVar[Text]  # as members and clients choose it
    picture = ""  # as it stands on a card: the lines of a drawing of 48 by 32, as SVG writes a path
    asks: ClassVar[Json] = {}  # JSON Schema of each part of a job's form beside the question
    needs: ClassVar[tuple[str, ...]] = ()  # those that no form can do without
    files: ClassVar[
        Mapping[str, str]
    ] = {}  # parts of a task's data that name a file (or a list of them), each with its kind
    films: ClassVar[frozenset[str]] = frozenset()  # those of them that may name one video in place of images
    draws: ClassVar[frozenset[str]] = frozenset()  # parts of a task's data that the template shows itself
    script = ""  # static path of an ES module; empty when none is needed
    style = ""  # static path of a stylesheet; likewise
    on_phone = True  # False: the card says before anybody accepts that it needs a computer
    shows_as_read = False  # True: the check shows Markdown and formulas as they will be read
    guessable = False  # True: a value follows from the part in which answers agree, so that a machine can guess it
    longest = 64_000  # so many characters a value has at most, as JSON: room for as much as the schema lets in
    checks_at_once = True  # False where a look at the fields shows whether the answer is complete

    @property
    def template(self) -> str:
        """Return the template of the fields and of what was handed in."""
        return f"tasks/work/shapes/{self.name}.html"

    def form_schema(self) -> Json:
        """Return the JSON Schema of a job's form."""
        return {
            "type": "object",
            "properties": {"question": QUESTION, "markdown": {"type": "boolean"}, **self.asks},
            "required": ["question", *self.needs],
            "additionalProperties": False,
        }

    def form_problems(self, form: Json) -> list[Text]:
        """Return what is wrong in the meaning of a form that has the right types; nothing when it can be opened."""
        return []

    def fields(self) -> dict[str, forms.Field]:
        """Return the fields in which a client writes the form, beside the question."""
        return {}

    def written(self, said: Mapping[str, Any]) -> Json:
        """Return the form that those fields say."""
        return {name: said.get(name) for name in self.fields()}

    def data_problems(self, form: Json, data: Json) -> list[Text]:
        """Return what a task's data lacks to be shown; nothing when a member can answer it."""
        return []

    def film_problems(self, form: Json, file: Json) -> list[Text]:
        """Return why a video that a task names cannot be shown; nothing when it can."""
        return []

    def kept(self, form: Json, data: Json, files: Mapping[str, Json]) -> Json:
        """Return a task's data as they are kept: with what follows from the `files` they name."""
        return data

    def form_for(self, form: Json, data: Json) -> Json:
        """Return the form as it stands for one task."""
        return form

    def form_for_guess(self, form: Json) -> Json:
        """Return the form that a machine's guess is held to; less of it must be said than of an answer."""
        return form

    def schema(self, form: Json) -> Json:
        """Return the JSON Schema of a value."""
        raise NotImplementedError

    def read(self, form: Json, data: Json, post: QueryDict) -> Json:
        """Return the value that a page's fields hold, complete or not; every part of it of the type in the schema."""
        raise NotImplementedError

    def problems(self, form: Json, data: Json, value: Json) -> list[Text]:
        """Return what is missing or wrong in the meaning of a value that has the right types."""
        return []

    def agrees(self, form: Json) -> bool:
        """Tell whether answers to this form can be the same; where not, members check them."""
        return True

    def agreement_key(self, value: Json) -> str | None:
        """Return the part of a value in which answers agree or differ; None where equality says nothing."""
        return json.dumps(value, sort_keys=True)

    def key_of(self, form: Json, value: Json) -> str | None:
        """Return the agreement key of a value where answers to this form can be the same; else None."""
        return self.agreement_key(value) if self.agrees(form) else None

    def together(self, form: Json, values: Sequence[Json]) -> Together | None:
        """Return what several answers come to, part by part; None where only whole answers are compared."""
        return None

    def by_parts(self, form: Json) -> ByParts | None:
        """Return how answers that are all different come to one part by part; None where whole ones alone count."""
        return None

    def merges(self, form: Json) -> bool:
        """Tell whether several answers to this form come to one part by part."""
        return self.together(form, []) is not None

    def meets(self, form: Json, value: Json, known: Json) -> bool | None:
        """Tell whether a value says what is known, part by part; None where only whole answers are compared."""
        found = self.together(form, [value, known])
        return found.agreement == 1 if found else None

    def distance(self, form: Json) -> Distance | None:
        """Return how far two answers are apart; None where they are the same or not, and nothing between."""
        return None

    def scales(self, form: Json) -> Mapping[str, int]:
        """Return the ordered scales of an answer, by name, each with how many steps it has."""
        return {}

    def steps(self, value: Json) -> Mapping[str, int]:
        """Return the step, from 1, that a value says on each scale; scales of which it says nothing left out."""
        return {}

    def duels(self, data: Json, value: Json) -> list[Duel]:
        """Return what a value says of each two systems that a task's data name; nothing where none are named."""
        return []

    def page(self, form: Json, data: Json, value: Json, seed: int) -> Json:
        """Return what the template needs; `seed` (the assignment's id) fixes any order that is drawn by lot."""
        shown = material.of(data, without=self.draws, markdown=bool(form.get("markdown")))
        return {"question": form.get("question", ""), "material": shown}

    def columns(self, form: Json) -> list[str]:
        """Return the names of the columns a value fills in a table."""
        raise NotImplementedError

    def cells(self, form: Json, value: Json) -> list[str]:
        """Return a value as the cells of those columns."""
        raise NotImplementedError

    def label_studio(self, form: Json, data: Json, value: Json) -> list[Json]:
        """Return a value as Label Studio's regions; as text where it knows nothing like it."""
        return [region("textarea", "answer", text=[json.dumps(value, sort_keys=True, ensure_ascii=False)])]

    def from_label_studio(self, form: Json, data: Json, regions: list[Json]) -> Json:
        """Return the value that Label Studio's regions say; raise KeyError or the like where they say none."""
        found: Json = json.loads(only("textarea", regions)["text"][0])
        return found

    def label_studio_tags(self, form: Json) -> list[Element]:
        """Return the tags by which Label Studio asks the same; as text where it knows nothing like it."""
        return [control("TextArea", "answer")]

    def from_coco(self, form: Json, annotations: list[Json]) -> Json:
        """Return the value that annotations of a COCO file say; raise ValueError where this kind draws nothing."""
        raise ValueError

    def elements(self, value: Json) -> list[Json]:
        """Return what of a value stands by itself: each shape, each mark, each field."""
        return [{name: part} for name, part in value.items() if name != "shown"]

    def parts(self, form: Json) -> dict[str, Text]:
        """Return the parts of an answer that may be wrong, by name, each as a member reads it."""
        return {name: name for name in self.columns(form)}


def obj(properties: Json, *, optional: tuple[str, ...] = ()) -> Json:
    """Return the JSON Schema of an object with these properties and no others."""
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def lacks(parts: Json, data: Json) -> list[Text]:
    """Return what a task's data lacks of these parts, each with its JSON Schema; it may have others."""
    return checking.says(checking.faults({"type": "object", "properties": parts, "required": [*parts]}, data))


def name_problems(names: list[str]) -> list[Text]:
    """Return what is wrong with names that become columns of a table: blank, twice, or taken by ours."""
    if not all(name.strip() for name in names) or len(set(names)) < len(names):
        return [_("Each name stands once and is not blank.")]
    taken = [name for name in names if name in OUR_COLUMNS]
    return [_("Choose another name than “%(name)s”: a column of ours has it.") % {"name": taken[0]}] if taken else []


def named(line: str, *names: str) -> dict[str, str]:
    """Return the parts of a line that bars divide, by these names, the empty ones left out."""
    said = (part.strip() for part in line.split("|", len(names) - 1))
    return {name: part for name, part in zip(names, said, strict=False) if part}


def number(text: object) -> int:
    """Return a whole number from 1 to 999,999 as a field holds it; 0 for anything else."""
    said = str(text or "")
    return int(said) if said.isascii() and said.isdecimal() and len(said) <= 6 else 0  # noqa: PLR2004 - as it says


def region(kind: str, name: str, **value: Any) -> Json:
    """Return one of Label Studio's regions: of a control of that kind and name, about the item."""
    return {"type": kind, "from_name": name, "to_name": "item", "value": value}


def control(kind: str, name: str, options: Sequence[str] = (), **more: str) -> Element:
    """Return one of Label Studio's tags that ask, of that kind and name, about the item, with what can be chosen."""
    found = Element(kind, {"name": name, "toName": "item", **more})
    for option in options:
        SubElement(found, kind.removesuffix("s"), value=option)
    return found


def only(kind: str, regions: list[Json], name: str = "answer") -> Json:
    """Return what the first of Label Studio's regions of that kind and name says; raise IndexError without any."""
    fitting = [one for one in regions if one["type"] == kind]
    found: Json = next((one for one in fitting if one["from_name"] == name), fitting[0])["value"]
    return found


def written_length(value: object) -> int:
    """Return how many characters a value has as JSON, whatever the script of its texts."""
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def too_long(most: int) -> Refusal:
    """Return the refusal of a value that is longer than that."""
    return Refusal(
        _("This is more than one answer holds: at most %(most)s characters.") % {"most": f"{most:,}"},
        "",
        _("It was neither saved nor sent; what was saved before stands. Go back and make it smaller."),
        status=413,
    )


def sent(post: QueryDict, most: int) -> Json | None:
    """Return the value that a widget's script wrote; None where the plain fields speak.

    Raises Refused for one that is longer than that or cannot be read: whoever took it for nothing would save nothing
    over what was drawn.
    """
    text = post.get("value", "")
    if not text:
        return None
    if len(text) > most:
        raise Refused(too_long(most))
    try:
        found = json.loads(text, parse_constant=_no_number, parse_float=_kept, parse_int=_kept_whole)
        whole = isinstance(found, dict) and not ("\\u" in text and checking.has_nothing(found))
        json.dumps(found, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise Refused(_unreadable()) from error
    if not whole:
        raise Refused(_unreadable())
    return cast("Json", found)


def elements_of(found: Json, name: str, kind: Json) -> list[Json]:
    """Return all that a widget drew, for the check to name what is wrong with it.

    Raises Refused where one has not the types of its JSON Schema: no widget writes that, and no page can draw it.
    """
    drawn = found.get(name, [])
    types = {"type": "array", "items": kind}
    if not checking.has_types(types, drawn):
        raise Refused(_unreadable())
    return list(drawn)


def marks_or_nothing(name: str, marks: list[Json]) -> Json:
    """Return marks as a value; without any it says that there is nothing to mark."""
    return {name: marks} if marks else {name: [], "nothing": True}


def drawing(found: Json, name: str, kind: Json) -> Json:
    """Return what a widget drew, complete or not, and whether it says that there is nothing to draw."""
    drawn = {name: elements_of(found, name, kind)}
    return {**drawn, "nothing": True} if found.get("nothing") is True else drawn


def _unreadable() -> Refusal:
    return Refusal(
        _("What the page sent of your answer cannot be read."),
        "",
        _("It was neither saved nor sent; what was saved before stands. Load the page of the task again."),
        status=422,
    )


def _no_number(name: str) -> NoReturn:
    """Refuse NaN and the infinities, which JSON does not know and the database does not keep."""
    raise ValueError(name)


def _kept(text: str) -> float:
    """Return a number that the database keeps; raise ValueError for one beyond what a float holds."""
    return found if math.isfinite(found := float(text)) else _no_number(text)


def _kept_whole(text: str) -> int:
    """Return a whole number that a float holds too; raise ValueError for a longer one."""
    return int(text) if len(text) <= LONGEST_WHOLE else _no_number(text)


def in_rows(filled: Sequence[Json], fields: int) -> list[Json]:
    """Return rows of so many fields for what is filled in, with some to fill; none where a page cannot send them all.

    Then the value that was read goes back as it is.
    """
    found = [*filled, *({} for _row in range(MORE_ROWS))]
    return found if len(found) * fields <= MOST_FIELDS else []


def lines(text: str) -> list[str]:
    """Return the lines of a text that say something."""
    return [line.strip() for line in text.splitlines() if line.strip()]


class Lines(forms.CharField):
    """A field of short texts, one on each line."""

    def __init__(self, *, rows: int = 5, **options: Any) -> None:
        """Show so many rows."""
        super().__init__(max_length=8000, widget=forms.Textarea(attrs={"rows": rows}), **options)

    def clean(self, value: Any) -> list[str]:  # noqa: ANN401 - whatever was sent
        """Return the lines that say something."""
        return lines(super().clean(value))
