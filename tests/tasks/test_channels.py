"""Recordings of two channels: which is heard is said of each segment where the form asks for it."""

from typing import Any

import pytest
from django.http import QueryDict

from tasks import shapes
from tasks.shapes import media, overlaps
from tests.tasks.test_kinds import FILES, drawn

FORM = {"question": "Who speaks when?", "labels": ["speech"], "channels": True}
MONO = FILES["five.wav"]
STEREO = {**MONO, "facts": {**MONO["facts"], "channels": 2}}  # type: ignore[dict-item] # facts are an object


def question(file: dict[str, Any], form: dict[str, Any] = FORM) -> shapes.Question:
    return shapes.Question.of("segments", form, {"audio": "five.wav", media.FILES: {"five.wav": file}})


def segment(channel: str, start: float = 0.1, end: float = 0.5) -> dict[str, Any]:
    return {"from": start, "to": end, "label": "speech", "channel": channel}


@pytest.mark.parametrize("channel", ["left", "right", "both"])
def test_each_segment_says_its_channel(channel: str) -> None:
    assert question(STEREO).problems({"segments": [segment(channel)]}) == []


def test_a_recording_of_one_channel_has_no_sides() -> None:
    assert question(MONO).problems({"segments": [segment("both")]}) == []
    (words,) = question(MONO).problems({"segments": [segment("both"), segment("left")]})
    assert words == "Segment 2 is in one of two channels, and the recording has one."


def test_no_channel_is_said_where_none_is_asked_for_and_none_left_out_where_one_is() -> None:
    plain = {name: part for name, part in segment("left").items() if name != "channel"}
    assert question(STEREO).problems({"segments": [plain]})
    assert question(STEREO).problems({"segments": [segment("middle")]})
    silent = question(STEREO, {name: part for name, part in FORM.items() if name != "channels"})
    assert silent.problems({"segments": [plain]}) == []
    assert silent.problems({"segments": [segment("left")]})


def test_rows_say_it_without_scripts_and_whoever_checks_reads_it() -> None:
    post = QueryDict("from=0.1&to=0.5&label=speech&channel=left&from=0.6&to=0.9&label=speech&channel=right")
    value = question(STEREO).read(post)
    assert value == {"segments": [segment("left"), segment("right", 0.6, 0.9)]}
    assert 'value="left" selected' in drawn(question(STEREO), value)
    assert "(Left channel)" in drawn(question(STEREO), value, reading=True)


def test_only_a_recording_of_two_channels_is_listened_to_by_side() -> None:
    assert "data-side" in drawn(question(STEREO), {})
    assert "data-side" not in drawn(question(MONO), {})
    transcription = shapes.Question.of(
        "transcription", {"question": "?"}, {"audio": "a.wav", media.FILES: {"a.wav": STEREO}}
    )
    assert "data-side" in drawn(transcription, {})


def test_what_is_heard_in_another_channel_is_another_segment() -> None:
    assert overlaps.stretches(segment("left"), segment("left")) == 1
    assert overlaps.stretches(segment("left"), segment("right")) == 0
    left, right = ({"segments": [segment(one)]} for one in ("left", "right"))
    found = shapes.find("segments").together(FORM, [left, left, right])
    assert found is not None
    assert found.value["segments"] == [segment("left")]
