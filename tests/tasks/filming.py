"""Videos that tests make on the spot, with the library that reads them."""

import io
import struct
import tempfile
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np


def video(
    seconds: float = 4, *, rate: int = 10, size: tuple[int, int] = (160, 120), form: str = "mp4",
    codec: str = "libx264", **options: str,
) -> bytes:  # fmt: skip
    """Return a video over which a red area grows from nothing, left to right, to the whole."""
    width, height = size
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "made"
        with av.open(str(path), "w", format=form, options=options) as container:
            stream: Any = container.add_stream(codec, rate=rate)
            stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
            count = round(seconds * rate)
            for number in range(count):
                picture = np.full((height, width, 3), 255, np.uint8)
                picture[:, : width * number // count] = (255, 0, 0)
                container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
            container.mux(stream.encode())
        return path.read_bytes()


PLAIN = (1, 0, 0, 1)


def laid(content: bytes, *signs: float) -> bytes:
    """Return a video in MP4 that says by the matrix of its track how its pictures are to be laid."""
    plain, other = (
        struct.pack(">9i", *(round(one * (1 << 16)) for one in (a, b, 0, c, d, 0, 0, 0)), 1 << 30)
        for a, b, c, d in (PLAIN, signs)
    )
    at = content.index(plain, content.index(b"tkhd"))
    return content[:at] + other + content[at + len(plain) :]


def with_sound(seconds: float, *, sound: float, starts: float = 0, form: str = "mp4") -> bytes:
    """Return a video of ten pictures a second that begins later than its sound, or ends before it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "made"
        with av.open(str(path), "w", format=form) as container:
            stream: Any = container.add_stream("libx264", rate=10)
            stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
            heard: Any = container.add_stream("aac", rate=48_000, layout="mono")
            for number in range(round(seconds * 10)):
                picture = av.VideoFrame.from_ndarray(np.full((64, 64, 3), number % 256, np.uint8), format="rgb24")
                picture.pts, picture.time_base = number + round(starts * 10), Fraction(1, 10)
                container.mux(stream.encode(picture))
            container.mux(stream.encode())
            for number in range(round(sound * 50)):
                wave = av.AudioFrame.from_ndarray(np.zeros((1, 960), np.float32), format="fltp", layout="mono")
                wave.sample_rate, wave.pts, wave.time_base = 48_000, number * 960, Fraction(1, 48_000)
                container.mux(heard.encode(wave))
            container.mux(heard.encode())
        return path.read_bytes()


def noise(count: int, size: tuple[int, int]) -> bytes:
    """Return a short video that is small, and of which each still is large: one picture of noise that stands."""
    width, height = size
    picture = np.random.default_rng(1).integers(0, 256, (height, width, 3), np.uint8)
    return standing(picture, count, preset="ultrafast", crf="34", **{"x264-params": "keyint=1000:scenecut=0"})


def still_with_red_above() -> bytes:
    """Return a video of one picture that stands, red in its upper half."""
    picture = np.full((64, 64, 3), 255, np.uint8)
    picture[:32] = (255, 0, 0)
    return standing(picture, 5)


def standing(picture: "np.ndarray[Any, Any]", count: int, **options: str) -> bytes:
    """Return a video of one picture, ten times a second."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "made"
        with av.open(str(path), "w", format="mp4") as container:
            stream: Any = container.add_stream("libx264", rate=10, options=options)
            stream.height, stream.width, stream.pix_fmt = picture.shape[0], picture.shape[1], "yuv420p"
            for _number in range(count):
                container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
            container.mux(stream.encode())
        return path.read_bytes()


def samples_without_end(count: int) -> bytes:
    """Return a video in MP4 of some hundred bytes that says it has so many pictures: a list of them is asked for."""
    said = {
        b"stsz": struct.pack(">III", 0, 1, count), b"stts": struct.pack(">IIII", 0, 1, count, 1),
        b"stsc": struct.pack(">IIIII", 0, 1, 1, count, 1),
    }  # fmt: skip
    return _boxed(video(1, size=(64, 64)), said)


def _boxed(content: bytes, said: dict[bytes, bytes]) -> bytes:
    made, at = b"", 0
    while at < len(content):
        (length,), name = struct.unpack(">I", content[at : at + 4]), content[at + 4 : at + 8]
        inner = content[at + 8 : at + length]
        if name in {b"moov", b"trak", b"mdia", b"minf", b"stbl"}:
            inner = _boxed(inner, said)
        inner = said.get(name, inner)
        made += b"" if name in {b"ctts", b"stss", b"edts"} else struct.pack(">I", 8 + len(inner)) + name + inner
        at += length
    return made


def heard(form: str = "mp4") -> bytes:
    """Return a file of the container of videos that holds sound alone."""
    out = io.BytesIO()
    with av.open(out, "w", format=form) as container:
        stream: Any = container.add_stream("aac", rate=8_000, layout="mono")
        for _second in range(3):
            sound = av.AudioFrame.from_ndarray(np.zeros((1, 8_000), np.float32), format="fltp", layout="mono")
            sound.sample_rate = 8_000
            container.mux(stream.encode(sound))
        container.mux(stream.encode())
    return out.getvalue()
