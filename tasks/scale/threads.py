"""How v2 tells of conversations: threads of turns with messages, and what members said of each.

The client is strict: every annotation has id, key and type, and every id is a text.
"""

import uuid
from collections.abc import Iterator, Sequence
from itertools import count
from typing import Any

from tasks.scale.kinds import chat
from tasks.scale.kinds.kind import mark

type Json = dict[str, Any]


class _Notes:
    """Makes annotations, each with an id that stays the same and by which it is found: order, thread, number."""

    def __init__(self, key: uuid.UUID, thread: int) -> None:
        self.key, self.thread, self.count = key, thread, 0

    def note(self, name: str, kind: str, value: object, **more: object) -> Json:
        self.count += 1
        return {"id": f"{self.key.hex}-{self.thread}-{self.count}", "key": name, "type": kind, "value": value, **more}


def of(params: Json, values: Sequence[Json], key: uuid.UUID, submissions: Sequence[Json]) -> list[Json]:
    """Return a thread for each answer; `submissions` say when each was handed in, and by which pseudonym."""
    return [
        {
            "id": mark(key, -number), "annotations": [], "submissions": [submission],
            "turns": _turns(params, value, key, number),
        }
        for number, (value, submission) in enumerate(zip(values, submissions, strict=True), 1)
    ]  # fmt: skip


def notes(said: Any) -> Iterator[Json]:  # noqa: ANN401 - whatever stands in threads
    """Yield every annotation in threads."""
    if isinstance(said, dict):
        if {"id", "key", "type"} <= said.keys():
            yield said
        said = list(said.values())
    for one in said if isinstance(said, list) else ():
        yield from notes(one)


def _turns(params: Json, value: Json, key: uuid.UUID, number: int) -> list[Json]:
    """Return the turns of a conversation; what is said of its end stands with the last of them."""
    notes, asked = _Notes(key, number), chat.way(params)
    tell = {
        "ranking": _ranking, "rewriting": _rewriting, "rubric": _rubric, "process": _process, "reasoning": _reasoning,
        "rating": _rating, "writing": _writing,
    }[asked]  # fmt: skip
    said, annotations, more = tell(params, value, notes)
    names = (f"thread {number}" + (f" turn {place}" if place else "") for place in count())
    turns: list[Json] = [
        {"id": uuid.uuid5(key, name).hex, "messages": part, "annotations": []}
        for name, part in zip(names, chat.in_turns(params, said), strict=False)
    ]
    turns[-1] |= {"annotations": annotations, **more}
    return turns


type Told = tuple[list[Json], list[Json], Json]


def _replies(params: Json) -> list[Json]:
    """Return the responses as messages."""
    return [
        {
            "role": "assistant", "content": {"text": chat.text_of(one), **_reasons(one)},
            "source_id": chat.source_of(one, number), "annotations": [],
        }
        for number, one in enumerate(chat.responses(params), 1)
    ]  # fmt: skip


def _reasons(one: Any) -> Json:  # noqa: ANN401 - whatever a program sent
    found = one.get("reasoning") if isinstance(one, dict) else None
    return {"reasoning": [{"content": chat.text_of(part)} for part in found]} if isinstance(found, list) else {}


def _ranking(params: Json, value: Json, notes: _Notes) -> Told:
    replies = _replies(params)
    names = [one["source_id"] for one in replies]
    places: dict[int, list[str]] = {}
    for name, rank in zip(names, value["ranks"], strict=True):
        places.setdefault(rank, []).append(name)
    groups = [places[rank] for rank in sorted(places)]
    found = [notes.note("selected_model_id", "category", groups[0][0], possible_values=names)]
    if all(len(group) == 1 for group in groups):
        found.append(notes.note("ranking", "ranked_choices", [group[0] for group in groups]))
    else:
        found.append(notes.note("ranking", "ranked_groups", groups))
    return [*chat.messages(params), *replies], found, {}


def _rewriting(params: Json, value: Json, notes: _Notes) -> Told:
    replies = _replies(params)
    names = [one["source_id"] for one in replies]
    found = [notes.note("selected_model_id", "category", names[value["chosen"] - 1], possible_values=names)]
    written = [_message(value["rewrite"])] if value.get("rewrite") else []
    return [*_rated(params, value, notes), *replies, *written], found, {}


def _message(text: str, **more: object) -> Json:
    return {"role": "assistant", "content": {"text": text, **more}, "source_id": "contributor", "annotations": []}


def _rubric(params: Json, value: Json, _notes: _Notes) -> Told:
    asked, replies = chat.criteria(params), _replies(params) or [_message("")]
    most = sum(one["weight"] for one in asked if one["weight"] > 0)
    for place, reply in enumerate(replies, 1):
        scores = [int(bool(value.get(f"r{place} {number}"))) for number in range(1, len(asked) + 1)]
        total = sum(score * one["weight"] for score, one in zip(scores, asked, strict=True))
        judged = [
            {"criterion_definition_id": one["id"], "score": score, "annotations": []}
            for score, one in zip(scores, asked, strict=True)
        ]
        share = {"percentage": round(100 * total / most, 2)} if most else {}
        reply["rubric_evaluations"] = [
            {"criteria_evaluations": judged, "annotations": [], "total_score": total, **share}
        ]
    whole = {"max_total_score": int(most)} if most == int(most) else {}
    return [*chat.messages(params), *replies], [], {"rubrics": [{"criteria_definitions": asked, **whole}]}


def _process(params: Json, value: Json, notes: _Notes) -> Told:
    texts = [chat.text_of(one) for one in params["template_variables"]["steps"]]
    verdicts, reasons = value["verdicts"], value.get("why") or [""] * len(texts)
    names = ["right", "wrong", "unclear"]
    chunks = [
        {"type": "text", "text": text, "annotations": [
            notes.note("step", "category", verdict, possible_values=names, **({"justification": why} if why else {}))
        ]}
        for text, verdict, why in zip(texts, verdicts, reasons, strict=True)
    ]  # fmt: skip
    first = next((number for number, verdict in enumerate(verdicts, 1) if verdict == "wrong"), 0)
    found = [notes.note("first_wrong_step", "integer", first)]
    reply = {**_message("\n".join(texts), chunks=chunks), "source_id": "solution"}
    return [*chat.messages(params), reply], found, {}


def _reasoning(params: Json, value: Json, _notes: _Notes) -> Told:
    steps = [{"content": one["text"]} for one in value["steps"]]
    return [*chat.messages(params), _message(value.get("answer", ""), reasoning=steps)], [], {}


def _rating(params: Json, value: Json, notes: _Notes) -> Told:
    return _rated(params, value, notes), [], {}


def _rated(params: Json, value: Json, notes: _Notes) -> list[Json]:
    """Return the conversation, each reply in it with how it was rated, if it was."""
    steps, said = list(range(1, chat.STEPS_OF_RATING + 1)), chat.messages(params)
    replies = [one for one in said if one["role"] == "assistant"]
    for reply, rating in zip(replies, value.get("turns", []), strict=False):
        reply["annotations"] = [notes.note("likert_value", "integer", rating, possible_values=steps)]
    return said


def _writing(params: Json, value: Json, _notes: _Notes) -> Told:
    return [*chat.messages(params), _message(value["reply"])], [], {}
