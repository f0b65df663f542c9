"""Videos, decoded by FFmpeg's own libraries and cut into still frames at even steps, each with its time.

A container is opened by what it is, never by what it says lies elsewhere: nothing but this file is read. Steps are
each a multiple of the one before, so that whoever asks for a longer step is shown some of the same frames.
"""

import io
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

from tasks.media.bounds import FRAMES, SECONDS, STEPS, VIDEO_PIXELS, Unfit

CODECS = frozenset({"h264", "hevc", "vp8", "vp9", "av1", "mpeg4"})
# By the second four bytes of a file, or by its first.
FORMATS = {b"ftyp": "mov", b"moov": "mov", b"wide": "mov", b"mdat": "mov"}
WHOLE_SIDE, QUALITY = 1920, 80
# Below the bound of the process, so that a video that takes longer is called that and not broken.
CPU_SECONDS = 100
# A thousandth of a second is the finest time that is told.
MS = 1_000
# What may lack at the end of a video that says how long it is: half a second, or a tenth of it.
SLACK, SHARE = 500, 0.1


def write(source: Path, folder: Path) -> dict[str, Any]:
    """Write the frames of a video one after the other into `folder`; return what they are.

    Raise Unfit for what is no video, too large or too long, still, or takes too much to be read.
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
    (folder / "whole").write_bytes(b"".join(frames))
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
    with source.open("rb") as file:
        form = FORMATS.get(file.read(8)[4:], "matroska")
        file.seek(0)
        with av.open(
            file, "r", format=form, options={"protocol_whitelist": "none"}, metadata_errors="replace"
        ) as container:
            stream = next(
                (one for one in container.streams.video if not one.disposition & Disposition.attached_pic), None
            )
            if stream is None:
                raise Unfit(problem="still")
            _refuse(container, stream)
            stream.codec_context.thread_count = 1
            # Asked again of each frame: a video may grow within.
            stream.codec_context.options = {"max_pixels": str(VIDEO_PIXELS)}
            yield container, stream


def _refuse(container: InputContainer, stream: VideoStream) -> None:
    context = stream.codec_context
    if context.codec.canonical_name not in CODECS:
        raise Unfit(problem="video_format")
    if context.width * context.height > VIDEO_PIXELS:
        raise Unfit(problem="video_pixels", width=context.width, height=context.height, most=VIDEO_PIXELS // 1_000_000)
    if _said(container, stream) > SECONDS * MS:
        raise Unfit(problem="long", minutes=SECONDS // 60)


def _said(container: InputContainer, stream: VideoStream) -> int:
    """Return how long a video says that it is, in thousandths of a second; 0 where it does not."""
    if stream.duration and stream.time_base:
        return max(0, round(stream.duration * stream.time_base * MS))
    return max(0, round((container.duration or 0) / av.time_base * MS))


def _cut(container: InputContainer, stream: VideoStream) -> "_Cut":
    """Decode a video to its end, and keep some of its frames."""
    said = _said(container, stream)
    cut = _Cut(next(step for step in STEPS if said <= step * FRAMES))
    first = None
    for frame in container.decode(stream):
        if time.process_time() > CPU_SECONDS:
            raise Unfit(problem="slow")
        if frame.pts is None:
            continue
        first = frame.time if first is None else first
        cut.take(frame, round((frame.time - first) * MS))
    if said - cut.end > max(SLACK, said * SHARE):
        raise Unfit(problem="broken")
    return cut


class _Cut:
    """The frames of a video at even steps: the first of each. `kept` are images by their time, in thousandths."""

    def __init__(self, step: int) -> None:
        self.step, self.end = step, 0
        self.kept: dict[int, bytes] = {}
        self.slots: set[int] = set()
        self.full = self.size = (0, 0)

    def take(self, frame: VideoFrame, at: int) -> None:
        """Keep a frame, unless the step has one already; frames that are too many go by a longer step."""
        if at < 0:
            return
        if at > SECONDS * MS:
            raise Unfit(problem="long", minutes=SECONDS // 60)
        self.end = max(self.end, at + round(frame.duration * (frame.time_base or 0) * MS))
        if at // self.step in self.slots:
            return
        self.slots.add(at // self.step)
        self.kept[at] = self._still(frame)
        while len(self.kept) > FRAMES:
            self._step_longer()

    def _step_longer(self) -> None:
        self.step = next(step for step in STEPS if step > self.step)
        firsts = {at // self.step: at for at in sorted(self.kept, reverse=True)}
        self.slots, self.kept = set(firsts), {at: self.kept[at] for at in firsts.values()}

    def _still(self, frame: VideoFrame) -> bytes:
        """Return a frame upright as WebP, in the size of the first."""
        image = Image.fromarray(frame.to_ndarray(format="rgb24"))
        if frame.rotation % 360:
            image = image.rotate(frame.rotation, expand=True)
        if self.size == (0, 0):
            self.full = image.size
            smaller = min(1, WHOLE_SIDE / max(image.size))
            self.size = (max(1, round(image.width * smaller)), max(1, round(image.height * smaller)))
        out = io.BytesIO()
        (image if image.size == self.size else image.resize(self.size)).save(out, "WEBP", quality=QUALITY, method=2)
        return out.getvalue()
