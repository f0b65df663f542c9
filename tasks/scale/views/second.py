"""v2: conversations, and all other work by the same names."""

from typing import Any

from django.db.models import QuerySet
from django.http import Http404, QueryDict
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from coop import clock
from tasks.models import Batch, BatchState, Project, Release
from tasks.scale import answered, batches, deliveries, finding, orders, projects, showing_v2
from tasks.scale.access import ScaleView, Wrong

type Json = dict[str, Any]

PLACES = frozenset({"batch", "batch_id", "batch_name", "project", "project_id", "project_name"})


class SecondView(ScaleView):
    """A view of v2, which names things by `thing_id` or `thing_name`."""

    def named(self, said: QueryDict | Json, what: str) -> Json:
        """Return the filter for what is named; raise Wrong where nothing is."""
        if key := said.get(f"{what}_id"):
            return {"key": finding.key_of(key)}
        if name := said.get(f"{what}_name"):
            return {"name": str(name)}
        message = f"Missing required parameter: {what}_id or {what}_name"
        raise Wrong(message)

    def project(self, said: QueryDict | Json) -> Project:
        """Return the project that is named."""
        return projects.find(self.client, test=self.test, **self.named(said, "project"))

    def batch(self, said: QueryDict | Json) -> Batch:
        """Return the batch that is named."""
        return batches.find(self.client, test=self.test, **self.named(said, "batch"))

    def expanded(self) -> set[str]:
        """Return what is to be told whole."""
        return set(finding.listed(self.request.query_params, "expand"))

    def opted(self) -> set[str]:
        """Return what else is to be told."""
        return set(finding.listed(self.request.query_params, "opts"))


class Projects(SecondView):
    """All projects."""

    def get(self, request: Request) -> Response:
        """List them, the newest first."""
        asked = request.query_params
        found = Project.objects.filter(client=self.client, test=self.test).order_by("-pk")
        for name, condition in (("created_after", "created_at__gte"), ("created_before", "created_at__lte")):
            if asked.get(name):
                found = found.filter(**{condition: finding.moment(asked[name])})
        return Response({"projects": [showing_v2.project(one) for one in found]})


class OneProject(SecondView):
    """One project."""

    def get(self, request: Request) -> Response:
        """Tell of it."""
        return Response(showing_v2.project(self.project(request.query_params)))


class Batches(SecondView):
    """Batches in pages."""

    def get(self, request: Request) -> Response:
        """List them, the newest first."""
        asked = request.query_params
        found = finding.with_state(finding.batches(self.client, asked, test=self.test), asked.get("status"))
        if token := asked.get("next_token"):
            found = found.filter(pk__lt=batches.find(self.client, test=self.test, key=finding.key_of(token)).pk)
        limit = finding.number(asked, "limit", finding.MOST)
        page = list(found[: limit + 1])
        more = {"next_token": page[limit - 1].key.hex} if len(page) > limit else {}
        return Response({"batches": showing_v2.batches(page[:limit], self.expanded()), **more})


class OneBatch(SecondView):
    """One batch; a new one."""

    def get(self, request: Request) -> Response:
        """Tell of it."""
        return Response(showing_v2.batch(self.batch(request.query_params), self.expanded()))

    def post(self, request: Request) -> Response:
        """Make one."""
        said = self.body()
        return Response(
            showing_v2.batch(batches.start(self.project(said), said, funds=self.funds, by=self.who, at=clock.now()))
        )


class Finalize(SecondView):
    """Putting a batch to work."""

    scope = "fund"

    def post(self, request: Request) -> Response:
        """Do it."""
        return Response(showing_v2.batch(batches.finalize(self.batch(self.body()), by=self.who, at=clock.now())))


class Move(SecondView):
    """Pausing, resuming or cancelling a batch."""

    state = BatchState.PAUSED

    def post(self, request: Request) -> Response:
        """Do it."""
        moved = batches.move(self.batch(self.body()), self.state, by=self.who, at=clock.now())
        return Response({"batch": showing_v2.batch(moved), "message": f"The batch is {moved.state}"})


class BatchMetadata(SecondView):
    """Metadata of a batch."""

    def post(self, request: Request) -> Response:
        """Replace them, or add to them."""
        said = self.body()
        found = batches.set_metadata(self.batch(said), said.get("metadata"), merge=said.get("merge") is True)
        return Response(showing_v2.batch(found))


class OneTask(SecondView):
    """One task."""

    def get(self, request: Request) -> Response:
        """Tell of it."""
        found = orders.find(self.client, request.query_params.get("task_id"), test=self.test)
        told = showing_v2.tasks([found], whole=self.tells, expand=self.expanded(), opts=self.opted())
        return Response(self.telling(told)[0])


