"""Columns of their own types, and images and recordings in rows, as other programs read them."""

import io
import json
import uuid
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import soundfile

from coop import clock
from coop.people.models import Client, Person
from coop.refusals import Refused
from tasks import answers, background, claims, formats, release_files, reviews
from tasks.formats import carried, parquet, typed
from tasks.models import Ground, Job, Release
from tests.tasks import handing_in, media_jobs
from tests.tasks.releases.conftest import Made
from tests.tasks.releases.test_formats import saved, unpacked
from tests.tasks.test_kinds import every


def of(*results: Any) -> dict[str, pa.DataType]:
    """Return the columns of items with these results."""
    return typed.columns({"data": {}, "result": result} for result in results)


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ((1, 2), pa.int64()), ((1, 2.5), pa.float64()), ((2.5, 1), pa.float64()), ((True, None), pa.bool_()),
        (("a", "b"), pa.string()), (([], [1], [2.5]), pa.list_(pa.float64())),
        (({"a": 1}, {"b": "x", "c": []}), pa.struct([("a", pa.int64()), ("b", pa.string())])),
        (([{"at": [[1, 2.5]]}], []), pa.list_(pa.struct([("at", pa.list_(pa.list_(pa.float64())))]))),
        ((1, "a"), None), ((True, 1), None), ((1, True), None), (("a", ["a"]), None), (([1], ["a"]), None),
        (({"a": 1}, [1]), None), (([1], {"a": 1}), None), (({"a": 1}, 1), None), ((2**53, 1.5), pa.float64()),
        ((2**53 + 1, 1), None), ((-(2**70),), None), ((None,), None), (([], []), None), (({},), None),
    ],
)  # fmt: skip
def test_what_is_alike_has_a_type_and_what_is_not_has_none(values: tuple[Any, ...], kind: Any, tmp_path: Path) -> None:
    found = of(*({"it": value} for value in values))
    assert found == ({"result_it": kind} if kind is not None else {})
    schema = pa.schema([("id", pa.string()), ("result", pa.string()), *found.items()])
    items = ({"id": "x", "data": {}, "result": {"it": value}} for value in values)
    assert parquet.save(tmp_path / "it.parquet", items, schema) == len(values)
    kept = pq.read_table(tmp_path / "it.parquet").to_pylist()
    assert [json.loads(row["result"])["it"] for row in kept] == list(values)


def test_a_part_with_more_names_than_a_table_has_stands_in_the_json_alone() -> None:
    many = {f"n{n}": n for n in range(typed.MOST + 1)}
    assert of({"it": many, "own": 1}) == {"result_own": pa.int64()}
    assert of(many) == {}
    assert len(typed.columns([{"data": dict(list(many.items())[1:]), "result": {"x": 1}}])) == typed.MOST


@every
def test_the_answers_of_every_kind_have_columns(name: str, example: dict[str, Any], tmp_path: Path) -> None:
    items = [{"id": name, "data": example["data"], "result": example["value"]}]
    found = typed.columns(items)
    assert {f"result_{part}" for part in example["value"]} <= set(found)
    schema = pa.schema([("id", pa.string()), *found.items()])
    parquet.save(tmp_path / "it.parquet", items, schema)
    assert len(duckdb.read_parquet(str(tmp_path / "it.parquet")).fetchall()) == len(items)


def test_duckdb_counts_with_the_numbers(job: Job, made: Made, tmp_path: Path) -> None:
    path = saved(made(job), "parquet", tmp_path)
    found = duckdb.sql(f"SELECT data_left, result_labels[1] FROM '{path}' ORDER BY id")
    assert found
    assert found.fetchall() == [("Kettle 0", "Same"), ("Kettle 1", "Different"), ("Kettle 2", "Same")]


@pytest.fixture
def drawn(orbit: Client, olga: Person, amina: Person, luis: Person, made: Made) -> Release:
    """Return a version of two images, with their weight in kilograms, on each a car."""
    data = [{"id": "a", "image": "a.png", "weight": 4}, {"id": "b", "image": "b.png", "weight": 2.5}]
    job = media_jobs.opened(
        orbit, olga, of=media_jobs.voted_kind("image", amina), data=data,
        form={"question": "Where?", "labels": ["car"], "types": ["box"]},
        given={"a.png": handing_in.image(), "b.png": handing_in.image(60, 20)},
    )  # fmt: skip
    for x in (1.5, 7):
        car = {"type": "box", "label": "car", "x": x, "y": 2, "width": 10, "height": 8}
        done(job, luis, {"shapes": [car]}, olga)
    return made(job)


def done(job: Job, who: Person, value: dict[str, Any], client: Person) -> None:
    """Let somebody answer the next task, and the client accept it."""
    mine = claims.claim_next(job, by=who, at=clock.now())
    answers.submit(mine, value=value, key=uuid.uuid4(), seconds=9, by=who, at=clock.now())
    reviews.accept(mine, by=client, at=clock.now(), ground=Ground.CLIENT)


