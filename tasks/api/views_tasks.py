"""A job's tasks by the API: sent in batches, listed, looked up by your own ids; what more of them cost."""

from typing import Any

from django.db.models import Count, F, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from coop import clock
from tasks import datasets, growing
from tasks.api.paging import CURSOR, InOrder, page_of
from tasks.api.parsers import JsonList, Lines, Table
from tasks.api.serializers import SumField, UploadOut
from tasks.api.views import TASKS, KeyView
from tasks.models import OPEN_STATES, Assignment, AssignmentState, Job, Stage, Task, Upload

# What the price of more is asked for at once: as many as a stream brings.
MOST = 1_000_000
HANDED_IN = (AssignmentState.SUBMITTED, AssignmentState.ACCEPTED, AssignmentState.DISPUTED, AssignmentState.REJECTED)


class TaskOut(serializers.ModelSerializer[Task]):
    """A task as you sent it, with how many of its answers are still to come, handed in and accepted."""

    id = serializers.CharField(source="external_id", help_text="Your own id.")
    batch = serializers.IntegerField(source="upload_id", allow_null=True, help_text="With which it came.")
    data = serializers.DictField()  # type: ignore[assignment]  # DRF takes it off the class
    prediction = serializers.DictField(allow_null=True, help_text="{value, model, score}, or null.")
    to_come = serializers.IntegerField(help_text="When a member takes one, or takes one up again, is not told.")
    handed_in = serializers.IntegerField(help_text="Accepted, rejected and waiting ones.")
    accepted = serializers.IntegerField()

    class Meta:
        model = Task
        fields = (
            "id", "position", "batch", "data", "prediction", "to_come", "handed_in", "accepted",
        )  # fmt: skip


def _counted(job: Job) -> QuerySet[Task]:
    """Return a job's tasks with how far each is."""
    taken = Assignment.objects.filter(task=OuterRef("pk"))
    counts = {
        "handed_in": taken.filter(state__in=HANDED_IN),
        "accepted": taken.filter(state=AssignmentState.ACCEPTED),
    }
    to_come = F("open_slots") + _count(taken.filter(state__in=OPEN_STATES))
    return job.tasks.annotate(to_come=to_come, **{name: _count(found) for name, found in counts.items()})


def _count(found: QuerySet[Assignment]) -> Any:  # noqa: ANN401 - an expression of Django's
    each = found.order_by().values("task").annotate(count=Count("pk")).values("count")
    return Coalesce(Subquery(each), 0)


class TaskView(KeyView):
    """What reads tasks: those of a stage show what members answered before, which is taken home."""

    def _readable(self, request: Request, number: int) -> Job:
        job = self.shown(number)
        if Stage.objects.filter(job=job).exists():
            if "download" not in self.key().scopes:
                self.permission_denied(
                    request, _("These tasks show answers: the key needs the scope download as well.")
                )
            self.took(f"job:{number} tasks")
        return job


class Tasks(TaskView):
    """The tasks of a job."""

    scope = {"GET": "read", "POST": "post"}
    parser_classes = (JsonList, Lines, Table)

    @extend_schema(operation_id="list_tasks", parameters=[CURSOR], responses=page_of(TaskOut))
    def get(self, request: Request, number: int) -> Response:
        """List the tasks in their order; `next` leads to later ones."""
        return self.listed(_counted(self._readable(request, number)), TaskOut, InOrder())

    @extend_schema(
        operation_id="add_tasks",
        request=TASKS,
        responses={
            201: UploadOut,
            202: UploadOut,
            422: UploadOut,
        },
    )
    def post(self, request: Request, number: int) -> Response:
        """Add tasks: all of them (201), none and the problems by line (422), or later by the worker (202).

        An open job takes up to a megabyte at once, and their money is set aside in the same step: scope fund too.
        """
        job = self.job(number)
        if job.opened_at and "fund" not in self.key().scopes:
            self.permission_denied(request, _("Tasks of an open job cost money: the key needs the scope fund as well."))
        with self.handed_in() as file:
            upload = datasets.receive(job, file, by=self.who(), at=clock.now())
        return Response(UploadOut(upload).data, status=_status(upload))


def _status(upload: Upload) -> int:
    if upload.finished_at is None:
        return 202
    return 422 if upload.problem_count else 201


class OneTask(TaskView):
    """One task of a job."""

    @extend_schema(
        operation_id="get_task",
        parameters=[OpenApiParameter("name", str, "path", description="Your own id.")],
        responses={200: TaskOut},
    )
    def get(self, request: Request, number: int, name: str) -> Response:
        """Return a task by your own id, percent-encoded."""
        if "\0" in name:
            raise Http404
        return Response(TaskOut(get_object_or_404(_counted(self._readable(request, number)), external_id=name)).data)


class Batches(KeyView):
    """The batches in which a job's tasks came."""

    @extend_schema(operation_id="list_batches", parameters=[CURSOR], responses=page_of(UploadOut))
    def get(self, request: Request, number: int) -> Response:
        """List what was sent and what became of it, the newest first."""
        return self.listed(self.job(number).uploads.all(), UploadOut)


class OneBatch(KeyView):
    """One batch of tasks."""

    @extend_schema(operation_id="get_batch", responses={200: UploadOut})
    def get(self, request: Request, number: int, batch: int) -> Response:
        """Tell what became of a batch; one that was answered 202 is asked after here."""
        return Response(UploadOut(get_object_or_404(self.job(number).uploads, pk=batch)).data)


class PriceOfMore(serializers.Serializer[Any]):
    """What tasks more cost at most, in US$, with all that they come to at the stages after the job."""

    tasks = serializers.IntegerField(min_value=1, max_value=MOST)
    total = SumField()


class Price(KeyView):
    """What a job costs, were it larger."""

    @extend_schema(
        operation_id="price_more_tasks",
        parameters=[OpenApiParameter("tasks", int, required=True, description=f"How many more, 1 to {MOST:,}.")],
        responses=PriceOfMore,
    )
    def get(self, request: Request, number: int) -> Response:
        """Tell what so many tasks more would cost; nothing is ordered."""
        job, given = self.job(number), PriceOfMore(data=request.query_params)
        given.is_valid(raise_exception=True)
        count = given.validated_data["tasks"]
        return Response(PriceOfMore({"tasks": count, "total": growing.price(job, count)}).data)


class Trial(serializers.Serializer[Any]):
    """An answer to try, to the task with your own id."""

    id = serializers.CharField(max_length=120)
    value = serializers.DictField(help_text="As members answer it: coop/docs/kinds.md.")


class TrialOut(serializers.Serializer[Any]):
    """What members would be told before they hand such an answer in; empty where it would be taken."""

    problems = serializers.ListField(child=serializers.CharField())


class TryAnswer(KeyView):
    """Whether an answer would be taken."""

    @extend_schema(operation_id="try_answer", request=Trial, responses=TrialOut)
    def post(self, request: Request, number: int) -> Response:
        """Say whether an answer to one of the tasks would be taken; nothing is kept."""
        job, given = self.shown(number), Trial(data=request.data)
        given.is_valid(raise_exception=True)
        task = get_object_or_404(job.tasks, external_id=given.validated_data["id"])
        return Response({"problems": job.question(task).problems(given.validated_data["value"])})
