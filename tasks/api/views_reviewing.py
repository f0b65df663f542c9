"""A client's look at answers, by the API: those that wait, accepting them, sending one back to be put right."""

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from coop import clock
from tasks import overview, reviews
from tasks.api.serializers import SumField
from tasks.api.views import KeyView
from tasks.models import Assignment, Ground

MOST = 50


class WaitingOut(serializers.ModelSerializer[Assignment]):
    """What waits for a look: the task by your own id, what was answered, until when silence accepts it."""

    task = serializers.CharField(source="task.external_id")
    pay = SumField()
    answer = serializers.SerializerMethodField()

    class Meta:
        model = Assignment
        fields = ("id", "task", "pay", "answer", "submitted_at", "accept_by")

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


class Waiting(KeyView):
    """The answers of a job that wait for a look."""

    scope = "download"

    @extend_schema(operation_id="list_waiting_answers", responses=WaitingOut(many=True))
    def get(self, request: Request, number: int) -> Response:
        """List the first 50, those first that silence accepts first."""
        found = overview.waiting(self.job(number)).prefetch_related("answers")[:MOST]
        self.took(f"job:{number} answers that wait")
        return Response(WaitingOut(found, many=True).data)


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
