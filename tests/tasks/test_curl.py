"""What the page about the API says, done by the real curl as it is written there."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from coop import clock
from coop.people import keys
from coop.people.models import Client, Person
from tasks import releases, reviews
from tasks.models import Assignment, AssignmentState, Ground, Job
from tests.tasks import orders
from tests.tasks.conftest import DIFFERENT, SAME, work
from tests.tasks.test_api import ALL

PAGE = Path(settings.BASE_DIR) / "coop" / "docs" / "api.md"
STEP = re.compile(r"```sh\n(.*?)```|<!-- (.*?) -->", re.DOTALL)
# What one example names the next one knows.
RUN = "set -euo pipefail; set -a; [ ! -f known ] || . ./known; {code}\n{{ export -p; declare -f; }} > known\n"


class World:
    """What happens between the examples: members answer, the client's people accept, the worker writes."""

    def __init__(self, people: list[Person], client: Person) -> None:
        """Keep who answers and who accepts."""
        self.people, self.client = people, client

    def go_on(self, what: str) -> None:
        """Let happen what the page says between two examples."""
        job = Job.objects.latest("pk")
        if what == "members work":
            for _task in range(job.tasks.count()):
                for who, value in zip(self.people, (SAME, DIFFERENT), strict=True):
                    work(job, who, value)
        elif what == "the rest is accepted":
            for answer in Assignment.objects.filter(job=job, state=AssignmentState.SUBMITTED):
                reviews.accept(answer, by=self.client, at=clock.now(), ground=Ground.CLIENT)
        else:
            assert what == "the worker writes the version"
            releases.write(job.releases.get(), at=clock.now())


@pytest.mark.django_db
def test_the_examples_do_what_the_page_says(
    live_server: Any, orbit: Client, olga: Person, amina: Person, luis: Person, tmp_path: Path
) -> None:
    orders.deposit(orbit, "100")
    secret = keys.issue(orbit, name="curl", scopes=[*ALL, "team"], by=olga, at=clock.now())[1]
    world, ran = World([amina, luis], olga), 0
    for code, between in STEP.findall(PAGE.read_text()):
        if between:
            world.go_on(between)
            continue
        said = RUN.format(code=code.replace("https://workhall.example", live_server.url))
        done = subprocess.run(  # noqa: S603 - the page's own words
            ["/bin/bash", "-c", said], cwd=tmp_path, env={"PATH": "/usr/bin:/bin", "KEY": secret}, capture_output=True,
            text=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{code}\n{done.stdout}\n{done.stderr}"
        ran += 1
    assert ran == 15
    assert (tmp_path / "dataset.jsonl").read_text().count("\n") >= 2


def test_each_example_is_one_that_can_fail() -> None:
    """Each asks the site, and ends with a call or a look at what came back."""
    examples = [code for code, _between in STEP.findall(PAGE.read_text()) if code]
    assert not [code for code in examples if not re.search(r"\b(call|curl) ", code)]
