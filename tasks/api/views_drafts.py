"""Jobs that are being written, by the API: begun, filled in step by step, looked over, tried out and made."""

from dataclasses import asdict
from decimal import Decimal
from functools import cached_property
from typing import Any, cast

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from coop import clock
from coop.refusals import Refusal, Refused
from payments import founding
from payments.models import WorkType
from tasks import drafting, forms_job, measuring, pilots, sketches
from tasks.api.parsers import JsonList, Lines, Table
from tasks.api.serializers import JobWhole, Named, PayField, SumField
from tasks.api.serializers_drafts import (
    LONGEST_WORDS,
    DaysOut,
    FindingOut,
    PriceOut,
    SampleOut,
    WhoMayOut,
    WordsField,
)
from tasks.api.views import TASKS, KeyView
from tasks.models import Job, Sketch

FIELDS = ", ".join(name for names in forms_job.STEPS.values() for name in names)


class SketchLine(serializers.ModelSerializer[Sketch]):
    """A job that is being written, in a list."""

    work_type = serializers.SlugRelatedField[WorkType](slug_field="slug", read_only=True)
    pilot = serializers.IntegerField(source="pilot_id", allow_null=True, read_only=True)
    goes_on = serializers.DateField(
        allow_null=True, read_only=True,
        help_text="When it is deleted, as nobody touched it for ninety days; write on it to keep it.",
    )  # fmt: skip

    class Meta:
        model = Sketch
        fields = ("id", "work_type", "title", "rows", "bytes", "piloted", "pilot", "begun_at", "at", "goes_on")


class SketchWhole(SketchLine):
    """A job that is being written: what was filled in by field, what to look at again, and what it costs at most."""

    said = serializers.DictField(help_text="What was filled in, by field.")
    findings = serializers.SerializerMethodField()
    price = serializers.SerializerMethodField(help_text="null until pay and answers to each task are known.")
    pilot_price = serializers.SerializerMethodField(help_text="Of a paid pilot of the next 20 tasks; null without any.")
    hourly = serializers.SerializerMethodField(help_text="What the pay makes of an hour at the kind's usual time.")
    least_by_floor = serializers.SerializerMethodField(
        help_text="The pay for each answer that the floor of an hour asks."
    )

    least_by_former = serializers.SerializerMethodField(
        help_text="The pay for each answer that your comparable work of twelve months asks; null without any (N5)."
    )

    days = serializers.SerializerMethodField(
        help_text="An estimate by your own jobs of the kind in the last four weeks; null with fewer than 20 answers."
    )
    work_seconds = serializers.SerializerMethodField(
        help_text="All answers together at the usual time of the kind; null until pay and answers to each are known."
    )

    who_may = serializers.SerializerMethodField()

    class Meta(SketchLine.Meta):
        fields = (  # type: ignore[assignment]
            *SketchLine.Meta.fields, "said", "findings", "price", "pilot_price", "hourly", "least_by_floor",
            "least_by_former", "days", "work_seconds", "who_may",
        )  # fmt: skip

    @extend_schema_field(FindingOut(many=True))
    def get_findings(self, sketch: Sketch) -> list[FindingOut]:
        """Return what to look at again."""
        return FindingOut(drafting.findings(sketch), many=True).data  # type: ignore[return-value]

    @extend_schema_field(PriceOut(allow_null=True))
    def get_price(self, sketch: Sketch) -> PriceOut | None:
        """Return the price of the job."""
        return self._price("quote")

    @extend_schema_field(PriceOut(allow_null=True))
    def get_pilot_price(self, sketch: Sketch) -> PriceOut | None:
        """Return the price of a pilot."""
        return self._price("pilot")

    @extend_schema_field(SumField(allow_null=True))
    def get_hourly(self, sketch: Sketch) -> str | None:
        """Return what an hour makes, in US$; null until the pay is known."""
        return _sum(self._money.get("hourly"))

    @extend_schema_field(SumField(allow_null=True))
    def get_least_by_floor(self, sketch: Sketch) -> str | None:
        """Return the least pay by the floor, in US$; null until the pay is known."""
        return _sum(self._money.get("least_by_floor"))

    @extend_schema_field(SumField(allow_null=True))
    def get_least_by_former(self, sketch: Sketch) -> str | None:
        """Return the least pay by comparable work, in US$; null without any, or until the pay is known."""
        return _sum(self._money.get("least_again"))

    @extend_schema_field(DaysOut(allow_null=True))
    def get_days(self, sketch: Sketch) -> DaysOut | None:
        """Return in how many days the answers may come."""
        found = self._money.get("days")
        return DaysOut(found).data if found else None  # type: ignore[return-value]

    @extend_schema_field(WhoMayOut)
    def get_who_may(self, sketch: Sketch) -> WhoMayOut:
        """Return who may do it."""
        return WhoMayOut(drafting.who_may(sketch.work_type)).data  # type: ignore[return-value]

    def get_work_seconds(self, sketch: Sketch) -> int | None:
        """Return how long all its answers take together, in seconds."""
        return self._money.get("work_seconds")

    @cached_property
    def _money(self) -> dict[str, Any]:
        return drafting.money(cast("Sketch", self.instance))

    def _price(self, which: str) -> PriceOut | None:
        found = self._money.get(which)
        return PriceOut(found).data if found else None  # type: ignore[return-value]


