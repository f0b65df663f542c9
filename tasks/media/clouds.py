"""Point clouds, KITTI's .bin, PCD or Scale's JSON: bounded, without points that are nowhere, in seven bytes each."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tasks.media.bounds import POINTS, Unfit
from tasks.media.sniffing import POINT, is_frame

type Points = NDArray[np.float32]  # a row for each: x, y, z in metres, reflectance 0 to 1

STEPS = 32_000
# Nobody aims a lidar further; a cloud that says so is broken.
FARTHEST = 10_000
HEADER_BYTES = 4_096
# How bright a point may be told to be: to 1, or to 255 as one byte says it.
BYTE = 255
NAMES = {"intensity": 3, "reflectance": 3, "x": 0, "y": 1, "z": 2}
TYPES = {"F4": "<f4", "F8": "<f8", "U1": "u1", "U2": "<u2", "U4": "<u4", "I1": "i1", "I2": "<i2", "I4": "<i4"}


def write(source: Path, folder: Path) -> dict[str, Any]:
    """Write the cloud into `folder`; return what it is. Raise Unfit for what is none, or too large."""
    points = _read(source)
    points = points[np.isfinite(points).all(axis=1)]
    if not len(points) or np.abs(points[:, :3]).max() > FARTHEST:
        raise Unfit(problem="nowhere")
    low, high = points[:, :3].min(axis=0), points[:, :3].max(axis=0)
    centre = (low + high) / 2
    scale = max(0.001, float((high - centre).max()) / STEPS)
    places = np.rint((points[:, :3] - centre) / scale).astype("<i2")
    shine = (points[:, 3].clip(0, 1) * 255).astype("u1")
    (folder / "whole").write_bytes(places.tobytes() + shine.tobytes())
    facts = {"points": len(points), "scale": scale, "centre": _round(centre), "low": _round(low), "high": _round(high)}
    return {"kind": "cloud", "content_type": "application/octet-stream", "facts": facts}


def _round(place: NDArray[np.float32]) -> list[float]:
    return [round(float(part), 4) for part in place]


def _read(source: Path) -> Points:
    with source.open("rb") as file:
        opening = file.read(HEADER_BYTES)
    if opening.startswith((b"# .PCD", b"VERSION ")):
        return _pcd(source, opening)
    if is_frame(opening):
        return _frame(source)
    _refuse_beyond(source.stat().st_size // POINT)
    return np.fromfile(source, dtype="<f4").reshape(-1, 4)


def _refuse_beyond(points: int) -> None:
    if points > POINTS:
        raise Unfit(problem="points", points=points, most=POINTS)


def _frame(source: Path) -> Points:
    """Return the points of a frame as Scale's programs write it: JSON whose `points` have x, y, z in metres and `i`.

    They stay in the coordinates of the file, the world's: cuboids are told in the same.
    """
    try:
        found = json.loads(source.read_bytes())["points"]
        _refuse_beyond(len(found))
        rows = [(one["x"], one["y"], one["z"], one.get("i") or 0) for one in found]
        with np.errstate(over="ignore"):  # what no float32 holds is nowhere
            points = np.array(rows, dtype=np.float64).astype(np.float32).reshape(-1, 4)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError) as error:
        raise Unfit(problem="broken") from error
    brightest = float(np.nan_to_num(points[:, 3]).max(initial=0))
    points[:, 3] /= max(brightest, BYTE) if brightest > 1 else 1
    return points


def _pcd(source: Path, opening: bytes) -> Points:
    """Return the points of a PCD file, ASCII or binary; its compressed form is not read."""
    header, _data, after = opening.partition(b"\nDATA ")
    said = {line.split()[0]: line.split()[1:] for line in header.decode(errors="replace").split("\n") if line.strip()}
    form = after.split(b"\n")[0].strip()
    try:
        _refuse_beyond(int(said["POINTS"][0]))
        whole = _row(said)
        start = opening.index(b"\n", len(header) + 1) + 1
        rows = _ascii(source, start, whole) if form == b"ascii" else _binary(source, start, whole, form)
        return _columns(rows, int(said["POINTS"][0]))
    except (KeyError, ValueError, IndexError) as error:
        raise Unfit(problem="broken") from error


def _row(said: dict[str, list[str]]) -> np.dtype[np.void]:
    """Return what one row of a PCD file holds, as its header says."""
    counts = map(int, said.get("COUNT", ["1"] * len(said["FIELDS"])))
    parts = zip(said["FIELDS"], said["TYPE"], said["SIZE"], counts, strict=True)
    return np.dtype([(f"{number}:{name}", TYPES[kind + size], (count,)) for number, (name, kind, size, count)
                     in enumerate(parts) if 0 < count <= HEADER_BYTES])  # fmt: skip


def _binary(source: Path, start: int, row: np.dtype[np.void], form: bytes) -> NDArray[np.void]:
    if form != b"binary":
        raise Unfit(problem="pcd_packed")
    return np.fromfile(source, dtype=row, offset=start)


def _ascii(source: Path, start: int, row: np.dtype[np.void]) -> NDArray[np.void]:
    plain = np.dtype([(name, "<f8", row[name].shape) for name in row.names or ()])
    with source.open("rb") as file:
        file.seek(start)
        return np.loadtxt(file, dtype=np.float64, max_rows=POINTS, ndmin=2).view(plain).reshape(-1)


def _columns(rows: NDArray[np.void], count: int) -> Points:
    """Return x, y, z and the reflectance (none where there is none) of the rows."""
    if len(rows) < count:
        raise Unfit(problem="broken")
    points = np.zeros((count, 4), dtype=np.float32)
    found = {name.split(":")[1]: name for name in rows.dtype.names or ()}
    for name in "xyz":
        points[:, NAMES[name]] = rows[found[name]][:count, 0]
    for name in {"intensity", "reflectance"} & set(found):
        points[:, 3] = rows[found[name]][:count, 0]
    return points
