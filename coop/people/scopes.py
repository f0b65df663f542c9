"""What a key lets an API call do, and how the API's schema says so."""

from drf_spectacular.extensions import OpenApiAuthenticationExtension
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
