"""A hundred thousand tasks in one streamed request against raw COPY; a million orders listed at any depth."""

import http.client
import json
import sys
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import django
import psycopg

from coop import serving
from coop.database import roles
from tests.bench.place import Place
from tests.bench.web import free_port

TASKS, ORDERS, DEPTHS = 100_000, 1_000_000, (0, 0.5, 0.999)
NEW = {
    "work_type": "product-match", "title": "Bulk", "guide": "Look twice.", "pay": "0.09",
    "form": {"question": "Same?", "labels": ["Same", "Different"]},
}  # fmt: skip
COPY = "COPY tasks_task (job_id, position, external_id, data, open_slots) FROM STDIN"
# A million orders by programs would take hours: the superuser writes these past the guards.
ORDERED = """
ALTER TABLE tasks_order DISABLE TRIGGER ALL;
INSERT INTO tasks_order (key, client_id, test, kind, params, instruction, callback_url, role, created_at, updated_at,
    metadata, tags, audit, audit_words, error)
SELECT gen_random_uuid(), c.id, true, 'categorization', '{"attachment": "x", "categories": ["yes", "no"]}', '', '', '',
    now(), now(), '{}', '[]', 'pending', '', '' FROM people_client c, generate_series(1, %s) WHERE c.slug = %s;
ANALYZE tasks_order;
ALTER TABLE tasks_order ENABLE TRIGGER ALL;
"""

AT_DEPTH = """
SELECT key::text FROM tasks_order o JOIN people_client c ON c.id = o.client_id WHERE c.slug = %s
ORDER BY o.id DESC OFFSET %s LIMIT 1
"""


def rows() -> Iterator[bytes]:
    """Yield the lines of the data set."""
    for number in range(TASKS):
        row = {"id": f"t{number}", "left": "Kettle 1.7 l", "right": f"Kettle {number}"}
        yield json.dumps(row).encode() + b"\n"


def measure(here: Place) -> list[tuple[str, str]]:
    """Return what a task costs by one request and by COPY, and what a page of orders costs at three depths."""
    secret = here.run("-m", "tests.bench.key", "bench-bulk").strip()
    at = serving.Place("127.0.0.1", free_port(), workers=1)
    with serving.running(at, here.cluster.url(roles.WEB, roles.DATABASE)) as site:
        serving.wait_until_it_answers(site)
        job = json.loads(_ask(at.origin, secret, "POST", "/api/v1/jobs", json.dumps(NEW).encode()))["id"]
        began = time.monotonic()
        lines = "application/x-ndjson"
        upload = json.loads(_ask(at.origin, secret, "POST", f"/api/v1/jobs/{job}/tasks", b"".join(rows()), lines))["id"]
        sent = time.monotonic() - began
        with psycopg.connect(here.cluster.url("postgres", roles.DATABASE), autocommit=True) as superuser:
            _wait_for(superuser, upload)
            loaded = time.monotonic() - began - sent
            raw = _copied(superuser, job)
    rate, most = TASKS / (sent + loaded), TASKS / raw
    return [
        (f"{TASKS:,} tasks in one streamed request", f"{rate:,.0f}/s"),
        ("  sent, then checked and written by the worker", f"{sent:.1f} s, {loaded:.1f} s"),
        (f"{TASKS:,} tasks by raw COPY, guards and indexes on", f"{most:,.0f}/s"),
        ("  share of COPY (aim: 0.33)", f"{rate / most:.2f}"),
        *_listed(here),
    ]


def _ask(origin: str, secret: str, verb: str, path: str, body: bytes, kind: str = "application/json") -> bytes:
    connection = http.client.HTTPConnection(urlsplit(origin).netloc)
    connection.request(verb, path, body, {"Authorization": f"Bearer {secret}", "Content-Type": kind})
    answer = connection.getresponse()
    content = answer.read()
    if answer.status >= http.client.BAD_REQUEST:
        message = f"{path}: {answer.status}\n{content[:500]!r}"
        raise SystemExit(message)
    return content


def _wait_for(superuser: psycopg.Connection, upload: int) -> None:
    """Return once the site's worker has taken an upload in, as it does for every client."""
    asked = "SELECT rows, problem_count FROM tasks_upload WHERE id = %s AND finished_at IS NOT NULL"
    while not (done := superuser.execute(asked, [upload]).fetchone()):
        time.sleep(0.02)
    if done != (TASKS, 0):
        message = f"{done[0]} rows, {done[1]} problems"
        raise SystemExit(message)


def _copied(superuser: psycopg.Connection, job: int) -> float:
    """Return the seconds of COPY of the same rows into the same table, all it asks at a commit too; nothing stays."""
    began = time.monotonic()
    with superuser.transaction(force_rollback=True), superuser.cursor() as cursor:
        with cursor.copy(COPY) as copy:
            for place, line in enumerate(rows(), TASKS + 1):
                copy.write_row((job, place, f"copied-{place}", line.decode(), 3))
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        return time.monotonic() - began


def _listed(here: Place) -> list[tuple[str, str]]:
    slug = "bench-listing"
    secret = here.run("-m", "tests.bench.key", slug, "test").strip()
    with psycopg.connect(
        here.cluster.url("postgres", roles.DATABASE), cursor_factory=psycopg.ClientCursor
    ) as superuser:
        superuser.execute(ORDERED, [ORDERS, slug])
        at = [superuser.execute(AT_DEPTH, [slug, int(ORDERS * depth)]).fetchone() for depth in DEPTHS]
    tokens = [row[0].replace("-", "") for row in at if row]
    spent = here.run("-m", "tests.bench.bulk", secret, *tokens).split()
    shown = ", ".join(f"{float(one):.0f} ms" for one in spent)
    return [
        (f"100 of {ORDERS:,} tasks, at the top, in the middle, at the end", shown),
        ("  the last against the first", f"{float(spent[-1]) / float(spent[0]):.2f}"),
    ]


def pages(secret: str, tokens: list[str]) -> list[float]:
    """Return the milliseconds, the least of five, of the page after each token."""
    django.setup()
    from django.test import Client as Browser  # noqa: PLC0415 - after setup

    browser = Browser(headers={"authorization": f"Bearer {secret}", "host": "127.0.0.1"})
    found = []
    for token in tokens:
        times = []
        for _turn in range(5):
            began = time.perf_counter()
            answer = browser.get("/v1/tasks", {"limit": "100", "next_token": token})
            times.append((time.perf_counter() - began) * 1000)
        if len(answer.json()["docs"]) != 100:
            raise SystemExit(answer.text[:300])
        found.append(min(times))
    return found


if __name__ == "__main__":
    print(*pages(sys.argv[1], sys.argv[2:]))  # noqa: T201 - read by the process that asked
