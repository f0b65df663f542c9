"""The kinds of answer on data that nobody here made: solutions of word problems, open questions, pairs of products."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.template.loader import render_to_string
from lxml import html

from tasks import shapes
from tests.tasks.test_kinds import sent

FOLDER = Path(settings.BASE_DIR).parent / "shared" / "data"
pytestmark = pytest.mark.skipif(not FOLDER.exists(), reason="the shared data is not on this machine")
type Json = dict[str, Any]


def rows(name: str) -> Iterator[Json]:
    """Yield the rows of a file of JSON lines."""
    with (FOLDER / name).open() as file:
        yield from map(json.loads, file)


def there_and_back(name: str, form: Json, data: Json, value: Json) -> str:
    """Fill a value in on the page as a browser does, see that it is read and taken, and return how it is shown."""
    assert shapes.form_problems(name, form) == []
    assert shapes.find(name).data_problems(form, data) == []
    question = shapes.Question.of(name, form, data)
    assert question.problems(value) == []
    page = render_to_string(question.shape.template, question.shown(value, 1))
    assert question.read(sent(page)) == value
    return render_to_string(question.shape.template, question.shown(value, 1) | {"reading": True})


def test_every_model_solution_can_be_checked_step_by_step() -> None:
    form = {"question": "Is each step right?", "why": False}
    found = list(rows("math-solutions/comparisons.jsonl"))
    assert len(found) == 400
    for row in found[::4]:
        for solution in (row["response_a"], row["response_b"]):
            data = {"prompt": row["prompt"], "solution": solution}
            steps = [line for line in solution.splitlines() if line.strip()]
            verdicts = ["right", "wrong", "unclear"] * len(steps)
            value = {"verdicts": verdicts[: len(steps)], "why": [""] * len(steps), "first_wrong": 2 * (len(steps) > 1)}
            assert there_and_back("step_check", form, data, value)


def test_solutions_are_put_in_order_and_written_anew() -> None:
    for row in list(rows("math-solutions/comparisons.jsonl"))[::4]:
        answers = [row["response_a"], row["response_b"], row["reference"]]
        drawn = {"ranks": [3 - row["a_correct"], 2 + row["a_correct"], 1]}
        question = shapes.Question.of(
            "ranking", {"question": "Which is best?"}, {"prompt": row["prompt"], "answers": answers}
        )
        shown = question.shown({}, 1)["page"]["shown"]  # type: ignore[index]
        value = drawn | {"shown": [int(place) for place in shown.split()]}
        there_and_back("ranking", question.form, question.data, value)
        rewritten = {"text": row["reference"].strip(), "reason": ""}
        page = there_and_back(
            "rewriting", {"question": "Put it right.", "unchanged": True}, {"text": row["response_a"]}, rewritten
        )
        assert "<del>" in page or row["response_a"].split() == row["reference"].split()


def test_open_questions_are_judged_as_conversations_and_solved_in_steps() -> None:
    replies = {row["question_id"]: row["choices"][0]["turns"] for row in rows("open-questions/reference_answers.jsonl")}
    assert replies
    for row in rows("open-questions/questions.jsonl"):
        first, second = row["turns"]
        reply = replies.get(row["question_id"], ["…"])[0]
        turns = [{"role": "user", "text": first}, {"role": "assistant", "text": reply},
                 {"role": "user", "text": second}]  # fmt: skip
        form = {"question": "How good is the reply?", "steps": 7, "rewrite": True, "markdown": True}
        there_and_back("conversation", form, {"turns": turns}, {"turns": [5], "rewrite": "Better."})
        steps = {"steps": [{"text": first.strip(), "why": "It is asked."}], "answer": ""}
        there_and_back("steps", {"question": "Solve it.", "justify": True}, {"prompt": second}, steps)
        scales = [{"name": "Clear", "steps": 5}, {"name": "Kind", "steps": 5}]
        there_and_back(
            "rating",
            {"question": "How is it?", "scales": scales},
            {"prompt": first},
            {"ratings": {"Clear": 1, "Kind": 5}},
        )


def test_every_word_of_the_product_pairs_can_be_marked() -> None:
    form = {"question": "Mark brands.", "labels": ["brand", "size"], "overlapping": True}
    for count, row in enumerate(rows("product-match/pairs.jsonl")):
        if count % 400 or not (text := row["left"]["description"] or row["left"]["name"]):
            continue
        question = shapes.Question.of("spans", form, {"text": text})
        places = [(int(word.get("data-a", 0)), int(word.get("data-b", 0))) for word in _words(question)]
        assert "".join(text[a:b] for a, b in places) == "".join(text.split())
        value = {"spans": [{"start": a, "end": b, "label": "brand"} for a, b in places[:50]]}
        there_and_back("spans", form, question.data, value)


def _words(question: shapes.Question) -> list[Any]:
    page = html.fromstring(render_to_string(question.shape.template, question.shown({}, 1)))
    return list(page.xpath("//*[@data-a]"))
