"""What a file is, by its content. Names and what a browser says of a file count for nothing."""

from pathlib import Path

import numpy as np

OPENINGS = {
    b"\x89PNG\r\n\x1a\n": "image", b"\xff\xd8\xff": "image", b"BM": "image", b"fLaC": "sound", b"OggS": "sound",
    b"ID3": "sound", b"PK\x03\x04": "archive", b"PK\x05\x06": "archive", b"# .PCD": "cloud", b"VERSION ": "cloud",
    b"\x1aE\xdf\xa3": "video",
}  # fmt: skip
# The first box of MP4 and QuickTime stands after its length.
BOXES = frozenset({b"ftyp", b"moov", b"wide", b"mdat"})
# What such boxes hold that is no video: photos of phones, and sound alone.
NO_VIDEO = frozenset(
    {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"avif", b"avis", b"M4A ", b"M4B "}
)
# What stands at the head of a frame of a lidar as Scale's programs write it, JSON.
FRAME = (b'"points"', b'"device_position"', b'"device_heading"')
RIFF = {b"WAVE": "sound", b"WEBP": "image"}
# Bytes of one point as KITTI writes it: x, y, z in metres and reflectance, 32-bit floats.
POINT = 16
FARTHEST, NEAREST = 1_000.0, 1e-30
LOOK = 4_096


def kind_of(path: Path) -> str:
    """Return image, sound, cloud, video or archive; nothing for anything else."""
    with path.open("rb") as file:
        opening = file.read(LOOK)
    if opening[:4] == b"RIFF":
        return RIFF.get(opening[8:12], "")
    if opening[4:8] in BOXES:
        return "" if opening[4:8] == b"ftyp" and opening[8:12] in NO_VIDEO else "video"
    if is_frame(opening):
        return "cloud"
    known = next((kind for start, kind in OPENINGS.items() if opening.startswith(start)), "")
    if known or _is_mp3(opening):
        return known or "sound"
    return "cloud" if _could_be_points(opening, path.stat().st_size) else ""


def is_frame(opening: bytes) -> bool:
    """Tell whether a file opens as a frame of a lidar in JSON; KITTI's points may begin with a brace too."""
    return opening.lstrip().startswith(b"{") and any(mark in opening for mark in FRAME)


def _is_mp3(opening: bytes) -> bool:
    """Tell whether a file opens with a frame of MPEG audio, layer 3."""
    return len(opening) > 2 and opening[0] == 0xFF and opening[1] & 0xE6 == 0xE2  # noqa: PLR2004 - the frame's sync bits


def _could_be_points(opening: bytes, size: int) -> bool:
    """Tell whether bytes without a signature are points: whole ones, each within a kilometre, no text or program is."""
    if size == 0 or size % POINT:
        return False
    points = np.frombuffer(opening[: len(opening) // POINT * POINT], dtype="<f4")
    sizes = np.abs(points[points != 0])
    return bool(np.isfinite(points).all() and sizes.size and sizes.min() > NEAREST and sizes.max() < FARTHEST)
