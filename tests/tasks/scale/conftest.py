"""Scale's own client, unmodified, in front of the site as it runs."""

from collections.abc import Callable
from typing import Any

import pytest
import scaleapi

from coop import clock
from coop.people import keys
from coop.people.models import Client, Person
from tests.tasks.webhooks.conftest import receiver

__all__ = ["receiver"]  # a server of the client's own, for its callbacks

# Returns the client of an organisation, its key with these scopes (those of a test key unless others are said).
type Programs = Callable[..., scaleapi.ScaleClient]


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
def trying(program: Programs) -> scaleapi.ScaleClient:
    """Return a program of Orbit's that tries things out."""
    return program()
