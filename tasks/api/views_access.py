"""The API's view of who saw what a client has."""

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request

from coop import clock
from tasks import access_log
from tasks.api.views import KeyView, Ndjson


class Access(KeyView):
    """Who saw or fetched what the organisation has here."""

    renderer_classes = (Ndjson, JSONRenderer)

    @extend_schema(
        operation_id="list_access",
        responses={(200, "application/x-ndjson"): OpenApiTypes.BINARY},
    )
    def get(self, request: Request) -> StreamingHttpResponse:
        """Stream one line for each time something was seen: at, what, who, subject and, of officers, why.

        Of what members took, checked or were drawn for, `at` is the day in UTC, told once it is over: when they began
        is theirs.
        """
        seen = access_log.of(self.key().client, at=clock.now())
        return StreamingHttpResponse((one.line() for one in seen), content_type="application/x-ndjson; charset=utf-8")
