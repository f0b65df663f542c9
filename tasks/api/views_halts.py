"""Pausing a job and letting it go on, by the API."""

from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from coop import clock
from tasks import halts, shortfalls
from tasks.api.serializers import JobWhole, SumField
from tasks.api.views import KeyView
from tasks.models import Shortfall


class NewHalt(serializers.Serializer[Any]):
    """Why a job is paused."""

    reason = serializers.CharField(max_length=halts.LONGEST_REASON, help_text="At least ten letters. Members read it.")


class ShortfallOut(serializers.ModelSerializer[Shortfall]):
    """Why a job is paused by the members' floor of an hour: what was measured, and what opens it again.

    The pay is to be raised to `least_pay`; `due` is what answers done for less are then paid.
    """

    floor, pay, least_pay = SumField(), SumField(), SumField()
    due = serializers.SerializerMethodField()

    class Meta:
        model = Shortfall
        fields = ("units", "people", "median_seconds", "floor", "pay", "least_pay", "due", "at")

    def get_due(self, found: Shortfall) -> str:
        """Return what is to be paid before it opens."""
        return f"{shortfalls.due(found.job):.6f}"


class Floor(KeyView):
    """The members' floor of an hour at a job."""

    @extend_schema(operation_id="get_shortfall", responses=ShortfallOut)
    def get(self, request: Request, number: int) -> Response:
        """Tell why a job is below the floor and paused for it; 404 while it is not."""
        found = shortfalls.standing(self.job(number))
        if found is None:
            raise Http404
        return Response(ShortfallOut(found).data)


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
