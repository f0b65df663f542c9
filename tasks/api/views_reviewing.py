"""A client's look at answers, by the API: those that wait, accepting them, sending one back to be put right."""

from typing import Any

from django.http import Http404
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from coop import clock
from tasks import overview, reviews
from tasks.api.paging import CURSOR, ByDeadline, Newest, page_of
from tasks.api.serializers import SumField
from tasks.api.views import KeyView
from tasks.models import Assignment, Ground

STATES = ("waiting", "all")
TASK = OpenApiParameter("task", str, description="Of one task alone, by your own id.")


class AnswerOut(serializers.ModelSerializer[Assignment]):
    """An answer: the task by your own id, what was answered, where it stands, until when silence accepts it."""

    task = serializers.CharField(source="task.external_id")
    pay = SumField()
    answer = serializers.SerializerMethodField()

    class Meta:
        model = Assignment
        fields = ("id", "task", "state", "pay", "answer", "submitted_at", "accept_by", "decided_at")

    def get_answer(self, given: Assignment) -> dict[str, Any]:
        """Return what was answered last."""
        value: dict[str, Any] = max(given.answers.all(), key=lambda one: one.number).value
        return value


class Accepting(serializers.Serializer[Any]):
    """Which answers are accepted."""

    answers = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**63 - 1), min_length=1, max_length=reviews.BATCH
    )


class AcceptedOut(serializers.Serializer[Any]):
    """Which answers were accepted; those that were decided meanwhile, or are being checked, are not among them."""

    accepted = serializers.ListField(child=serializers.IntegerField())


class Returning(serializers.Serializer[Any]):
    """Why one answer goes back, and which part of it is to be put right."""

    reason = serializers.CharField(min_length=10, max_length=2000, help_text="Its author reads it.")
    place = serializers.CharField(
        max_length=200, help_text="A part of the answer, as its columns are named: labels, preference, reason."
    )


class Answers(KeyView):
    """The answers of a job."""

    scope = "download"

    @extend_schema(
        operation_id="list_answers",
        parameters=[CURSOR, OpenApiParameter("state", enum=STATES, default=STATES[0]), TASK],
        responses=page_of(AnswerOut),
    )
    def get(self, request: Request, number: int) -> Response:
        """List those that wait for a look, those first that silence accepts first; or all, the latest taken first."""
        job, asked = self.shown(number), request.query_params
        state, task = asked.get("state", STATES[0]), asked.get("task")
        if state not in STATES or "\0" in (task or ""):
            raise Http404
        found = overview.waiting(job) if state == "waiting" else overview.handed_in(job)
        found = found if task is None else found.filter(task__external_id=task)
        self.took(f"job:{number} answers that wait" if state == "waiting" else f"job:{number} answers")
        pages = ByDeadline() if state == "waiting" else Newest()
        return self.listed(found.prefetch_related("answers"), AnswerOut, pages)


class OneAnswer(KeyView):
    """One answer of a job."""

    scope = "download"

    @extend_schema(operation_id="get_answer", responses={200: AnswerOut})
    def get(self, request: Request, number: int, answer: int) -> Response:
        """Return one answer that was handed in, as it stands."""
        found = get_object_or_404(overview.handed_in(self.shown(number)), pk=answer)
        self.took(f"job:{number} answers")
        return Response(AnswerOut(found).data)


class Accept(KeyView):
    """Answers that are accepted."""

    scope = "fund"

    @extend_schema(operation_id="accept_answers", request=Accepting, responses=AcceptedOut)
    def post(self, request: Request, number: int) -> Response:
        """Accept up to 20 answers: each is paid at once."""
        given = Accepting(data=request.data)
        given.is_valid(raise_exception=True)
        ticked = given.validated_data["answers"]
        accepted = reviews.accept_some(self.job(number), ticked, by=self.who(), at=clock.now())
        return Response({"accepted": [one.pk for one in accepted]})


class SendBack(KeyView):
    """One answer that goes back."""

    scope = "fund"

    @extend_schema(operation_id="send_back_answer", request=Returning, responses={204: None})
    def post(self, request: Request, number: int, answer: int) -> Response:
        """Send one answer back to be put right, once; of a job's answers one in ten at most."""
        given = Returning(data=request.data)
        given.is_valid(raise_exception=True)
        loaded = Assignment.objects.select_related("task", "job__work_type")
        wrong = get_object_or_404(loaded, job=self.job(number), pk=answer)
        reviews.send_back(wrong, **given.validated_data, by=self.who(), at=clock.now(), ground=Ground.CLIENT)
        return Response(status=204)
