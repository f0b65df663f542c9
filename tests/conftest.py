"""What every test stands on: a database of its own with both roles, a demonstration cooperative, and its people."""

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import DatabaseError, connection, connections, transaction
from django.test import Client as Browser
from psycopg import sql
from pytest_django import DjangoDbBlocker

from coop import clock, demo
from coop.database import address, roles
from coop.database.embedded import Cluster
from coop.people.models import Client, Person

TEMPLATE = "workhall_template"
# A test's data need not outlive a power cut, and may stand in memory.
FAST = (
    ("fsync", "off"), ("full_page_writes", "off"), ("synchronous_commit", "off"), ("shared_buffers", "128MB"),
    ("max_wal_size", "256MB"),
)  # fmt: skip


def shared_cluster() -> Cluster:
    """Return the cluster of this test run, shared by its processes."""
    return Cluster(Path(os.environ["WORKHALL_TEST_STATE"]), FAST)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave nothing behind: stop the cluster, even one that a crashed process held, and remove its folder."""
    if hasattr(config, "workerinput") or "WORKHALL_TEST_STATE" not in os.environ:
        return
    cluster = shared_cluster()
    if (cluster.state / "postgres").exists():
        with cluster.running():
            pass
        shutil.rmtree(cluster.home, ignore_errors=True)
    shutil.rmtree(cluster.state, ignore_errors=True)


def connect_django(cluster: Cluster, role: str, name: str) -> None:
    """Let Django's default connection sign in to a test database as `role`."""
    connections["default"].close()
    connections["default"].settings_dict.update(
        NAME=name,
        USER=role,
        PASSWORD=cluster.secret(role),
        HOST=str(cluster.socket_folder),
        PORT="",
        OPTIONS=dict(address.PREPARED),
    )


def own_database(config: pytest.Config) -> str:
    """Return the name of the database of this process of a test run."""
    return f"workhall_{getattr(config, 'workerinput', {}).get('workerid', 'test')}"


def build_template(cluster: Cluster) -> None:
    """Make the database that every test's database is copied from: migrated, and the demonstration founded."""
    roles.create(cluster)
    roles.create_database(cluster, TEMPLATE)
    connect_django(cluster, roles.OWNER, TEMPLATE)
    call_command("migrate", verbosity=0, interactive=False, skip_checks=True)
    with transaction.atomic():
        # The jobs that tests make by the hundred may ask for a skill, too.
        demo.build(clock.now(), asks=("check-steps", "product-match"))
    connections["default"].close()


def recreate(cluster: Cluster, name: str, *, template: str = TEMPLATE) -> None:
    """Make (again) a database that is a copy of the template, or of another that nobody is connected to."""
    with psycopg.connect(cluster.url("postgres", "postgres"), autocommit=True) as superuser:
        superuser.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
    roles.create_database(cluster, name, template=template)


@pytest.fixture(scope="session")
def cluster(django_test_environment: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Cluster]:
    """Run the cluster of this test run, its template built by whichever process comes first."""
    with shared_cluster().running() as cluster, (cluster.state / "template.lock").open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.seek(0)
        if not lock.read():
            with django_db_blocker.unblock():
                build_template(cluster)
            lock.write("built")
            lock.flush()
        fcntl.flock(lock, fcntl.LOCK_UN)
        yield cluster


@pytest.fixture(scope="session")
def database_name(cluster: Cluster, request: pytest.FixtureRequest) -> str:
    """Return the name of this process's own database, made from the template."""
    name = own_database(request.config)
    recreate(cluster, name)
    return name


@pytest.fixture(scope="session")
def django_db_setup(cluster: Cluster, database_name: str) -> Iterator[None]:
    """Connect Django as the web role, as in production (instead of pytest-django's own database)."""
    connect_django(cluster, roles.WEB, database_name)
    yield
    connections["default"].close()


def is_made_anew(request: pytest.FixtureRequest) -> bool:
    """Tell whether a test really commits, so that its database is made anew afterwards."""
    marker = request.node.get_closest_marker("django_db")
    really = {"committed", "transactional_db", "live_server"}.intersection(request.fixturenames)
    return bool(really or (marker and marker.kwargs.get("transaction")))


