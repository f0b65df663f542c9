"""Boxes over the frames of videos: COCO's JSON with tracks, and MOT Challenge's text; each frame's box as it is shown.

Sources: Dave et al., "TAO: A Large-Scale Benchmark for Tracking Any Object" (2020), whose files are COCO's with videos
and tracks; Dendorfer et al., "MOT20: A benchmark for multi object tracking in crowded scenes" (2020), whose frames and
pixels count from 1.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

from tasks.formats import coco, images, zipped
from tasks.formats.zipped import Entry
from tasks.models import Release
from tasks.shapes import Json, film, media, tracks


@dataclass(frozen=True, slots=True)
class Video:
    """An item with a result: its place in the job, the client's id, its frames with their size in px, its tracks."""

    number: int
    name: str
    frames: list[tuple[str, int, int]]
    tracks: list[Json]

    def boxes(self) -> Iterator[tuple[int, int, Json, Json]]:
        """Yield frame, number of the track, the track and where it is, frame by frame, each from 0."""
        for frame in range(len(self.frames)):
            for number, track in enumerate(self.tracks):
                if place := tracks.box(track, frame):
                    yield frame, number, track, place


def _videos(release: Release) -> Iterator[Video]:
    for one in images.with_files(release):
        if one["result"] is not None:
            yield Video(one["position"], one["id"], _frames(one["data"]), one["result"]["tracks"])


def _frames(data: Json) -> list[tuple[str, int, int]]:
    """Return name, width and height of each frame; one that was cut out of a video is named by its second."""
    if isinstance(data["frames"], str) and (found := data.get(film.MOMENTS)):
        return [(f"{data['frames']}@{second:.3f}", found["width"], found["height"]) for second in found["seconds"]]
    facts = [(name, media.file(data, name)["facts"]) for name in data["frames"]]
    return [(name, it["width"], it["height"]) for name, it in facts]


def as_coco(release: Release) -> Iterator[bytes]:
    """Yield COCO's JSON with `videos` and `tracks`; an annotation for each frame that a track is in, in px from 0."""
    labels = release.job.form["labels"]
    info = {"description": release.job.title, "version": str(release.number), "digest": release.digest}
    yield f'{{"info": {json.dumps(info, ensure_ascii=False)}, "licenses": [],\n"categories": '.encode()
    yield json.dumps([{"id": number, "name": label} for number, label in enumerate(labels, 1)]).encode()
    for name, rows in (
        ("videos", ({"id": one.number, "name": one.name} for one in _videos(release))),
        ("images", _images(release)), ("tracks", _tracks(release, labels)),
        ("annotations", _annotations(release, labels)),
    ):  # fmt: skip
        yield f',\n"{name}": ['.encode()
        yield from coco.listed(rows)
        yield b"]"
    yield b"}\n"


def _images(release: Release) -> Iterator[Json]:
    numbers = count(1)
    for video in _videos(release):
        for frame, (name, width, height) in enumerate(video.frames):
            yield {
                "id": next(numbers), "video_id": video.number, "frame_index": frame, "file_name": name, "width": width,
                "height": height,
            }  # fmt: skip


def _tracks(release: Release, labels: list[str]) -> Iterator[Json]:
    numbers = count(1)
    for video in _videos(release):
        for track in video.tracks:
            category = labels.index(track["label"]) + 1
            yield {"id": next(numbers), "video_id": video.number, "category_id": category, "name": track["id"]}


def _annotations(release: Release, labels: list[str]) -> Iterator[Json]:
    numbers, first_image, first_track = count(1), 1, 1
    for video in _videos(release):
        for frame, number, track, place in video.boxes():
            left, top, width, height = (place[name] for name in tracks.NUMBERS)
            yield {
                "id": next(numbers), "image_id": first_image + frame, "video_id": video.number,
                "track_id": first_track + number, "category_id": labels.index(track["label"]) + 1,
                "bbox": [left, top, width, height], "area": width * height, "iscrowd": 0,
                "segmentation": [[left, top, left + width, top, left + width, top + height, left, top + height]],
            }  # fmt: skip
        first_image += len(video.frames)
        first_track += len(video.tracks)


def as_mot(release: Release) -> Iterator[bytes]:
    """Yield a ZIP: for each video gt/gt.txt, seqinfo.ini and frames.txt, which names its frames; labels.txt for all.

    Nobody measured how much of a thing is seen: `visibility` is 1. How many frames a second has nobody said.
    """
    return zipped.packed(_entries(release), at=release.asked_at)


def _entries(release: Release) -> Iterator[Entry]:
    labels = release.job.form["labels"]
    for video in _videos(release):
        name = f"{video.number:06d}"
        yield f"{name}/gt/gt.txt", (line.encode() for line in _lines(video, labels))
        yield f"{name}/seqinfo.ini", [_about(video, name).encode()]
        named = (f"{frame:06d} {file}\n".encode() for frame, (file, _wide, _high) in enumerate(video.frames, 1))
        yield f"{name}/frames.txt", named
    yield "labels.txt", [f"{label}\n".encode() for label in labels]


def _lines(video: Video, labels: list[str]) -> Iterator[str]:
    for frame, number, track, place in video.boxes():
        numbers = f"{place['x'] + 1:.10g},{place['y'] + 1:.10g},{place['width']:.10g},{place['height']:.10g}"
        yield f"{frame + 1},{number + 1},{numbers},1,{labels.index(track['label']) + 1},1\n"


def _about(video: Video, name: str) -> str:
    _file, width, height = video.frames[0]
    return f"[Sequence]\nname={name}\nimDir=img1\nseqLength={len(video.frames)}\nimWidth={width}\nimHeight={height}\n"