def _sum(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:.6f}"


class NewSketch(serializers.Serializer[Any]):
    """A job to be written."""

    work_type = Named(slug_field="slug", queryset=founding.for_clients(), help_text="As in /api/v1/rates.")


class Said(serializers.Serializer[Any]):
    """What is filled in, right or not, and another kind of work where it is to be one; what both kinds ask stays."""

    work_type = Named(slug_field="slug", queryset=founding.for_clients(), required=False)
    said = serializers.DictField(
        child=WordsField(max_length=LONGEST_WORDS, allow_blank=True, trim_whitespace=False), required=False,
        help_text=f"By field: title, question, markdown, the kind's own, {FIELDS}. Others are left out. Where several"
        " things are chosen, a list.",
    )  # fmt: skip


class Making(serializers.Serializer[Any]):
    """How the job is made."""

    again = serializers.BooleanField(default=False, help_text="Whether the tasks of its pilots are asked again.")


class Adopting(serializers.Serializer[Any]):
    """The pay of the job that is made of a pilot."""

    pay = PayField(help_text="US$ for each answer; `keeps_the_hour` is what the pilot measured.")


class SketchView(KeyView):
    """A view of one job that is being written."""

    def sketch(self, number: int) -> Sketch:
        """Return one of the key's organisation that is no job yet; Http404 for any other."""
        found = sketches.under_way(self.key().client).select_related("client")
        return get_object_or_404(found, pk=number)

    def facts(self, sketch: Sketch, **beside: str) -> dict[str, Any]:
        """Return what the job is drafted with, `beside` above what was filled in; raise Refused for what is wrong."""
        sketch.said = sketch.said | beside
        form = drafting.whole(sketch)
        if form.is_valid():
            return form.facts()
        first = next(one for one in drafting.findings(sketch) if one.stops)
        raise Refused(Refusal(first.words, appeal=f"Fill in the step “{first.step}”.", status=422))

    def job_made(self, job: Job) -> Response:
        """Return a job that was made."""
        return Response(JobWhole(self.job(job.pk)).data, status=201)


class Sketches(SketchView):
    """The jobs that are being written."""

    scope = {"GET": "read", "POST": "post"}

    @extend_schema(operation_id="list_drafts", responses=SketchLine(many=True))
    def get(self, request: Request) -> Response:
        """List those that are no job yet, 50 at most, the latest first."""
        found: QuerySet[Sketch] = sketches.under_way(self.key().client)
        return Response(SketchLine(found[: sketches.MOST], many=True).data)

    @extend_schema(operation_id="begin_draft", request=NewSketch, responses={201: SketchWhole})
    def post(self, request: Request) -> Response:
        """Begin one; where the same person began one and left it empty, that one is returned."""
        given = NewSketch(data=request.data)
        given.is_valid(raise_exception=True)
        made = sketches.begin(self.key().client, **given.validated_data, by=self.who(), at=clock.now())
        return Response(SketchWhole(self.sketch(made.pk)).data, status=201)


class OneSketch(SketchView):
    """One job that is being written."""

    scope = {"GET": "read", "PATCH": "post", "DELETE": "post"}

    @extend_schema(operation_id="get_draft", responses={200: SketchWhole})
    def get(self, request: Request, number: int) -> Response:
        """Return what was filled in, what to look at again, and what it costs."""
        return Response(SketchWhole(self.sketch(number)).data)

    @extend_schema(operation_id="write_draft", request=Said, responses={200: SketchWhole})
    def patch(self, request: Request, number: int) -> Response:
        """Keep what is filled in, beside what was before; what is wrong is kept too, and named."""
        sketch, given = self.sketch(number), Said(data=request.data)
        given.is_valid(raise_exception=True)
        filled = given.validated_data
        if "work_type" in filled:
            sketch = sketches.change_kind(sketch, filled["work_type"], by=self.who())
        known = forms_job.NewJob(work_type=sketch.work_type).fields
        said = {name: words for name, words in filled.get("said", {}).items() if name in known}
        sketches.keep(sketch, said, by=self.who())
        return Response(SketchWhole(self.sketch(number)).data)

    @extend_schema(operation_id="drop_draft", request=None, responses={204: None})
    def delete(self, request: Request, number: int) -> Response:
        """Forget it, and its file."""
        sketches.drop(self.sketch(number), by=self.who(), at=clock.now())
        return Response(status=204)


