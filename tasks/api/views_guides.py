"""Questions of members and the guide of a job, by the API: read, answered, and changed by versions."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from coop import clock
from coop.refusals import Refusal, Refused
from tasks import guides
from tasks.api.paging import CURSOR, page_of
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


class ProposedGuide(serializers.Serializer[Any]):
    """A guide that might change: its text (as it stands when left out), and answers."""

    guide = serializers.CharField(max_length=guides.LONGEST, required=False, help_text="Markdown.")
    answers = Answer(many=True, default=list)


class ChangeOut(serializers.Serializer[Any]):
    """What a change of the guide comes to: new words, and what reading them takes and pays each member.

    `cost` in all is what is set aside; `rescopes` where so much is new that the job is measured again.
    """

    words = serializers.IntegerField()
    seconds = serializers.IntegerField()
    pay = SumField()
    readers = serializers.IntegerField()
    rescopes = serializers.BooleanField()
    cost = SumField()


class Questions(KeyView):
    """What members asked about a job."""

    @extend_schema(operation_id="list_questions", parameters=[CURSOR], responses=page_of(QuestionOut))
    def get(self, request: Request, number: int) -> Response:
        """List the questions, the newest first."""
        asked = Question.objects.filter(assignment__job=self.job(number))
        return self.listed(asked.select_related("assignment__task", "reply__version"), QuestionOut)


class Guide(KeyView):
    """The guide of a job."""

    scope = {"GET": "read", "POST": "fund"}

    @extend_schema(operation_id="list_guides", parameters=[CURSOR], responses=page_of(VersionOut))
    def get(self, request: Request, number: int) -> Response:
        """List the versions after the first, the newest first; the first is the job's own guide."""
        return self.listed(self.job(number).guide_versions.all(), VersionOut)

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


class GuidePrice(KeyView):
    """What a change of the guide would cost."""

    scope = "post"

    @extend_schema(operation_id="price_guide", request=ProposedGuide, responses=ChangeOut)
    def post(self, request: Request, number: int) -> Response:
        """Tell what a changed guide would cost; nothing is published. Send `cost` as `most` to publish it."""
        job, given = self.job(number), ProposedGuide(data=request.data)
        given.is_valid(raise_exception=True)
        said = given.validated_data
        whole = guides.with_answers(said.get("guide", job.guide_now), _replies(job, said["answers"]))
        return Response(ChangeOut(guides.weigh(job, whole)).data)


def _replies(job: Job, answers: list[dict[str, Any]]) -> dict[Question, str]:
    """Return what was answered, by question; raise Refused for one that does not wait for an answer."""
    said = {one["question"]: one["words"] for one in answers}
    found = {question.pk: question for question in guides.open_questions(job).filter(pk__in=said)}
    if missing := said.keys() - found.keys():
        raise Refused(Refusal(f"No question waits under {', '.join(map(str, sorted(missing)))}.", status=409))
    return {found[number]: words for number, words in said.items()}
