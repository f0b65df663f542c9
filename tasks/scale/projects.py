"""Projects: a name, a kind of task, and what its orders inherit, version by version.

`pay` (US$ for each answer) and `work_type` (a kind of work from the rate card) stand among the params. The pay may rise
and never falls; below the voted rate nothing is offered.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.http import Http404

from coop.database.kept import Given, Kept
from coop.people.models import Client, Person
from coop.refusals import guard_of, refuse_if
from payments import founding
from payments.models import WorkType
from payments.templatetags.money import money
from tasks import jobs
from tasks.models import Project, ProjectVersion
from tasks.scale import facts, kinds
from tasks.scale.access import Wrong


def find(client: Client, *, test: bool, **named: object) -> Project:
    """Return a project of a client's by its name or key; Http404 without one."""
    found = Project.objects.filter(client=client, test=test, **named).first()
    if found is None:
        raise Http404
    return found


def start(client: Client, said: Mapping[str, Any], *, test: bool, by: Person, at: datetime) -> Project:
    """Make a project with its first version. Raise Wrong (409 for a name that is taken), or Refused over pay."""
    name, kind = facts.name_of(said.get("name"), "name"), said.get("type")
    if not isinstance(kind, str) or kinds.find(kind) is None:
        message = f"Unknown task type: {str(kind)[:40]}"
        raise Wrong(message)
    params = said.get("params") or {}
    if not isinstance(params, dict):
        message = "params must be an object"
        raise Wrong(message)
    options = {one: said[one] for one in said if one not in {"name", "type", "params"} and said[one] is not None}
    if not test and (options.get("consensus_attempts") or options.get("pipeline") == "consensus_task"):
        message = "Say in params how many people answer each task: responses_required, instead of consensus_attempts."
        raise Wrong(message, 402)
    try:
        with transaction.atomic():
            project = Project.objects.create(
                client=client, test=test, name=name, kind=kind, options=options, created_by=by, created_at=at
            )
            _version(project, params, by=by, at=at)
    except IntegrityError as error:
        if guard_of(error) != "one_project_per_name":
            raise
        message = f"A project named {name} already exists"
        raise Wrong(message, 409) from error
    return project


@transaction.atomic
def set_params(project: Project, said: Mapping[str, Any], *, by: Person, at: datetime) -> Project:
    """Add a version: what was said, or with `patch` that above what stood. Raise Refused where pay would fall."""
    # The client's row is the lock: a project's own never changes.
    Client.objects.select_for_update(no_key=True).get(pk=project.client_id)
    given = {name: value for name, value in said.items() if name != "patch"}
    before = current(project)
    # Terms of pay stand until others are said: leaving them out is no cut.
    kept = (
        before.params
        if said.get("patch")
        else {n: before.params[n] for n in ("pay", "work_type") if n in before.params}
    )
    _version(project, {**kept, **given}, by=by, at=at)
    return project


def _newest() -> QuerySet[ProjectVersion]:
    named = {name: Given(name) for name in ("project__client", "project__test", "project__name")}
    return ProjectVersion.objects.filter(**named).select_related("project", "work_type").order_by("-number")


NEWEST = Kept(_newest)


def newest(client: Client, *, test: bool, name: str) -> ProjectVersion:
    """Return what new orders of a client's project inherit, by its name; Http404 without one."""
    found = NEWEST.first(project__client=client.pk, project__test=test, project__name=name)
    if found is None:
        raise Http404
    found.project.client = client
    return found


def current(project: Project) -> ProjectVersion:
    """Return the version that new orders inherit."""
    return project.versions.select_related("work_type").latest("number")


def history(project: Project) -> list[ProjectVersion]:
    """Return every version, the oldest first."""
    return list(project.versions.order_by("number"))


def _version(project: Project, params: dict[str, Any], *, by: Person, at: datetime) -> ProjectVersion:
    pay, work_type = pay_of(params.get("pay")), work_type_of(params.get("work_type"))
    before = project.versions.order_by("-number").first()
    if before and before.pay is not None and (pay is None or pay < before.pay):
        message = (
            f"The pay of a project rises and never falls (rule E2); it is {money(before.pay, 'USD')}. "
            "Offer as much or more, or make another project at the voted rate or above."
        )
        raise Wrong(message, 402)
    if work_type and pay is not None:
        refuse_if(jobs.pay_refusal(work_type, pay))
    return ProjectVersion.objects.create(
        project=project, number=before.number + 1 if before else 1, params=params, work_type=work_type, pay=pay,
        created_by=by, created_at=at,
    )  # fmt: skip


def pay_of(said: object) -> Decimal | None:
    """Return an amount of US$ as a program says it; nothing where it says none."""
    if said is None:
        return None
    try:
        amount = Decimal(str(said)) if isinstance(said, str | int | float) and not isinstance(said, bool) else None
    except InvalidOperation:
        amount = None
    if amount is None or not amount.is_finite() or not 0 < amount <= jobs.PAY_MAX or amount != round(amount, 6):
        message = "pay is US$ for each answer, above zero, with at most six decimal places"
        raise Wrong(message)
    return amount


def work_type_of(said: object) -> WorkType | None:
    """Return the kind of work that a program names; nothing where it names none."""
    if said is None:
        return None
    found = founding.for_clients().filter(slug=said).first() if isinstance(said, str) else None
    if found is None:
        message = f"No kind of work on the rate card is called {str(said)[:60]}"
        raise Wrong(message)
    return found
