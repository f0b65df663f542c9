"""The team and its own labellers.

A live key's team are the people with a seat in the organisation, and those it has offered one. Who does the work is
the members' own matter: nobody is assigned. A test key's team, assignments and groups are made up and kept beside.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.http import Http404

from coop.people import clients
from coop.people.models import Client, Person
from tasks.models import Batch, Order, Sandbox
from tasks.scale import facts, finding, projects
from tasks.scale.access import Wrong

ROLES = ("labeler", "member", "manager", "admin")
NOBODY_IS_ASSIGNED = (
    "Members choose their work themselves (rule N9): a client assigns nobody. Offer more pay to have it done sooner."
)
NAMED = (
    "Who works for you is chosen by no list: members take tasks at the pay shown (rule N9). Roles of labelers are for "
    "tests; to let somebody post work, invite them as a member."
)
MOST = 100

type Json = dict[str, Any]


def mates(client: Client, *, test: bool) -> list[Json]:
    """Return the team: people with a seat, those who were offered one, and of a test key those it made up."""
    found = {
        seat.person.email: _mate(client, seat.person.email, "admin") for seat in clients.seats(client) if seat.person
    }
    offered = (
        {} if test else {one.offered_to: _mate(client, one.offered_to, "member") for one in clients.offers(client)}
    )
    made_up = _of(client).teammates if test else {}
    return list({**offered, **found, **{mail: _mate(client, mail, role) for mail, role in made_up.items()}}.values())


def _mate(client: Client, email: str, role: str) -> Json:
    return {
        "email": email, "role": role, "company": client.name, "firstName": "", "lastName": "",
        "isStudioLabeler": role == "labeler", "expiry": None,
    }  # fmt: skip


def invite(client: Client, said: Mapping[str, Any], *, test: bool, by: Person, at: datetime) -> list[Json]:
    """Offer a seat to each address, or make one up for a test. Raise Wrong for a labeler: nobody names who works."""
    emails, role = emails_of(said.get("emails")), _role(said)
    if test:
        change(client, teammates=lambda stands: {**stands, **dict.fromkeys(emails, role)})
    elif role == "labeler":
        raise Wrong(NAMED, 402)
    else:
        for email in emails:
            clients.offer(client, email, by=by, at=at)
    return mates(client, test=test)


def set_role(client: Client, said: Mapping[str, Any], *, test: bool) -> list[Json]:
    """Change roles in a test. In the organisation every seat may do the same: raise Wrong for another role."""
    emails, role = emails_of(said.get("emails")), _role(said)
    known = {mate["email"]: mate["role"] for mate in mates(client, test=test)}
    if unknown := [email for email in emails if email not in known]:
        message = f"{unknown[0]} is not in the team"
        raise Wrong(message)
    if test:
        change(client, teammates=lambda stands: {**stands, **dict.fromkeys(emails, role)})
    elif any(known[email] != role for email in emails):
        message = "Every seat of an organisation may do the same: there are no roles to set."
        raise Wrong(message, 402)
    return mates(client, test=test)


def assignments(client: Client, *, test: bool) -> Json:
    """Return which labellers are assigned to which projects: nobody, but in a test."""
    return dict(_of(client).assignments) if test else {}


def assign(client: Client, said: Mapping[str, Any], *, test: bool, add: bool) -> Json:
    """Assign labellers of a test to projects, or take them off. Raise Wrong otherwise."""
    emails, names = emails_of(said.get("emails")), _names(said.get("projects"))
    _only(test=test)

    def changed(stands: Json) -> Json:
        for email in emails:
            left = [one for one in stands.get(email, []) if one not in names]
            stands = {**stands, email: [*left, *names] if add else left}
        return stands

    return dict(change(client, assignments=changed).assignments)


def groups(client: Client, project: str, *, test: bool) -> list[Json]:
    """Return the groups of a project's labellers."""
    projects.find(client, test=test, name=project)
    found = _of(client).groups.get(project, {}) if test else {}
    return [_group(name, emails) for name, emails in found.items()]


