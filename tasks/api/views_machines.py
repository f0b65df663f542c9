"""The built-in machine of a job, for programs."""

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from coop import clock
from tasks.api import serializers
from tasks.api.views import KeyView
from tasks.machines import learning
from tasks.models import Machine


class OneMachine(KeyView):
    """The built-in machine of a job."""

    scope = {"GET": "read", "POST": "post"}

    @extend_schema(operation_id="get_machine", responses={200: serializers.MachineOut})
    def get(self, request: Request, number: int) -> Response:
        """Tell what it does and how much it learned; 404 where none was asked for."""
        return Response(serializers.MachineOut(get_object_or_404(Machine, job=self.job(number))).data)

    @extend_schema(
        operation_id="ask_machine",
        request=serializers.NewMachine,
        responses={200: serializers.MachineOut},
    )
    def post(self, request: Request, number: int) -> Response:
        """Have it order a draft's tasks by its doubt, show its guesses, both or neither."""
        given = serializers.NewMachine(data=request.data)
        given.is_valid(raise_exception=True)
        made = learning.ask(self.job(number), **given.validated_data, by=self.who(), at=clock.now())
        return Response(serializers.MachineOut(made).data)
