"""Pausing a job and letting it go on, by the API."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from coop import clock
from tasks import halts
from tasks.api.serializers import JobWhole
from tasks.api.views import KeyView


class NewHalt(serializers.Serializer[Any]):
    """Why a job is paused."""

    reason = serializers.CharField(max_length=halts.LONGEST_REASON, help_text="At least ten letters. Members read it.")


class Pause(KeyView):
    """A pause of a job."""

    scope = "fund"

    @extend_schema(operation_id="pause_job", request=NewHalt, responses={200: JobWhole})
    def post(self, request: Request, number: int) -> Response:
        """Offer an open job no more for a while, once a day at most; what is taken goes on and is paid."""
        job, given = self.job(number), NewHalt(data=request.data)
        given.is_valid(raise_exception=True)
        halts.begin(job, **given.validated_data, by=self.who(), at=clock.now())
        return self.answer(job)


class Resume(KeyView):
    """The end of a pause."""

    scope = "fund"

    @extend_schema(operation_id="resume_job", request=None, responses={200: JobWhole})
    def post(self, request: Request, number: int) -> Response:
        """Offer a paused job again; again changes nothing."""
        job = self.job(number)
        halts.end(job, by=self.who(), at=clock.now())
        return self.answer(job)
