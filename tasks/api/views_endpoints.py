"""A job's own model behind an address, for programs."""

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from coop import clock, door
from tasks.api.views import KeyView
from tasks.endpoints import naming
from tasks.models import Endpoint

STATES = ("live", "retrying", "given_up", "ended")


class NewModel(serializers.Serializer[Any]):
    """Where a job's model answers, and what opens it."""

    url = serializers.CharField(
        max_length=door.LONGEST_ADDRESS,
        help_text="Begins with https://; below it stand /health, /setup and /predict of Label Studio's ML backends.",
    )
    user = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")
    password = serializers.CharField(max_length=200, required=False, allow_blank=True, default="", write_only=True)


class Refusal(serializers.Serializer[Any]):
    """What could not be used of what a model said, and why."""

    task = serializers.CharField(help_text="Your id of the task.")
    problem = serializers.CharField()


class ModelOut(serializers.ModelSerializer[Endpoint]):
    """How a job's model stands: how many tasks start from what it said, what was refused, why the last call failed."""

    state = serializers.ChoiceField(choices=STATES, read_only=True)
    problems = Refusal(many=True, read_only=True, help_text="The first hundred that were refused.")

    class Meta:
        model = Endpoint
        fields = (
            "url", "state", "version", "named_at", "at", "next_at", "problem", "status", "predicted", "refused",
            "problems",
        )  # fmt: skip


class ModelView(KeyView):
    """A view of a job's model."""

    def endpoint(self, number: int) -> Endpoint:
        """Return the endpoint of a job of the key's organisation; Http404 where there is none."""
        return get_object_or_404(Endpoint, job=self.job(number))


class OneModel(ModelView):
    """A job's own model."""

    scope = {"GET": "read", "POST": "download", "DELETE": "download"}

    @extend_schema(operation_id="get_model", responses={200: ModelOut})
    def get(self, request: Request, number: int) -> Response:
        """Tell where it answers and how far it was asked; 404 where none was named."""
        return Response(ModelOut(self.endpoint(number)).data)

    @extend_schema(operation_id="name_model", request=NewModel, responses={200: ModelOut})
    def post(self, request: Request, number: int) -> Response:
        """Name where it answers, in a draft; while the job is open, where else. As tasks go there: scope `download`."""
        given = NewModel(data=request.data)
        given.is_valid(raise_exception=True)
        made = naming.name(self.job(number), **given.validated_data, by=self.who(), at=clock.now())
        return Response(ModelOut(made).data)

    @extend_schema(operation_id="end_model", responses={204: None})
    def delete(self, request: Request, number: int) -> Response:
        """Ask it no more; what it said stays."""
        naming.end(self.endpoint(number), by=self.who(), at=clock.now())
        return Response(status=204)


class ModelAgain(ModelView):
    """A job's own model, asked again."""

    scope = "download"

    @extend_schema(operation_id="ask_model_again", request=None, responses={200: ModelOut})
    def post(self, request: Request, number: int) -> Response:
        """Ask from the first task on about each that has no prediction and was offered to nobody."""
        return Response(ModelOut(naming.ask_again(self.endpoint(number), by=self.who(), at=clock.now())).data)
