"""How many calls a key may make in a minute: counted by one statement, told with every answer."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import connection

from coop.people.models import ApiKey

WINDOW = 60
COUNT = """
INSERT INTO people_keyuse AS use (key_id, minute, calls) VALUES (%(key)s, %(minute)s, 1)
ON CONFLICT (key_id) DO UPDATE SET minute = excluded.minute,
    calls = CASE WHEN use.minute = excluded.minute THEN use.calls + 1 ELSE 1 END
RETURNING calls
"""


@dataclass(frozen=True, slots=True)
class Left:
    """How many calls are left in this minute, and after how many seconds the next one begins."""

    calls: int
    seconds: int

    @property
    def is_over(self) -> bool:
        """Tell whether this call is one too many."""
        return self.calls < 0

    def headers(self) -> dict[str, str]:
        """Return the headers of draft-ietf-httpapi-ratelimit-headers-10."""
        return {
            "RateLimit-Policy": f'"minute";q={settings.API_CALLS_A_MINUTE};w={WINDOW}',
            "RateLimit": f'"minute";r={max(self.calls, 0)};t={self.seconds}',
        }


def count(key: ApiKey, *, at: datetime) -> Left:
    """Count a call of a key and return what is left."""
    minute, passed = divmod(int(at.timestamp()), WINDOW)
    with connection.cursor() as cursor:
        cursor.execute(COUNT, {"key": key.pk, "minute": minute})
        (calls,) = cursor.fetchone()
    return Left(settings.API_CALLS_A_MINUTE - calls, WINDOW - passed)
