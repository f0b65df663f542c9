"""What a client takes home and sees of results that are put together of parts; what is paid does not go by them."""

import csv
import io
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from django.test import Client as Browser
from django.urls import reverse

from coop import clock
from coop.people.models import Client, Person
from tasks import exports, formats, releases
from tasks.formats import card
from tasks.models import Assignment, Job
from tasks.quality import estimates
from tests.tasks import opening, orders
from tests.tasks.conftest import make_job, payable, work
from tests.tasks.quality.test_estimates import words
from tests.tasks.releases.conftest import Made, made  # noqa: F401 - its fixture
from tests.tasks.test_api import program

SEVERAL = {"question": "What is on it?", "labels": ["cat", "dog", "owl"], "multiple": True}
PARTS = {
    "Clear": {"value": 4, "confidence": 1.0},
    "Kind": {"value": 4, "confidence": 0.3333},
}


@pytest.fixture
def rated(orbit: Client, olga: Person, amina: Person, luis: Person, priya: Person) -> Job:
    """Return a job of two scales: all differ on the second of them at the first task, two agree at the second task."""
    kind = opening.vote_kind("rating", amina)
    form = {"question": "How good?", "scales": [{"name": name, "steps": 5} for name in ("Clear", "Kind")]}
    job = opening.order(orbit, olga, kind, form, [{"id": "a", "text": "x"}, {"id": "b", "text": "y"}], overlap=3)
    for steps in ((5, 4, 3), (2, 2, 5)):
        for who, step in zip((amina, luis, priya), steps, strict=True):
            work(job, who, {"ratings": {"Clear": 4, "Kind": step}})
    return job


def test_what_all_say_differently_comes_to_one_part_by_part(rated: Job) -> None:
    first, second = (one.row() for one in exports.results(rated))
    assert (first["result"], first["composed"]) == ({"ratings": {"Clear": 4, "Kind": 4}}, PARTS)
    assert first["confidence"] == first["agreement"] == 0.3333
    assert second["result"] == {"ratings": {"Clear": 4, "Kind": 2}}
    assert "composed" not in second
    assert second["agreement"] == 0.6667


def test_tables_say_what_was_put_together(rated: Job) -> None:
    first, second = csv.DictReader(io.StringIO("".join(exports.results_csv(rated))))
    assert (first["Clear"], first["Kind"], json.loads(first["composed"])) == ("4", "4", PARTS)
    assert second["composed"] == ""


def test_a_program_reads_what_was_put_together(rated: Job, orbit: Client, olga: Person, tmp_path: Path) -> None:
    call, _key = program(orbit, olga, ["download"])
    path = f"jobs/{rated.pk}/results?view=results"
    assert orders.lines(b"".join(call("GET", path)))[0]["composed"] == PARTS
    file = tmp_path / "results.parquet"
    file.write_bytes(b"".join(call("GET", f"{path}&form=parquet")))
    first, second = pq.read_table(file).to_pylist()
    assert json.loads(first["composed"]) == PARTS
    assert second["composed"] is None


def test_a_version_keeps_what_was_put_together(rated: Job, made: Made) -> None:  # noqa: F811 - the fixture
    release = made(rated)
    first, second = releases.items(release)
    assert first["composed"] == PARTS
    assert "composed" not in second
    (head, one, _two) = csv.reader(io.StringIO(b"".join(formats.find("csv", rated).write(release)).decode()))
    assert json.loads(one[head.index("composed")]) == PARTS
    told = json.loads(b"".join(formats.find("label-studio", rated).write(release)))
    assert [one["meta"].get("composed") for one in told] == [PARTS, None]
    assert "`composed` has the parts" in card.statement(release)


def test_a_client_sees_what_was_put_together_and_how(
    rated: Job, olga: Person, signed_in: Callable[[Person], Browser]
) -> None:
    assert estimates.estimate(rated, at=clock.now())
    page = words(signed_in(olga).get(reverse("tasks:client_quality", args=["orbit", rated.pk])))
    assert "part by part: each scale by the step in the middle (the median)." in page
    assert "a Clear 4 100% a Kind 4 33.33%" in page
    assert "b Clear" not in page


@pytest.fixture
def several(orbit: Client, olga: Person, amina: Person, luis: Person, priya: Person) -> Job:
    """Return a job of several labels whose answers are accepted where they agree: three that all differ."""
    job = make_job(orbit, olga, tasks=1, form=SEVERAL)
    for who, labels in ((amina, ["cat", "dog"]), (luis, ["cat"]), (priya, ["cat", "dog", "owl"])):
        work(job, who, {"labels": labels})
    return job


def test_nothing_is_accepted_or_paid_by_what_was_put_together(several: Job, amina: Person) -> None:
    """Amina's answer is what the parts come to; it waits for a look like the two others."""
    (result,) = exports.results(several)
    assert result.value == {"labels": ["cat", "dog"]}
    assert set(several.assignments.values_list("state", flat=True)) == {"submitted"}
    assert payable(amina) == Decimal(0)
    assert estimates.estimate(several, at=clock.now())
    assert not Assignment.objects.filter(job=several, decided_at__isnull=False).exists()


def test_parts_that_make_no_answer_are_told_without_a_result(
    orbit: Client, olga: Person, amina: Person, luis: Person, priya: Person
) -> None:
    job = make_job(orbit, olga, tasks=1, form=SEVERAL)
    for who, label in ((amina, "cat"), (luis, "dog"), (priya, "owl")):
        work(job, who, {"labels": [label]})
    (result,) = (one.row() for one in exports.results(job))
    assert (result["result"], result["agreement"]) == (None, 0.3333)
    assert result["composed"] == {name: {"value": False, "confidence": 0.6667} for name in ("cat", "dog", "owl")}


def test_who_answered_first_makes_no_difference(
    orbit: Client, olga: Person, amina: Person, luis: Person, priya: Person
) -> None:
    said = (["cat", "dog"], ["cat"], ["dog", "owl"])
    found: list[Any] = []
    for people in ((amina, luis, priya), (priya, amina, luis), (luis, priya, amina)):
        job = make_job(orbit, olga, tasks=1, form=SEVERAL)
        for who, labels in zip(people, said, strict=True):
            work(job, who, {"labels": labels})
        found += [(one.value, one.composed, one.confidence) for one in exports.results(job)]
    assert found[0][0] == {"labels": ["cat", "dog"]}
    assert found[0] == found[1] == found[2]
