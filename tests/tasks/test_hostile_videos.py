"""Videos that were made to take much, or to be shown other than players show them: what becomes of each."""

import logging
import struct
import subprocess
import sys
from pathlib import Path

import av
import av.logging
import numpy as np
import pytest
from PIL import Image

from tasks.media import apart, bounds, sniffing, videos
from tests.tasks.filming import laid, noise, samples_without_end, still_with_red_above, video, with_sound
from tests.tasks.test_videos import frame, red, write


def test_frames_that_take_too_much_together_are_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a picture that stands each still is as large as the first, and in the video each but the first is nothing."""
    content = noise(40, (640, 640))
    whole = write(tmp_path, content)["facts"]
    assert sum(length for _second, _start, length in whole["frames"]) > 10 * len(content)
    (tmp_path / "whole").unlink()
    monkeypatch.setattr(videos, "FRAMES_BYTES", 2_000_000)
    assert write(tmp_path, content) == {"problem": "frames_large", "facts": {"most": 2}}
    assert not (tmp_path / "whole").exists()
    assert bounds.FRAMES_BYTES == bounds.FILE_BYTES


def test_no_decoder_is_opened_but_those_that_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Opening a container decodes some of each stream, to find out what it is: of others nothing is decoded."""
    monkeypatch.setattr(logging.getLogger("libav"), "disabled", False)
    before = av.logging.get_level()
    av.logging.set_level(av.logging.DEBUG)
    try:
        with av.logging.Capture() as said:
            assert write(tmp_path, video(form="matroska", codec="ffv1", rate=25))["problem"] == "video_format"
    finally:
        av.logging.set_level(before)
    of_it = [words for _level, name, words in said if name == "ffv1"]
    assert of_it
    assert all("not on whitelist" in words for words in of_it)


def test_a_codec_that_nobody_knows_is_said_to_be_that(tmp_path: Path) -> None:
    content = video(form="matroska", codec="mpeg4").replace(b"V_MPEG4/ISO/ASP", b"V_ZZZZZ/ISO/ASP")
    assert write(tmp_path, content)["problem"] == "video_format"


def test_a_header_that_says_less_than_is_there_buys_no_memory(tmp_path: Path) -> None:
    content = video(0.3, size=(5000, 2200), form="webm", codec="libvpx")
    for mark, real, lie in ((b"\xb0", 5000, 160), (b"\xba", 2200, 120)):
        assert mark + b"\x82" + struct.pack(">H", real) in content
        content = content.replace(mark + b"\x82" + struct.pack(">H", real), mark + b"\x82" + struct.pack(">H", lie), 1)
    assert write(tmp_path, content)["problem"] == "broken"


@pytest.mark.parametrize("form", ["mp4", "matroska"])
def test_sound_that_outlasts_the_pictures_breaks_nothing(tmp_path: Path, form: str) -> None:
    facts = write(tmp_path, with_sound(4, sound=8, form=form))["facts"]
    assert len(facts["frames"]) in {8, 40}
    assert facts["seconds"] == pytest.approx(4, abs=0.1)


@pytest.mark.parametrize("form", ["mp4", "matroska"])
def test_seconds_count_from_where_all_begins_as_players_show_it(tmp_path: Path, form: str) -> None:
    facts = write(tmp_path, with_sound(3, sound=5, starts=2, form=form))["facts"]
    assert facts["frames"][0][0] == pytest.approx(2, abs=0.05)
    assert facts["seconds"] == pytest.approx(5, abs=0.1)


@pytest.mark.parametrize(
    ("signs", "where"),
    [
        ((1, 0, 0, 1), "left"), ((-1, 0, 0, 1), "right"), ((1, 0, 0, -1), "left"), ((-1, 0, 0, -1), "right"),
        ((0, 1, -1, 0), "top"), ((0, -1, 1, 0), "bottom"), ((0, 1, 1, 0), "top"), ((0, -1, -1, 0), "bottom"),
        ((2, 0, 0, 2), "left"),
    ],
)  # fmt: skip
def test_turned_and_mirrored_pictures_lie_as_players_lay_them(
    tmp_path: Path, signs: tuple[int, ...], where: str
) -> None:
    """What is red at first is the left; where a matrix takes it is reckoned by hand."""
    facts = write(tmp_path, laid(video(1), *signs))["facts"]
    half = frame(tmp_path, facts, 5).convert("RGB")
    assert half.size == ((160, 120) if where in {"left", "right"} else (120, 160))
    assert _where(half) == where


