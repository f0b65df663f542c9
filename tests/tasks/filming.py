"""Videos that tests make on the spot, with the library that reads them."""

import io
import tempfile
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
