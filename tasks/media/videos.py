"""Videos, decoded by FFmpeg's own libraries and cut into still frames at even steps, each with its time.

A container is opened by what it is, never by what it says lies elsewhere: nothing but this file is read, and of the
decoders those alone are let in that are named here, from the first look on. Steps are each a multiple of the one
before, so that whoever asks for a longer step is shown some of the same frames.
"""

import io
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import accumulate
from pathlib import Path
from typing import Any

import av
from av.container import InputContainer
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from PIL import Image

from tasks.media.bounds import FRAMES, FRAMES_BYTES, SECONDS, STEPS, VIDEO_PIXELS, Unfit

CODECS = frozenset({"h264", "hevc", "vp8", "vp9", "av1", "mpeg4"})
# Asked of each frame, too: a video may grow within.
BOUNDS = {"codec_whitelist": ",".join((*sorted(CODECS), "libdav1d")), "max_pixels": str(VIDEO_PIXELS)}
OPENING = {"protocol_whitelist": "none", **BOUNDS}
WHOLE_SIDE, QUALITY = 1920, 80
# Below the bound of the process, so that a video that takes longer is called that and not broken.
CPU_SECONDS = 100
# A thousandth of a second is the finest time that is told.
MS = 1_000
# What may lack at the end of a video that says how long it is: half a second, or a tenth of it.
SLACK, SHARE = 500, 0.1
# How a picture is laid by the matrix of its track: the signs of its first two rows and columns.
LAID = {
    (1, 0, 0, 1): None, (0, 1, -1, 0): Image.Transpose.ROTATE_270, (-1, 0, 0, -1): Image.Transpose.ROTATE_180,
    (0, -1, 1, 0): Image.Transpose.ROTATE_90, (-1, 0, 0, 1): Image.Transpose.FLIP_LEFT_RIGHT,
    (1, 0, 0, -1): Image.Transpose.FLIP_TOP_BOTTOM, (0, 1, 1, 0): Image.Transpose.TRANSPOSE,
    (0, -1, -1, 0): Image.Transpose.TRANSVERSE,
}  # fmt: skip
# A matrix is written in fixed point: by so little it may miss.
ASKEW = 0.01


def write(source: Path, folder: Path) -> dict[str, Any]:
    """Write the frames of a video one after the other into `folder`; return what they are.

    Raise Unfit for what is no video, too large or too long, still, or takes too much to be read or kept.
    """
    try:
        with _opened(source) as (container, stream):
            cut = _cut(container, stream)
    except (av.FFmpegError, ValueError, ArithmeticError) as error:
        raise Unfit(problem="broken") from error
    moments = sorted(cut.kept)
    frames = [cut.kept[moment] for moment in moments]
    if len(frames) < 2:  # noqa: PLR2004 - what moves
        raise Unfit(problem="still")
    with (folder / "whole").open("wb") as out:
        out.writelines(frames)
    starts = accumulate(map(len, frames), initial=0)
    told = [[at / MS, start, len(one)] for at, start, one in zip(moments, starts, frames, strict=False)]
    facts = {
        "seconds": cut.end / MS, "every": cut.step / MS, "frames": told, "width": cut.size[0], "height": cut.size[1],
        "video_width": cut.full[0], "video_height": cut.full[1],
    }  # fmt: skip
    return {"kind": "video", "content_type": "application/octet-stream", "facts": facts}


@contextmanager
def _opened(source: Path) -> Iterator[tuple[InputContainer, VideoStream]]:
    """Open a video and its pictures, which were not decoded yet and are within bounds."""
    with (
        source.open("rb") as file,
        av.open(file, "r", format=_form(source), options=OPENING, metadata_errors="replace") as container,
    ):
        stream = next((one for one in container.streams.video if not one.disposition & Disposition.attached_pic), None)
        if stream is None:
            raise Unfit(problem="still")
        _refuse(container, stream)
        stream.codec_context.thread_count = 1
        stream.codec_context.options = BOUNDS
        yield container, stream


def _form(source: Path) -> str:
    """Return how the demuxer is called: a file that is no Matroska came here by the first box of MP4 and QuickTime."""
    with source.open("rb") as file:
        return "matroska" if file.read(4) == b"\x1aE\xdf\xa3" else "mov"


