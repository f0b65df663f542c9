"""A job's place in a chain of stages, by the API."""

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from coop import clock
from tasks import funds, stages
from tasks.api.views import KeyView
from tasks.models import Stage, Takes


class NewStage(serializers.Serializer[Any]):
    """Which older draft a draft follows, what of it becomes a task, and what that shows of an answer."""

    after = serializers.IntegerField(help_text="The number of the job before.")
    takes = serializers.ChoiceField(choices=Takes.choices)
    carries = serializers.DictField(
        child=serializers.CharField(max_length=120), required=False,
        help_text='Names in the new task and parts of the answer: {"steps": "steps.text"}; what fits if left out.',
    )  # fmt: skip
    apart_from_all = serializers.BooleanField(default=True)


class StageOut(serializers.ModelSerializer[Stage]):
    """A stage: what it follows, and how much came, agreed, or cannot be shown; `to_come` at most."""

    made = serializers.IntegerField(source="came.made", read_only=True)
    agreed = serializers.IntegerField(source="came.agreed", read_only=True)
    problems = serializers.SerializerMethodField()
    to_come = serializers.SerializerMethodField()

    class Meta:
        model = Stage
        fields = ("job", "after", "takes", "carries", "apart_from_all", "made", "agreed", "problems", "to_come")

    def to_representation(self, instance: Stage) -> Any:  # noqa: ANN401 - DRF's own
        """Count once what came."""
        instance.came = stages.arrived(instance)  # type: ignore[attr-defined]  # for this answer
        return super().to_representation(instance)

    def get_problems(self, stage: Stage) -> list[str]:
        """Return why some cannot be shown, the last fifty."""
        return [f"{one.source.external_id}: {one.problem}" for one in stages.problems(stage)]

    def get_to_come(self, stage: Stage) -> int:
        """Return how many tasks can still come."""
        return funds.tasks_to_come(stage.job)


class StageView(KeyView):
    """What a job follows."""

    scope = {"GET": "read", "POST": "post"}

    @extend_schema(operation_id="get_stage", responses={200: StageOut})
    def get(self, request: Request, number: int) -> Response:
        """Tell what a job follows and what came of it so far; 404 where it follows no other."""
        return Response(StageOut(get_object_or_404(Stage, job=self.job(number))).data)

    @extend_schema(operation_id="join_stage", request=NewStage, responses={201: StageOut})
    def post(self, request: Request, number: int) -> Response:
        """Let a draft follow an older draft; open the last stage first."""
        job, given = self.job(number), NewStage(data=request.data)
        given.is_valid(raise_exception=True)
        said = given.validated_data
        after = self.job(said["after"])
        carries = said.get("carries") or stages.carried(after, job, said["takes"])
        made = stages.join(
            job, after=after, takes=said["takes"], carries=carries,
            apart_from_all=said["apart_from_all"], by=self.who(), at=clock.now(),
        )  # fmt: skip
        return Response(StageOut(made).data, status=201)
