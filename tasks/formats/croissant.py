"""Croissant: the files with a description that machines read, responsible-AI fields among them; as ZIP.

Source: MLCommons, "Croissant Format Specification" 1.0 and "Croissant RAI" 1.0.
"""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from django.conf import settings

from tasks.formats import card, folder, parquet
from tasks.models import Job, Release, Share

CONTEXT = {
    "@language": "en", "@vocab": "https://schema.org/", "citeAs": "cr:citeAs", "column": "cr:column",
    "conformsTo": "dct:conformsTo", "cr": "http://mlcommons.org/croissant/", "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"}, "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/", "examples": {"@id": "cr:examples", "@type": "@json"}, "extract": "cr:extract",
    "field": "cr:field", "fileProperty": "cr:fileProperty", "fileObject": "cr:fileObject", "fileSet": "cr:fileSet",
    "format": "cr:format", "includes": "cr:includes", "isLiveDataset": "cr:isLiveDataset", "jsonPath": "cr:jsonPath",
    "key": "cr:key", "md5": "cr:md5", "parentField": "cr:parentField", "path": "cr:path", "recordSet": "cr:recordSet",
    "references": "cr:references", "regex": "cr:regex", "repeated": "cr:repeated", "replace": "cr:replace",
    "sc": "https://schema.org/", "separator": "cr:separator", "source": "cr:source", "subField": "cr:subField",
    "transform": "cr:transform",
}  # fmt: skip
# What machines are told of a column by its type; lists and what is nested stand in the file alone.
TYPES = {pa.float64(): "sc:Float", pa.int64(): "sc:Integer", pa.bool_(): "sc:Boolean", pa.string(): "sc:Text"}


def write(release: Release) -> Iterator[bytes]:
    """Yield the ZIP in pieces."""
    return folder.packed(release, _more)


def _more(release: Release, where: Path, splits: list[str]) -> dict[str, str]:
    return {"croissant.json": json.dumps(described(release, where, splits), indent=2, ensure_ascii=False) + "\n"}


def described(release: Release, where: Path, splits: list[str]) -> dict[str, Any]:
    """Return the description of a version whose Parquet files stand in the folder `where`."""
    told = card.facts(release)
    return {
        "@context": CONTEXT, "@type": "sc:Dataset", "name": f"job-{release.job_id}-version-{release.number}",
        "conformsTo": ["http://mlcommons.org/croissant/1.0", "http://mlcommons.org/croissant/RAI/1.0"],
        "description": card.title(release), "url": settings.ORIGIN, "version": f"{release.number}.0.0",
        "license": "As agreed between the client and the cooperative.",
        "datePublished": release.finished_at and release.finished_at.date().isoformat(),
        "citeAs": f"{card.title(release)}, digest {release.digest}",
        "rai:dataCollection": release.job.form.get("question", ""),
        "rai:dataCollectionType": "Manual Human Curator",
        "rai:dataAnnotationProtocol": card.guides(release),
        "rai:dataAnnotationPlatform": "Workhall, a cooperative of the annotators",
        "rai:annotationsPerItem": str(release.job.overlap),
        "rai:annotatorDemographics": f"{told['paid']['people']} members, paid US$ {told['paid']['wages']} in wages.",
        "rai:personalSensitiveInformation": _may_upset(release.job),
        "distribution": [_file(split, where / f"{split}.parquet") for split in splits],
        "recordSet": [_records(split, pq.read_schema(where / f"{split}.parquet")) for split in splits],
    }  # fmt: skip


def _file(split: str, path: Path) -> dict[str, str]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {
        "@type": "cr:FileObject", "@id": f"{split}.parquet", "name": f"{split}.parquet",
        "contentUrl": f"data/{split}.parquet", "encodingFormat": "application/x-parquet", "sha256": digest,
    }  # fmt: skip


def _records(split: str, columns: pa.Schema) -> dict[str, Any]:
    told = [_field(split, column) for column in columns if column.type in TYPES]
    return {"@type": "cr:RecordSet", "@id": split, "name": split, "field": told}


def _field(split: str, column: pa.Field) -> dict[str, Any]:
    name: str = column.name
    source = {"fileObject": {"@id": f"{split}.parquet"}, "extract": {"column": name}}
    return {
        "@type": "cr:Field", "@id": f"{split}/{name}", "name": name, "description": parquet.described(name),
        "dataType": TYPES[column.type], "source": source,
    }  # fmt: skip


def _may_upset(job: Job) -> str:
    """Return what the client named: topics with how often each comes up, and its own words."""
    named = [f"{topic}: {Share(share).label}" for topic, share in job.content.items()]
    return "; ".join([*named, *([job.sensitivity] if job.sensitivity else [])]) or "None named by the client."