class SketchTasks(SketchView):
    """The tasks of a job that is being written."""

    scope = {"GET": "read", "POST": "post"}
    parser_classes = (JsonList, Lines, Table)

    @extend_schema(operation_id="look_at_draft_tasks", responses=SampleOut)
    def get(self, request: Request, number: int) -> Response:
        """Return the first 200 rows as they are read, and what is wrong among them."""
        return Response(SampleOut(sketches.sample(self.sketch(number))).data)

    @extend_schema(
        operation_id="bring_draft_tasks",
        request=TASKS,
        responses={200: SketchWhole},
    )
    def post(self, request: Request, number: int) -> Response:
        """Keep them in place of those before; they are read when the job is made."""
        sketch = self.sketch(number)
        with self.handed_in() as file:
            sketches.bring(sketch, file, by=self.who())
        return Response(SketchWhole(self.sketch(number)).data)


class SketchPilot(SketchView):
    """A paid pilot of a job that is being written."""

    scope = "fund"

    @extend_schema(operation_id="run_pilot", request=None, responses={201: JobWhole})
    def post(self, request: Request, number: int) -> Response:
        """Ask the next 20 tasks in a job of their own, funded and opened at once."""
        sketch = self.sketch(number)
        return self.job_made(sketches.pilot(sketch, self.facts(sketch), by=self.who(), at=clock.now()))


class SketchJob(SketchView):
    """The job that is made of what was written."""

    scope = "post"

    @extend_schema(operation_id="make_job", request=Making, responses={201: JobWhole})
    def post(self, request: Request, number: int) -> Response:
        """Make the job, with the tasks that no pilot asked; nobody sees it before it is funded and opened."""
        sketch, given = self.sketch(number), Making(data=request.data)
        given.is_valid(raise_exception=True)
        facts = self.facts(sketch)
        return self.job_made(sketches.make(sketch, facts, **given.validated_data, by=self.who(), at=clock.now()))


class ScopeOut(serializers.Serializer[Any]):
    """How far work that asks something else than before is measured (N4): accepted answers, and by how many members.

    Times in seconds, `least_pay` in US$ for each answer: below it nobody goes on. null until it is complete.
    """

    units = serializers.IntegerField()
    people = serializers.IntegerField()
    median = serializers.IntegerField(allow_null=True)
    former = serializers.IntegerField(allow_null=True)
    least_pay = SumField(allow_null=True)
    complete = serializers.BooleanField(source="is_complete")


class MeasuredOut(serializers.Serializer[Any]):
    """What a job's answers show so far: times in seconds (null where too few answered to tell), pay in US$."""

    answers = serializers.IntegerField()
    people = serializers.IntegerField()
    median = serializers.IntegerField(allow_null=True)
    expected = serializers.IntegerField(help_text="What the vote on the rate expected.")
    hourly = SumField(allow_null=True)
    voted_hourly = SumField()
    keeps_the_hour = SumField(allow_null=True, help_text="Pay at which an hour makes what the vote meant it to make.")
    rescoping = ScopeOut(allow_null=True, help_text="null where the job asks nothing else than your work before.")


class Measured(KeyView):
    """What a pilot, or any job, shows of its time."""

    @extend_schema(operation_id="get_pilot", responses={200: MeasuredOut})
    def get(self, request: Request, number: int) -> Response:
        """Return how long answers took, and what that makes of the pay."""
        job = self.job(number)
        return Response(MeasuredOut({**asdict(measuring.of(job)), "rescoping": pilots.shown(job)}).data)


class Adopt(SketchView):
    """The job that is made of what a pilot showed."""

    scope = "post"

    @extend_schema(operation_id="adopt_pilot", request=Adopting, responses={201: JobWhole})
    def post(self, request: Request, number: int) -> Response:
        """Make the job of the tasks that the pilot did not ask, at this pay; adopted again it is the same job."""
        given, pilot = Adopting(data=request.data), self.job(number)
        given.is_valid(raise_exception=True)
        found = Sketch.objects.select_related("client", "work_type", "job")
        sketch = get_object_or_404(found, pilot=pilot, dropped_at=None)
        if sketch.job:
            return self.job_made(sketch.job)
        facts = self.facts(sketch, pay=str(given.validated_data["pay"]))
        return self.job_made(sketches.make(sketch, facts, by=self.who(), at=clock.now()))