def set_group(client: Client, project: str, name: str, add: list[str], remove: list[str], *, test: bool) -> Json:
    """Make a group of a test, or change who is in it."""
    projects.find(client, test=test, name=project)
    _only(test=test)

    def changed(stands: Json) -> Json:
        inside = stands.get(project, {}).get(name, [])
        left = [one for one in dict.fromkeys([*inside, *add]) if one not in remove]
        return {**stands, project: {**stands.get(project, {}), name: left}}

    return _group(name, change(client, groups=changed).groups[project][name])


def _group(name: str, emails: list[str]) -> Json:
    workers = [{"id": email, "email": email} for email in emails]
    return {"id": name, "name": name, "numWorkers": len(emails), "isSingleton": len(emails) == 1, "workers": workers}


def batches(client: Client, *, test: bool) -> list[Json]:
    """Return batches in the order of their priority."""
    found = Batch.objects.filter(client=client, test=test).select_related("project").order_by("-priority", "pk")
    assigned = _of(client).batches if test else {}
    return [_batch(one, assigned.get(one.name, [])) for one in found]


def _batch(found: Batch, assigned: list[str]) -> Json:
    return {
        "id": found.key.hex, "name": found.name, "projectId": found.project.key.hex, "projectName": found.project.name,
        "batchType": "Production", "studioPriority": found.priority, "total": Order.objects.filter(batch=found).count(),
        "completed": finding.counts(found)["completed"], "groups": assigned,
    }  # fmt: skip


def assign_batch(client: Client, name: str, said: Mapping[str, Any], *, test: bool) -> Json:
    """Give a batch of a test to groups."""
    found = Batch.objects.filter(client=client, test=test, name=name).select_related("project").first()
    if found is None:
        raise Http404
    _only(test=test)
    named = _names(said.get("groups"))
    change(client, batches=lambda stands: {**stands, name: named})
    return _batch(found, named)


@transaction.atomic
def prioritize(client: Client, said: Mapping[str, Any] | None, *, test: bool) -> list[Json]:
    """Put batches in an order, the first one first; without any, in none."""
    found = said.get("batches") if said is not None else []
    names = [one.get("name") for one in found or [] if isinstance(one, dict)]
    known = {one.name: one for one in Batch.objects.select_for_update(no_key=True).filter(client=client, test=test)}
    if unknown := [name for name in names if name not in known]:
        message = f"There is no batch {str(unknown[0])[:40]}"
        raise Wrong(message)
    for name, batch in known.items():
        batch.priority = len(names) - names.index(name) if name in names else None
    Batch.objects.bulk_update(known.values(), ["priority"])
    return batches(client, test=test)


@transaction.atomic
def change(client: Client, **changes: Any) -> Sandbox:
    """Change parts of what a client's test keys made up, each by a function of how it stands."""
    Sandbox.objects.get_or_create(client=client)
    kept = Sandbox.objects.select_for_update(no_key=True).get(client=client)
    for name, changed in changes.items():
        setattr(kept, name, changed(getattr(kept, name)))
        if len(str(getattr(kept, name))) > facts.LONGEST_NAME * 1000:
            message = "The test holds too much"
            raise Wrong(message)
    kept.save(update_fields=list(changes))
    return kept


def _of(client: Client) -> Sandbox:
    return Sandbox.objects.filter(client=client).first() or Sandbox(client=client)


def _only(*, test: bool) -> None:
    if not test:
        raise Wrong(NOBODY_IS_ASSIGNED, 402)


def emails_of(said: object) -> list[str]:
    """Return addresses as programs send them; raise Wrong for anything else."""
    found = [one for one in said if isinstance(one, str)] if isinstance(said, list) else []
    try:
        for one in found:
            validate_email(one)
    except ValidationError as error:
        message = "emails holds what is no address"
        raise Wrong(message) from error
    if not 0 < len(found) <= MOST:
        message = f"Missing required parameter: emails (1 to {MOST})"
        raise Wrong(message)
    return found


def _names(said: object) -> list[str]:
    if not isinstance(said, list) or not all(isinstance(one, str) for one in said) or len(said) > MOST:
        message = f"A list of at most {MOST} names is needed"
        raise Wrong(message)
    return said


def _role(said: Mapping[str, Any]) -> str:
    role = said.get("team_role")
    if role not in ROLES:
        message = f"team_role is one of {', '.join(ROLES)}"
        raise Wrong(message)
    return str(role)
