"""Videos: what is cut out of them, what is refused and why, and that a hostile one ends alone."""

import io
import struct
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tasks.media import apart, bounds, videos
from tasks.shapes import film
from tests.tasks.filming import heard, video


def write(tmp_path: Path, content: bytes) -> dict[str, Any]:
    """Have a file written again, here; return what it is or the problem with it."""
    source = tmp_path / "source"
    source.write_bytes(content)
    return apart.main(source, tmp_path)


def frame(tmp_path: Path, facts: dict[str, Any], number: int) -> Image.Image:
    """Return a frame that was written."""
    _second, start, length = facts["frames"][number]
    found = Image.open(io.BytesIO((tmp_path / "whole").read_bytes()[start : start + length]))
    found.load()
    return found


def red(image: Image.Image) -> float:
    """Return how much of a picture is red."""
    return float((np.asarray(image.convert("RGB"))[:, :, 1] < 128).mean())


@pytest.mark.parametrize(
    ("form", "codec"),
    [("mp4", "libx264"), ("mov", "libx264"), ("webm", "libvpx-vp9"), ("mp4", "libx265"), ("mp4", "mpeg4")],
)
def test_a_video_of_each_kind_is_cut_ten_times_a_second(tmp_path: Path, form: str, codec: str) -> None:
    said = write(tmp_path, video(3, rate=30, form=form, codec=codec))
    assert said["kind"] == "video", said
    facts = said["facts"]
    assert (facts["every"], facts["width"], facts["height"]) == (0.1, 160, 120)
    assert facts["seconds"] == pytest.approx(3, abs=0.05)
    assert [second for second, _start, _length in facts["frames"]] == pytest.approx([n / 10 for n in range(30)])
    for number in (0, 10, 29):
        assert frame(tmp_path, facts, number).format == "WEBP"
        assert red(frame(tmp_path, facts, number)) == pytest.approx(number / 30, abs=0.03)
    length = sum(length for _second, _start, length in facts["frames"])
    assert (tmp_path / "whole").stat().st_size == length


@pytest.mark.parametrize(("seconds", "every", "count"), [(10, 0.1, 100), (11, 0.5, 22), (51, 1, 51), (101, 2, 51)])
def test_a_longer_video_is_cut_less_often(tmp_path: Path, seconds: int, every: float, count: int) -> None:
    facts = write(tmp_path, video(seconds, size=(32, 32)))["facts"]
    assert (facts["every"], len(facts["frames"])) == (every, count)


def test_one_that_does_not_say_how_long_it_is_is_cut_less_often_as_it_goes_on(tmp_path: Path) -> None:
    content = video(60, size=(32, 32), form="matroska", live="1")
    facts = write(tmp_path, content)["facts"]
    assert facts["every"] == 1
    assert [second for second, _start, _length in facts["frames"]] == pytest.approx(range(60))
    assert red(frame(tmp_path, facts, 30)) == pytest.approx(0.5, abs=0.05)


def test_frames_are_no_wider_than_screens_and_say_what_the_video_was(tmp_path: Path) -> None:
    facts = write(tmp_path, video(0.4, size=(3840, 2160), preset="ultrafast"))["facts"]
    assert (facts["width"], facts["height"], facts["video_width"], facts["video_height"]) == (1920, 1080, 3840, 2160)
    assert frame(tmp_path, facts, 1).size == (1920, 1080)


