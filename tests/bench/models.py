"""A real ML backend of Label Studio's is asked about a job's tasks; a member starts from what it says.

`python -m tests.bench.models ORIGIN` has one job ask the server there, and prints what came of it.
"""

import sys
import tempfile
import time
from pathlib import Path

import django

from tests.bench import others
from tests.bench.place import ROOT, Place

NEEDED = ("label-studio-ml==1.0.9", "rq", "redis", "setuptools<81", "gunicorn==23.0.0")
TEXTS = 500


def measure(here: Place) -> list[tuple[str, str]]:
    """Return how many predictions arrived a second; raise SystemExit where one is missing or not shown."""
    with tempfile.TemporaryDirectory(prefix="workhall-bench-") as folder:
        python = others.install(Path(folder) / "venv", NEEDED)
        environment = here.environment | {"MODEL_DIR": folder, "PYTHONPATH": str(ROOT)}
        with others.serving(python, "tests.bench.backend:app", folder, environment, workers=1) as (_server, origin):
            predicted, refused, seconds, shown = here.run("-m", "tests.bench.models", origin).split()
    if (predicted, refused, shown) != (str(TEXTS), "0", "shown"):
        message = f"label-studio-ml: {predicted} of {TEXTS} predicted, {refused} refused, {shown}"
        raise SystemExit(message)
    return [
        (f"{TEXTS} texts by a server of label-studio-ml 1.0.9", f"{TEXTS / float(seconds):.0f}/s, shown to members")
    ]


def main(origin: str) -> None:
    """Draft a job, have the server asked about all its tasks, open it and look at the page of who takes one."""
    django.setup()
    from django.conf import settings  # noqa: PLC0415 - after setup

    from coop import clock  # noqa: PLC0415
    from coop.demo.life import person  # noqa: PLC0415
    from coop.people import clients  # noqa: PLC0415
    from coop.people.models import Client  # noqa: PLC0415
    from tasks.endpoints import asking  # noqa: PLC0415
    from tests.tasks.endpoints.conftest import leading_to, of_texts  # noqa: PLC0415

    settings.OUTGOING_ALSO_TO = ["127.0.0.1/32"]
    olga, at = person("Olga"), clock.now()
    client = Client.objects.get(pk=clients.found(name="Models", slug="bench-models", by=olga, at=at).pk)
    job = of_texts(client, olga, *(("ripe apple", "fast van")[number % 2] for number in range(TEXTS)))
    endpoint = leading_to(f"{origin}/", job, olga)
    began = time.monotonic()
    while asking.ask_due(at=clock.now()):
        pass
    seconds = time.monotonic() - began
    endpoint.refresh_from_db()
    print(endpoint.predicted, endpoint.refused, round(seconds, 2), _shown(job.pk) or endpoint.problem)  # noqa: T201 - read by who asked


def _shown(number: int) -> str:
    """Have a member take a task of a draft once it is open; return whether its page starts from the prediction."""
    from django.test import Client as Browser  # noqa: PLC0415 - after setup

    from coop import clock  # noqa: PLC0415
    from coop.demo.life import person  # noqa: PLC0415
    from tasks import claims, jobs  # noqa: PLC0415
    from tasks.models import Job  # noqa: PLC0415
    from tests.tasks import orders  # noqa: PLC0415

    job, olga, amina = Job.objects.select_related("client", "work_type").get(pk=number), person("Olga"), person("Amina")
    orders.deposit(job.client, "1000")
    for step in (jobs.fund, jobs.open):
        step(job, by=olga, at=clock.now())
    task = claims.claim_next(job, by=amina, at=clock.now())
    browser = Browser(headers={"host": "127.0.0.1"})
    browser.force_login(amina, backend="coop.people.sessions.Backend")
    page = browser.get(f"/work/{task.pk}/").text
    is_filled = 'value="fruit" data-key="1" checked' in " ".join(page.split())
    return "shown" if "A machine filled this in" in page and is_filled else ""


if __name__ == "__main__":
    main(sys.argv[1])
