"""Where the database is, for each of the two roles: our own cluster, or a server named in the environment."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.conf import settings
from django.db import connections

from coop.database import address, roles
from coop.database.embedded import Cluster, Unavailable


@dataclass(frozen=True, slots=True)
class Access:
    """The two addresses of the database. Only `web` is ever handed to what serves the site."""

    web: str
    owner: str


@contextmanager
def ready() -> Iterator[Access]:
    """Hold the database up for a block and return its addresses. Raises Unavailable, saying what to do."""
    if "DATABASE_URL" in os.environ:
        yield _given(os.environ["DATABASE_URL"], os.environ.get("OWNER_DATABASE_URL", ""))
        return
    with Cluster(settings.STATE_DIR).running() as cluster:
        roles.create(cluster)
        roles.create_database(cluster)
        yield Access(cluster.url(roles.WEB, roles.DATABASE), cluster.url(roles.OWNER, roles.DATABASE))


@contextmanager
def as_web() -> Iterator[None]:
    """Let this process work on the database as the site does, for commands such as `simulate`. Raises Unavailable."""
    with ready() as access:
        connect(access.web)
        try:
            yield
        finally:
            connections.close_all()


def connect(url: str) -> None:
    """Point Django's connection at a database, with one plain connection for each thread instead of a pool."""
    connection = connections["default"]
    connection.close()
    connection.settings_dict.update(address.form(url, pool=False))


def _given(web: str, owner: str) -> Access:
    if not owner:
        message = "DATABASE_URL is set: set OWNER_DATABASE_URL too, the address that migrates as workhall_owner."
        raise Unavailable(message)
    roles.check(web, role=roles.WEB)
    roles.check(owner, role=roles.OWNER)
    return Access(web, owner)
