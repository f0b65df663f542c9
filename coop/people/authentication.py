"""Who calls the API: the key in the request's header. Apart from keys.py, as DRF loads it before anything else."""

import hashlib
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from coop import clock
from coop.database import compartment
from coop.database.kept import Given
from coop.people.models import ApiKey, Person

# Writing the time of every call would make each a write; to the minute is enough to see a key in use.
SEEN_EVERY = timedelta(minutes=1)


def digest(secret: str) -> str:
    """Return the SHA-256 of a key: it has 256 random bits, so a slow hash would add nothing."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _live() -> QuerySet[ApiKey]:
    lasting = Q(expires_at=None) | Q(expires_at__gt=clock.NOW)
    live = ApiKey.objects.filter(lasting, digest=Given("digest"), revoked_at=None)
    return live.select_related("client", "created_by").annotate(asked_at=clock.NOW)  # type: ignore[no-redef]


LIVE = compartment.Entering(_live, client="client_id")


def find(secret: str) -> ApiKey | None:
    """Return the key with this secret that is live now, its client and maker loaded; None when there is none.

    `asked_at` says when that was. From then on its client's compartment alone is seen.
    """
    return LIVE.first(digest=digest(secret))


def seen(key: ApiKey, *, at: datetime) -> None:
    """Note that a key was used, to the minute."""
    stale = Q(last_used_at=None) | Q(last_used_at__lt=at - SEEN_EVERY)
    ApiKey.objects.filter(stale, pk=key.pk).update(last_used_at=at)


def use(secret: str) -> ApiKey | None:
    """Return the live key with this secret, as `find` does, and note that it was used."""
    key = find(secret)
    if key and (key.last_used_at is None or key.last_used_at < key.asked_at - SEEN_EVERY):
        seen(key, at=key.asked_at)
    return key


class KeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer <key>`: request.auth is the ApiKey, request.user the person who made it."""

    def authenticate(self, request: Request) -> tuple[Person, ApiKey] | None:
        """Return person and key; None without the header. Raises AuthenticationFailed for a key that is not live."""
        kind, _space, secret = get_authorization_header(request).decode("latin-1").partition(" ")
        if kind.lower() != "bearer":
            return None
        key = use(secret.strip())
        if key is None:
            raise AuthenticationFailed(_("This key is unknown or has ended."))
        return key.created_by, key

    def authenticate_header(self, request: Request) -> str:
        """Return what a caller without a key is told to send."""
        return 'Bearer realm="Workhall"'