def _refuse(container: InputContainer, stream: VideoStream) -> None:
    context = stream.codec_context
    if context is None or context.codec.canonical_name not in CODECS:
        raise Unfit(problem="video_format")
    if context.width * context.height > VIDEO_PIXELS:
        raise Unfit(problem="video_pixels", width=context.width, height=context.height, most=VIDEO_PIXELS // 1_000_000)
    if _said(container, stream) > SECONDS * MS:
        raise Unfit(problem="long", minutes=SECONDS // 60)


def _began(container: InputContainer) -> int:
    """Return where the first of sound and pictures begins, in thousandths; what is before nothing only leads in."""
    return max(0, round((container.start_time or 0) / av.time_base * MS))


def _said(container: InputContainer, stream: VideoStream) -> int:
    """Return when the pictures end by what is said of them, or else all does, in thousandths; 0 where nothing is."""
    if stream.duration and stream.time_base:
        end = ((stream.start_time or 0) + stream.duration) * stream.time_base
        return max(0, round(end * MS) - _began(container))
    return max(0, round((container.duration or 0) / av.time_base * MS))


def _cut(container: InputContainer, stream: VideoStream) -> "Cut":
    """Decode the pictures of a video to their end, and keep some of them, each by its time from where all begins."""
    said, began, heard = _said(container, stream), _began(container), 0
    since = time.process_time()
    cut = Cut(next(step for step in STEPS if said <= step * FRAMES))
    for packet in container.demux():
        if packet.pts is not None and packet.time_base is not None:
            # Sound may outlast the pictures: where it goes on, the file does.
            heard = max(heard, round((packet.pts + (packet.duration or 0)) * packet.time_base * MS) - began)
        for frame in packet.decode() if packet.stream_index == stream.index else ():
            if time.process_time() - since > CPU_SECONDS:
                raise Unfit(problem="slow")
            if isinstance(frame, VideoFrame) and frame.pts is not None:
                cut.take(frame, round(frame.time * MS) - began)
    if said - max(cut.end, heard) > max(SLACK, said * SHARE):
        raise Unfit(problem="broken")
    return cut


class Cut:
    """The frames of a video at even steps: the first of each. `kept` are images by their time, in thousandths."""

    def __init__(self, step: int) -> None:
        """Begin at a step, in thousandths of a second."""
        self.step, self.end = step, 0
        self.kept: dict[int, bytes] = {}
        self.slots: dict[int, int] = {}
        self.full = self.size = (0, 0)

    def take(self, frame: VideoFrame, at: int) -> None:
        """Keep a frame, unless the step has an earlier one; frames that are too many go by a longer step."""
        if at < 0:
            return
        if at > SECONDS * MS:
            raise Unfit(problem="long", minutes=SECONDS // 60)
        self.end = max(self.end, at + round(frame.duration * (frame.time_base or 0) * MS))
        first = self.slots.get(at // self.step)
        if first is not None and first <= at:
            return
        self.kept.pop(first, None)  # type: ignore[arg-type] # nothing is kept at None
        self.slots[at // self.step] = at
        self.kept[at] = self._still(frame)
        while len(self.kept) > FRAMES:
            self._step_longer()
        if sum(map(len, self.kept.values())) > FRAMES_BYTES:
            raise Unfit(problem="frames_large", most=FRAMES_BYTES // 1_000_000)

    def _step_longer(self) -> None:
        self.step = next(step for step in STEPS if step > self.step)
        self.slots = {at // self.step: at for at in sorted(self.kept, reverse=True)}
        self.kept = {at: self.kept[at] for at in self.slots.values()}

    def _still(self, frame: VideoFrame) -> bytes:
        """Return a frame upright as WebP, in the size of the first."""
        laid = _laid(frame)
        image = Image.fromarray(frame.to_ndarray(format="rgb24"))
        if laid is not None:
            image = image.transpose(laid)
        if self.size == (0, 0):
            self.full = image.size
            smaller = min(1, WHOLE_SIDE / max(image.size))
            self.size = (max(1, round(image.width * smaller)), max(1, round(image.height * smaller)))
        out = io.BytesIO()
        (image if image.size == self.size else image.resize(self.size)).save(out, "WEBP", quality=QUALITY, method=2)
        return out.getvalue()


def _laid(frame: VideoFrame) -> Image.Transpose | None:
    """Return how a frame is turned by quarters or mirrored to be seen as players show it; raise Unfit for the rest."""
    found: Any = frame.side_data.get("DISPLAYMATRIX")
    if found is None:
        return None
    matrix = struct.unpack("=9i", bytes(found)[:36])
    parts = (matrix[0], matrix[1], matrix[3], matrix[4])
    by = max(map(abs, parts)) or 1
    signs = (round(parts[0] / by), round(parts[1] / by), round(parts[2] / by), round(parts[3] / by))
    if signs not in LAID or any(abs(one / by - sign) > ASKEW for one, sign in zip(parts, signs, strict=True)):
        raise Unfit(problem="turned")
    return LAID[signs]
