"""One of several programs of clients: `python -m tests.bench.programs SECRET WORKER COUNT ORIGIN WHAT`.

WHAT is `tasks` (Scale's own client creates one after the other) or `floor` (an empty answer to a key, the same client).
"""

import sys
import time
import uuid
from statistics import median

import scaleapi
from scaleapi.tasks import TaskType

from coop import serving
from coop.database import roles
from tests.bench import crowd
from tests.bench.place import CONCURRENCY, Place
from tests.bench.web import free_port

# By turns, so that what else the machine does meets both alike.
TURNS, COUNT, EMPTY = 5, 20, 40
PAIR = {
    "instruction": "Are these the same?", "attachment": "Kettle | Steel kettle", "attachment_type": "text",
    "categories": ["Same", "Different"],
}  # fmt: skip


def measure(here: Place) -> list[tuple[str, str]]:
    """Return how many live tasks are created a second, one request each, against empty answers to the same programs."""
    secret = here.run("-m", "tests.bench.key", "bench-programs").strip()
    at = serving.Place("127.0.0.1", free_port(), workers=2)
    with serving.running(at, here.cluster.url(roles.WEB, roles.DATABASE)) as site:
        serving.wait_until_it_answers(site)
        scaleapi.ScaleClient(secret, api_instance_url=f"{at.origin}/v1").create_project(
            "Pairs", TaskType.Categorization, params={"work_type": "product-match"}
        )
        turns = [
            (_rate(here, secret, EMPTY, at.origin, "floor"), _rate(here, secret, COUNT, at.origin, "tasks"))
            for _turn in range(TURNS)
        ]
    return [
        (f"empty answers to a key over HTTP, {CONCURRENCY} programs", f"{median(floor for floor, _ in turns):,.0f}/s"),
        (
            f"live tasks by scaleapi, one by one, {CONCURRENCY} programs",
            f"{median(tasks for _, tasks in turns):,.0f}/s",
        ),
        ("  share of the empty answers (aim: 0.5)", f"{median(tasks / floor for floor, tasks in turns):.2f}"),
    ]


def _rate(here: Place, secret: str, count: int, *extra: str) -> float:
    return crowd.work(here, "tests.bench.programs", secret, count=count, extra=extra).rate


def main(secret: str, count: int, origin: str, what: str) -> None:
    """Wait for the common start, then ask; tell how long each took."""
    program = scaleapi.ScaleClient(secret, api_instance_url=f"{origin}/v1")
    program.api.get_request("studio/assignments")
    times = []
    crowd.wait_for_all()
    for _turn in range(count):
        began = time.perf_counter()
        if what == "tasks":
            program.create_task(TaskType.Categorization, project="Pairs", unique_id=uuid.uuid4().hex, **PAIR)
        else:
            program.api.get_request("studio/assignments")
        times.append(time.perf_counter() - began)
    crowd.tell(times)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[3]), sys.argv[4], sys.argv[5])
