"""Keys of client organisations for the API: shown once, kept as a digest, with scopes and an end."""

import hashlib
import secrets
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from coop import clock
from coop.people.models import ApiKey, Client, ClientSeat, Person
from coop.record import events
from coop.refusals import Refusal, Refused, refuse_if

SCOPES = (
    ("read", gettext_lazy("Read jobs and their progress")),
    ("post", gettext_lazy("Draft jobs and add tasks")),
    ("fund", gettext_lazy("Put money behind jobs and open them")),
    ("download", gettext_lazy("Download answers")),
)
LIFE = timedelta(days=90)
# Writing the time of every call would make each a write; to the minute is enough to see a key in use.
SEEN_EVERY = timedelta(minutes=1)


def digest(secret: str) -> str:
    """Return the SHA-256 of a key: it has 256 random bits, so a slow hash would add nothing."""
    return hashlib.sha256(secret.encode()).hexdigest()


def refusal(client: Client, *, scopes: list[str], by: Person) -> Refusal | None:
    """Say why a person cannot make such a key for the organisation."""
    if not ClientSeat.objects.filter(client=client, person=by, ended_at=None).exists():
        return Refusal(_("You have no seat in %(client)s.") % {"client": client.name})
    if not scopes or set(scopes) - {scope for scope, _words in SCOPES}:
        return Refusal(_("Choose what the key may do."), status=400)
    return None


@transaction.atomic
def issue(
    client: Client, *, name: str, scopes: list[str], by: Person, at: datetime, life: timedelta = LIFE
) -> tuple[ApiKey, str]:
    """Make a key and return it with its secret, which is shown this once and kept nowhere. Raises Refused."""
    refuse_if(refusal(client, scopes=scopes, by=by))
    prefix = f"wh_{secrets.token_hex(4)}"
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
    events.write("keys.issued", by=by, subject=f"client:{client.pk}", at=at, key=key.pk, scopes=key.scopes)
    return key, secret


@transaction.atomic
def revoke(key: ApiKey, *, by: Person, at: datetime) -> ApiKey:
    """End a key for good; a key that has ended stays as it is. Raises Refused unless `by` has a seat."""
    if not ClientSeat.objects.filter(client=key.client_id, person=by, ended_at=None).exists():
        raise Refused(Refusal(_("You have no seat in this organisation.")))
    if ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=at):
        events.write("keys.revoked", by=by, subject=f"client:{key.client_id}", at=at, key=key.pk)
    key.refresh_from_db()
    return key


def find(secret: str, *, at: datetime) -> ApiKey | None:
    """Return the live key with this secret, its client and maker loaded; None when there is none or it has ended."""
    live = ApiKey.objects.filter(Q(expires_at=None) | Q(expires_at__gt=at), digest=digest(secret), revoked_at=None)
    return live.select_related("client", "created_by").first()


def seen(key: ApiKey, *, at: datetime) -> None:
    """Note that a key was used, to the minute."""
    stale = Q(last_used_at=None) | Q(last_used_at__lt=at - SEEN_EVERY)
    ApiKey.objects.filter(stale, pk=key.pk).update(last_used_at=at)


class KeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer <key>`: request.auth is the ApiKey, request.user the person who made it."""

    def authenticate(self, request: Request) -> tuple[Person, ApiKey] | None:
        """Return person and key; None without the header. Raises AuthenticationFailed for a key that is not live."""
        kind, _space, secret = get_authorization_header(request).decode("latin-1").partition(" ")
        if kind.lower() != "bearer":
            return None
        at = clock.now()
        key = find(secret.strip(), at=at)
        if key is None:
            raise AuthenticationFailed(_("This key is unknown or has ended."))
        if key.last_used_at is None or key.last_used_at < at - SEEN_EVERY:
            seen(key, at=at)
        return key.created_by, key

    def authenticate_header(self, request: Request) -> str:
        """Return what a caller without a key is told to send."""
        return 'Bearer realm="Workhall"'


class HasScope(BasePermission):
    """Lets a key pass whose scopes hold the one the view names in `scope` (a view may name one per method)."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Tell whether the key may do this."""
        wanted = getattr(view, "scope", "read")
        if isinstance(wanted, dict):
            wanted = wanted.get(request.method, "read")
        return isinstance(request.auth, ApiKey) and wanted in request.auth.scopes


class KeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the OpenAPI schema describes our keys."""

    target_class = KeyAuthentication
    name = "ApiKey"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        """Return the scheme."""
        return {"type": "http", "scheme": "bearer", "description": "A key of your organisation, from its keys page."}
