"""Conversations: the kinds that come in through v2, and are told as threads and turns.

`template_variables` say what is asked: a `prompt` or `messages`, `responses` to rank (with `rewrite`: to choose from
and write better), `criteria` to judge each response by, `steps` of a solution to check, `reasoning` for a solution step
by step. Nothing of these: a reply is written. After replies of its own a conversation is rated reply by reply, and with
`rate` each of them beside the choice of the next. It has as many turns as its `turns` say, or as its people spoke.
"""

import uuid
from collections.abc import Sequence
from itertools import accumulate
from typing import Any

from tasks.scale.kinds.kind import Json, Kind
from tasks.shapes.freeform import LONGEST_TITLE

ROLES = frozenset({"user", "assistant", "system"})
STEPS_OF_RATING = 7
LONGEST_CRITERION = LONGEST_TITLE - len("Response 10: ")
MOST_CRITERIA, MOST_RESPONSES, MOST_REWRITTEN = 40, 8, 4
# What a way of asking is called, and the shape of ours that asks it.
SHAPES = {
    "ranking": "ranking", "rewriting": "conversation", "rubric": "freeform", "process": "step_check",
    "reasoning": "steps", "rating": "conversation", "writing": "freeform",
}  # fmt: skip
WORDLESS = "Members would read nothing: say in template_variables what it is about, as prompt, messages or responses."
REPLY: Json = {
    "type": "object", "required": ["reply"],
    "properties": {"reply": {"type": "string", "title": "Reply", "maxLength": 10_000}},
}  # fmt: skip


class Chat(Kind):
    """A conversation whose replies are ranked, rated, judged, checked or written."""

    names = ("chat", "chatlite", "chatexperimental", "multichat", "multistage", "documentmodel")
    about = ("template_variables",)
    tells_each = True
    # Parts of `template_variables` that are shown or asked.
    variables = frozenset({
        "prompt", "messages", "turns", "responses", "candidates", "criteria", "rubrics", "steps", "ties", "rewrite",
        "rate", "reasoning",
    })  # fmt: skip

    def wrong(self, params: Json) -> str:
        """Ask for what can be shown: texts, and not too many of them."""
        said = params.get("template_variables", {})
        if not isinstance(said, dict):
            return "template_variables must be an object"
        for part in ("messages", "turns", "responses", "candidates", "criteria", "rubrics", "steps"):
            if part in said and not isinstance(said[part], list):
                return f"template_variables.{part} must be a list"
        if len(responses(params)) > MOST_RESPONSES:
            return f"template_variables.responses are at most {MOST_RESPONSES}"
        for number, one in enumerate(criteria(params), 1):
            if len(one["criterion"]) > LONGEST_CRITERION:
                return f"template_variables.criteria: number {number} has more than {LONGEST_CRITERION} characters"
        count = len(criteria(params)) * max(1, len(responses(params)))
        return f"There are at most {MOST_CRITERIA} criteria, over all responses" if count > MOST_CRITERIA else ""

    def left_out(self, params: Json) -> list[str]:
        """Return what stands with messages and responses beside their words, and what no way of asking knows."""
        parts = [*(one for group in _groups(params) for one in group), *responses(params)]
        many, rate = len(responses(params)) > MOST_REWRITTEN, _said(params).get("rate")
        asked = {
            "attachments of messages": any(_of(one, "attachments") for one in parts),
            "what single turns ask": any(set(turn) - {"id", "messages"} for turn in _nested(params)),
            f"rewrite of more than {MOST_REWRITTEN} responses": many and _said(params).get("rewrite"),
            f"rate beside more than {MOST_REWRITTEN} responses": many and rate,
            "rate without replies in the conversation": rate and not _replies(params),
        }
        unknown = sorted(name[:60] for name, said in _said(params).items() if said and name not in self.variables)
        return [*(words for words, wanted in asked.items() if wanted), *unknown]

    def unseen(self, params: Json) -> str:
        """Tell too where there is nothing to read: nobody is paid to look at nothing."""
        read = [*(one["content"]["text"] for one in messages(params)), *map(text_of, responses(params))]
        asked = any(text.strip() for text in read) or _said(params).get("steps")
        return super().unseen(params) if asked else WORDLESS

    def shape(self, params: Json) -> str:
        """Return the shape that asks it."""
        return SHAPES[way(params)]

    def form(self, params: Json, question: str) -> Json:
        """Return the form of the way it is asked."""
        asked: dict[str, Json] = {
            "ranking": {"ties": bool(_said(params).get("ties"))},
            "rewriting": {"candidates": True, **_beside(params)},
            "rubric": {"schema": _rubric(params)},
            "process": {"why": True},
            "reasoning": {"answer": True},
            "rating": {"steps": STEPS_OF_RATING},
            "writing": {"schema": REPLY},
        }
        return {"question": question, "markdown": True, **asked[way(params)]}

    def data(self, params: Json) -> Json:
        """Return the conversation, and what is judged of it, as the shape reads them."""
        turns, asked = messages(params), way(params)
        told = [{"role": one["role"], "text": one["content"]["text"]} for one in turns]
        texts = [text_of(one) for one in responses(params)]
        if asked in {"rewriting", "rating"}:
            return {"turns": told, **({"candidates": texts} if texts else {})}
        data: Json = {"prompt": _as_one(told) or "-"}
        if asked == "ranking":
            return {**data, "answers": texts}
        if asked == "process":
            return {**data, "steps": [text_of(one) for one in _said(params)["steps"]]}
        return {**data, **{f"response {number}": text for number, text in enumerate(texts, 1)}}

    def example(self, params: Json) -> Json:
        """Return that the first is the best, all criteria are met and every step is right."""
        count, asked = len(responses(params)), way(params)
        given: dict[str, Json] = {
            "ranking": {"ranks": [*range(1, count + 1)]},
            "rewriting": _chosen(params),
            "rubric": dict.fromkeys(_rubric(params)["properties"], True) if asked == "rubric" else {},
            "process": {"verdicts": ["right"] * len(_said(params).get("steps") or [])},
            "reasoning": {"steps": [{"text": "First step."}, {"text": "Second step."}], "answer": "An answer."},
            "rating": {"turns": [6] * _replies(params)},
            "writing": {"reply": "A reply."},
        }
        return given[asked]

    def response(self, params: Json, values: Sequence[Json], key: uuid.UUID) -> Json:
        """Return the answers as they were given: v1 tells them so, v2 as threads."""
        return {"annotations": {"type": way(params), "responses": list(values)}}


