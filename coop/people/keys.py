"""Keys of client organisations for the API: shown once, kept as a digest, with scopes and an end."""

import secrets
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import BooleanField, ExpressionWrapper, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coop.people.authentication import digest
from coop.people.models import SEATED, TEST, ApiKey, Client, ClientSeat, Person
from coop.record import events
from coop.refusals import Refusal, Refused, refuse_if

SCOPES = (
    ("read", gettext_lazy("Read jobs and their progress")),
    ("post", gettext_lazy("Draft jobs and add tasks")),
    ("fund", gettext_lazy("Put money behind jobs and open them")),
    ("download", gettext_lazy("Download answers")),
    ("team", gettext_lazy("Make and end keys, offer and end seats")),
    (TEST, gettext_lazy("Try things out: made-up answers at once, no work and no money")),
)
LIFE, LONGEST = timedelta(days=90), timedelta(days=365)


def refusal(client: Client, *, scopes: list[str], by: Person) -> Refusal | None:
    """Say why a person cannot make such a key for the organisation."""
    if not ClientSeat.objects.filter(SEATED, client=client, person=by).exists():
        return Refusal(_("You have no seat in %(client)s.") % {"client": client.name})
    if not scopes or set(scopes) - {scope for scope, _words in SCOPES}:
        return Refusal(_("Choose what the key may do."), status=400)
    if TEST in scopes and len(scopes) > 1:
        return Refusal(_("A key that tries things out does nothing else."), status=400)
    return None


@transaction.atomic
def issue(
    client: Client, *, name: str, scopes: list[str], by: Person, at: datetime, life: timedelta = LIFE
) -> tuple[ApiKey, str]:
    """Make a key and return it with its secret, which is shown this once and kept nowhere. Raises Refused."""
    refuse_if(refusal(client, scopes=scopes, by=by))
    prefix = f"test_{secrets.token_hex(3)}" if scopes == [TEST] else f"wh_{secrets.token_hex(4)}"
    secret = f"{prefix}_{secrets.token_urlsafe(32)}"
    key = ApiKey.objects.create(
        client=client,
        created_by=by,
        name=name,
        prefix=prefix,
        digest=digest(secret),
        scopes=sorted(scopes),
        created_at=at,
        expires_at=at + life,
    )
    events.write("keys.issued", by=by, subject=f"client:{client.pk}", at=at, key=key.pk)
    return key, secret


def renew(key: ApiKey, *, by: Person, at: datetime) -> tuple[ApiKey, str]:
    """Make a key with the name, scopes and life of one that works, and return it with its secret.

    The old one works on until it ends or is ended, so that programs can change over. Raise Refused for one that ended.
    """
    if key.revoked_at or (key.expires_at and key.expires_at <= at):
        raise Refused(Refusal(_("This key has ended."), appeal=_("Make a new one."), status=409))
    life = key.expires_at - key.created_at if key.expires_at else LIFE
    return issue(key.client, name=key.name, scopes=key.scopes, by=by, at=at, life=life)


@transaction.atomic
def revoke(key: ApiKey, *, by: Person, at: datetime) -> ApiKey:
    """End a key for good; a key that has ended stays as it is. Raises Refused unless `by` has a seat."""
    if not ClientSeat.objects.filter(SEATED, client=key.client_id, person=by).exists():
        raise Refused(Refusal(_("You have no seat in this organisation.")))
    if ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=at):
        events.write("keys.revoked", by=by, subject=f"client:{key.client_id}", at=at, key=key.pk)
    key.refresh_from_db()
    return key


def of_client(client: Client, *, at: datetime) -> list[ApiKey]:
    """Return the organisation's keys, the newest first, each with `live` saying whether it works at this moment."""
    works = Q(revoked_at=None) & (Q(expires_at=None) | Q(expires_at__gt=at))
    found = client.api_keys.select_related("created_by").annotate(live=ExpressionWrapper(works, BooleanField()))
    return list(found.order_by("-id"))


def told(key: ApiKey) -> list[str]:
    """Return in words what a key may do."""
    return [str(words) for scope, words in SCOPES if scope in key.scopes]
