"""What is known of a kind of task: what an order of it must say, what we ask members, and how their answers are told.

`params` are an order's own, above those of its project. A `value` is an answer as our shape keeps it.
"""

import json
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

type Json = dict[str, Any]

NOT_HERE = uuid.UUID("5d1f0b0e-8d0a-4b06-9d06-2f1b4f1f3c11")


# What a machine said of a task, in the words of a response.
SAID_BEFORE = ("hypothesis", "base_annotations")
# What no kind of ours follows, whatever is asked: what else is said there would be changed by it.
NEVER = ("ontology",)
# Parts of an order of any kind: terms of its job, what is known of it, what stands in the guide or beside the task.
TERMS = ("pay", "work_type", "title", "content", "content_warning", "responses_required", "explanation")
GUIDED = ("description", "examples", "context_attachments")
# What bounds the work and no form of ours holds: members read it.
BOUNDS = (
    "min_width", "min_height", "padding", "padding_x", "padding_y", "frame_rate", "start_time", "duration_time",
    "max_distance_meters", "meters_per_unit", "lang",
)  # fmt: skip
# What is kept and told, and changes nothing, as the page for developers says.
HINTS = ("clear_unique_id_on_error", "datasetId", "force", "urgency", "can_rotate", "integer_pixels")
ANYWHERE = frozenset({*TERMS, *GUIDED, *BOUNDS, *HINTS, *SAID_BEFORE, "attachment_type"})
# What does here what a program asked for by another name.
INSTEAD = dict.fromkeys(("consensus", "consensus_attempts"), "responses_required")
# Attachments of these types are files that members see on our pages; those of the others nobody can look at here.
FILES = frozenset({"image", "audio"})
UNSEEN = {
    "pdf": "send its pages as images, or its text",
    "video": "send its frames as images (2 to 100, or the video itself, to videoannotation), or its sound as audio",
}


class Kind:
    """One kind of task, under all names that programs give it."""

    names: ClassVar[tuple[str, ...]]
    needs: ClassVar[tuple[str, ...]] = ()
    tells_each: ClassVar[bool] = False  # True: the response tells every person's answer, not what they come to
    # Parts of an order that change what is asked and that no member is asked for: a live order of them is not taken.
    unasked: ClassVar[tuple[str, ...]] = SAID_BEFORE
    # Ends of addresses that are read here, though most kinds cannot show such files.
    reads: ClassVar[frozenset[str]] = frozenset()
    # Other parts of an order that are done as they say.
    parts: ClassVar[tuple[str, ...]] = ()
    # Parts of `params` that are handed to the member as the task's data, and none of them as terms of the job.
    about: ClassVar[tuple[str, ...]] = ("attachment", "attachments", "text")

    def wrong(self, params: Json) -> str:
        """Return what is missing or wrong in an order, nothing where it can be done."""
        missing = [name for name in self.needs if not params.get(name)]
        return f"Missing required parameter: {missing[0]}" if missing else ""

    def left_out(self, params: Json) -> list[str]:
        """Return what is asked in parts of an order that no member is asked for."""
        return []

    def unheard(self, params: Json) -> list[str]:
        """Return what is asked and done by nobody, in words that follow "not asked for"."""
        refused = [name for name in (*NEVER, *self.unasked) if params.get(name)]
        kept = [name for name, said in params.items() if name.startswith("can_") and said is False]
        known = {*ANYWHERE, *self.about, *self.needs, *self.parts, *refused}
        unknown = sorted(name[:60] for name, said in params.items() if said and name not in known)
        return [*refused, *kept, *self.left_out(params), *(name for name in unknown if not name.startswith("can_"))]

    def shape(self, params: Json) -> str:
        """Return the name of our shape that asks it; nothing where members have no such work yet."""
        return ""

    def unheld(self, params: Json) -> str:
        """Return why no shape of ours asks it, as a sentence, where `shape` returns nothing."""
        return "Members answer no such tasks here yet."

    def form(self, params: Json, question: str) -> Json:
        """Return the form of a job that asks it."""
        raise NotImplementedError

    def data(self, params: Json) -> Json:
        """Return the data of the task, the names of files as the order has them."""
        return {name: params[name] for name in self.about if params.get(name)}

    def types(self, params: Json) -> dict[str, str]:
        """Return the type of each attachment by its name in the data."""
        return dict.fromkeys(self.data(params), str(params.get("attachment_type") or ""))

    def files(self, params: Json) -> list[str]:
        """Return the names of the data that are files."""
        return [name for name, kind in self.types(params).items() if kind in FILES]

    def unseen(self, params: Json) -> str:
        """Return why no member can look at an attachment, nothing where all can be looked at."""
        kind = next((kind for kind in self.types(params).values() if kind in UNSEEN), "")
        return kind and f"Members are shown no {kind}: {UNSEEN[kind]}."

    def predicted(self, params: Json) -> Json | None:
        """Return what a machine said of the task, as our shape has it; None where nothing. Raise on what is none."""
        return None

    def example(self, params: Json) -> Json:
        """Return a plausible value, for orders that only try things out."""
        raise NotImplementedError

    def response(self, params: Json, values: Sequence[Json], key: uuid.UUID) -> Json:
        """Return what the answers come to in the interface's words; `key` is the order's."""
        raise NotImplementedError


