"""What a key lets an API call do, and how the API's schema says so."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from coop.people.models import ApiKey


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

    target_class = "coop.people.authentication.KeyAuthentication"
    name = "ApiKey"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        """Return the scheme."""
        return {"type": "http", "scheme": "bearer", "description": "A key of your organisation, from its keys page."}


# What any call may be answered with, beside what its own view says.
PROBLEMS = {
    "400": "The body or a parameter is wrong; `errors` names the fields.",
    "401": "There is no key, or it has ended.",
    "403": "The key lacks the scope, or a rule of the members forbids it: `rule` names it, `remedy` says what to do.",
    "404": "Your organisation has no such thing.",
    "406": "No such form of answer.",
    "409": "It cannot be done now.",
    "413": "More was sent than is taken at once.",
    "415": "No such form of body is taken here.",
    "422": "What was sent is understood, and not taken: the answer says why.",
    "429": "The key made more calls in this minute than it may; `Retry-After` says for how many seconds to wait.",
}
TYPE = "application/problem+json"
PROBLEM = OpenApiResponse(OpenApiTypes.OBJECT, "problem+json (RFC 9457): title, status, rule, remedy, errors.")
ONCE = OpenApiParameter(
    "Idempotency-Key", {"type": "string", "pattern": "^[!-~]{1,255}$"}, OpenApiParameter.HEADER,
    description="1 to 255 letters, digits and signs of ASCII. The same call under it is carried out once, for a day.",
)  # fmt: skip


class Described(AutoSchema):
    """A view's part of the schema, with what every call of a key has in common."""

    def get_override_parameters(self) -> list[Any]:
        """Add the header that makes a call happen once."""
        return [ONCE] if self.method == "POST" and self._needs_key() else []

    def _get_response_bodies(self, direction: Any = "response") -> Any:  # noqa: ANN401 - spectacular's own
        bodies = super()._get_response_bodies(direction)
        for code, words in PROBLEMS.items() if self._needs_key() else ():
            said = self._get_response_for_code(PROBLEM, code, [TYPE], direction)  # type: ignore[no-untyped-call]
            stands = bodies.get(code, {}).get("content", {}).get("application/json", {}).get("schema", {})
            if "$ref" in stands:  # what was sent, with its problems: beside the refusal of all of it
                bodies[code]["content"] |= said["content"]
            else:
                bodies[code] = said | {"description": words}
        return bodies

    def _needs_key(self) -> bool:
        return HasScope in self.view.permission_classes
