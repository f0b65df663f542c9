"""What a model's server is told is what Label Studio's own tools read, and what they write comes back as our values."""

import warnings
from datetime import UTC, datetime
from typing import Any

import pytest

from payments.models import WorkType
from tasks.endpoints import asking, protocol
from tasks.models import Job, Task
from tests.tasks.test_kinds import EACH

WORDS = [
    (name, example) for name, example in EACH if name not in {"image", "frames", "cuboids", "transcript", "segments"}
]
every = pytest.mark.parametrize(("name", "example"), WORDS, ids=[name for name, _example in WORDS])


def understood(schema: str) -> Any:
    """Return a labelling configuration as Label Studio's own library reads it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from label_studio_sdk.label_interface.interface import LabelInterface  # noqa: PLC0415 - loads much

        return LabelInterface(schema)


def of(name: str, example: dict[str, Any]) -> tuple[Job, Task]:
    """Return a job of a kind and one of its tasks, kept nowhere."""
    job = Job(pk=7, work_type=WorkType(shape=name), form=example["form"], drafted_at=datetime(2026, 5, 4, tzinfo=UTC))
    return job, Task(position=1, external_id="p1", data=example["data"])


@every
def test_the_sdk_reads_what_is_asked_and_takes_our_regions(name: str, example: dict[str, Any]) -> None:
    job, task = of(name, example)
    read = understood(protocol.schema(job, task.data))
    read.validate()
    regions = job.shape.label_studio(job.form, task.data, example["value"])
    assert regions
    for region in regions:
        if region["type"] != "relation":
            assert read.get_control(region["from_name"]).tag.lower() == region["type"]
            assert read.get_object(region["to_name"]).tag == "Text"
    assert read.validate_prediction({"result": [one for one in regions if one["type"] != "relation"], "score": 0.5})


@every
def test_what_a_model_says_comes_back_as_a_value(name: str, example: dict[str, Any]) -> None:
    job, task = of(name, example)
    value = {key: part for key, part in example["value"].items() if not (name == "comparison" and key == "shown")}
    regions = job.shape.label_studio(job.form, task.data, value)
    said = asking._prediction(job, task, {"result": regions, "score": 0.5}, "v1")  # noqa: SLF001 - without a server
    assert said == {"value": value, "model": "v1", "score": 0.5}


def test_a_configuration_is_whole_whatever_a_client_writes() -> None:
    labels = ['<b>"&', "</View>"]
    job, task = of("choice", {"form": {"question": "a < b & 'c'?", "labels": labels}, "data": {"text": "", "$x y": ""}})
    read = understood(protocol.schema(job, task.data))
    assert read.get_control("answer").labels == labels
    assert [one.value_name for one in read.objects] == ["text"]


def test_the_text_is_what_a_model_finds_first_and_every_part_is_named() -> None:
    job, _task = of("choice", {"form": {"question": "?", "labels": ["a", "b"]}, "data": {}})
    read = understood(protocol.schema(job, {"about": "x", "text": "y"}))
    assert {one.name: one.value_name for one in read.objects} == {"item": "text", "data_about": "about"}
    assert read.get_first_tag_occurence("Choices", "Text") == ("answer", "item", "text")
    assert 'value="$text"' in protocol.schema(job, {})
