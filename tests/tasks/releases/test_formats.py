"""Each format, read back by the tool it is for."""

import csv
import io
import json
import tracemalloc
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import duckdb
import pytest

from tasks import formats, releases
from tasks.formats import parquet
from tasks.models import Job, Release
from tests.tasks.releases.conftest import Made


@pytest.fixture
def release(job: Job, made: Made) -> Release:
    """Return a version in two splits."""
    return made(job, train=50, test=50)


def saved(release: Release, name: str, folder: Path) -> Path:
    """Write a version in a format into a folder and return the file."""
    wanted = formats.find(name, release.job)
    path = folder / f"{name}.{wanted.ending}"
    path.write_bytes(b"".join(wanted.write(release)))
    return path


def unpacked(release: Release, name: str, folder: Path) -> Path:
    with ZipFile(saved(release, name, folder)) as packed:
        packed.extractall(folder / name)
    return folder / name


def reads_as_often_as_it_says(release: Release) -> None:
    """By this a file that is being made tells how far it is."""
    for one in formats.offered(release.job):
        read: list[int] = []
        release.part_was_read = partial(read.append, 1)
        assert sum(len(piece) for piece in one.write(release)) >= 0
        assert (one.name, len(read)) == (one.name, one.reads(release))


def test_each_format_reads_a_version_as_often_as_it_says(release: Release) -> None:
    reads_as_often_as_it_says(release)


def test_lines_are_the_items(release: Release, tmp_path: Path) -> None:
    lines = saved(release, "jsonl", tmp_path).read_text().splitlines()
    assert [json.loads(line) for line in lines] == list(releases.items(release))


def test_a_table_has_the_columns_of_the_kind(release: Release, tmp_path: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(saved(release, "csv", tmp_path).read_text())))
    assert [(row["id"], row["labels"], row["answers"]) for row in rows] == [
        ("p0", "Same", "3"), ("p1", "Different", "3"), ("p2", "Same", "1"),
    ]  # fmt: skip


def test_duckdb_reads_parquet(release: Release, tmp_path: Path) -> None:
    path = saved(release, "parquet", tmp_path)
    found = duckdb.sql(
        f"SELECT id, result->>'$.labels[0]', confidence, json_array_length(answers) FROM '{path}' ORDER BY id"
    )
    assert found
    assert found.fetchall() == [("p0", "Same", 1.0, 3), ("p1", "Different", 0.6667, 3), ("p2", "Same", 1.0, 1)]


def test_duckdb_reads_lines_and_tables(release: Release, tmp_path: Path) -> None:
    lines = duckdb.read_json(str(saved(release, "jsonl", tmp_path)))
    assert lines.select("id, result.labels, len(answers)").order("id").fetchall() == [
        ("p0", ["Same"], 3), ("p1", ["Different"], 3), ("p2", ["Same"], 1),
    ]  # fmt: skip
    table = duckdb.read_csv(str(saved(release, "csv", tmp_path)))
    told = table.select("id, labels, confidence, answers, data->>'$.left'").order("id").fetchall()
    assert told == [
        ("p0", "Same", 1, 3, "Kettle 0"),
        ("p1", "Different", 0.6667, 3, "Kettle 1"),
        ("p2", "Same", 1, 1, "Kettle 2"),
    ]


def test_label_studios_converter_reads_its_json(release: Release, tmp_path: Path) -> None:
    from label_studio_sdk.converter.converter import Converter  # noqa: PLC0415 - loads much

    config = (
        '<View><Text name="item" value="$left"/>'
        '<Choices name="answer" toName="item"><Choice value="Same"/><Choice value="Different"/></Choices></View>'
    )
    converter: Any = Converter(config=config, project_dir=str(tmp_path))  # type: ignore[no-untyped-call]
    converter.convert_to_csv(
        str(saved(release, "label-studio", tmp_path)), str(tmp_path / "out"), is_dir=False, sep=",", header=True
    )
    (written,) = (tmp_path / "out").glob("*.csv")
    rows = list(csv.DictReader(io.StringIO(written.read_text())))
    assert sorted(row["answer"] for row in rows) == sorted(["Same"] * 5 + ["Different"] * 2)
    assert {row["left"] for row in rows} == {"Kettle 0", "Kettle 1", "Kettle 2"}


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated")  # its own use of rdflib
def test_mlcroissant_reads_the_description_and_the_records(release: Release, tmp_path: Path) -> None:
    import mlcroissant  # noqa: PLC0415 - likewise

    folder = unpacked(release, "croissant", tmp_path)
    dataset = mlcroissant.Dataset(jsonld=str(folder / "croissant.json"))
    assert not dataset.metadata.ctx.issues.errors
    splits = [one.id for one in dataset.metadata.record_sets]
    found = [record for split in splits for record in dataset.records(split)]
    ids = {value.decode() for record in found for name, value in record.items() if name.endswith("/id")}
    assert ids == {"p0", "p1", "p2"}
    assert "members, paid US$ 0.45 in wages" in json.dumps(json.loads((folder / "croissant.json").read_text()))


def test_hugging_faces_library_reads_the_folder(
    release: Release, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
    from datasets import load_dataset  # noqa: PLC0415 - likewise, and reads the environment

    folder = unpacked(release, "hugging-face", tmp_path)
    found = load_dataset(str(folder), cache_dir=str(tmp_path / "cache"))
    assert set(found) <= {"train", "test"}
    assert sorted(name for split in found.values() for name in split["id"]) == ["p0", "p1", "p2"]
    assert (folder / "certificate.json").exists()
    assert "STATEMENT.md" in {path.name for path in folder.iterdir()}


def test_a_split_that_nothing_fell_into_has_no_file(job: Job, made: Made, tmp_path: Path) -> None:
    release = made(job, train=98, validation=1, test=1)
    folder, filled = unpacked(release, "hugging-face", tmp_path), {one["split"] for one in releases.items(release)}
    assert {path.stem for path in (folder / "data").iterdir()} == filled
    assert len(filled) < 3
    assert (folder / "README.md").read_text().count("- split: ") == len(filled)


def test_large_items_are_never_thousands_in_memory(tmp_path: Path) -> None:
    def large() -> Iterator[dict[str, Any]]:
        for number in range(60):
            yield {"id": str(number), "result": {"shapes": ["x" * 1_000_000]}}

    tracemalloc.start()
    assert parquet.save(tmp_path / "rows.parquet", large()) == 60
    _now, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 60_000_000
    assert duckdb.read_parquet(str(tmp_path / "rows.parquet")).aggregate("count(*)").fetchall() == [(60,)]
