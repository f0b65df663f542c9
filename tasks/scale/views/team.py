"""v1: the team, and the labellers of studio."""

from rest_framework.request import Request
from rest_framework.response import Response

from coop import clock
from tasks.scale import facts, team
from tasks.scale.access import ScaleView, Wrong


class Team(ScaleView):
    """The team."""

    def get(self, request: Request) -> Response:
        """List it."""
        return Response(team.mates(self.client, test=self.test))


class Invite(ScaleView):
    """Asking somebody in."""

    def post(self, request: Request) -> Response:
        """Ask."""
        return Response(team.invite(self.client, self.body(), test=self.test, by=self.who, at=clock.now()))


class SetRole(ScaleView):
    """Roles in the team."""

    def post(self, request: Request) -> Response:
        """Set them."""
        return Response(team.set_role(self.client, self.body(), test=self.test))


class Assignments(ScaleView):
    """Who is assigned to what."""

    def get(self, request: Request) -> Response:
        """List it."""
        return Response(team.assignments(self.client, test=self.test))


class Assign(ScaleView):
    """Assigning labellers, or taking them off."""

    add = True

    def post(self, request: Request) -> Response:
        """Do it."""
        return Response(team.assign(self.client, self.body(), test=self.test, add=self.add))


class Groups(ScaleView):
    """Groups of labellers in a project."""

    def get(self, request: Request, name: str) -> Response:
        """List them."""
        return Response(team.groups(self.client, name, test=self.test))

    def post(self, request: Request, name: str) -> Response:
        """Make one."""
        said = self.body()
        group = facts.name_of(said.get("name"), "name")
        emails = team.emails_of(said.get("emails"))
        return Response(team.set_group(self.client, name, group, emails, [], test=self.test))


class OneGroup(ScaleView):
    """One group."""

    def put(self, request: Request, name: str, group: str) -> Response:
        """Change who is in it."""
        said = self.body()
        if group not in {one["name"] for one in team.groups(self.client, name, test=self.test)} and self.test:
            message = f"There is no group {group[:40]}"
            raise Wrong(message, 404)
        add, remove = ([str(one) for one in said.get(part) or []] for part in ("add_emails", "remove_emails"))
        return Response(team.set_group(self.client, name, group, add, remove, test=self.test))


class StudioBatches(ScaleView):
    """Batches in the order of their priority."""

    def get(self, request: Request) -> Response:
        """List them."""
        return Response(team.batches(self.client, test=self.test))


class StudioBatch(ScaleView):
    """One batch."""

    def put(self, request: Request, name: str) -> Response:
        """Give it to groups."""
        return Response(team.assign_batch(self.client, name, self.body(), test=self.test))


class Priorities(ScaleView):
    """Which batches come first."""

    reset = False

    def post(self, request: Request) -> Response:
        """Say it, or that none does."""
        said = None if self.reset else self.body()
        return Response(team.prioritize(self.client, said, test=self.test))


class Labelers(ScaleView):
    """How labellers did in training: nobody is ranked here."""

    def get(self, request: Request) -> Response:
        """List none."""
        return Response({"docs": [], "total": 0, "limit": 100, "has_more": False})
