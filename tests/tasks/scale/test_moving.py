"""What the page about moving from Scale says, done as it is written there."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from coop import clock
from coop.people import keys
from coop.people.models import Client, Person
from tasks.models import Job
from tests.tasks import orders
from tests.tasks.scale.test_live import do

PAGE = Path(settings.BASE_DIR) / "coop" / "docs" / "moving-from-scale.md"
STEP = re.compile(r"```python\n(.*?)```|<!-- (members work) -->", re.DOTALL)


@pytest.mark.django_db
def test_the_examples_do_what_the_page_says(live_server: Any, orbit: Client, olga: Person, amina: Person) -> None:
    orders.deposit(orbit, "100")
    known: dict[str, Any] = {}
    for name, scopes in (("TEST_KEY", ["test"]), ("LIVE_KEY", ["read", "post", "fund", "download"])):
        known[name] = keys.issue(orbit, name=name, scopes=scopes, by=olga, at=clock.now())[1]
    steps = 0
    for code, work in STEP.findall(PAGE.read_text()):
        steps += 1
        if work:
            for label in ("Same", "Different"):
                do(Job.objects.get(lot__batch__name="week 23"), amina, {"labels": [label]})
        exec(code.replace("https://workhall.example", live_server.url), known)  # noqa: S102 - the page's own words
    assert steps == 6
    assert "moving-from-scale.md" in (Path(settings.BASE_DIR) / "README.md").read_text()