@pytest.fixture
def offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let Hugging Face's library stay on this machine."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))


@pytest.mark.usefixtures("offline")
def test_hugging_faces_library_shows_the_images_and_counts_with_the_numbers(drawn: Release, tmp_path: Path) -> None:
    from datasets import Image, load_dataset  # noqa: PLC0415 - loads much, and reads the environment

    assert "hugging-face-files" in formats.of(drawn.job)
    folder = unpacked(drawn, "hugging-face-files", tmp_path)
    found = load_dataset(str(folder), cache_dir=str(tmp_path / "cache"))["train"]
    assert isinstance(found.features["image"], Image)
    assert [one["image"].size for one in found] == [(40, 30), (60, 20)]
    assert all(one["image"].getpixel((2, 2)) == pytest.approx((255, 0, 0), abs=5) for one in found)
    assert found["data_weight"][:] == [4.0, 2.5]
    assert [one["result_shapes"][0]["x"] for one in found] == [1.5, 7.0]


@pytest.mark.usefixtures("offline")
def test_hugging_faces_library_hears_the_recordings(
    orbit: Client, olga: Person, amina: Person, luis: Person, made: Made, tmp_path: Path
) -> None:
    from datasets import Audio, load_dataset  # noqa: PLC0415 - likewise

    job = media_jobs.opened(
        orbit, olga, of=media_jobs.voted_kind("transcription", amina), form={"question": "What is said?"},
        given={"five.wav": handing_in.sound(1.25)}, data=[{"audio": "five.wav"}],
    )  # fmt: skip
    done(job, luis, {"text": "five"}, olga)
    folder = unpacked(made(job), "hugging-face-files", tmp_path)
    found = load_dataset(str(folder), cache_dir=str(tmp_path / "cache"))["train"]
    assert isinstance(found.features["audio"], Audio)
    held = found.cast_column("audio", Audio(decode=False))[0]["audio"]["bytes"]
    samples, rate = soundfile.read(io.BytesIO(held))
    assert len(samples) / rate == pytest.approx(1.25, abs=0.05)
    assert found["result_text"][:] == ["five"]


def test_images_are_in_memory_some_at_a_time(drawn: Release, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = drawn.job.files.get(name="a.png")
    with file.file.open("rb") as opened:
        content = opened.read()
    path = unpacked(drawn, "hugging-face-files", tmp_path) / "data" / "train.parquet"
    assert pq.read_table(path)["image"][0].as_py() == {"bytes": content, "path": "a.png"}
    monkeypatch.setattr(parquet, "HEAVIEST", 1)
    path = unpacked(drawn, "hugging-face-files", tmp_path) / "data" / "train.parquet"
    assert pq.ParquetFile(path).num_row_groups == 2


def test_an_image_weighs_as_often_as_a_task_names_it(
    orbit: Client, olga: Person, amina: Person, luis: Person, made: Made, settings: Any
) -> None:
    job = media_jobs.opened(
        orbit, olga, of=media_jobs.voted_kind("image", amina), data=[{"image": "a.png"}] * 3,
        form={"question": "Where?", "labels": ["car"], "types": ["box"]}, given={"a.png": handing_in.image()},
    )  # fmt: skip
    done(job, luis, {"shapes": [{"type": "box", "label": "car", "x": 1, "y": 2, "width": 9, "height": 8}]}, olga)
    size = job.files.get().bytes
    assert carried.weight(job) == 3 * size
    settings.CLIENT_MAX_BYTES = 3 * size - 1
    wanted = formats.find("hugging-face-files", job)
    file = release_files.ask(made(job), wanted, at=clock.now())
    assert (file.finished_at, file.is_being_made) == (None, True)
    background.make_release_file(file.pk)
    with pytest.raises(Refused, match="Take another format"):
        release_files.ask(file.release, wanted, at=clock.now())


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated")  # its own use of rdflib
def test_mlcroissant_reads_numbers_as_numbers(drawn: Release, tmp_path: Path) -> None:
    import mlcroissant  # noqa: PLC0415 - loads much

    folder = unpacked(drawn, "croissant", tmp_path)
    dataset = mlcroissant.Dataset(jsonld=str(folder / "croissant.json"))
    assert not dataset.metadata.ctx.issues.errors
    found = list(dataset.records("train"))
    assert [record["train/data_weight"] for record in found] == [4.0, 2.5]
    assert {record["train/data_image"] for record in found} == {b"a.png", b"b.png"}


def test_frames_and_clouds_stay_names(job: Job, drawn: Release) -> None:
    assert "hugging-face-files" not in formats.of(job)
    with pytest.raises(KeyError):
        formats.find("hugging-face-files", job)
    assert not {"frames", "cuboids"} & {*formats._ALL["hugging-face-files"].kinds}  # noqa: SLF001 - which kinds it is for