def test_one_taken_upright_stands_upright(tmp_path: Path) -> None:
    """As phones write it: lying, with a matrix in its track that says how it is to be turned."""
    content = video(1)
    plain = struct.pack(">9i", 1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
    turned = struct.pack(">9i", 0, 1 << 16, 0, -(1 << 16), 0, 0, 120 << 16, 0, 1 << 30)
    at = content.index(plain, content.index(b"tkhd"))
    facts = write(tmp_path, content[:at] + turned + content[at + len(plain) :])["facts"]
    assert (facts["width"], facts["height"], facts["video_width"]) == (120, 160, 120)
    grown = frame(tmp_path, facts, 5).convert("RGB")
    # What grew from the left grows from the top once it is turned by a quarter, clockwise.
    assert grown.getpixel((60, 10))[1] < 60  # type: ignore[index] # three of RGB
    assert grown.getpixel((60, 150))[1] > 200  # type: ignore[index] # likewise


WHOLE = video(4, rate=30, movflags="faststart")
WEBM = video(4, rate=30, form="webm", codec="libvpx-vp9")


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (WHOLE[: len(WHOLE) // 2], "broken"), (WHOLE[:300], "still"), (WEBM[: len(WEBM) // 2], "broken"),
        (b"\x1aE\xdf\xa3" + b"x" * 999, "broken"), (b"\0\0\0\x20ftypisom" + b"x" * 999, "broken"),
        (b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", "unknown"),
        (b"ffconcat version 1.0\nfile /etc/passwd\n", "unknown"), (video(form="avi"), "unknown"),
        (video(form="matroska", codec="mpeg2video", rate=25), "video_format"), (heard(), "still"),
        (video(0.1), "still"), (video(601, rate=1, size=(32, 32)), "long"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_videos_that_are_not_taken(tmp_path: Path, content: bytes, found: str) -> None:
    assert write(tmp_path, content)["problem"] == found
    assert not (tmp_path / "whole").exists()


def test_frames_too_large_are_refused_before_one_is_decoded(tmp_path: Path) -> None:
    said = write(tmp_path, video(0.2, size=(5000, 2200), preset="ultrafast"))
    assert said == {"problem": "video_pixels", "facts": {"width": 5000, "height": 2200, "most": 10}}


def test_a_header_that_lies_of_its_size_buys_no_memory(tmp_path: Path) -> None:
    """The container says 32,000 pixels a side; what is decoded is what the stream has, within the bound."""
    content = video(1, form="webm", codec="libvpx")
    wide, high = b"\xb0\x81\xa0", b"\xba\x81\x78"
    assert wide in content
    assert high in content
    lie = content.replace(wide, b"\xb0\x82\x7d\x00", 1).replace(high, b"\xba\x82\x7d\x00", 1)
    assert write(tmp_path, lie)["problem"] in {"video_pixels", "broken"}


def test_an_endless_one_is_ended_by_its_time_and_by_what_it_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    endless = video(700, rate=1, size=(32, 32), form="matroska", live="1")
    assert write(tmp_path, endless)["problem"] == "long"
    monkeypatch.setattr(videos, "CPU_SECONDS", 0)
    assert write(tmp_path, video(1))["problem"] == "slow"


def test_apart_as_well(tmp_path: Path) -> None:
    (tmp_path / "source").write_bytes(video(1))
    assert apart.run(tmp_path / "source", tmp_path)["facts"]["every"] == 0.1
    (tmp_path / "source").write_bytes(WHOLE[: len(WHOLE) // 2])
    with pytest.raises(bounds.Unfit) as caught:
        apart.run(tmp_path / "source", tmp_path)
    assert caught.value.problem == "broken"


def facts_of(*seconds: float, every: float) -> dict[str, Any]:
    """Return what is known of a video whose frames are at these seconds."""
    frames = [[second, 10 * number, 10] for number, second in enumerate(seconds)]
    return {"every": every, "frames": frames, "width": 20, "height": 10, "video_width": 40, "video_height": 20}


def test_a_longer_step_shows_some_of_the_same_frames() -> None:
    file = {"address": "/media/7/", "facts": facts_of(0, 0.52, 1.04, 1.52, 2.04, 3.52, every=0.5)}
    assert [one["address"] for one in film.pictures(file, 1)] == [f"/media/7/{n}/" for n in (0, 2, 4, 5)]
    assert film.moments(file, 1)["seconds"] == [0, 1.04, 2.04, 3.52]
    assert film.moments(file, None)["seconds"] == [0, 0.52, 1.04, 1.52, 2.04, 3.52]


def test_what_no_step_can_show_is_said() -> None:
    facts = facts_of(0, 0.52, 1.04, every=0.5)
    assert [str(words) for words in film.problems(facts, 0.1)] == [
        "The video makes more than 100 frames at one every 0.1 seconds: take at least 0.5."
    ]
    assert "one frame alone" in str(next(film.problems(facts, 10)))
    assert list(film.problems(facts, 0.5)) == list(film.problems(facts, None)) == []


def test_each_step_is_a_multiple_of_the_one_before() -> None:
    assert all(after % before == 0 for before, after in pairwise(bounds.STEPS))
    assert bounds.STEPS[-1] * bounds.FRAMES >= bounds.SECONDS * 1_000
