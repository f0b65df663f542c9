"""Label Studio's JSON: a list of tasks with their annotations, as its import takes it.

Regions come from the kind of work (`Shape.label_studio`); a kind without any of its own is told as text.
Source: Label Studio's documentation, "Label Studio JSON format of annotated tasks".
"""

import json
from collections.abc import Iterator
from typing import Any

from tasks.formats import images
from tasks.models import Release
from tasks.shapes import media


def write(release: Release) -> Iterator[bytes]:
    """Yield the list, a task at a time."""
    yield b"["
    for number, one in enumerate(images.with_files(release)):
        told = json.dumps(_task(release, one), ensure_ascii=False)
        yield f"{',' if number else ''}\n{told}".encode()
    yield b"\n]\n"


def _task(release: Release, one: dict[str, Any]) -> dict[str, Any]:
    annotations = [_annotation(release, one["data"], answer) for answer in one["answers"]]
    data = {name: part for name, part in one["data"].items() if name != media.FILES}
    said = [_prediction(release, one["data"], one["prediction"])] if "prediction" in one else []
    meta = {"id": one["id"], "split": one["split"], "confidence": one["confidence"], "result": one["result"]}
    meta |= {name: one[name] for name in ("composed",) if name in one}
    return {"id": one["position"], "data": data, "annotations": annotations, "predictions": said, "meta": meta}


def _annotation(release: Release, data: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
    shape, form = release.job.shape, release.job.form
    return {
        "id": answer["number"], "unique_id": answer["by"], "created_at": answer["at"], "was_cancelled": False,
        "ground_truth": False, "result": shape.label_studio(form, data, answer["answer"]),
    }  # fmt: skip


def _prediction(release: Release, data: dict[str, Any], said: dict[str, Any]) -> dict[str, Any]:
    result = release.job.shape.label_studio(release.job.form, data, said["value"])
    return {"model_version": said.get("model", ""), "score": said.get("score"), "result": result}
