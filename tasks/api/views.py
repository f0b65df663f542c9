"""The API's views: a key sees its own organisation; what belongs to another is not there."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, cast

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files import File
from django.db.models import QuerySet
from django.http import Http404, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import NotFound, ParseError
from rest_framework.parsers import BaseParser, JSONParser
from rest_framework.permissions import AllowAny
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView

from coop import clock
from coop.people import limits
from coop.people.models import ApiKey, Person
from coop.people.scopes import HasScope
from coop.refusals import Refusal, Refused, refuse_if
from tasks import access_log, deletions, disputes, drafting, exports, jobs, once, overview, skills
from tasks.api import serializers
from tasks.api.paging import CURSOR, Newest, page_of
from tasks.api.unchanged import Unchanged
from tasks.formats import parquet
from tasks.models import Assignment, Estimate, Job


def _too_large() -> Refusal:
    return Refusal(
        _("The body is larger than %(most)d bytes.") % {"most": settings.DATA_UPLOAD_MAX_MEMORY_SIZE},
        appeal=_("Send tasks as application/x-ndjson, one object on each line."),
        status=413,
    )


PARQUET = "application/vnd.apache.parquet"
# In which forms tasks are sent.
TASKS = {
    "application/x-ndjson": OpenApiTypes.BINARY,
    "text/csv": OpenApiTypes.BINARY,
    "application/json": {"type": "array", "items": {"type": "object"}},
}


class KeyView(Unchanged, limits.Counted):
    """A view for a key with the scope it names."""

    permission_classes = (HasScope,)
    parser_classes: Sequence[type[BaseParser]] = (JSONParser,)
    scope: str | dict[str, str] = "read"

    def key(self) -> ApiKey:
        """Return the key that calls."""
        return cast("ApiKey", self.request.auth)

    def who(self) -> Person:
        """Return the person who made the key; what it does is done in their name."""
        return cast("Person", self.request.user)

    def initial(self, request: Request, *args: object, **kwargs: object) -> None:
        """Let a key pass, count its call, and carry a call with a name out once."""
        super().initial(request, *args, **kwargs)
        if request.method == "POST" and once.HEADER in request.headers:
            vars(self)["post"] = partial(self._once, getattr(self, request.method.lower()))

    def _once(self, act: Callable[..., Response], request: Request, *args: object, **kwargs: object) -> Response:
        return once.carried_out(self.key(), request, partial(act, request, *args, **kwargs), at=clock.now())

    def handle_exception(self, exc: Exception) -> Response:
        """Answer as every API view does, and a body that Django would not take into memory with what to do."""
        if isinstance(exc, RecursionError):
            exc = ParseError()
        return super().handle_exception(Refused(_too_large()) if isinstance(exc, RequestDataTooBig) else exc)

    def job(self, number: int) -> Job:
        """Return a job of the key's organisation; Http404 for any other."""
        found = Job.objects.select_related("client", "work_type")
        return get_object_or_404(found, client=self.key().client, pk=number)

    def shown(self, number: int) -> Job:
        """Return a job of the key's organisation as `job` does; raise Refused once its contents are deleted."""
        job = self.job(number)
        refuse_if(deletions.gone(job))
        return job

    def fetched(self, subject: str) -> None:
        """Write down that answers go home by the key, for its organisation to read."""
        access_log.fetched(self.key().client, subject, by=self.who(), key=self.key())

    def took(self, subject: str) -> None:
        """Write down what went home by the key with answers in it, once an hour."""
        access_log.taken(self.key().client, subject, key=self.key(), at=clock.now())

    def handed_in(self) -> "File[bytes]":
        """Return the tasks that were sent, as a file; raise Refused for none."""
        if not isinstance(self.request.data, File):
            raise Refused(Refusal("The body is empty.", appeal="Send one object on each line.", status=400))
        return self.request.data

    def listed(self, found: QuerySet[Any], shape: type[BaseSerializer[Any]], pages: Newest | None = None) -> Response:
        """Return the page of a list that was asked for, the newest first where nothing else is said."""
        pages = pages or Newest()
        page = pages.paginate_queryset(found, self.request, view=self)
        return pages.get_paginated_response(shape(page, many=True).data)

    def answer(self, job: Job, status: int = 200) -> Response:
        """Return a job as it stands now."""
        return Response(serializers.JobWhole(self.job(job.pk)).data, status=status)


