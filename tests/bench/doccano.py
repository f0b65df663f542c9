"""doccano at our work, by its own API.

`python -m tests.bench.doccano found TASKS` in an environment that has it makes its tables, eight annotators and a
project of so many texts, and prints the project, its first label and their tokens.
`python -m tests.bench.doccano PROJECT WORKER COUNT ORIGIN LABEL TOKENS` is one of eight at once.
"""

import os
import sys
import time
from importlib.util import find_spec

from tests.bench import crowd
from tests.bench.labelstudio import Caller

PEOPLE = 8
LABELS = ("Same", "Different")


def found(tasks: int) -> None:
    """Migrate, make a project that eight share, and print it, its first label and their tokens."""
    home = find_spec("backend").submodule_search_locations[0]  # type: ignore[union-attr, index] # of the other environment
    sys.path.insert(0, home)
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings.production"
    import django  # noqa: PLC0415 - likewise

    django.setup()
    from django.contrib.auth.models import User  # noqa: PLC0415 - after setup
    from django.core.management import call_command  # noqa: PLC0415
    from examples.models import Example  # type: ignore[import-not-found]  # noqa: PLC0415
    from label_types.models import CategoryType  # type: ignore[import-not-found]  # noqa: PLC0415
    from projects.models import Member, TextClassificationProject  # type: ignore[import-not-found]  # noqa: PLC0415
    from rest_framework.authtoken.models import Token  # noqa: PLC0415
    from roles.models import Role  # type: ignore[import-not-found]  # noqa: PLC0415

    call_command("migrate", verbosity=0)
    call_command("create_roles")
    people = [User.objects.create_user(f"person{number}", password="a-long-password") for number in range(PEOPLE)]
    project = TextClassificationProject.objects.create(
        name="Pairs", project_type="DocumentClassification", created_by=people[0], collaborative_annotation=True,
        single_class_classification=True,
    )  # fmt: skip
    for person in people:
        Member.objects.create(project=project, user=person, role=Role.objects.get(name="annotator"))
    first, _other = (CategoryType.objects.create(project=project, text=label) for label in LABELS)
    rows = [Example(project=project, text=f"Kettle 1.7 l / Kettle {number}") for number in range(tasks)]
    Example.objects.bulk_create(rows, 1000)
    tokens = [Token.objects.get_or_create(user=person)[0].key for person in people]
    print(project.pk, first.pk, ",".join(tokens))  # noqa: T201 - read by the process that asked


def main(project: str, worker: int, count: int, origin: str, label: str, tokens: str) -> None:
    """Wait for the common start, then take, label and confirm so many texts; tell how long each took."""
    caller, times = Caller(origin, tokens.split(",")[worker]), []
    place = f"/v1/projects/{project}/examples"
    crowd.wait_for_all()
    for _task in range(count):
        began = time.perf_counter()
        # Each a place further on, as its page lets them: at one place all eight are given the same text.
        [text] = caller.ask("GET", f"{place}?limit=1&offset={worker}&confirmed=false")["results"]
        caller.ask("POST", f"{place}/{text['id']}/categories", {"label": int(label)}, but=(400,))
        caller.ask("POST", f"{place}/{text['id']}/states", {})
        times.append(time.perf_counter() - began)
    crowd.tell(times)


if __name__ == "__main__":
    if sys.argv[1] == "found":
        found(int(sys.argv[2]))
    else:
        main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), *sys.argv[4:])
