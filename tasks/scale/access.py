"""Who calls, what they may, and how this interface says no: JSON with one sentence; 200 is all that went well."""

import base64
import binascii
import re
from http import HTTPStatus
from typing import Any, cast

from django.core.exceptions import RequestDataTooBig
from django.http import Http404
from rest_framework import exceptions
from rest_framework.authentication import get_authorization_header
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser, JSONParser
from rest_framework.permissions import BasePermission
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from coop import clock
from coop.people import authentication, limits
from coop.people.models import ApiKey, Client, Person
from coop.refusals import Refused, try_again
from tasks import access_log
from tasks.models import Batch
from tasks.models.scale import BY_ITSELF
from tasks.shapes import checking

# What this interface calls a refusal of ours; all others are 402, "not enabled".
REFUSED = {400: 400, 404: 404, 413: 400, 422: 400}
REALM = 'Basic realm="Workhall"'
SURROGATE = re.compile("[\ud800-\udfff]")


FIXED: tuple[tuple[tuple[type[Exception], ...], tuple[int, str]], ...] = (
    ((Http404, exceptions.NotFound), (404, "Not found")),
    ((exceptions.PermissionDenied,), (402, "This key may not do that: make one with the scope on your keys page")),
    ((RequestDataTooBig, RecursionError), (400, "The body is too large")),
    ((exceptions.UnsupportedMediaType,), (400, "This type of body is not read here")),
)


class Wrong(Exception):  # noqa: N818 - reads as the sentence it is: "raise Wrong(…)"
    """An order cannot be taken as it is: answered with this status and these words."""

    def __init__(self, words: str, status: int = 400) -> None:
        """Keep what is said."""
        super().__init__(words)
        self.status = status


class EitherWay(authentication.KeyAuthentication):
    """A key as the user of Basic authentication, its password empty, or as a bearer."""

    def authenticate(self, request: Request) -> tuple[Person, ApiKey] | None:
        """Return person and key; raise AuthenticationFailed for a key that is not live, or none."""
        kind, _space, said = get_authorization_header(request).decode("latin-1").partition(" ")
        secret = _user(said) if kind.lower() == "basic" else said.strip() if kind.lower() == "bearer" else ""
        key = authentication.use(secret) if secret else None
        if key is None:
            message = "No valid API key provided."
            raise exceptions.AuthenticationFailed(message)
        return key.created_by, key

    def authenticate_header(self, request: Request) -> str:
        """Return what a caller without a key is told to send: with this the answer is 401."""
        return REALM


def _user(said: str) -> str:
    try:
        return base64.b64decode(said.strip(), validate=True).decode().partition(":")[0]
    except (binascii.Error, ValueError):
        return ""


class MayCall(BasePermission):
    """Lets a test key do everything here, as nothing of it is real, and a live one what its scopes say."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Tell whether the key may."""
        key = cast("ApiKey", request.auth)
        wanted = "read" if request.method == "GET" else getattr(view, "scope", "post")
        return key.is_test or wanted in key.scopes


class OnlyJson(BaseContentNegotiation):
    """Answers in JSON, whatever a program says it accepts; reads what the view reads."""

    def select_parser(self, request: Request, parsers: Any) -> BaseParser | None:  # noqa: ANN401 - as DRF hands them
        """Return the parser of the body's type; JSON where none is said."""
        kind = (request.content_type or "").split(";")[0]
        found: BaseParser = next((one for one in parsers if one.media_type == kind), parsers[0])
        return found

    def select_renderer(self, request: Request, renderers: Any, format_suffix: Any = None) -> Any:  # noqa: ANN401 - as DRF asks
        """Return JSON."""
        return renderers[0], "application/json"