class Jobs(KeyView):
    """The organisation's jobs."""

    scope = {"GET": "read", "POST": "post"}

    @extend_schema(operation_id="list_jobs", parameters=[CURSOR], responses=page_of(serializers.JobLine))
    def get(self, request: Request) -> Response:
        """List the jobs, the newest first; `next` leads to older ones."""
        return self.listed(self.key().client.jobs.select_related("work_type"), serializers.JobLine)

    @extend_schema(
        operation_id="draft_job",
        request=serializers.NewJob,
        responses={201: serializers.JobWhole},
    )
    def post(self, request: Request) -> Response:
        """Draft a job; nobody sees it before it is opened."""
        given = serializers.NewJob(data=request.data)
        given.is_valid(raise_exception=True)
        job = jobs.draft(self.key().client, **given.facts(), by=self.who(), at=clock.now())
        return self.answer(job, status=201)


class OneJob(KeyView):
    """One job."""

    @extend_schema(operation_id="get_job", responses={200: serializers.JobWhole})
    def get(self, request: Request, number: int) -> Response:
        """Return a job with its price and what is set aside."""
        return self.answer(self.job(number))


class Fund(KeyView):
    """The money of a job."""

    scope = "fund"

    @extend_schema(operation_id="fund_job", request=None, responses={200: serializers.JobWhole})
    def post(self, request: Request, number: int) -> Response:
        """Set aside what the job still needs; again changes nothing."""
        return self.answer(jobs.fund(self.job(number), by=self.who(), at=clock.now()))


class Open(KeyView):
    """The opening of a job."""

    scope = "fund"

    @extend_schema(operation_id="open_job", request=None, responses={200: serializers.JobWhole})
    def post(self, request: Request, number: int) -> Response:
        """Open a funded job for work; again changes nothing."""
        return self.answer(jobs.open(self.job(number), by=self.who(), at=clock.now()))


class Raise(KeyView):
    """The pay of a job."""

    scope = "fund"

    @extend_schema(
        operation_id="raise_pay",
        request=serializers.NewPay,
        responses={200: serializers.JobWhole},
    )
    def post(self, request: Request, number: int) -> Response:
        """Raise the pay for each answer; what is claimed keeps its own."""
        given = serializers.NewPay(data=request.data)
        given.is_valid(raise_exception=True)
        job = jobs.raise_pay(self.job(number), pay=given.validated_data["pay"], by=self.who(), at=clock.now())
        return self.answer(job)


class Close(KeyView):
    """The end of a job."""

    scope = "fund"

    @extend_schema(operation_id="close_job", request=None, responses=serializers.JobWhole)
    def post(self, request: Request, number: int) -> Response:
        """Close a job; what nobody has claimed is available again. Again gives back what claims returned since."""
        return self.answer(jobs.close(self.job(number), by=self.who(), at=clock.now()))


class Disputes(KeyView):
    """The answers of a job that were rejected."""

    @extend_schema(operation_id="list_disputes", parameters=[CURSOR], responses=page_of(serializers.DisputeOut))
    def get(self, request: Request, number: int) -> Response:
        """List them, the newest first, each with what members decided."""
        found = disputes.of(self.key().client).filter(assignment__job=self.job(number))
        return self.listed(found, serializers.DisputeOut)