@pytest.fixture
def _django_db_helper(
    request: pytest.FixtureRequest, django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[None]:
    """Give a test the database: inside a transaction that is rolled back, or really committed and then made anew.

    It takes the place of pytest-django's own, which empties tables; the web role may empty none.
    """
    with django_db_blocker.unblock():
        if is_made_anew(request):
            yield
            connections["default"].close()
            recreate(request.getfixturevalue("cluster"), request.getfixturevalue("database_name"))
            return
        outer = transaction.atomic()
        outer._from_testcase = True  # type: ignore[attr-defined]  # noqa: SLF001 - lets durable blocks run inside
        with outer:
            yield
            transaction.set_rollback(True)


@pytest.fixture
def committed(_django_db_helper: None) -> None:
    """Let a test really commit, as races need; afterwards its database is made anew."""


class RolledBack(psycopg.Connection):
    """A connection of a test whose database is not made anew: what it commits would stay for the tests after it."""

    def commit(self) -> None:
        """Fail: such a test asks for `committed`."""
        pytest.fail("only a test that asks for `committed` commits: its database is made anew")


@contextmanager
def connected(cluster: Cluster, role: str, request: pytest.FixtureRequest) -> Iterator[psycopg.Connection]:
    """Connect to the test's own database as `role`; what the test does not commit is rolled back."""
    kind = psycopg.Connection if is_made_anew(request) else RolledBack
    with closing(kind.connect(cluster.url(role, request.getfixturevalue("database_name")))) as connection:
        yield connection


@pytest.fixture
def owner(cluster: Cluster, request: pytest.FixtureRequest, _django_db_helper: None) -> Iterator[psycopg.Connection]:
    """Connect to the test's database as the owner of the schema, rolled back unless the test commits."""
    with connected(cluster, roles.OWNER, request) as connection:
        yield connection


@pytest.fixture
def poison(committed: None, owner: psycopg.Connection) -> Callable[[str, str], None]:
    """Return a function that has the database fail at some rows of a table, whatever it is that is wrong with them."""

    def refuse(table: str, rows: str) -> None:
        owner.execute(
            "CREATE FUNCTION public.poisoned() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE 'poisoned'; END$$"
        )
        # A test says the rows in SQL of its own.
        when = f"CREATE TRIGGER poisoned BEFORE INSERT OR UPDATE ON {table} FOR EACH ROW WHEN ({rows})"
        owner.execute(f"{when} EXECUTE FUNCTION public.poisoned()".encode())
        owner.commit()

    return refuse


@pytest.fixture
def superuser(
    cluster: Cluster, request: pytest.FixtureRequest, _django_db_helper: None
) -> Iterator[psycopg.Connection]:
    """Connect to the test's database as the superuser, rolled back unless the test commits."""
    with connected(cluster, "postgres", request) as connection:
        yield connection


@pytest.fixture
def attack(_django_db_helper: None) -> Callable[..., None]:
    """Return a function that runs SQL as the web role and asserts which guard refuses it.

    `guard` is the guard's or constraint's name, or the beginning of PostgreSQL's own message, as "permission denied".
    """

    def attempt(statement: str, params: object = None, *, guard: str) -> None:
        with pytest.raises(DatabaseError) as caught, transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, params)  # type: ignore[arg-type]
        cause = caught.value.__cause__
        assert isinstance(cause, psycopg.Error)
        refused_by = cause.diag.constraint_name or cause.diag.message_primary or ""
        assert refused_by.startswith(guard), f"refused by {refused_by!r} ({cause}), not by {guard!r}"

    return attempt


@pytest.fixture
def attack_from_the_past(committed: None, cluster: Cluster, database_name: str) -> Callable[..., None]:
    """Return a function as `attack`, for a transaction that keeps the view of the data with which it began."""

    def attempt(statement: str, params: Sequence[object], *, guard: str) -> None:
        with psycopg.connect(cluster.url(roles.WEB, database_name), cursor_factory=psycopg.ClientCursor) as past:
            past.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            with pytest.raises(psycopg.errors.CheckViolation) as caught:
                past.execute(statement, params)
        assert caught.value.diag.constraint_name == guard
        assert "older view" in str(caught.value)

    return attempt


@pytest.fixture
def now(_django_db_helper: None) -> datetime:
    """Return the cooperative's time."""
    return clock.now()


@pytest.fixture
def at(now: datetime) -> datetime:
    """Return the cooperative's time, under the name that acts take it by."""
    return now


@pytest.fixture
def later(_django_db_helper: None) -> Callable[..., datetime]:
    """Return a function that lets the demonstration's clock jump (`later(days=3)`) and returns the new time."""

    def jump(**delta: float) -> datetime:
        return clock.advance(timedelta(**delta))

    return jump


def person(name: str) -> Person:
    """Return one of the demonstration's people."""
    return Person.objects.get(email=f"{name}@demo.workhall.example")


@pytest.fixture
def amina(_django_db_helper: None) -> Person:
    """Return Amina, a member in Nairobi."""
    return person("amina")


@pytest.fixture
def luis(_django_db_helper: None) -> Person:
    """Return Luis, a member in Venezuela."""
    return person("luis")


@pytest.fixture
def priya(_django_db_helper: None) -> Person:
    """Return Priya, a member in India."""
    return person("priya")


@pytest.fixture
def teresa(_django_db_helper: None) -> Person:
    """Return Teresa, a member and treasurer."""
    return person("teresa")


@pytest.fixture
def samuel(_django_db_helper: None) -> Person:
    """Return Samuel, a member and safety officer."""
    return person("samuel")


@pytest.fixture
def petra(_django_db_helper: None) -> Person:
    """Return Petra, a member who sits on the panel."""
    return person("petra")


@pytest.fixture
def newcomer(_django_db_helper: None) -> Person:
    """Return Nia, who has just signed up: an applicant."""
    return person("nia")


@pytest.fixture
def olga(_django_db_helper: None) -> Person:
    """Return Olga, who has the seat of Orbit."""
    return person("olga")


@pytest.fixture
def orbit(_django_db_helper: None) -> Client:
    """Return Orbit, an organisation that posts work."""
    return Client.objects.get(slug="orbit")


@pytest.fixture
def signed_in(_django_db_helper: None) -> Callable[[Person], Browser]:
    """Return a function that gives a browser in which a person is signed in."""

    def browser(who: Person) -> Browser:
        it = Browser()
        it.force_login(who, backend=settings.AUTHENTICATION_BACKENDS[0])
        return it

    return browser
