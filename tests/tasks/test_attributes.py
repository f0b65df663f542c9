"""What a form asks of each shape beside its place: asked where it applies, said by each, read from a plain page."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from django.http import QueryDict
from django.template.loader import render_to_string
from django.test import Client as Browser
from django.utils import translation

from coop import clock
from coop.people.models import Client, Person
from tasks import claims, shapes
from tasks.shapes import attributes, image, media
from tests.tasks import handing_in, media_jobs
from tests.tasks.test_kinds import FILES, sent
from tests.test_pages import Page

HIDDEN = {"name": "hidden", "type": "choice", "options": ["none", "part", "most"]}
BEHIND = {"name": "behind", "type": "choice", "options": ["car", "tree"], "several": True,
          "when": {"hidden": ["part", "most"]}}  # fmt: skip
AXLES = {"name": "axles", "type": "number", "whole": True, "least": 2, "most": 9, "labels": ["lorry"]}
PLATE = {"name": "plate", "type": "text", "optional": True}
FORM: dict[str, Any] = {
    "question": "?", "labels": ["car", "lorry"], "types": ["box"], "attributes": [HIDDEN, BEHIND, AXLES, PLATE],
}  # fmt: skip
ASKED = shapes.Question.of("image", FORM, {"image": "000001.png", media.FILES: FILES})
ALL: dict[str, Any] = {"hidden": "part", "behind": ["tree"], "axles": 3, "plate": "KA 12"}


def box(label: str = "lorry", **said: object) -> dict[str, Any]:
    """Return a box of which that is said."""
    found = {"type": "box", "label": label, "x": 5, "y": 5, "width": 20, "height": 10}
    return {**found, "attributes": said} if said else found


@pytest.mark.parametrize("shape", [
    box(**ALL), box("car", hidden="none"), box("car", hidden="most", behind=["car", "tree"], plate="x"),
])  # fmt: skip
def test_what_is_asked_and_said_is_taken(shape: dict[str, Any]) -> None:
    assert ASKED.problems({"shapes": [shape]}) == []


@pytest.mark.parametrize(("shape", "words"), [
    (box("car"), ["Shape 1 does not say “hidden”."]), (box("car", hidden=""), ["“shapes 1 attributes hidden” is none"]),
    (box("car", hidden="part"), ["does not say “behind”"]), (box("car", hidden="part", behind=[]), ["say “behind”"]),
    (box("car", hidden="none", behind=["car"]), ["says “behind”, which is not asked of it"]),
    (box("car", hidden="none", axles=3), ["says “axles”, which is not asked of it"]),
    (box("car", hidden="part", behind=["car", "car"]), ["says the same twice of “behind”", "has at most"]),
    (box(hidden="none"), ["does not say “axles”"]), (box(hidden="none", axles=1), ["is at least 2"]),
    (box(hidden="none", axles=10), ["is at most 9"]), (box(hidden="none", axles=2.5), ["axles” is no multiple of 1"]),
    (box(hidden="none", axles="3"), ["type number"]), (box(hidden=["none"], axles=3), ["type string"]),
    (box(hidden="none", axles=3, colour="red"), ["not asked for"]),
    (box(hidden="none", axles=3, plate="x" * 501), ["at most 500 characters"]),
])  # fmt: skip
def test_what_is_not_said_or_not_asked_is_named(shape: dict[str, Any], words: list[str]) -> None:
    (found,) = ASKED.problems({"shapes": [shape]})
    assert any(said in found for said in words)


def test_blanks_say_nothing() -> None:
    form = {**FORM, "attributes": [{**PLATE, "optional": False}]}
    question = shapes.Question.of("image", form, ASKED.data)
    assert question.problems({"shapes": [box(plate="  ")]}) == ["Shape 1 does not say “plate”."]


@pytest.mark.parametrize(("asked", "words"), [
    ([HIDDEN, HIDDEN], "“hidden” a name of its own"), ([{**PLATE, "name": " "}], "name of its own"),
    ([{**PLATE, "options": ["a"]}], "other parts than its type"), ([{"name": "a", "type": "choice"}], "other parts"),
    ([{**HIDDEN, "options": ["a", " "]}], "options 2” is not what"),
    ([{**PLATE, "least": 2}], "other parts"), ([{**HIDDEN, "whole": True}], "other parts"),
    ([{**AXLES, "several": True}], "other parts"), ([{**AXLES, "least": 10}], "“axles” is to be more than it may be"),
    ([{**PLATE, "labels": ["bus"]}], "none of the form's"), ([BEHIND, HIDDEN], "nothing before it can say"),
    ([HIDDEN, {**BEHIND, "when": {"hidden": ["all"]}}], "nothing before it"),
    ([{**PLATE, "name": "answer"}], "name of its own"), ([{**PLATE, "name": "__proto__"}], "name of its own"),
    ([{**PLATE, "name": "constructor"}], "name of its own"),
    ([{**AXLES, "least": 0.2, "most": 0.8}], "“axles” is a whole number between bounds that are none"),
    ([{**HIDDEN, "name": str(n), "options": [*map(str, range(51))]} for n in range(6)], "at most 300 options"),
    ([PLATE, {**BEHIND, "when": {"plate": ["a"]}}], "nothing before it"),
    ([{**HIDDEN, "when": {"hidden": ["none"]}}], "nothing before it"), ([], "at least 1"),
    ([{"name": str(number), "type": "text"} for number in range(21)], "at most 20"), ([{"type": "text"}], "missing"),
])  # fmt: skip
def test_a_form_asks_what_can_be_answered(asked: list[dict[str, Any]], words: str) -> None:
    (problem,) = shapes.form_problems("image", {**FORM, "attributes": asked})
    assert words in str(problem)


def test_words_are_one_thing_of_a_form() -> None:
    form = {**FORM, "attributes": [{"name": "words", "type": "text"}]}
    assert shapes.form_problems("image", form) == []
    assert shapes.form_problems("image", {**form, "words": True}) != []


def test_a_plain_page_says_what_its_rows_say() -> None:
    drawn = {"shapes": [box(**ALL), box("car", hidden="none")]}
    page = render_to_string("tasks/work/shapes/image.html", ASKED.shown(drawn, 1))
    assert "If hidden: part, most" in page
    fields = sent(page).copy()
    assert ASKED.read(fields) == drawn
    # A row that is emptied goes, and those after it keep what is theirs.
    places = fields.getlist("place")
    fields.setlist("place", ["", *places[1:]])
    assert ASKED.read(fields) == {"shapes": drawn["shapes"][1:]}
    fields.setlist("place", places)
    fields["attribute-0-2"] = "three"
    fields.setlist("attribute-0-1", ["car", "tree"])
    (found, _car) = ASKED.read(fields)["shapes"]
    assert found["attributes"] == {"hidden": "part", "behind": ["car", "tree"], "plate": "KA 12"}


def test_a_draft_with_half_a_whole_number_is_kept() -> None:
    half = {"shapes": [box(hidden="none", axles=2.5), box("car", hidden="none")]}
    found = ASKED.read(QueryDict(urlencode({"value": json.dumps(half)})))
    assert found == half
    assert ASKED.problems({"shapes": [box(hidden="none", axles=3.0)]}) == []


@pytest.mark.parametrize(("sent_as", "held"), [
    ("1e-7", 1e-7), ("0.12345678", 0.12345678), (".5", 0.5), ("1234567890123", 1234567890123), ("-2", -2),
    ("9" * 400, 1e14), ("-1e400", -1e14),
])  # fmt: skip
def test_no_number_of_a_plain_page_is_lost(sent_as: str, held: float) -> None:
    form = {**FORM, "attributes": [{"name": "metres", "type": "number", "optional": True}]}
    question = shapes.Question.of("image", form, ASKED.data)
    row = {"type": "box", "label": "car", "place": "1 1 5 5", "attribute-0-0": sent_as}
    found = question.read(QueryDict(urlencode(row)))
    assert found["shapes"][0]["attributes"] == {"metres": held}
    assert bool(question.problems(found)) == (abs(held) > attributes.FARTHEST)


def test_an_option_is_sent_as_it_is_written() -> None:
    odd = {"name": "odd", "type": "choice", "options": [" two  words ", "one"]}
    form = {**FORM, "attributes": [odd, {**odd, "name": "more", "several": True}]}
    question = shapes.Question.of("image", form, ASKED.data)
    drawn = {"shapes": [box("car", odd=" two  words ", more=[" two  words "])]}
    page = render_to_string("tasks/work/shapes/image.html", question.shown(drawn, 1))
    assert question.read(sent(page)) == drawn
    assert page.count('value=" two  words "') >= 4, "scripts read what would be sent"


def test_a_page_of_many_rows_is_one_that_can_be_sent() -> None:
    many = {"shapes": [box(**ALL)] * 200}
    page = render_to_string("tasks/work/shapes/image.html", ASKED.shown(many, 1))
    assert ASKED.read(sent(page)) == many
    assert ASKED.shape.page(ASKED.form, ASKED.data, many, 1)["rows"] == []


def test_a_page_of_many_options_stays_small() -> None:
    options = [f"{n:03}" + "x" * 25 for n in range(60)]
    every = [{"name": f"a{n}", "type": "choice", "options": options} for n in range(5)]
    waits = [{**PLATE, "name": f"b{n}", "when": {"a1": options}} for n in range(12)]
    form = {**FORM, "attributes": [*every, *waits]}
    assert shapes.form_problems("image", form) == []
    question = shapes.Question.of("image", form, ASKED.data)
    said = {f"a{n}": options[0] for n in range(5)}
    page = render_to_string("tasks/work/shapes/image.html", question.shown({}, 1))
    assert len(question.shape.page(form, question.data, {}, 1)["rows"]) == 3, "it can be answered without scripts"
    assert len(page) < 200_000
    assert "If a1: 000" in page
    full = render_to_string("tasks/work/shapes/image.html", question.shown({"shapes": [box(**said)] * 40}, 1))
    assert len(full) < 200_000


@pytest.mark.parametrize("several", [False, True])
def test_many_shapes_of_many_options_are_said_without_scripts(several: bool) -> None:  # noqa: FBT001
    options = [f"{n:03}" + "x" * 25 for n in range(60)]
    every = [{"name": f"a{n}", "type": "choice", "options": options, "several": several} for n in range(5)]
    question = shapes.Question.of("image", {**FORM, "attributes": every}, ASKED.data)
    said: dict[str, Any] = {f"a{n}": options[2:4] if several else options[n] for n in range(5)}
    drawn: dict[str, Any] = {"shapes": []}
    for number in range(12):
        page = render_to_string("tasks/work/shapes/image.html", question.shown(drawn, 1))
        assert len(page) < 200_000
        post = sent(page)
        rows = len(post.getlist("place"))
        assert rows > number, "one to fill"
        last = post.copy()
        last.setlist("place", [*post.getlist("place")[:number], f"{number} 5 20 10", *[""] * (rows - number - 1)])
        for at, held in enumerate(said.values()):
            last.setlist(f"attribute-{number}-{at}", held if several else [held])
        drawn = question.read(last)
        assert drawn["shapes"] == [{**box("car", **said), "x": x} for x in range(number + 1)]
    page = render_to_string("tasks/work/shapes/image.html", question.shown(drawn, 1))
    assert question.read(sent(page)) == drawn
    assert "To say something else" in page


def test_of_many_rows_one_that_lacks_something_can_say_it() -> None:
    every = [{"name": f"a{n}", "type": "choice", "options": [f"{n}" for n in range(60)]} for n in range(5)]
    form = {**FORM, "attributes": [*every, AXLES | {"whole": False}]}
    question = shapes.Question.of("image", form, ASKED.data)
    all_of_it: dict[str, Any] = {f"a{n}": "7" for n in range(5)} | {"axles": 2.5}
    drawn = {"shapes": [box(a0="7"), *[box(**all_of_it)] * 9]}
    found = question.shape.page(form, question.data, drawn, 1)["rows"]
    assert ["asked" in row for row in found] == [True, *[False] * 9, *[True] * (len(found) - 10)]
    page = render_to_string("tasks/work/shapes/image.html", question.shown(drawn, 1))
    assert question.read(sent(page)) == drawn
    with translation.override("es"):
        page = render_to_string("tasks/work/shapes/image.html", question.shown(drawn, 1))
    assert question.read(sent(page)) == drawn, "a number is sent as such in every language"


def test_what_is_filled_in_is_drawn_though_no_row_to_fill_has_room() -> None:
    every = [{"name": "a", "type": "choice", "options": [f"{n}" for n in range(60)], "several": True}]
    form = {**FORM, "attributes": every}
    full = [box("car", a=[f"{n}" for n in range(60)])] * 15
    found = ASKED.shape.page(form, ASKED.data, {"shapes": full}, 1)["rows"]
    assert [row.get("label") for row in found] == ["car"] * 15


def test_who_reads_an_answer_reads_what_is_said() -> None:
    page = render_to_string(
        "tasks/work/shapes/image.html", ASKED.shown({"shapes": [box(**ALL)]}, 1) | {"reading": True}
    )
    said = [
        f'<span class="said">{text}</span>' for text in ("hidden: part", "behind: tree", "axles: 3", "plate: KA 12")
    ]
    assert all(one in page for one in said)


def test_a_client_writes_them_on_lines() -> None:
    said = {"labels": ["car"], "types": ["box"], "words": False, "attributes": ["hidden | no, half , all", "plate"]}
    form = image.Image().written(said)
    assert form["attributes"] == [
        {"name": "hidden", "type": "choice", "options": ["no", "half", "all"]}, {"name": "plate", "type": "text"},
    ]  # fmt: skip
    assert "attributes" not in image.Image().written({**said, "attributes": []})
    assert shapes.form_problems("image", {"question": "?", **form}) == []


def test_a_guess_may_leave_them_open_and_says_nothing_wrong() -> None:
    guess = shapes.Question.of("image", ASKED.shape.form_for_guess(FORM), ASKED.data)
    assert guess.problems({"shapes": [box()]}) == []
    assert guess.problems({"shapes": [box(hidden="none", behind=["car"])]}) != []
    assert FORM["attributes"][0] == HIDDEN


def test_what_tools_add_by_themselves_is_no_answer() -> None:
    told = {"label": "car", "bbox": [5, 5, 20, 10], "attributes": {"occluded": False, "hidden": "none"}}
    [found] = ASKED.shape.from_coco(FORM, [told])["shapes"]
    assert found["attributes"] == {"hidden": "none"}
    [found] = ASKED.shape.from_coco({**FORM, "attributes": [PLATE]}, [told])["shapes"]
    assert "attributes" not in found


def test_all_that_is_said_is_bounded() -> None:
    form = {**FORM, "attributes": [PLATE, {**PLATE, "name": "make"}]}
    question = shapes.Question.of("image", form, ASKED.data)
    long = [box("car", plate="x" * 500, make="y" * 500)] * 200
    assert question.problems({"shapes": long}) == [
        "What is said of all shapes together has at most 150,000 characters."
    ]
    assert question.problems({"shapes": long[: attributes.MOST_SAID // 1100]}) == []


COLOUR = {"name": "colour", "type": "choice", "options": ["red", "blue"], "optional": True}


def test_of_several_answers_each_shape_says_what_most_said() -> None:
    form = {**FORM, "attributes": [HIDDEN, COLOUR]}
    said = [{"hidden": "part", "colour": "red"}, {"hidden": "most", "colour": "red"}, {"hidden": "most"}]
    drawn = [{"shapes": [box("car", **one), box("lorry", hidden="none")]} for one in said]
    merged = ASKED.shape.together(form, drawn)
    assert merged is not None
    assert merged.value == {"shapes": [box("car", hidden="most", colour="red"), box("lorry", hidden="none")]}
    # Of the car one of three pairs says the same of each, of the lorry all three.
    assert merged.agreement == pytest.approx(5 / 9)
    same = ASKED.shape.together(form, [drawn[0], drawn[0]])
    other = ASKED.shape.together(form, [drawn[1], drawn[2]])
    assert same is not None
    assert other is not None
    assert same.agreement == 1
    assert other.agreement == pytest.approx(2 / 3), "what one left open is not what the other said"
    blank = [{"shapes": [box("car", hidden="none")]}, {"shapes": [box("car", hidden="none", colour="red")]}] * 2
    merged = ASKED.shape.together(form, blank)
    assert merged is not None
    assert merged.value == blank[0], "of a tie what was said first"


def test_two_drawings_are_apart_by_what_is_said_too() -> None:
    form = {**FORM, "attributes": [HIDDEN, COLOUR]}
    distance = ASKED.shape.distance(form)
    assert distance is not None
    one, two, three = (
        {"shapes": [box("car", hidden=hidden, colour=colour)]}
        for hidden, colour in (("part", "red"), ("part", "blue"), ("most", "blue"))
    )
    assert distance.between(one, one) == 0
    assert distance.between(one, two) == pytest.approx(1 / 2)
    assert distance.between(one, three) == 1
    larger = {"shapes": [{**one["shapes"][0], "width": 25}, box("lorry", hidden="none")]}
    # Four of five parts are covered by both, half is said alike, and the lorry is in one alone.
    assert distance.between(larger, two) == pytest.approx(1 - 2 * 0.8 * 0.5 / 3)


def test_what_is_known_may_say_less() -> None:
    form = {**FORM, "attributes": [HIDDEN, COLOUR]}
    known = {"shapes": [box("car", hidden="part")]}
    more, other, silent = (
        {"shapes": [box("car", **said)]}
        for said in ({"hidden": "part", "colour": "red"}, {"hidden": "most"}, {"colour": "red"})
    )
    meets = ASKED.shape.meets
    assert [meets(form, one, known) for one in (known, more, other, silent)] == [True, True, False, False]
    assert meets(form, known, more) is False, "what is known must be said"
    assert meets(form, {"shapes": [*known["shapes"], box("lorry", hidden="none")]}, known) is False
    assert meets({**form, "attributes": [PLATE]}, known, known) is None


@pytest.mark.parametrize("asked", [
    [PLATE], [AXLES], [HIDDEN, {**BEHIND, "when": {"hidden": ["part"]}}], [{**HIDDEN, "several": True}],
    [HIDDEN, {**COLOUR, "when": {"hidden": ["part"]}}],
])  # fmt: skip
def test_several_answers_come_to_none_where_more_than_one_choice_is_asked(asked: list[dict[str, Any]]) -> None:
    assert not ASKED.shape.merges({**FORM, "attributes": asked})
    assert ASKED.shape.distance({**FORM, "attributes": asked}) is None
    assert ASKED.shape.merges({**FORM, "attributes": [{**HIDDEN, "several": False, "when": {}}]})


def test_labels_and_values_of_a_page_are_no_markup() -> None:
    form = {**FORM, "attributes": [{"name": '"><b>', "type": "choice", "options": ["<i>"]}]}
    question = shapes.Question.of("image", form, ASKED.data)
    for reading in (True, False):
        said = question.shown({"shapes": [box(**{'"><b>': "<i>"})]}, 1) | {"reading": reading}
        page = render_to_string("tasks/work/shapes/image.html", said)
        assert "<b>" not in page
        assert "<i>" not in page
    assert question.read(
        QueryDict(urlencode({"type": "box", "label": "car", "place": "1 1 5 5", "attribute-0-0": "<i>"}))
    )


@pytest.mark.django_db
def test_the_page_that_asks_is_within_its_budget(
    orbit: Client, olga: Person, amina: Person, signed_in: Callable[[Person], Browser]
) -> None:
    job = media_jobs.opened(
        orbit, olga, of=media_jobs.voted_kind("image", amina), form=FORM | {"types": ["box", "polygon", "line"]},
        given={"a.png": handing_in.image(100, 80)}, data=[{"image": "a.png"}],
    )  # fmt: skip
    address = f"/work/{claims.claim_next(job, by=amina, at=clock.now()).pk}/"
    page = Page(address, signed_in(amina).get(address).content)
    assert page.tags["select"] > 2
    assert "/static/tasks/image.js" in page.loads
    assert list(page.wrong()) == []
