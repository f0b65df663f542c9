"""What programs are told of a fault of ours: few words, in the form they read. The log has the fault; they have not."""

import re
import sys

from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views import defaults

from coop.refusals import PROBLEM, Refusal, problem

SCALES = re.compile(r"/+v[12]/")
OURS = "/api/"
# By PostgreSQL's list of errors: a statement was stopped for its time; connections fail, or the server is going down.
STOPPED, GONE = "57014", ("08", "57P")


def answer(request: HttpRequest) -> HttpResponse:
    """Answer a request that a fault ended: a program with JSON of its interface, everybody else with a page."""
    status = _status(sys.exception())
    if SCALES.match(request.path):
        return JsonResponse({"status_code": status, "error": str(_refusal(status))}, status=status)
    if request.path.startswith(OURS):
        return JsonResponse(problem(_refusal(status)), status=status, content_type=PROBLEM)
    return defaults.server_error(request)


def _status(fault: BaseException | None) -> int:
    """Return 503 where the database cannot be reached, 504 where it took too long, and 500 for all else."""
    if not isinstance(fault, OperationalError):
        return 500
    state = getattr(fault.__cause__, "sqlstate", None) or ""
    if state == STOPPED:
        return 504
    return 503 if not state or state.startswith(GONE) else 500


def _refusal(status: int) -> Refusal:
    reasons = {
        500: _("Something broke on our side; it is written down, and we look at it."),
        503: _("We cannot do this for a moment."),
        504: _("This took longer than it may."),
    }
    again = _("Please try again, with the same unique_id or Idempotency-Key: what was done is not done twice.")
    return Refusal(reasons[status], appeal=again, status=status)
