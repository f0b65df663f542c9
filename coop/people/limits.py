"""How many calls a key may make in a minute: counted by one statement, told with every answer."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import connection
from rest_framework.exceptions import Throttled
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

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


class Counted(APIView):
    """A view that counts a key's calls, once it may call: one too many is 429, and each answer says what is left."""

    left: Left | None = None
    at: datetime  # when a key called, as it was counted

    def initial(self, request: Request, *args: object, **kwargs: object) -> None:
        """Let a key pass and count its call."""
        super().initial(request, *args, **kwargs)
        if isinstance(request.auth, ApiKey):
            self.at = request.auth.asked_at
            self.left = count(request.auth, at=self.at)
            if self.left.is_over:
                raise Throttled(wait=self.left.seconds)

    def finalize_response(self, request: Request, response: Response, *args: object, **kwargs: object) -> Response:
        """Say how many calls are left, and after one too many when to come again."""
        answer = super().finalize_response(request, response, *args, **kwargs)
        for name, value in self.left.headers().items() if self.left else ():
            answer[name] = value
        if self.left and self.left.is_over:
            answer["Retry-After"] = str(self.left.seconds)
        return answer
