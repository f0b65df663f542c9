"""v1: tasks."""

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from rest_framework.request import Request
from rest_framework.response import Response

from coop import clock
from tasks import access_log
from tasks.models import Order, Role
from tasks.scale import answered, finding, orders, showing
from tasks.scale.access import ScaleView


class OrderView(ScaleView):
    """A view of one task."""

    def order(self, key: str) -> Order:
        """Return the order of this key."""
        return orders.find(self.client, key, test=self.test)

    def told(self, order: Order) -> Response:
        """Tell how an order stands."""
        return Response(self.telling([showing.one(order, whole=self.tells)])[0])


class Task(OrderView):
    """One task by its id; a new one by its type."""

    def get(self, request: Request, name: str) -> Response:
        """Tell how it stands."""
        return self.told(self.order(name))

    def post(self, request: Request, name: str) -> Response:
        """Order one."""
        said = self.asked()
        self.require_funds(said.get("batch"))
        return self.told(orders.take(self.client, name, said, test=self.test, by=self.who, at=self.at))


class AnyTask(OrderView):
    """A new task whose type stands in the body."""

    def post(self, request: Request) -> Response:
        """Order one."""
        said = self.asked()
        self.require_funds(said.get("batch"))
        kind = str(said.get("type", ""))
        return self.told(orders.take(self.client, kind, said, test=self.test, by=self.who, at=self.at))


class KnownAnswer(ScaleView):
    """A task whose answer the client knows: work, and paid, as any other."""

    role = Role.EVALUATION

    def post(self, request: Request, name: str) -> Response:
        """Order one."""
        said = self.asked()
        self.require_funds(said.get("batch"))
        made = orders.take(self.client, name, said, test=self.test, by=self.who, at=self.at, role=self.role)
        return Response(showing.known_answer(made))


class Training(KnownAnswer):
    """Practice: likewise."""

    role = Role.TRAINING


class Content(ScaleView):
    """The file of a response, for whoever has its address."""

    authentication_classes = ()  # type: ignore[assignment]  # the address is the key
    permission_classes = ()  # type: ignore[assignment]  # likewise

    def get(self, request: Request, signed: str) -> HttpResponseBase:
        """Hand it out."""
        order, part = answered.meant(signed)
        found = answered.content(order, part)
        if not order.test:
            access_log.taken(order.client, f"file of task:{order.key.hex}", key=None, at=clock.now())
        return HttpResponse(found, content_type="image/png") if isinstance(found, bytes) else Response(found)


class Cancel(OrderView):
    """Calling one off."""

    def post(self, request: Request, key: str) -> Response:
        """Call it off while nobody has begun."""
        clear = finding.flag(request.query_params.get("clear_unique_id"))
        return self.told(orders.cancel(self.order(key), clear_unique_id=clear, at=clock.now()))


class Audit(OrderView):
    """What a client says of an answer."""

    def post(self, request: Request, key: str) -> Response:
        """Take it."""
        said = self.body()
        verdict, words = said.get("accepted"), said.get("comments")
        order = orders.audit(self.order(key), accepted=verdict, words=words, by=self.who, at=clock.now())
        return self.told(order)


class UniqueId(OrderView):
    """The client's own id."""

    def post(self, request: Request, key: str) -> Response:
        """Give another one."""
        said = orders.unique_id_of(self.body().get("unique_id"))
        return self.told(orders.set_unique_id(self.order(key), said, at=clock.now()))

    def delete(self, request: Request, key: str) -> Response:
        """Take it away."""
        return self.told(orders.set_unique_id(self.order(key), None, at=clock.now()))


class Metadata(OrderView):
    """Metadata, which are the body itself."""

    def post(self, request: Request, key: str) -> Response:
        """Replace them."""
        return self.told(orders.set_metadata(self.order(key), self.body(), at=clock.now()))


class Tags(OrderView):
    """Tags, a list."""

    def post(self, request: Request, key: str) -> Response:
        """Replace them."""
        return self.told(orders.set_tags(self.order(key), self.items(), at=clock.now()))

    def put(self, request: Request, key: str) -> Response:
        """Add some."""
        return self.told(orders.add_tags(self.order(key), self.items(), at=clock.now()))

    def delete(self, request: Request, key: str) -> Response:
        """Take some away."""
        return self.told(orders.delete_tags(self.order(key), self.items(), at=clock.now()))


class Tasks(ScaleView):
    """Tasks in pages."""

    def get(self, request: Request) -> Response:
        """List them, the newest first."""
        asked = request.query_params
        found = finding.of(self.client, test=self.test).filter(finding.wanted(asked, client=self.client))
        page = finding.page(found, asked, client=self.client)
        little = finding.flag(asked.get("limited_response"))
        docs = (
            [showing.limited(one) for one in page.orders]
            if little
            else self.telling(showing.tasks(page.orders, whole=self.tells))
        )
        more = {"next_token": page.next_token} if page.next_token else {}
        return Response({
            "docs": docs, "total": page.total, "limit": page.limit,
            "offset": finding.number(asked, "offset", 0, least=0, most=10**9), "has_more": bool(more), **more,
        })  # fmt: skip
