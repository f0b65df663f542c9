"""Calls that the schema allows, and calls that it does not: each is answered as the schema says, none breaks."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
import schemathesis
from django.core import signals
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode

from coop import clock
from coop.people import keys
from coop.people.models import Client, Person
from coop.wsgi import application
from tasks.models import Job
from tests.tasks import orders
from tests.tasks.test_api import ALL

# Drawn alike in every run, so that a failure is found again.
DRAWN = settings(
    max_examples=6, deadline=None, derandomize=True, database=None, phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)  # fmt: skip


def served(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """Serve the site as a server does, which closes each answer; the library's client closes none."""
    answer = application(environ, start_response)
    with closing(answer):
        return [b"".join(answer)]


@pytest.fixture
def api(orbit: Client, olga: Person) -> Iterator[schemathesis.BaseSchema]:
    """Return the schema of the API, and let there be a job to find."""
    orders.opened(orbit, olga)
    # The connection holds the test's transaction: it stays over the requests, as with Django's own test client.
    for signal in (signals.request_started, signals.request_finished):
        signal.disconnect(close_old_connections)
    yield schemathesis.openapi.from_wsgi("/api/schema?format=json", served)
    for signal in (signals.request_started, signals.request_finished):
        signal.connect(close_old_connections)


@pytest.mark.parametrize("mode", GenerationMode)
def test_every_call_is_answered_as_the_schema_says(
    api: schemathesis.BaseSchema, orbit: Client, olga: Person, subtests: pytest.Subtests, mode: GenerationMode
) -> None:
    _key, secret = keys.issue(orbit, name="tests", scopes=[*ALL, "team"], by=olga, at=clock.now())
    job = Job.objects.latest("pk").pk
    headers = {"Authorization": f"Bearer {secret}", "Accept-Encoding": "identity"}
    # What a client may order depends on rates and rules, of which a schema knows nothing.
    accepting = api.config.checks.positive_data_acceptance
    accepting.expected_statuses = [*accepting.expected_statuses, "400", "422"]
    for found in api.get_all_operations():
        assert isinstance(found, Ok)
        operation = found.ok()
        if mode is GenerationMode.NEGATIVE and not [*operation.path_parameters, *operation.body]:
            continue  # what nobody asks for in a query is passed over

        @given(case=operation.as_strategy(generation_mode=mode))
        @DRAWN
        def called(case: Any) -> None:
            if mode is GenerationMode.POSITIVE and "number" in case.path_parameters:
                case.path_parameters["number"] = job
            case.call_and_validate(headers=headers)

        # What one call does to the job, the next does not find.
        before = transaction.savepoint_create()
        with subtests.test(operation.label):
            called()
        transaction.savepoint_rollback(before)
