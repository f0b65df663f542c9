"""Boxes that go on over frames: drawn in some of them, in between in a straight line."""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence

from django.utils.translation import gettext as _

from coop.refusals import Text
from tasks.shapes import plane
from tasks.shapes.shape import Json, obj

MOST_TRACKS = 100
NUMBERS = plane.NUMBERS["box"]
ID = {"type": "string", "minLength": 1, "maxLength": 40}


def schema(labels: list[str], most: int) -> Json:
    """Return the JSON Schema of a track over so many frames at most."""
    number = {"type": "number", "minimum": 0, "maximum": plane.FARTHEST}
    frame = {"type": "integer", "minimum": 0, "maximum": most - 1}
    key = obj({"frame": frame, **dict.fromkeys(NUMBERS, number)})
    keys = {"type": "array", "items": key, "minItems": 1, "maxItems": most}
    return obj(
        {"id": ID, "label": {"type": "string", "enum": labels}, "keys": keys, "until": frame}, optional=("until",)
    )


def box(track: Json, frame: int) -> Json | None:
    """Return where a track is in a frame, in pixels: in a straight line between its keys; None before and after it."""
    keys = track["keys"]
    after = bisect_right([key["frame"] for key in keys], frame)
    if not after or frame > track.get("until", frame):
        return None
    before = keys[after - 1]
    if after == len(keys):
        return {name: before[name] for name in NUMBERS}
    following = keys[after]
    share = (frame - before["frame"]) / (following["frame"] - before["frame"])
    return {name: round(before[name] + share * (following[name] - before[name]), 2) for name in NUMBERS}


def shapes(tracks: Sequence[Json], frame: int) -> list[Json]:
    """Return the tracks that are in a frame as boxes."""
    found = ((track, box(track, frame)) for track in tracks)
    return [{"type": "box", "label": track["label"], "id": track["id"], **place} for track, place in found if place]


def problems(tracks: Sequence[Json], sizes: Sequence[tuple[int, int]]) -> Iterator[Text]:
    """Yield what is wrong with tracks over frames of these sizes; they have the right types."""
    seen = set[str]()
    for track in tracks:
        said = {"id": track["id"]}
        frames = [key["frame"] for key in track["keys"]]
        if track["id"] in seen:
            yield _("Two boxes are called “%(id)s”.") % said
        elif frames != sorted(set(frames)):
            yield _("The frames of box “%(id)s” are not in their order, each once.") % said
        elif max(frames[-1], track.get("until", 0)) >= len(sizes) or track.get("until", frames[-1]) < frames[-1]:
            yield _("Box “%(id)s” goes on in a frame that there is not, or ends before its last place.") % said
        else:
            yield from _outside(track, sizes)
        seen.add(track["id"])


def _outside(track: Json, sizes: Sequence[tuple[int, int]]) -> Iterator[Text]:
    for key in track["keys"]:
        place = {"type": "box", "label": track["label"], **{name: key[name] for name in NUMBERS}}
        for words in plane.problems(place, *sizes[key["frame"]]):
            said = {"id": track["id"], "frame": key["frame"] + 1, "problem": words}
            yield _("Box “%(id)s” in frame %(frame)d %(problem)s.") % said


NUMBER = re.compile(r"\d{1,7}(?:\.\d{1,6})?")


def line(key: Json) -> str:
    """Return the place of a key as a line of four numbers."""
    return " ".join(f"{key[name]:g}" for name in NUMBERS)


def read(rows: Iterator[tuple[str, str, str, str, str]]) -> list[Json]:
    """Return the tracks that rows say: id, label, frame from 1, four numbers, and the last frame or nothing."""
    found: dict[str, Json] = {}
    for name, label, frame, place, until in rows:
        numbers = [float(number) if "." in number else int(number) for number in NUMBER.findall(place)]
        if len(numbers) != len(NUMBERS) or not frame.isdecimal():
            continue
        track = found.setdefault(name.strip(), {"id": name.strip(), "label": label, "keys": []})
        track["keys"].append({"frame": int(frame) - 1, **dict(zip(NUMBERS, numbers, strict=True))})
        if until.isdecimal():
            track["until"] = int(until) - 1
    return list(found.values())


def region(track: Json, sizes: Sequence[tuple[int, int]], seconds: Sequence[float] = ()) -> Json:
    """Return a track as Label Studio's region of a video, in hundredths of the frame; its frames count from 1.

    Where the second of each frame is known, it stands there as `time`.
    """
    keys = [(key["frame"], key, True) for key in track["keys"]]
    last = track.get("until", len(sizes) - 1)
    if last < len(sizes) - 1:
        keys.append((last + 1, track["keys"][-1], False))
    sequence = [_in_hundredths(frame, key, sizes[frame], seen) for frame, key, seen in keys]
    for one in sequence if seconds else ():
        one["time"] = seconds[one["frame"] - 1]
    value = {"framesCount": len(sizes), "sequence": sequence, "labels": [track["label"]]}
    return {"id": track["id"], "type": "videorectangle", "from_name": "answer", "to_name": "item", "value": value}


def _in_hundredths(frame: int, key: Json, size: tuple[int, int], seen: bool) -> Json:  # noqa: FBT001 - as the region says
    wide, high = size
    place = {"x": 100 * key["x"] / wide, "y": 100 * key["y"] / high}
    lengths = {"width": 100 * key["width"] / wide, "height": 100 * key["height"] / high}
    return {"frame": frame + 1, "enabled": seen, "rotation": 0, **place, **lengths}


def of_region(found: Json, sizes: Sequence[tuple[int, int]]) -> Json:
    """Return the track that a region of a video says; where it is switched off it ends the frame before."""
    sequence = found["value"]["sequence"]
    seen = [one for one in sequence if one["enabled"]]
    keys = [_in_pixels(one, *sizes[one["frame"] - 1]) for one in seen]
    track = {"id": str(found["id"]), "label": found["value"]["labels"][0], "keys": keys}
    off = [one["frame"] - 2 for one in sequence if not one["enabled"]]
    return track | ({"until": off[0]} if off else {})


def _in_pixels(one: Json, wide: int, high: int) -> Json:
    sides = zip(NUMBERS, (wide, high, wide, high), strict=True)
    return {"frame": one["frame"] - 1, **{name: plane.exact(one[name] * side / 100) for name, side in sides}}