def said_before(params: Json) -> Json:
    """Return what a machine said of a task in the words of a response; empty where nothing. Raise TypeError."""
    said: Any = next((params[name] for name in SAID_BEFORE if params.get(name)), {})
    found = {"annotations": said} if isinstance(said, list) else said
    if not isinstance(found, dict):
        raise TypeError
    return found


@dataclass(frozen=True, slots=True)
class Option:
    """One thing to choose: what members read, what programs are told of it, and what is said about it."""

    shown: str
    value: Any
    about: str


def options(found: Any) -> list[Option]:  # noqa: ANN401 - whatever a program sent
    """Return what there is to choose, each once; what reads the same as another is shown with its value."""
    every = list({(one.shown, str(one.value)): one for one in _options(found)}.values())
    often = Counter(one.shown for one in every)
    return [one if often[one.shown] == 1 else replace(one, shown=f"{one.shown} ({one.value})") for one in every]


def _options(found: Any) -> Iterator[Option]:  # noqa: ANN401 - whatever a program sent
    """Yield texts and numbers, and objects with a choice, value, name or label, those inside others too."""
    for one in found if isinstance(found, list) else []:
        if isinstance(one, str | int | float):
            yield Option(_text(one), one, "")
        elif isinstance(one, dict):
            value, shown = _first(one, "choice", "value", "name", "label"), _first(one, "label", "display_name")
            if value is not None:
                about = " ".join(_text(one[part]) for part in ("description", "hint") if one.get(part))
                yield Option(_text(value if shown is None else shown), value, about)
            yield from _options(one.get("subchoices") or one.get("children"))


def _first(one: Json, *words: str) -> str | float | None:
    """Return the first text or number under these words; 0 is one."""
    return next((one[word] for word in words if isinstance(one.get(word), str | int | float) and one[word] != ""), None)


def _text(said: Any) -> str:  # noqa: ANN401 - whatever a program sent
    return said if isinstance(said, str) else json.dumps(said)


def labels(found: Any) -> list[str]:  # noqa: ANN401 - whatever a program sent
    """Return the names of labels as programs are told them, each once."""
    return list(dict.fromkeys(_text(one.value) for one in options(found)))


def shown(found: Any) -> list[str]:  # noqa: ANN401 - whatever a program sent
    """Return what there is to choose as members read it."""
    return [one.shown for one in options(found)]


def values(found: Any, chosen: Iterable[str]) -> list[Any]:  # noqa: ANN401 - whatever a program sent
    """Return the values of what members chose, numbers as numbers."""
    known = {one.shown: one.value for one in options(found)}
    return [known.get(one, one) for one in chosen]


def read(found: Any, said: Iterable[Any]) -> list[str]:  # noqa: ANN401 - whatever a program sent
    """Return values as members read them."""
    known = {_text(one.value): one.shown for one in options(found)}
    return [known.get(_text(one), _text(one)) for one in said]


def mark(key: uuid.UUID, number: int) -> str:
    """Return the id of one thing in a response: the same whenever it is told."""
    return str(uuid.uuid5(key, str(number)))
