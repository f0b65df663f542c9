import csv
import io
import json
import tracemalloc
import uuid
from collections.abc import Iterable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from coop import clock, spreadsheets
from coop.people.models import Client, Person
from tasks import answers, claims, datasets, exports, jobs, reviews
from tasks.models import Job
from tests.tasks import orders


def answer(job: Job, *given: tuple[Person, str]) -> None:
    """Let each person claim the job's next task and choose a label."""
    for person, label in given:
        assignment = claims.claim_next(job, by=person, at=clock.now())
        answers.submit(assignment, value={"labels": [label]}, key=uuid.uuid4(), seconds=20, by=person, at=clock.now())


@pytest.fixture
def job(orbit: Client, olga: Person, amina: Person, luis: Person, priya: Person) -> Job:
    """Return an open job of three tasks; the first is answered by three, the second by two who differ."""
    job = orders.opened(orbit, olga, tasks=3)
    answer(job, (amina, "Same"), (luis, "Different"), (priya, "Same"))
    answer(job, (amina, "Same"), (luis, "Different"))
    return job


def table(pieces: Iterable[str]) -> list[dict[str, str]]:
    """Return the rows of CSV by their columns."""
    return list(csv.DictReader(io.StringIO("".join(pieces))))


def test_there_is_one_row_for_each_answer_in_the_order_of_the_tasks(job: Job) -> None:
    found = [one.row() for one in exports.rows(job)]
    assert [(row["id"], row["answer"]["labels"], row["accepted"]) for row in found] == [
        ("p0", ["Same"], True),
        ("p0", ["Different"], False),
        ("p0", ["Same"], True),
        ("p1", ["Same"], False),
        ("p1", ["Different"], False),
    ]
    assert found[0]["data"] == {"left": "Kettle 0", "right": "Steel kettle 0"}


def test_nothing_names_a_member(job: Job, amina: Person) -> None:
    everything = "".join([*exports.jsonl(exports.rows(job)), *exports.answers_csv(job)])
    for secret in (amina.name, amina.email, "seconds", "person"):
        assert secret.lower() not in everything.lower()
    columns = {"id", "data", "answer", "by", "state", "accepted", "at", "number"}
    assert set(exports.rows(job).__next__().row()) == columns


def test_a_member_has_one_pseudonym_with_a_client_and_another_with_the_next(
    job: Job, orbit: Client, amina: Person
) -> None:
    names = [one.by for one in exports.rows(job)]
    assert names[0] == names[3] == exports.pseudonym(orbit.pk, amina.pk)
    assert len(set(names)) == 3
    assert exports.pseudonym(orbit.pk + 1, amina.pk) != names[0]
    assert str(amina.pk) not in names[0] or len(names[0]) == 18


def test_pseudonyms_depend_on_the_secret_key(settings: object, orbit: Client, amina: Person) -> None:
    before = exports.pseudonym(orbit.pk, amina.pk)
    settings.SECRET_KEY = "another"  # type: ignore[attr-defined]
    assert exports.pseudonym(orbit.pk, amina.pk) != before


def test_results_give_the_majority_and_leave_a_tie_open(job: Job) -> None:
    first, second = (one.row() for one in exports.results(job))
    assert (first["id"], first["result"], first["agreement"], first["answers"]) == (
        "p0",
        {"labels": ["Same"]},
        0.6667,
        3,
    )
    assert (second["id"], second["result"], second["agreement"]) == ("p1", None, 0.5)


def test_csv_has_the_columns_of_the_shape(job: Job) -> None:
    rows = table(exports.answers_csv(job))
    assert rows[0].keys() == {"id", "labels", "by", "state", "accepted", "at", "data"}
    assert (rows[0]["labels"], rows[0]["accepted"]) == ("Same", "yes")
    results = table(exports.results_csv(job))
    assert [(row["labels"], row["agreement"], row["answers"]) for row in results] == [
        ("Same", "0.6667", "3"),
        ("", "0.5", "2"),
    ]


def test_a_redo_replaces_what_was_sent_back(orbit: Client, olga: Person, amina: Person, luis: Person) -> None:
    job = orders.opened(orbit, olga, tasks=1, overlap=1, review_rule="peer")
    answer(job, (amina, "Same"))
    assignment = job.assignments.get()
    reviews.send_back(assignment, reason="Look at the size.", place="label", by=luis, at=clock.now())
    answers.submit(
        job.assignments.get(), value={"labels": ["Different"]}, key=uuid.uuid4(), seconds=9, by=amina, at=clock.now()
    )
    assert [one.value for one in exports.rows(job)] == [{"labels": ["Different"]}]


# The last four are the full-width ones.
@pytest.mark.parametrize("opening", ["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20"])
def test_no_cell_is_taken_for_a_formula(orbit: Client, olga: Person, amina: Person, opening: str) -> None:
    formula = f"{opening}HYPERLINK(0)"
    job = orders.draft(orbit, olga, overlap=1, form={**orders.FORM, "labels": [formula, "b"]})
    orders.send(job, f'{{"id": "{opening}id", "a": "b"}}' if opening not in "\t\r\n" else '{"id": "=id", "a": "b"}')
    orders.deposit(orbit, "10")
    job = jobs.open(jobs.fund(job, by=olga, at=clock.now()), by=olga, at=clock.now())
    answer(job, (amina, formula))
    (row,) = table(exports.answers_csv(job))
    assert row["labels"].startswith("'")
    assert row["id"].startswith("'")


def test_harmless_cells_stay_as_they_are() -> None:
    assert [spreadsheets.harmless(cell) for cell in ("Same", "a=b", "", "0.5", "é")] == ["Same", "a=b", "", "0.5", "é"]


def test_the_number_of_statements_does_not_grow(orbit: Client, olga: Person, amina: Person) -> None:
    counts = []
    for tasks in (2, 20):
        job = orders.opened(orbit, olga, tasks=tasks, overlap=1)
        answer(job, *[(amina, "Same")] * tasks)
        with CaptureQueriesContext(connection) as queries:
            assert len(list(exports.rows(job))) == tasks
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_an_export_is_never_whole_in_memory(
    orbit: Client, olga: Person, amina: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "CHUNK", 4)
    job = orders.draft(orbit, olga, overlap=1)
    long = {f"text {n}": "x" * 7900 for n in range(7)}
    upload = orders.send(job, "".join(json.dumps({"id": n, **long}) + "\n" for n in range(40)))
    datasets.load(upload, at=clock.now())
    orders.deposit(orbit, "100")
    job = jobs.open(jobs.fund(job, by=olga, at=clock.now()), by=olga, at=clock.now())
    answer(job, *[(amina, "Same")] * 40)
    tracemalloc.start()
    size = sum(len(line) for line in exports.jsonl(exports.rows(job)))
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size > 2_000_000
    assert peak < 1_200_000
