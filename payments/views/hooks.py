"""Where payout services send word. Nothing in it is believed: we ask them ourselves."""

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from coop import clock
from payments import cards, sending
from payments.rails.api import Unanswered

# No message of a service is longer.
LONGEST = 100_000


@csrf_exempt
@require_POST
def hear(request: HttpRequest, rail: str) -> HttpResponse:
    """Ask a service after the payout or the card payment that its message names.

    A service that signs its messages is asked only after one that it has signed.
    """
    service = next(iter(sending.of_hook(rail)), None)
    if service is None or not service.available:
        raise Http404
    if _too_long(request):
        return HttpResponse(status=413)
    if not service.genuine(request.body, request.headers):
        return HttpResponse(status=400)
    sending.heard(service, request.body, at=clock.now())
    if rail == "stripe":
        cards.heard(request.body, at=clock.now())
    return HttpResponse(status=204)


@csrf_exempt
@require_POST
def answer(request: HttpRequest, token: str) -> HttpResponse:
    """Take what a service answers at the address that it alone was told for this question."""
    if _too_long(request):
        return HttpResponse(status=413)
    try:
        sending.answered(token, request.body, at=clock.now())
    except LookupError as error:
        raise Http404 from error
    except Unanswered:
        return HttpResponse(status=503)
    return HttpResponse(status=204)


def _too_long(request: HttpRequest) -> bool:
    return int(request.META.get("CONTENT_LENGTH") or 0) > LONGEST
