"""Where payout services send word. Nothing in it is believed: we ask them ourselves."""

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from coop import clock
from payments import rails, sending
from payments.rails.api import ApiRail

# No message of a service is longer.
LONGEST = 100_000


@csrf_exempt
@require_POST
def hear(request: HttpRequest, rail: str) -> HttpResponse:
    """Ask a service after the payout that its message names; refuse one that it has not signed, if it signs any."""
    service = rails.ALL.get(rail)
    if not isinstance(service, ApiRail) or not service.available:
        raise Http404
    if int(request.META.get("CONTENT_LENGTH") or 0) > LONGEST:
        return HttpResponse(status=413)
    if not service.genuine(request.body, request.headers):
        return HttpResponse(status=400)
    sending.heard(service, request.body, at=clock.now())
    return HttpResponse(status=204)
