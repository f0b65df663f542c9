"""Scale's own client, unmodified, in front of the site as it runs."""

from collections.abc import Callable
from typing import Any

import pytest
import scaleapi
from scaleapi.tasks import TaskType

from coop import clock
from coop.people import keys
from coop.people.models import Client, Person
from tests.tasks import orders
from tests.tasks.webhooks.conftest import receiver

__all__ = ["receiver"]  # a server of the client's own, for its callbacks

# Returns the client of an organisation, its key with these scopes (those of a test key unless others are said).
type Programs = Callable[..., scaleapi.ScaleClient]
ALL = ("read", "post", "fund", "download")


@pytest.fixture
def program(live_server: Any, orbit: Client, olga: Person) -> Programs:
    """Return a function that gives a program of an organisation."""

    def client(scopes: tuple[str, ...] = ("test",), of: Client = orbit, by: Person = olga) -> scaleapi.ScaleClient:
        _key, secret = keys.issue(of, name="program", scopes=[*scopes], by=by, at=clock.now())
        made = scaleapi.ScaleClient(secret, api_instance_url=f"{live_server.url}/v1")
        made.v2.api_client.configuration.host = live_server.url
        return made

    return client


@pytest.fixture
def live(program: Programs, orbit: Client) -> scaleapi.ScaleClient:
    """Return a program of Orbit's with a live key, and US$ 100 to spend."""
    orders.deposit(orbit, "100")
    made = program(ALL)
    made.create_project("Pairs", TaskType.Categorization, params={"work_type": "product-match"})
    return made


@pytest.fixture
def trying(program: Programs) -> scaleapi.ScaleClient:
    """Return a program of Orbit's that tries things out."""
    return program()
