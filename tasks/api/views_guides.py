"""Questions of members and the guide of a job, by the API: read, answered, and changed by versions."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from coop import clock
from coop.refusals import Refusal, Refused
from tasks import guides
from tasks.api.serializers import SumField
from tasks.api.views import KeyView
from tasks.models import GuideVersion, Job, Question


class QuestionOut(serializers.ModelSerializer[Question]):
    """A question, the task it is about by your own id, and the answer once it stands in the guide."""

    task = serializers.CharField(source="assignment.task.external_id")
    answer = serializers.CharField(source="reply.words", default=None, read_only=True)
    version = serializers.IntegerField(source="reply.version.number", default=None, read_only=True)

    class Meta:
        model = Question
        fields = ("id", "task", "words", "asked_at", "answer", "version")


class VersionOut(serializers.ModelSerializer[GuideVersion]):
    """A version of a guide: how many words are new, and what reading them takes and pays each member."""

    pay = SumField()

    class Meta:
        model = GuideVersion
        fields = ("number", "guide", "digest", "words", "seconds", "pay", "rescopes", "at")


class Answer(serializers.Serializer[Any]):
    """An answer to one question."""

    question = serializers.IntegerField()
    words = serializers.CharField(max_length=4000)


class NewGuide(serializers.Serializer[Any]):
    """A guide that changes: its text (as it stands when left out), answers, and what reading it may cost in all."""

    guide = serializers.CharField(max_length=guides.LONGEST, required=False, help_text="Markdown.")
    answers = Answer(many=True, default=list)
    after = serializers.IntegerField(min_value=1, help_text="The number of the version that is changed.")
    most = serializers.DecimalField(
        max_digits=18, decimal_places=6, min_value=0, help_text="US$: refused when reading it costs more."
    )


class Questions(KeyView):
    """What members asked about a job."""

    @extend_schema(operation_id="list_questions", responses=QuestionOut(many=True))
    def get(self, request: Request, number: int) -> Response:
        """List the last 50 questions, the newest first."""
        asked = Question.objects.filter(assignment__job=self.job(number))
        found = asked.select_related("assignment__task", "reply__version").order_by("-pk")[:50]
        return Response(QuestionOut(found, many=True).data)


class Guide(KeyView):
    """The guide of a job."""

    scope = {"GET": "read", "POST": "fund"}

    @extend_schema(operation_id="list_guides", responses=VersionOut(many=True))
    def get(self, request: Request, number: int) -> Response:
        """List the versions after the first, the newest first; the first is the job's own guide."""
        return Response(VersionOut(self.job(number).guide_versions.order_by("-number"), many=True).data)

    @extend_schema(
        operation_id="change_guide",
        request=NewGuide,
        responses={201: VersionOut},
    )
    def post(self, request: Request, number: int) -> Response:
        """Publish a version; the money for everybody who has to read it is set aside."""
        job, given = self.job(number), NewGuide(data=request.data)
        given.is_valid(raise_exception=True)
        said = given.validated_data
        made = guides.publish(
            job, guide=said.get("guide", job.guide_now), replies=_replies(job, said["answers"]), after=said["after"],
            most=said["most"], by=self.who(), at=clock.now(),
        )  # fmt: skip
        return Response(VersionOut(made).data, status=201)


def _replies(job: Job, answers: list[dict[str, Any]]) -> dict[Question, str]:
    """Return what was answered, by question; raise Refused for one that does not wait for an answer."""
    said = {one["question"]: one["words"] for one in answers}
    found = {question.pk: question for question in guides.open_questions(job).filter(pk__in=said)}
    if missing := said.keys() - found.keys():
        raise Refused(Refusal(f"No question waits under {', '.join(map(str, sorted(missing)))}.", status=409))
    return {found[number]: words for number, words in said.items()}
