"""What is said to an ML backend and what it says back, as Label Studio and label-studio-ml 1.0.9 and 2.0.1 do.

`GET /health`, `POST /setup` with project and schema, `POST /predict` with tasks and label_config; `results` are one
for each task in their order, or a list of several each. Nothing that comes back is believed.
"""

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

from django.utils.translation import gettext_lazy

from coop import door
from coop.refusals import Text
from tasks.models import Job, Task
from tasks.webhooks import addresses

AT_ONCE = 50
# Seconds for a call that only greets, and for one in which the model works.
GREETING, WORKING = 10.0, 30.0
LONGEST_ANSWER = 4_000_000
LONGEST_VERSION = 120
PART = re.compile(r"[A-Za-z_]\w*", re.ASCII)
OK = range(200, 300)
JSON, RESULTS, COUNT, UNOPENED = "json", "results", "count", "unopened"
CLOSED: Mapping[str, Text] = {
    **addresses.CLOSED,
    door.Why.SCHEME: gettext_lazy("Tasks go out encrypted alone: begin with https://."),
    door.Why.PRIVATE: gettext_lazy("This leads into a private network. Models are asked at public addresses alone."),
    door.Why.STATUS: gettext_lazy("It answered with an error."),
    JSON: gettext_lazy("What came back is no JSON."),
    RESULTS: gettext_lazy("What came back has no list of “results”."),
    COUNT: gettext_lazy("There are not as many results as tasks."),
    UNOPENED: gettext_lazy("User name and password can no longer be read here. Name the server anew."),
}


class Failed(Exception):  # noqa: N818 - reads as the sentence it is
    """A call led to nothing: `problem` is one of CLOSED, `status` what came back instead of an answer."""

    def __init__(self, problem: str, status: int | None = None) -> None:
        """Say why."""
        super().__init__(problem)
        self.problem, self.status = problem, status


@dataclass(frozen=True, slots=True)
class Said:
    """What a model said: its version, and of each task, in their order, whatever came."""

    version: str
    results: list[object]


@dataclass(frozen=True, slots=True)
class Server:
    """A model's server: its address, and the headers that open it."""

    url: str
    headers: Mapping[str, str]

    def greet(self, project: str, schema: str) -> str:
        """Ask whether it is there, tell it what is asked, and return its version. Raises Failed."""
        self._call("health", None, GREETING)
        told = {"project": project, "schema": schema, "hostname": "", "access_token": ""}
        return version(self._call("setup", told, WORKING))

    def predict(self, project: str, schema: str, tasks: Sequence[Mapping[str, Any]]) -> Said:
        """Return what it says of tasks. Raises Failed."""
        params = {"login": None, "password": None, "context": None}
        asked = {"tasks": tasks, "project": project, "label_config": schema, "params": params}
        said = self._call("predict", asked, WORKING)
        results = said.get("results") if isinstance(said, dict) else None
        if not isinstance(results, list):
            raise Failed(RESULTS)
        if len(results) != len(tasks):
            raise Failed(COUNT)
        return Said(version(said), results)

    def _call(self, path: str, content: Mapping[str, Any] | None, seconds: float) -> Any:  # noqa: ANN401 - as it came
        body = None if content is None else json.dumps(content).encode()
        headers = {**self.headers, **({} if body is None else {"content-type": "application/json"})}
        try:
            answer, came = door.ask(
                f"{self.url.rstrip('/')}/{path}", body, headers, most=LONGEST_ANSWER, seconds=seconds
            )
        except door.Closed as closed:
            raise Failed(closed.why) from closed
        if answer.status not in OK:
            raise Failed(door.Why.STATUS, answer.status)
        return _json(came)


def _json(came: bytes) -> Any:  # noqa: ANN401 - as it came
    try:
        return json.loads(came, parse_float=_finite, parse_constant=_finite)
    except (ValueError, RecursionError) as error:
        raise Failed(JSON) from error


def _finite(written: str) -> float:
    number = float(written)
    if not math.isfinite(number):
        raise ValueError(written)
    return number


def version(said: object) -> str:
    """Return the version that an answer names, as far as it is kept; nothing where it names none."""
    named = said.get("model_version") if isinstance(said, dict) else None
    return str(named)[:LONGEST_VERSION] if isinstance(named, str) else ""


def project(job: Job) -> str:
    """Return the name that Label Studio gives a project: its number and the second in which it was made."""
    return f"{job.pk}.{int(job.drafted_at.timestamp())}"


def schema(job: Job, data: Mapping[str, Any]) -> str:
    """Return the labelling configuration that asks what a job asks about such data."""
    view = Element("View")
    SubElement(view, "Header", value=job.form["question"])
    for name in sorted(filter(PART.fullmatch, data), key=lambda name: name != "text") or ["text"]:
        SubElement(view, "Text", name=f"data_{name}" if len(view) > 1 else "item", value=f"${name}")
    view.extend(job.shape.label_studio_tags(job.form))
    return tostring(view, encoding="unicode")


def told(task: Task) -> dict[str, Any]:
    """Return a task as Label Studio tells it: its number is its place in the job."""
    return {
        "id": task.position,
        "data": task.data,
        "meta": {"id": task.external_id},
        "annotations": [],
        "predictions": [],
    }


def first(result: object) -> object:
    """Return what is said of one task: of several predictions the first; None where nothing is said."""
    if isinstance(result, list):
        result = result[0] if result else None
    says_nothing = isinstance(result, dict) and not result.get("result")
    return None if says_nothing else result
