"""What is known of a kind of task: what an order of it must say, what we ask members, and how their answers are told.

`params` are an order's own, above those of its project. A `value` is an answer as our shape keeps it.
"""

import uuid
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

type Json = dict[str, Any]

NOT_HERE = uuid.UUID("5d1f0b0e-8d0a-4b06-9d06-2f1b4f1f3c11")


# What a machine said of a task, in the words of a response.
SAID_BEFORE = ("hypothesis", "base_annotations")


class Kind:
    """One kind of task, under all names that programs give it."""

    names: ClassVar[tuple[str, ...]]
    needs: ClassVar[tuple[str, ...]] = ()
    tells_each: ClassVar[bool] = False  # True: the response tells every person's answer, not what they come to
    # Parts of an order that change what is asked and that no member is asked for: a live order of them is not taken.
    unasked: ClassVar[tuple[str, ...]] = SAID_BEFORE
    # Parts of `params` that are handed to the member as the task's data, and none of them as terms of the job.
    about: ClassVar[tuple[str, ...]] = ("attachment", "attachments", "text")

    def wrong(self, params: Json) -> str:
        """Return what is missing or wrong in an order, nothing where it can be done."""
        missing = [name for name in self.needs if not params.get(name)]
        return f"Missing required parameter: {missing[0]}" if missing else ""

    def left_out(self, params: Json) -> list[str]:
        """Return what is asked in parts of an order that no member is asked for."""
        return []

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


def names_of(found: Any) -> Iterator[str]:  # noqa: ANN401 - whatever a program sent
    """Yield the names of labels, those inside others too: texts, or objects with a choice, name, label or value."""
    for one in found if isinstance(found, list) else []:
        if isinstance(one, str):
            yield one
        elif isinstance(one, dict):
            name = next((one[word] for word in ("choice", "value", "name", "label") if one.get(word)), None)
            if name is not None:
                yield str(name)
            yield from names_of(one.get("subchoices") or one.get("children"))


def labels(found: Any) -> list[str]:  # noqa: ANN401 - whatever a program sent
    """Return the names of labels, each once."""
    return list(dict.fromkeys(names_of(found)))


def mark(key: uuid.UUID, number: int) -> str:
    """Return the id of one thing in a response: the same whenever it is told."""
    return str(uuid.uuid5(key, str(number)))