def way(params: Json) -> str:
    """Return how it is asked."""
    said, given = _said(params), responses(params)
    if said.get("steps"):
        return "process"
    if criteria(params):
        return "rubric"
    if len(given) > 1:
        return "rewriting" if _beside(params) and len(given) <= MOST_REWRITTEN else "ranking"
    if said.get("reasoning"):
        return "reasoning"
    return "rating" if messages(params)[-1]["role"] == "assistant" else "writing"


def _said(params: Json) -> Json:
    found = params.get("template_variables")
    return found if isinstance(found, dict) else {}


def _beside(params: Json) -> Json:
    """Return what is asked beside the choice of the next reply: to write it better, to rate those before."""
    rated = _said(params).get("rate") and _replies(params)
    return {
        **({"rewrite": True} if _said(params).get("rewrite") else {}), **({"steps": STEPS_OF_RATING} if rated else {})
    }  # fmt: skip


def _chosen(params: Json) -> Json:
    """Return the first as chosen, with what is asked beside."""
    given: Json = {"turns": [6] * _replies(params), "chosen": 1, "rewrite": "A better reply."}
    asked = {"turns": "steps" in _beside(params), "chosen": True, "rewrite": "rewrite" in _beside(params)}
    return {name: value for name, value in given.items() if asked[name]}


def _replies(params: Json) -> int:
    """Return how many replies stand in the conversation itself."""
    return sum(one["role"] == "assistant" for one in messages(params))


def _as_one(told: Sequence[Json]) -> str:
    """Return a conversation as one text: by whom each message is where there are several."""
    if len(told) == 1:
        return str(told[0]["text"])
    return "\n\n".join(f"**{one['role'].capitalize()}:** {one['text']}" for one in told)


