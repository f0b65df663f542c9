"""Label Studio Community at our work, by its own API.

`python -m tests.bench.labelstudio found` in an environment that has it makes its tables and annotators and prints their
tokens. `python -m tests.bench.labelstudio PROJECT WORKER COUNT ORIGIN TOKENS` is one of them at once.
"""

import http.client
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.bench import crowd

PEOPLE = 32
PERSON, PASSWORD = "person{}@example.org", "a-long-password"
LABELS = """<View><Text name="left" value="$left"/><Text name="right" value="$right"/>
<Choices name="same" toName="left"><Choice value="Same"/><Choice value="Different"/></Choices></View>"""
RESULT = [{"from_name": "same", "to_name": "left", "type": "choices", "value": {"choices": ["Same"]}}]


class Caller:
    """A client of its API that keeps its connection."""

    def __init__(self, origin: str, token: str) -> None:
        """Remember whose token it is."""
        self.connection = http.client.HTTPConnection(urlsplit(origin).netloc, timeout=3600)
        self.headers = {"Authorization": f"Token {token}", "Content-Type": "application/json"}

    def ask(self, verb: str, path: str, body: object = None, *, but: Sequence[int] = ()) -> Any:
        """Return what an operation answers; raise SystemExit when it is refused, `but` with these."""
        self.connection.request(verb, path, json.dumps(body) if body is not None else None, self.headers)
        answer = self.connection.getresponse()
        text = answer.read()
        if answer.status >= http.client.BAD_REQUEST and answer.status not in but:
            message = f"{path}: {answer.status}\n{text[:2000]!r}"
            raise SystemExit(message)
        return json.loads(text)

    def project(self, tasks: int, *, answered: bool = False) -> tuple[int, float]:
        """Make a project with so many tasks, answered or not; return its id and the seconds of the import."""
        number: int = self.ask("POST", "/api/projects/", {"title": f"{tasks} pairs", "label_config": LABELS})["id"]
        rows: list[dict[str, Any]] = [
            {"data": {"left": "Kettle 1.7 l", "right": f"Kettle {place}"}} for place in range(tasks)
        ]
        if answered:
            rows = [row | {"annotations": [{"result": RESULT}]} for row in rows]
        began = time.monotonic()
        self.ask("POST", f"/api/projects/{number}/import", rows)
        return number, time.monotonic() - began


def found() -> None:
    """Migrate, make an organization of people, and print their tokens."""
    import label_studio  # type: ignore[import-not-found]  # noqa: PLC0415 - of the other environment

    sys.path.insert(0, str(Path(label_studio.__file__).parent))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "core.settings.label_studio")
    import django  # noqa: PLC0415 - likewise

    django.setup()
    from django.core.management import call_command  # noqa: PLC0415 - after setup
    from organizations.models import Organization  # type: ignore[import-not-found]  # noqa: PLC0415
    from rest_framework.authtoken.models import Token  # noqa: PLC0415
    from users.models import User  # type: ignore[import-not-found]  # noqa: PLC0415

    call_command("migrate", verbosity=0)
    people = [User.objects.create_user(PERSON.format(number), PASSWORD) for number in range(PEOPLE)]
    hall = Organization.create_organization(people[0], "Bench", legacy_api_tokens_enabled=True)
    for person in people:
        hall.add_user(person) if person != people[0] else None
        person.active_organization = hall
        person.save()
    print("tokens", *(Token.objects.get_or_create(user=person)[0].key for person in people))  # noqa: T201 - read by the process that asked


def main(project: str, worker: int, count: int, origin: str, tokens: str) -> None:
    """Wait for the common start, then take and hand in so many tasks; tell how long each took."""
    caller, times = Caller(origin, tokens.split(",")[worker]), []
    crowd.wait_for_all()
    for _task in range(count):
        began = time.perf_counter()
        task = caller.ask("GET", f"/api/projects/{project}/next")["id"]
        caller.ask("POST", f"/api/tasks/{task}/annotations/", {"result": RESULT, "lead_time": 20})
        times.append(time.perf_counter() - began)
    crowd.tell(times)


if __name__ == "__main__":
    if sys.argv[1] == "found":
        found()
    else:
        main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), *sys.argv[4:])