class Tasks(SecondView):
    """Tasks in pages."""

    def get(self, request: Request) -> Response:
        """List them, the newest first."""
        asked = request.query_params
        found = finding.of(self.client, test=self.test).filter(finding.wanted(asked, client=self.client))
        for what in ("project", "batch"):
            if asked.get(f"{what}_id") or asked.get(f"{what}_name"):
                found = found.filter(**{f"{what}__{name}": said for name, said in self.named(asked, what).items()})
        page = finding.page(found, asked, client=self.client)
        told = showing_v2.tasks(page.orders, whole=self.tells, expand=self.expanded(), opts=self.opted())
        return Response({"tasks": self.telling(told), **({"next_token": page.next_token} if page.next_token else {})})


class Chat(SecondView):
    """A new conversation."""

    def post(self, request: Request) -> Response:
        """Order one."""
        said = self.asked()
        places: Json = {}
        if said.get("batch_id") or said.get("batch_name"):
            places["batch"] = self.batch(said).name
        if said.get("project_id") or said.get("project_name"):
            places["project"] = self.project(said).name
        if not places:
            message = "Missing required parameter: project_id or project_name"
            raise Wrong(message)
        self.require_funds(places.get("batch"))
        about = {name: held for name, held in said.items() if held and name not in PLACES}
        made = orders.take(self.client, "chat", {**about, **places}, test=self.test, by=self.who, at=self.at)
        return Response(showing_v2.tasks([made], whole=self.tells)[0])


class TaskMetadata(SecondView):
    """Metadata of a task."""

    def post(self, request: Request) -> Response:
        """Replace them, or add to them."""
        said = self.body()
        order = orders.find(self.client, said.get("task_id"), test=self.test)
        merge = said.get("merge") is True
        changed = orders.set_metadata(order, said.get("metadata"), merge=merge, at=clock.now())
        return Response(self.telling(showing_v2.tasks([changed], whole=self.tells))[0])


class DeliveryView(SecondView):
    """A view of deliveries: versions of data sets, for a key that may have answers."""

    def deliveries(self, asked: QueryDict) -> QuerySet[Release]:
        """Find the deliveries of the project that is named; of all where none is."""
        if not self.tells:
            raise PermissionDenied
        named = asked.get("project_id") or asked.get("project_name")
        return deliveries.of(self.client, test=self.test, project=self.project(asked) if named else None)


class Deliveries(DeliveryView):
    """All deliveries."""

    def get(self, request: Request) -> Response:
        """List them, the newest first."""
        asked = request.query_params
        found = self.deliveries(asked)
        for name, condition in (("delivered_after", "finished_at__gte"), ("delivered_before", "finished_at__lte")):
            if asked.get(name):
                found = found.filter(**{condition: finding.moment(asked[name])})
        page, more = deliveries.page(found, asked)
        return Response({"deliveries": [showing_v2.delivery(one, self.expanded()) for one in page], **more})


class OneDelivery(DeliveryView):
    """One delivery and the tasks in it."""

    def get(self, request: Request) -> Response:
        """Tell of it; the tasks in pages, as they were answered then."""
        asked = request.query_params
        release = deliveries.find(self.deliveries(asked), asked)
        page = finding.page(deliveries.orders(self.client, [release]), asked, client=self.client)
        said = deliveries.said(page.orders, [release])
        told = showing_v2.tasks(page.orders, whole=True, expand=self.expanded(), opts=self.opted(), said=said)
        whole = showing_v2.delivery(release, self.expanded())
        more = {"next_token": page.next_token} if page.next_token else {}
        return Response({"delivery": whole, "tasks": self.telling(told), **more})


class DeliveredTasks(DeliveryView):
    """What was delivered, task by task."""

    def get(self, request: Request) -> Response:
        """List the tasks of one delivery, or of the newest of each job, in pages."""
        asked = request.query_params
        found = self.deliveries(asked)
        releases = [deliveries.find(found, asked)] if asked.get("delivery_id") else deliveries.latest(found)
        wanted = deliveries.orders(self.client, releases).filter(finding.wanted(asked, client=self.client))
        page = finding.page(wanted, asked, client=self.client)
        said, of_jobs = deliveries.said(page.orders, releases), {one.job_id: one for one in releases}
        docs = [
            showing_v2.delivered(order, of_jobs[order.task.job_id], said.get(order.pk))
            for order in page.orders
            if order.task
        ]
        more = {"next_token": page.next_token} if page.next_token else {}
        return Response({"docs": self.telling(docs), "total": page.total, **more})


class Annotation(SecondView):
    """One annotation."""

    def get(self, request: Request) -> Response:
        """Tell it."""
        if not self.tells:
            raise PermissionDenied
        said = str(request.query_params.get("annotation_id"))
        found = answered.annotation(self.client, said, test=self.test)
        self.took(f"annotation:{said}")
        return Response(found)


class Listed(SecondView):
    """A list of what there is none of: what clients fetch here is told by tasks and by releases."""

    empty: Json = {}

    def get(self, request: Request) -> Response:
        """List nothing."""
        return Response(self.empty)


class Missing(SecondView):
    """One of what there is none of."""

    def get(self, request: Request, **named: object) -> Response:
        """Say so."""
        raise Http404
