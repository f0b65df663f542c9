"""Known answers by the API."""

from typing import Any

from django.db import transaction
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from coop import clock
from coop.refusals import Refusal, Refused
from tasks import known
from tasks.api.paging import CURSOR, ByTask, page_of
from tasks.api.views import KeyView
from tasks.models import KnownAnswer

MOST = 500


class Known(serializers.Serializer[Any]):
    """What is right for the task with your own id, and why."""

    id = serializers.CharField(max_length=120, source="task.external_id")
    value = serializers.DictField(help_text="As members answer it: coop/docs/kinds.md.")
    why = serializers.CharField(max_length=known.LONGEST_WHY)


class KnownAnswers(KeyView):
    """What a client knows beforehand of its tasks."""

    scope = {"GET": "read", "POST": "post"}

    @extend_schema(operation_id="list_known_answers", parameters=[CURSOR], responses=page_of(Known))
    def get(self, request: Request, number: int) -> Response:
        """List the known answers of a job, in the order of its tasks."""
        found = KnownAnswer.objects.filter(task__job=self.shown(number)).select_related("task")
        return self.listed(found, Known, ByTask())

    @extend_schema(
        operation_id="say_known_answers",
        request=Known(many=True),
        responses={200: Known(many=True)},
    )
    @transaction.atomic
    def post(self, request: Request, number: int) -> Response:
        """Write down up to 500 known answers of a draft: all of them or none."""
        job, given = self.job(number), Known(data=request.data, many=True)
        given.is_valid(raise_exception=True)
        if len(given.validated_data) > MOST:
            raise Refused(Refusal(f"Send at most {MOST} at once.", status=400))
        said = {one["task"]["external_id"]: one for one in given.validated_data}
        found = job.tasks.filter(external_id__in=said).select_related("job__work_type")
        tasks = {task.external_id: task for task in found}
        if missing := said.keys() - tasks.keys():
            raise Refused(Refusal(f"The job has no task {', '.join(sorted(missing))}.", status=422))
        made = [
            known.say(tasks[name], value=one["value"], why=one["why"], by=self.who(), at=clock.now())
            for name, one in said.items()
        ]
        return Response(Known(made, many=True).data)


class MetOut(serializers.Serializer[Any]):
    """How many answers are known, how many were given to those tasks, and how many say the same, of all together.

    `same` is null for kinds of work whose answers are never the same.
    """

    known = serializers.IntegerField()
    answers = serializers.IntegerField()
    same = serializers.IntegerField(allow_null=True)


class Met(KeyView):
    """How often what was known was answered."""

    @extend_schema(operation_id="get_known_met", responses=MetOut)
    def get(self, request: Request, number: int) -> Response:
        """Count the answers that say what was known; nobody is ranked by it."""
        return Response(MetOut(known.met(self.shown(number))).data)
