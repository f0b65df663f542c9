"""v1: projects, their batches and files."""

from django.http import QueryDict
from rest_framework.parsers import JSONParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from coop import clock
from tasks import bounded, datasets
from tasks.models import Batch, Project
from tasks.scale import assets, batches, facts, fetching, finding, projects, showing
from tasks.scale.access import ScaleView, Wrong

TEMPLATED = frozenset({"textcollection", "chat", "chatlite", "chatexperimental", "multichat", "multistage"})


class Projects(ScaleView):
    """All projects."""

    def get(self, request: Request) -> Response:
        """List them, the newest first; none is ever put away, so that of those that are (`archived`) there is none."""
        found = Project.objects.filter(client=self.client, test=self.test).order_by("-pk")
        if finding.flag(request.query_params.get("archived")):
            found = found.none()
        return Response([showing.project(one) for one in found])

    def post(self, request: Request) -> Response:
        """Make one."""
        made = projects.start(self.client, self.asked(), test=self.test, by=self.who, at=clock.now())
        return Response(showing.project(made))


class ProjectView(ScaleView):
    """A view of one project."""

    def project(self, name: str) -> Project:
        """Return the project of this name."""
        return projects.find(self.client, test=self.test, name=name)


class OneProject(ProjectView):
    """One project."""

    def get(self, request: Request, name: str) -> Response:
        """Tell of it."""
        return Response(showing.project(self.project(name)))


class Params(ProjectView):
    """What orders inherit."""

    def post(self, request: Request, name: str) -> Response:
        """Add a version."""
        changed = projects.set_params(self.project(name), self.asked(), by=self.who, at=clock.now())
        return Response(showing.project(changed))


class Ontology(ProjectView):
    """The labels of a project, a param among others."""

    def post(self, request: Request, name: str) -> Response:
        """Add a version with them; a live key names its labels where it asks for them, as nothing else reads these."""
        if not self.test:
            message = (
                "Send the labels with the project's params or with each task: members are not asked by an ontology."
            )
            raise Wrong(message, 402)
        said = {"ontology": self.body(), "patch": True}
        return Response(showing.project(projects.set_params(self.project(name), said, by=self.who, at=clock.now())))


class Template(ProjectView):
    """What an order may say."""

    def get(self, request: Request, name: str) -> Response:
        """Tell it, of the kinds that have templates."""
        found = self.project(name)
        if found.kind not in TEMPLATED:
            message = "Only projects of textcollection and chat have templates"
            raise Wrong(message)
        return Response(showing.template(found))


class Batches(ScaleView):
    """Batches in pages."""

    def get(self, request: Request) -> Response:
        """List them, the newest first."""
        asked: QueryDict = request.query_params
        limit = finding.number(asked, "limit", finding.MOST)
        offset = finding.number(asked, "offset", 0, least=0, most=10**9)
        found = finding.with_state(finding.batches(self.client, asked, test=self.test), asked.get("status"))
        page = list(found[offset : offset + limit + 1])
        more = len(page) > limit
        total = found.count() if more or offset else len(page)
        return Response({
            "docs": showing.batches(page[:limit]), "totalDocs": total, "limit": limit, "offset": offset,
            "has_more": more,
        })  # fmt: skip

    def post(self, request: Request) -> Response:
        """Make one."""
        said = self.body()
        named = facts.name_of(said.get("project"), "project")
        project = projects.find(self.client, test=self.test, name=named)
        return Response(showing.batch(batches.start(project, said, funds=self.funds, by=self.who, at=clock.now())))


class BatchView(ScaleView):
    """A view of one batch."""

    def batch(self, name: str) -> Batch:
        """Return the batch of this name."""
        return batches.find(self.client, test=self.test, name=name)


class OneBatch(BatchView):
    """One batch."""

    def get(self, request: Request, name: str) -> Response:
        """Tell of it."""
        return Response(showing.batch(self.batch(name)))


class BatchStatus(BatchView):
    """How far a batch is."""

    def get(self, request: Request, name: str) -> Response:
        """Count its tasks by where they stand; what there is none of is not told."""
        found = self.batch(name)
        told = {state: count for state, count in finding.counts(found).items() if count}
        return Response({"status": finding.state(found), **told})


class Finalize(BatchView):
    """Putting a batch to work."""

    scope = "fund"

    def post(self, request: Request, name: str) -> Response:
        """Do it."""
        return Response(showing.batch(batches.finalize(self.batch(name), by=self.who, at=clock.now())))


class BatchMetadata(BatchView):
    """Metadata, which are the body itself."""

    def post(self, request: Request, name: str) -> Response:
        """Replace them."""
        return Response(showing.batch(batches.set_metadata(self.batch(name), self.body())))


class Prioritize(BatchView):
    """Which batch comes first."""

    def post(self, request: Request, name: str) -> Response:
        """Keep it."""
        return Response(showing.batch(batches.prioritize(self.batch(name), self.body().get("priority"))))


class Upload(ScaleView):
    """Handing in a file."""

    parser_classes = (MultiPartParser, JSONParser)  # type: ignore[assignment]  # other ones than the base's

    def post(self, request: Request) -> Response:
        """Keep it."""
        file = request.FILES.get("file")
        if bounded.was_cut_off(request._request):  # noqa: SLF001 - DRF's own
            raise Wrong(str(datasets.too_large()))
        if file is None:
            message = "Missing required parameter: file"
            raise Wrong(message)
        said = {str(name): one for name, one in self.request.POST.items()}
        made = assets.keep(self.client, file, said, test=self.test, by=self.who, at=clock.now())
        return Response(showing.asset(made))


class Import(ScaleView):
    """Saying where a file lies."""

    def post(self, request: Request) -> Response:
        """Write it down."""
        noted = assets.note(self.client, self.body(), test=self.test, by=self.who, at=clock.now())
        if noted.next_at:
            fetching.have_fetched(self.client.pk)
        return Response(showing.asset(noted))