class Reject(KeyView):
    """One answer of a job."""

    scope = "fund"

    @extend_schema(
        operation_id="reject_answer",
        request=serializers.Rejection,
        responses={201: serializers.DisputeOut},
    )
    def post(self, request: Request, number: int, answer: int) -> Response:
        """Reject one answer with a reason; it is paid meanwhile, and two members decide who bears it."""
        given = serializers.Rejection(data=request.data)
        given.is_valid(raise_exception=True)
        loaded = Assignment.objects.select_related("task", "job__work_type")
        wrong = get_object_or_404(loaded, job=self.job(number), pk=answer)
        dispute = disputes.reject(wrong, **given.validated_data, by=self.who(), at=clock.now())
        return Response(serializers.DisputeOut(dispute).data, status=201)


class ProgressView(KeyView):
    """How far a job is."""

    @extend_schema(operation_id="get_progress", responses=serializers.ProgressOut)
    def get(self, request: Request, number: int) -> Response:
        """Count the answers by where they stand, and say when the job may be done."""
        return Response(serializers.ProgressOut(overview.whole(self.job(number), at=clock.now())).data)


class Quality(KeyView):
    """How far the answers of a job agree."""

    @extend_schema(operation_id="get_quality", responses={200: serializers.QualityOut})
    def get(self, request: Request, number: int) -> Response:
        """Tell what was found when the answers were last compared; 404 before there are two to a task."""
        found = get_object_or_404(Estimate, job=self.shown(number))
        return Response(serializers.QualityOut(found).data)


class Ndjson(BaseRenderer):
    """Lets a program ask for JSON lines; the view streams them itself."""

    media_type = "application/x-ndjson"
    format = "ndjson"

    def render(self, data: Any, *args: object, **kwargs: object) -> bytes:  # noqa: ANN401 - DRF's own
        """Return a refusal as JSON."""
        return JSONRenderer().render(data)


class Anything(Ndjson):
    """Lets a program ask for whatever a file is."""

    media_type = "*/*"
    format = "file"


class Results(KeyView):
    """What members answered."""

    scope = "download"
    renderer_classes = (Ndjson, JSONRenderer)

    @extend_schema(
        operation_id="download_results",
        parameters=[
            OpenApiParameter("view", enum=["answers", "results"], default="answers"),
            OpenApiParameter("form", enum=["ndjson", "parquet"], default="ndjson"),
        ],
        responses={(200, "application/x-ndjson"): OpenApiTypes.BINARY, (200, PARQUET): OpenApiTypes.BINARY},
    )
    def get(self, request: Request, number: int) -> StreamingHttpResponse:
        """Stream one line for each answer, or with view=results one for each task and what they come to."""
        job, view = self.job(number), request.query_params.get("view", "answers")
        form = request.query_params.get("form", "ndjson")
        if view not in parquet.VIEWS or form not in {"ndjson", "parquet"}:
            raise Http404
        refuse_if(deletions.gone(job))
        self.fetched(f"job:{number} {view} {'jsonl' if form == 'ndjson' else form}")
        found = exports.results(job) if view == "results" else exports.rows(job)
        if form == "parquet":
            return StreamingHttpResponse(parquet.view(view, (one.row() for one in found)), content_type=PARQUET)
        return StreamingHttpResponse(exports.jsonl(found), content_type="application/x-ndjson; charset=utf-8")


@extend_schema(exclude=True)
class Nothing(APIView):
    """What the API answers where it has no address."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    def initial(self, request: Request, *args: object, **kwargs: object) -> None:
        """Say that there is nothing here, whoever asks."""
        raise NotFound(_("The API has no such address."))


class Skills(Unchanged):
    """The skills that a job may ask for."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(operation_id="list_skills", responses=serializers.SkillOut(many=True), auth=[])
    def get(self, request: Request) -> Response:
        """List the skills of which a paid test is open; for anybody."""
        return Response(serializers.SkillOut(skills.to_ask(), many=True).data)


class Rates(Unchanged):
    """The rate card."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(operation_id="list_rates", responses=serializers.RateOut(many=True), auth=[])
    def get(self, request: Request) -> Response:
        """List what each kind of work pays at least and how long it takes; for anybody."""
        found = sorted(drafting.rate_card(), key=lambda kind: kind.it.slug)
        return Response(serializers.RateOut(found, many=True).data)