class ScaleView(limits.Counted):
    """A view of this interface. Everything it finds is its key's client's, and tries things out where the key does."""

    authentication_classes = (EitherWay,)
    permission_classes = (MayCall,)
    parser_classes = (JSONParser,)
    renderer_classes = (JSONRenderer,)
    content_negotiation_class = OnlyJson
    schema = None  # the interface is described by its own documents, not by ours
    scope = "post"

    @property
    def key(self) -> ApiKey:
        """Return the key that calls."""
        return cast("ApiKey", self.request.auth)

    @property
    def client(self) -> Client:
        """Return whose key it is."""
        return self.key.client

    @property
    def test(self) -> bool:
        """Tell whether the key only tries things out."""
        return self.key.is_test

    @property
    def tells(self) -> bool:
        """Tell whether the key may have answers."""
        return self.test or "download" in self.key.scopes

    @property
    def funds(self) -> bool:
        """Tell whether the key may spend; one that tries things out spends nothing."""
        return self.test or "fund" in self.key.scopes

    def require_funds(self, batch: object) -> None:
        """Ask for the right to spend where an order is funded by itself: without a batch, or in one that starts so."""
        if self.funds:
            return
        named = Batch.objects.filter(client=self.client, test=False, name=str(batch))
        if not batch or named.filter(options__has_key=BY_ITSELF).exists():
            raise exceptions.PermissionDenied

    @property
    def who(self) -> Person:
        """Return who made the key; what it does is done in their name."""
        return cast("Person", self.request.user)

    def body(self) -> dict[str, Any]:
        """Return the object that was sent; an empty one where nothing was."""
        said = self.request.data
        if not isinstance(said, dict):
            message = "The body must be an object"
            raise Wrong(message)
        return checked(dict(said.items()))

    def asked(self) -> dict[str, Any]:
        """Return the object that was sent; to say where answers are to go takes the right to have them."""
        said = self.body()
        params = said.get("params")
        heard = said.get("callback_url") or (isinstance(params, dict) and params.get("callback_url"))
        if heard and not self.tells:
            raise exceptions.PermissionDenied
        return said

    def took(self, subject: str) -> None:
        """Write down what a live key takes home, for its client to read."""
        if not self.test:
            access_log.taken(self.client, subject, key=self.key, at=clock.now())

    def telling(self, told: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return tasks as they are told, the newest first, and write down which answers go home with them."""
        done = [one for one in told if one.get("status", "completed") == "completed"]
        answered = [one for one in done if one.get("response") or one.get("threads")]
        if answered:
            count = f" and {len(answered) - 1} older" if len(answered) > 1 else ""
            self.took(f"task:{answered[0]['task_id']}{count}")
        return told

    def items(self) -> list[str]:
        """Return the list of texts that was sent; an empty one where nothing was."""
        said: Any = self.request.data or []
        if not isinstance(said, list) or not all(isinstance(one, str) and 0 < len(one) <= 200 for one in said):  # noqa: PLR2004 - a tag is short
            message = "The body must be a list of texts"
            raise Wrong(message)
        return cast("list[str]", checked(said))

    def handle_exception(self, exc: Exception) -> Response:
        """Answer what went wrong; raise what is a fault of ours."""
        found = _said(exc)
        if found is None:
            raise exc
        status, words = found
        answer = Response({"status_code": status, "error": words}, status=status)
        if status == HTTPStatus.UNAUTHORIZED:
            answer["WWW-Authenticate"] = REALM
        return answer


class Nothing(ScaleView):
    """What is no address of this interface."""

    def initial(self, request: Request, *args: object, **kwargs: object) -> None:
        """Ask for the key, then say that nothing is here."""
        super().initial(request, *args, **kwargs)
        raise Http404


def checked[Value](said: Value) -> Value:
    """Return what was sent; raise Wrong where it holds characters that no database keeps."""
    try:
        if checking.has_nothing(said) or _has_half(said):
            message = "Leave out characters that are none (NUL, lone surrogates)"
            raise Wrong(message)
    except RecursionError as error:
        message = "The body is nested too deep"
        raise Wrong(message) from error
    return said


def _has_half(said: object) -> bool:
    if isinstance(said, dict):
        return any(map(_has_half, [*said, *said.values()]))
    return (
        any(map(_has_half, said)) if isinstance(said, list) else bool(isinstance(said, str) and SURROGATE.search(said))
    )


def _said(exc: Exception) -> tuple[int, str] | None:
    """Return the status and the words of what was refused; None for a fault of ours.

    402 where members' rules stand in the way (of money, of votes, of what a key may), which the client calls "not
    enabled"; never 409, which it takes for a unique_id that is used. Where others were changing the same 503, on which
    the client tries again by itself.
    """
    if isinstance(exc, Wrong):
        return exc.status, str(exc)
    if isinstance(exc, Refused):
        return REFUSED.get(exc.refusal.status, 402), str(exc.refusal)
    if others := try_again(exc):
        return HTTPStatus.SERVICE_UNAVAILABLE, str(others)
    fixed = next((said for kinds, said in FIXED if isinstance(exc, kinds)), None)
    return fixed or ((exc.status_code, str(exc.detail)) if isinstance(exc, exceptions.APIException) else None)
