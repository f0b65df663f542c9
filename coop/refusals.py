"""How the cooperative says no: one reason, the rule behind it, and what the person can do."""

from collections.abc import Callable
from dataclasses import dataclass

from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext as _

type Text = str | Promise

PROBLEM = "application/problem+json"


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


class RefusalPage:
    """Middleware: a Refused that reaches the top becomes a page that says what, why and what to do."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Keep the next handler."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer a refusal; leave every other exception alone."""
        if not isinstance(exception, Refused):
            return None
        refusal = exception.refusal
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

    if isinstance(exception, Refused):
        body = problem(exception.refusal)
        return Response(body, status=exception.refusal.status, content_type=PROBLEM)
    answer = exception_handler(exception, context)
    if answer is not None:
        title = answer.data.get("detail") if isinstance(answer.data, dict) else None
        errors = {} if title else {"errors": answer.data}
        answer.data = {"title": str(title or _("Some fields are wrong.")), "status": answer.status_code, **errors}
        answer.content_type = PROBLEM
    return answer