def _nested(params: Json) -> list[Json]:
    """Return the turns that hold messages of their own, as v2 tells them."""
    turns = _said(params).get("turns")
    found = turns if isinstance(turns, list) and not _said(params).get("messages") else []
    return [one for one in found if isinstance(one, dict) and isinstance(one.get("messages"), list)]


def _groups(params: Json) -> list[list[Json]]:
    """Return the messages as they were sent, turn by turn; those that came in no turn each by itself."""
    said, nested = _said(params), _nested(params)
    given = [one for one in said.get("messages") or said.get("turns") or [] if isinstance(one, dict)]
    return [[part for part in one["messages"] if isinstance(part, dict)] if one in nested else [one] for one in given]


def in_turns(params: Json, told: Sequence[Json]) -> list[list[Json]]:
    """Return messages turn by turn: as they were sent in turns, else a new one begins where a person speaks again."""
    sizes = [len(group) for group in _groups(params)] if _nested(params) else []
    begins = set(accumulate(sizes[:-1]))
    found: list[list[Json]] = [[]]
    for place, one in enumerate(told):
        spoken = bool(found[-1]) and (found[-1][-1]["role"], one["role"]) == ("assistant", "user")
        if found[-1] and (place in begins or (place >= sum(sizes) and spoken)):
            found.append([])
        found[-1].append(one)
    return found


def messages(params: Json) -> list[Json]:
    """Return the messages before what is asked for, each with role, text and source."""
    said, given = _said(params), [one for group in _groups(params) for one in group]
    found: list[Json] = [
        {"role": one.get("role") if one.get("role") in ROLES else "user", "content": {"text": text_of(one)},
         "source_id": str(one.get("source_id") or one.get("role") or "user"), "annotations": []}
        for one in given
    ]  # fmt: skip
    prompt = {
        "role": "user",
        "content": {"text": str(said.get("prompt") or "")},
        "source_id": "user",
        "annotations": [],
    }
    return [*found, prompt] if said.get("prompt") or not found else found


def responses(params: Json) -> list[Any]:
    """Return the replies that are judged."""
    found = _said(params).get("responses") or _said(params).get("candidates") or []
    return [one for one in found if isinstance(one, str | dict)]


def criteria(params: Json) -> list[Json]:
    """Return the criteria, each with id, words and weight."""
    found = _said(params).get("criteria") or _said(params).get("rubrics") or []
    return [
        {"id": str(_of(one, "id") or f"c{number}"), "criterion": text_of(one), "weight": _number(_of(one, "weight")),
         "annotations": []}
        for number, one in enumerate(found, 1)
    ]  # fmt: skip


def _of(one: Any, name: str) -> Any:  # noqa: ANN401 - whatever a program sent
    return one.get(name) if isinstance(one, dict) else None


def _number(said: object) -> float:
    return said if isinstance(said, int | float) and not isinstance(said, bool) else 1


def text_of(one: Any) -> str:  # noqa: ANN401 - whatever a program sent
    """Return the words of a message, a response, a step or a criterion."""
    if not isinstance(one, dict):
        return str(one)
    content = one.get("content") or one.get("text") or one.get("criterion") or one.get("title") or ""
    return str(content.get("text", "") if isinstance(content, dict) else content)


def source_of(one: Any, number: int) -> str:  # noqa: ANN401 - whatever a program sent
    """Return who or what wrote a response."""
    return str(_of(one, "source_id") or _of(one, "model") or f"response_{number}")


def judged(params: Json) -> list[tuple[str, str]]:
    """Return the name of each field of a rubric's form with what it asks, of which response where there are more."""
    count = max(1, len(responses(params)))
    return [
        (f"r{place} {number}", f"Response {place}: {one['criterion']}" if count > 1 else one["criterion"])
        for place in range(1, count + 1)
        for number, one in enumerate(criteria(params), 1)
    ]


def _rubric(params: Json) -> Json:
    asked = judged(params)
    parts = {name: {"type": "boolean", "title": words or name} for name, words in asked}
    return {"type": "object", "properties": parts, "required": [name for name, _words in asked]}


KINDS = (Chat(),)
