"""How the cooperative says no: one reason, the rule behind it, and what the person can do."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from django.db import IntegrityError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext as _

type Text = str | Promise

log = logging.getLogger(__name__)

PROBLEM = "application/problem+json"
# By PostgreSQL's list of errors: serialization_failure, deadlock_detected, lock_not_available.
OTHERS_FIRST = {"40001", "40P01", "55P03"}


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an act is refused: `reason` for the person, `rule` an id of the constitution, `appeal` what they can do."""

    reason: Text
    rule: str = ""
    appeal: Text = ""
    status: int = 403

    def __str__(self) -> str:
        return " ".join(str(part) for part in (self.reason, self.rule and f"({self.rule})", self.appeal) if part)


class Refused(Exception):  # noqa: N818 - reads as the sentence it is: "raise Refused(…)"
    """An act was refused; nothing was changed. Carries the Refusal that the page or the API shows."""

    def __init__(self, refusal: Refusal) -> None:
        """Keep the refusal to be shown."""
        super().__init__(str(refusal))
        self.refusal = refusal


def refuse_if(refusal: Refusal | None) -> None:
    """Raise Refused when there is a refusal; the other half of every `refusal(...)` question."""
    if refusal is not None:
        raise Refused(refusal)


def guard_of(error: IntegrityError) -> str | None:
    """Return the name of the guard or constraint by which the database refused a write; None if it gave none."""
    return getattr(getattr(error.__cause__, "diag", None), "constraint_name", None)


def try_again(error: Exception, *, doing: object = "") -> Refusal | None:
    """Return that others were changing the same in this moment, where the database refused a write for that; or None.

    The same act, tried again, may well be done. The log has where it was, and what was being done.
    """
    if not isinstance(error, OperationalError) or getattr(error.__cause__, "sqlstate", None) not in OTHERS_FIRST:
        return None
    log.warning("others were changing the same: %s", doing, exc_info=error)
    return Refusal(
        _("Somebody else was changing the same in this moment."),
        appeal=_("Please try again."), status=409,
    )  # fmt: skip


def _refusal(exception: Exception, request: object) -> Refusal | None:
    doing = f"{getattr(request, 'method', '')} {getattr(request, 'path', '')}"
    return exception.refusal if isinstance(exception, Refused) else try_again(exception, doing=doing)


class RefusalPage:
    """Middleware: a refusal that reaches the top becomes a page that says what, why and what to do."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Keep the next handler."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer a refusal, of the database's too where trying again helps; leave every other exception alone."""
        refusal = _refusal(exception, request)
        if refusal is None:
            return None
        return render(request, "refused.html", {"refusal": refusal}, status=refusal.status)


def problem(refusal: Refusal) -> dict[str, object]:
    """Return the refusal as problem+json (RFC 9457), the rule's id and the remedy beside it."""
    return {
        "title": str(refusal.reason),
        "status": refusal.status,
        "rule": refusal.rule,
        "remedy": str(refusal.appeal),
    }


def api_answer(exception: Exception, context: dict[str, object]) -> HttpResponse | None:
    """Answer exceptions of the API as problem+json: a refusal with its rule, wrong fields each with its errors."""
    # Imported late: every act imports this module, and DRF's views import our acts' keys.
    from rest_framework.response import Response  # noqa: PLC0415
    from rest_framework.views import exception_handler  # noqa: PLC0415

    if refusal := _refusal(exception, context.get("request")):
        return Response(problem(refusal), status=refusal.status, content_type=PROBLEM)
    answer = exception_handler(exception, context)
    if answer is not None:
        title = answer.data.get("detail") if isinstance(answer.data, dict) else None
        errors = {} if title else {"errors": answer.data}
        answer.data = {"title": str(title or _("Some fields are wrong.")), "status": answer.status_code, **errors}
        answer.content_type = PROBLEM
    return answer
