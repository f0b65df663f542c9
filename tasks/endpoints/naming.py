"""Naming the server of a job's model: by people of its client, before the job opens; where it stands may move later."""

import base64
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from coop import door
from coop.people import clients
from coop.people.models import Person
from coop.record import events
from coop.refusals import Refusal, refuse_if
from payments import envelopes
from payments.envelopes import Envelope
from tasks.endpoints.protocol import AT_ONCE, CLOSED
from tasks.models import Endpoint, Job


def refusal(job: Job) -> Refusal | None:
    """Say why no server can be asked about this job's tasks, or nothing."""
    if job.closed_at:
        return Refusal(_("The job is closed."), appeal=_("Post a new job."), status=409)
    if job.opened_at and not Endpoint.objects.filter(job=job).exists():
        return Refusal(_("What a machine does is said before a job opens: it is part of the work."), status=409)
    if job.shape.files or job.files.exists():
        words = _("A model is sent the words of tasks and no files: these are for those alone who do the work.")
        return Refusal(words, appeal=_("Bring predictions of your own with the tasks."), status=400)
    return None


def refusal_to_name(job: Job, url: str, user: str, password: str, *, by: Person) -> Refusal | None:
    """Say why this cannot be the server of a job's model, or nothing."""
    if no := _refusal_to(job, by) or refusal(job):
        return no
    why = door.refusal(url) or (None if url.lower().startswith("https://") else door.Why.SCHEME)
    if why or "?" in url or "#" in url:
        return Refusal(CLOSED[why or door.Why.ADDRESS], status=400)
    if bool(user) != bool(password) or ":" in user:
        words = _("A user name without a colon and a password stand together, or neither does.")
        return Refusal(words, status=400)
    return None


def _refusal_to(job: Job, by: Person) -> Refusal | None:
    if not clients.has_seat(job.client_id, by):
        return Refusal(_("You have no seat in %(client)s.") % {"client": job.client.name})
    return None


@transaction.atomic
def name(job: Job, *, url: str, user: str = "", password: str = "", by: Person, at: datetime) -> Endpoint:
    """Name the server that is asked about a job's tasks, or another one, from the first task on. Raises Refused."""
    job = Job.objects.select_for_update(no_key=True, of=["self"]).select_related("client", "work_type").get(pk=job.pk)
    refuse_if(refusal_to_name(job, url.strip(), user, password, by=by))
    envelope = envelopes.seal({"user": user, "password": password}, place=_place(job.pk)) if user else Envelope("", "")
    facts = {
        "url": url.strip(), "sealed": envelope.sealed, "fingerprint": envelope.fingerprint, "named_by": by,
        "named_at": at, "ended_at": None, "version": "", **_from_the_first(at),
    }  # fmt: skip
    endpoint, _made = Endpoint.objects.update_or_create(job=job, defaults=facts)
    events.write("endpoints.named", by=by, subject=f"job:{job.pk}", at=at)
    return endpoint


@transaction.atomic
def ask_again(endpoint: Endpoint, *, by: Person, at: datetime) -> Endpoint:
    """Ask from the first task on about each that has no prediction and was offered to nobody. Raises Refused."""
    held = _held(endpoint, by)
    refuse_if(refusal(held.job))
    Endpoint.objects.filter(pk=held.pk).update(**_from_the_first(at))
    events.write("endpoints.asked_again", by=by, subject=f"job:{held.pk}", at=at)
    held.refresh_from_db()
    return held


@transaction.atomic
def end(endpoint: Endpoint, *, by: Person, at: datetime) -> None:
    """Ask a server no more; what it said stays. Raises Refused."""
    held = _held(endpoint, by)
    Endpoint.objects.filter(pk=held.pk).update(ended_at=at, next_at=None)
    events.write("endpoints.ended", by=by, subject=f"job:{held.pk}", at=at)


def secret(endpoint: Endpoint) -> dict[str, str]:
    """Return the header that opens the server, as Basic Auth (RFC 7617); raises envelopes.Unopened."""
    if not endpoint.sealed:
        return {}
    envelope = Envelope(endpoint.sealed, endpoint.fingerprint)
    said = envelopes.unseal(envelope, place=_place(endpoint.pk))
    mark = base64.b64encode(f"{said['user']}:{said['password']}".encode()).decode()
    return {"authorization": f"Basic {mark}"}


def _from_the_first(at: datetime) -> dict[str, object]:
    return {
        "at_once": AT_ONCE, "after": 0, "tries": 0, "next_at": at, "problem": "", "status": None, "refused": 0,
        "problems": [],
    }  # fmt: skip


def _held(endpoint: Endpoint, by: Person) -> Endpoint:
    loaded = Endpoint.objects.select_related("job__client", "job__work_type")
    held = loaded.select_for_update(no_key=True, of=["self"]).get(pk=endpoint.pk)
    refuse_if(_refusal_to(held.job, by))
    words = _("This server is asked no more.")
    refuse_if(Refusal(words, appeal=_("Name it anew."), status=409) if held.ended_at else None)
    return held


def _place(job: int) -> str:
    return f"endpoint:{job}"