def test_mirrored_from_top_to_bottom_is_seen(tmp_path: Path) -> None:
    """Of what is red above: the other test has it on the left alone."""
    for signs, where in (((1, 0, 0, -1), "bottom"), ((-1, 0, 0, 1), "top"), ((-1, 0, 0, -1), "bottom")):
        facts = write(tmp_path, laid(still_with_red_above(), *signs))["facts"]
        assert _where(frame(tmp_path, facts, 1).convert("RGB")) == where


@pytest.mark.parametrize("signs", [(0.7071, 0.7071, -0.7071, 0.7071), (1, 0.05, -0.05, 1), (1, 0, 0, 0.5)])
def test_what_is_turned_by_less_or_stretched_is_refused(tmp_path: Path, signs: tuple[float, ...]) -> None:
    assert write(tmp_path, laid(video(1), *signs))["problem"] == "turned"


def test_frames_that_come_late_do_not_take_the_place_of_earlier_ones() -> None:
    """Which frame a step shows goes by its time, not by when it was decoded."""
    cut = videos.Cut(1_000)
    picture = av.VideoFrame.from_ndarray(np.zeros((16, 16, 3), np.uint8), format="rgb24")
    for at in (100, 0, 50, 1_900, 1_200):
        cut.take(picture, at)
    assert sorted(cut.kept) == [0, 1_200]


def test_a_list_without_end_takes_no_more_than_a_videos_memory(tmp_path: Path) -> None:
    (tmp_path / "source").write_bytes(samples_without_end(60_000_000))
    command = [sys.executable, "-m", "tasks.media.apart", str(tmp_path / "source"), str(tmp_path)]
    script = f"""
import resource, subprocess
done = subprocess.run({command!r}, capture_output=True)
print(done.stdout.decode(), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""
    told = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", script], cwd=apart.ROOT, capture_output=True, check=True, text=True
    ).stdout
    assert '"problem": "broken"' in told
    assert int(told.split()[-1]) * 1024 < apart.VIDEO_MEMORY_BYTES < apart.MEMORY_BYTES


def test_a_process_that_reads_is_the_first_to_go_and_has_less_for_a_video(tmp_path: Path) -> None:
    (tmp_path / "source").write_bytes(video(1))
    script = f"""
import resource
from pathlib import Path
from tasks.media import apart
apart._take_little()
apart._take_less_for_a_video(Path({str(tmp_path / "source")!r}))
print(Path("/proc/self/oom_score_adj").read_text(), *resource.getrlimit(resource.RLIMIT_AS))
"""
    told = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", script], cwd=apart.ROOT, capture_output=True, check=True, text=True
    ).stdout
    assert told.split() == ["1000", str(apart.VIDEO_MEMORY_BYTES), str(apart.VIDEO_MEMORY_BYTES)]


def test_one_that_does_not_end_is_ended_by_the_clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "PATIENCE", 0.01)
    (tmp_path / "source").write_bytes(video(1))
    with pytest.raises(bounds.Unfit) as caught:
        apart.run(tmp_path / "source", tmp_path)
    assert caught.value.problem == "broken"


@pytest.mark.parametrize("brand", [b"heic", b"avif", b"mif1", b"M4A "])
def test_photos_of_phones_and_sound_alone_are_no_videos(tmp_path: Path, brand: bytes) -> None:
    assert write(tmp_path, b"\0\0\0\x18ftyp" + brand + b"\0" * 300)["problem"] == "unknown"
    (tmp_path / "source").write_bytes(video(1))
    assert sniffing.kind_of(tmp_path / "source") == "video"


def _where(image: Image.Image) -> str:
    """Return at which side of a picture its red lies."""
    wide, high = image.size
    parts = {
        "left": (0, 0, wide // 2, high), "right": (wide // 2, 0, wide, high), "top": (0, 0, wide, high // 2),
        "bottom": (0, high // 2, wide, high),
    }  # fmt: skip
    return max(parts, key=lambda name: red(image.crop(parts[name])))
