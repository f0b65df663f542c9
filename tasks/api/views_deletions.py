"""The API's view of the day on which a job's contents are deleted."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers as drf
from rest_framework.request import Request
from rest_framework.response import Response

from coop import clock
from tasks import deletions
from tasks.api import serializers
from tasks.api.views import KeyView


class NewDay(drf.Serializer[Any]):
    """A day of deletion."""

    on = drf.DateField(allow_null=True, help_text="From this day on, in UTC; null for never.")


class Deletion(KeyView):
    """The end of what a job's tasks showed."""

    scope = "post"

    @extend_schema(operation_id="name_deletion", request=NewDay, responses={200: serializers.JobWhole})
    def post(self, request: Request, number: int) -> Response:
        """Name the day on which its tasks, files and answers are deleted here, while the job is a draft."""
        given = NewDay(data=request.data)
        given.is_valid(raise_exception=True)
        job = deletions.name(self.job(number), given.validated_data["on"], by=self.who(), at=clock.now())
        return self.answer(job)
