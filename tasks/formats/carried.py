"""Images and recordings inside the rows of a data set, as Hugging Face's library shows and plays them.

Each is a column of `bytes` and `path` with the feature it is read by; bytes as members saw and heard it. Frames of a
video and point clouds stay names: a row of thousands of pictures fits into no memory, and no feature is a cloud.
Source: Hugging Face, "Create an image dataset" and "Create an audio dataset", Parquet.
"""

import json
from collections.abc import Iterable, Iterator
from itertools import batched

import pyarrow as pa
from django.db.models import OuterRef, Subquery, Sum
from django.db.models.fields.json import KeyTextTransform

from tasks.models import Job, JobFile, Release
from tasks.shapes import Json, find

AT_ONCE = 50
FEATURES = {"image": "Image", "sound": "Audio"}
FILE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
KINDS = ("image", "transcription", "segments")


def parts(job: Job) -> dict[str, str]:
    """Return the parts of a task that name one image or recording, each with its feature."""
    return {name: FEATURES[kind] for name, kind in find(job.work_type.shape).files.items() if kind in FEATURES}


def described(job: Job) -> dict[bytes, bytes]:
    """Return what a Parquet file says of these columns to Hugging Face's library."""
    features = {name: {"_type": feature} for name, feature in parts(job).items()}
    return {b"huggingface": json.dumps({"info": {"features": features}}).encode()}


def weight(job: Job) -> int:
    """Return how many bytes a job's tasks name, a file as often as it is named."""
    named = Subquery(job.files.filter(usable=True, name=OuterRef("named")).values("bytes"))
    each = [job.tasks.annotate(named=KeyTextTransform(part, "data"), weight=named) for part in parts(job)]
    return sum(found.aggregate(sum=Sum("weight"))["sum"] or 0 for found in each)


def carried(release: Release, items: Iterable[Json]) -> Iterator[Json]:
    """Yield for each item its files by part, one after the other in memory; nothing where a file is not there."""
    named = parts(release.job)
    for some in batched(items, AT_ONCE, strict=False):
        names = {one["data"].get(part) for one in some for part in named}
        files = {file.name: file for file in release.job.files.filter(name__in=names - {None}, usable=True)}
        for one in some:
            yield {**one, **{part: _file(files.get(one["data"].get(part)), one["position"]) for part in named}}


def _file(file: JobFile | None, position: int) -> Json | None:
    if file is None or file.after >= position:
        return None
    with file.file.open("rb") as opened:
        return {"bytes": opened.read(), "path": file.name}
