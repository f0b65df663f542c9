import json
import tracemalloc
from decimal import Decimal
from typing import BinaryIO, cast

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from coop import clock
from coop.people.models import Client, Person
from coop.refusals import Refused
from payments.models import WorkType
from tasks import background, datasets, jobs, rows
from tasks.models import Job, Task, Upload
from tests.tasks import orders


@pytest.fixture
def draft(orbit: Client, olga: Person) -> Job:
    """Return a draft without tasks."""
    return orders.draft(orbit, olga)


def problems(upload: Upload) -> dict[int, str]:
    """Return the problems of an upload by their line."""
    return {one["line"]: one["problem"] for one in upload.problems}


def test_a_csv_becomes_tasks_in_its_order_with_all_slots_open(draft: Job) -> None:
    upload = orders.send(draft, orders.rows_of(3))
    assert (upload.rows, upload.problem_count) == (3, 0)
    assert upload.finished_at
    tasks = list(draft.tasks.order_by("position"))
    assert [task.external_id for task in tasks] == ["p0", "p1", "p2"]
    assert [task.open_slots for task in tasks] == [3, 3, 3]
    assert tasks[1].data == {"left": "Kettle 1", "right": "Steel kettle 1"}
    assert tasks[1].upload == upload


@pytest.mark.parametrize("mark", [",", ";", "\t"])
@pytest.mark.parametrize("bom", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_csv_comes_with_any_of_three_delimiters_with_and_without_bom(draft: Job, mark: str, bom: str, end: str) -> None:
    content = bom + end.join([mark.join(["id", "name"]), mark.join(["ñ1", '"two, words; and\ta tab"']), ""])
    assert orders.send(draft, content).problems == []
    task = draft.tasks.get()
    assert (task.external_id, task.data) == ("ñ1", {"name": "two, words; and\ta tab"})


def test_jsonl_keeps_its_structure_and_its_numbers(draft: Job) -> None:
    first = {"id": 7, "left": {"name": "Kettle", "price": 12.5}, "tags": ["a", None, True]}
    upload = orders.send(draft, json.dumps(first) + '\n\n{"left": "ünïcode", "deep": [[1]]}\n', "tasks.jsonl")
    assert upload.problems == []
    one, two = draft.tasks.order_by("position")
    assert one.external_id == "7"
    assert one.data == {"left": {"name": "Kettle", "price": 12.5}, "tags": ["a", None, True]}
    assert (two.external_id, two.data) == ("2", {"left": "ünïcode", "deep": [[1]]})


def test_every_bad_row_is_named_with_its_line_and_nothing_is_added(draft: Job) -> None:
    content = 'id,a,b\n1,x,y\n2,x\n3,"un"x,1\n4,"two\nlines",z\n1,again,y\n5,x,y,z\n'
    upload = orders.send(draft, content)
    found = problems(upload)
    assert sorted(found) == [3, 4, 7, 8]
    assert "2 fields" in found[3]
    assert "well-formed" in found[4]
    assert "Line 2" in found[7]
    assert "4 fields" in found[8]
    assert upload.problem_count == 4
    assert not draft.tasks.exists()


def test_the_first_200_problems_are_kept_and_all_are_counted(draft: Job) -> None:
    upload = orders.send(draft, "id,a\n" + "1,2,3\n" * 1234)
    assert len(upload.problems) == 200
    assert upload.problem_count == 1234


@pytest.mark.parametrize(
    ("content", "line", "words"),
    [
        (b"", 1, "empty"),
        (b"\n", 1, "must name the columns"),
        (b"id,a\n", 1, "no rows"),
        (b"id\n1\n", 2, "no field beside"),
        (b"a,a\n1,2\n", 1, "Two columns"),
        (b"a,\n1,2\n", 1, "Column 2 needs a name"),
        ("id,a\n1,é\n".encode("latin-1"), 2, "E9"),
        ("id,a\n1,é\n".encode("utf-16"), 1, "UTF-16"),
        ("id,a\n1,é\n".encode("utf-16-le"), 1, "UTF-16"),
        (b"PK\x03\x04 a spreadsheet", 1, "spreadsheet"),
        (b"\x1f\x8b\x08 packed", 1, "archive"),
        (b"id,a\n1,x\x00y\n", 2, "NUL"),
        (b'id,a\n1,"never closed\n2,b\n', 2, "well-formed"),
        (b'id,a\n1,"' + b"x\n" * 140_000, 2, "never closed"),
        (b"id,a\n1," + b"x" * 80_001 + b"\n", 2, "80001 bytes"),
        (b"id,a\n1," + b"x" * 260_000 + b"\n", 2, "longer than 256000"),
        (b"id,a\n" + b"x" * 121 + b",1\n", 2, "longer than 120"),
        (b'{"a": NaN}\n', 1, "NaN"),
        (b'{"a": -Infinity}\n', 1, "Infinity"),
        (b'{"a": 1e999}\n', 1, "1e999"),
        (b'{"a": 1}\n[1]\n', 2, "not an object"),
        (b'{"a": 1}\n{"a": 1, "a": 2}\n', 2, "twice"),
        (b'{"a": "\\u0000"}\n', 1, "NUL"),
        (b'{"a": "\\ud800"}\n', 1, "half a character"),
        (b'{"\\ud800": 1}\n', 1, "half a character"),
        (b'{"a": ' + b"[" * 20 + b"]" * 20 + b"}\n", 1, "nested too deep"),
        (b'{"a": ' + b"[" * 30_000 + b"\n", 1, "too deep"),
        (b'{"a": ' + b"9" * 6000 + b"}\n", 1, "too long"),
        (b'{"id": true, "a": 1}\n', 1, "The id must be"),
        (b'{"a": 1\n', 1, "not JSON"),
    ],
)
def test_a_broken_file_is_explained_and_kept_out(draft: Job, content: bytes, line: int, words: str) -> None:
    upload = orders.send(draft, content)
    assert words in problems(upload)[line]
    assert upload.finished_at
    assert not draft.tasks.exists()


def test_a_comparison_needs_its_two_answers(orbit: Client, olga: Person) -> None:
    kind = WorkType.objects.get(slug="compare-answers")
    job = orders.draft(orbit, olga, work_type=kind, pay=Decimal("0.90"), form={"question": "?", "min_reason": 0})
    upload = orders.send(job, "id,question,a,b\n1,q,one,two\n2,q,one,\n3,q,,two\n")
    assert sorted(problems(upload)) == [3, 4]
    assert orders.send(job, '{"response_a": "one", "response_b": "two"}').problem_count == 0


def test_an_id_the_job_has_already_is_refused(draft: Job) -> None:
    orders.send(draft, "id,a\nx,1\ny,2\n")
    upload = orders.send(draft, "id,a\nz,1\ny,3\n")
    assert "already" in problems(upload)[3]
    assert draft.tasks.count() == 2


def test_data_sets_add_up_and_positions_go_on(draft: Job) -> None:
    orders.send(draft, "a\n1\n2\n")
    orders.send(draft, "a\n3\n")
    assert list(draft.tasks.order_by("position").values_list("position", "external_id")) == [
        (1, "1"),
        (2, "2"),
        (3, "3"),
    ]


def test_the_same_file_twice_is_one_data_set(draft: Job) -> None:
    first, second = orders.send(draft, "a\n1\n2\n"), orders.send(draft, "a\n1\n2\n", "another name.csv")
    assert first == second
    assert draft.tasks.count() == 2


def test_a_corrected_file_can_be_sent_after_a_bad_one(draft: Job) -> None:
    assert orders.send(draft, "id,a\n1\n").problem_count == 1
    assert orders.send(draft, "id,a\n1,x\n").problem_count == 0
    assert draft.tasks.count() == 1


def test_a_closed_job_takes_no_more_tasks(orbit: Client, olga: Person) -> None:
    job = jobs.close(orders.opened(orbit, olga), by=olga, at=clock.now())
    with pytest.raises(Refused, match="closed"):
        orders.send(job, "id,a\nnew,1\n")
    assert not Task.objects.filter(job=job, external_id="new").exists()


def test_a_file_over_the_bound_is_refused_before_it_is_read(draft: Job, settings: object) -> None:
    settings.DATASET_STREAM_MAX_BYTES = 1000  # type: ignore[attr-defined]
    with pytest.raises(Refused) as refused:
        orders.send(draft, "id,a\n" + "x,1\n" * 400)
    assert refused.value.refusal.status == 413
    assert not draft.uploads.exists()


def test_a_large_file_is_loaded_by_the_worker_once(draft: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets, "AT_ONCE_MAX_BYTES", 100)
    upload = orders.send(draft, orders.rows_of(50))
    assert upload.finished_at is None
    assert not draft.tasks.exists()
    waiting = ProcrastinateJob.objects.get(task_name=datasets.LOAD)
    assert waiting.args == {"upload_id": upload.pk}
    assert datasets.LOAD in app.tasks  # the worker knows it by this name
    for _repeated in range(2):
        background.load_data_set(upload_id=upload.pk)
    upload.refresh_from_db()
    assert upload.rows == draft.tasks.count() == 50


def test_a_job_opened_meanwhile_keeps_a_late_file_out(
    orbit: Client, olga: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = orders.draft(orbit, olga)
    monkeypatch.setattr(datasets, "AT_ONCE_MAX_BYTES", 10)
    upload = orders.send(job, orders.rows_of(5))
    Job.objects.filter(pk=job.pk).update(closed_at=clock.now())
    upload = datasets.load(upload, at=clock.now())
    assert upload.problem_count == 1
    assert not job.tasks.exists()


def test_twenty_thousand_letters_of_any_script_are_a_field(draft: Job) -> None:
    hindi = "हिन्दी में लिखा एक लंबा पाठ। " * 689
    assert 19_900 < len(hindi) <= 20_000
    rows = [{"id": str(number), "text": hindi, "other": "😀" * 20_000} for number in range(20)]
    upload = orders.send(draft, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "tasks.jsonl")
    if upload.finished_at is None:
        upload = datasets.load(upload, at=clock.now())
    assert upload.problems == []
    assert draft.tasks.get(external_id="7").data == {"text": hindi, "other": "😀" * 20_000}


def test_many_rows_wait_for_no_more_statements_than_few(draft: Job) -> None:
    with CaptureQueriesContext(connection) as few:
        orders.send(draft, "id,a\n" + "".join(f"few{n},x\n" for n in range(5)))
    with CaptureQueriesContext(connection) as many:
        orders.send(draft, "id,a\n" + "".join(f"many{n},x\n" for n in range(5000)))
    assert draft.tasks.count() == 5005
    # A thousand a statement, sent on while the next are read: the job waits once for all of them.
    assert len(many) == len(few)


def test_ids_take_sixteen_bytes_each_and_the_second_of_two_is_found() -> None:
    tracemalloc.start()
    ids = datasets._Ids()  # noqa: SLF001 - what a million rows leave in memory
    for number in range(100_000):
        ids.add(f"a-long-id-of-a-client-{number}", number)
    ids.add("a-long-id-of-a-client-7", 100_000)
    ids.add("a-long-id-of-a-client-7", 100_001)
    held, _peak = tracemalloc.get_traced_memory()
    assert list(ids.again()) == [(100_000, 7), (100_001, 7)]
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 2_500_000
    assert peak < 8_000_000


def test_rows_are_read_one_at_a_time() -> None:
    line = b"kettle," + b"x" * 500 + b"\n"
    stream = Repeated(b"name,text\n", line, 40_000)
    tracemalloc.start()
    count = len([None for _row in rows.read(cast("BinaryIO", stream))])
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 40_000
    assert peak < 2_000_000  # the file has 20 MB


def test_a_file_of_too_many_rows_ends_with_one_problem(draft: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "ROWS_MAX", 10)
    upload = orders.send(draft, orders.rows_of(30))
    assert list(problems(upload)) == [12]
    assert not draft.tasks.exists()


class Repeated:
    """A file that repeats one line, made as it is read."""

    def __init__(self, head: bytes, line: bytes, times: int) -> None:
        """Begin with `head`."""
        self.head, self.line, self.times, self.place = head, line, times, 0

    def seek(self, place: int) -> None:
        """Go back to the beginning."""
        assert place == 0
        self.place = 0

    def read(self, size: int) -> bytes:
        """Return the opening."""
        return (self.head + self.line)[:size]

    def readline(self, size: int) -> bytes:
        """Return the next line."""
        self.place += 1
        if self.place == 1:
            return self.head
        return self.line[:size] if self.place <= self.times + 1 else b""


def test_after_a_large_delivery_claims_are_planned_for_the_tasks_there_are(
    draft: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(datasets, "COUNTED_FROM", 300)
    orders.send(draft, "id,a\n" + "".join(f"n{n},x\n" for n in range(300)))
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE oid = 'public.tasks_task'::regclass")
        (known,) = cursor.fetchone()
    assert known >= 300
