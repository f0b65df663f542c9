"""Whoever names no pay pays what the members' rules ask: the voted rate, or more after comparable work (N5)."""

from decimal import Decimal
from typing import Any

import pytest
import scaleapi
from django.db import transaction
from scaleapi.exceptions import ScaleNotEnabled
from scaleapi.tasks import TaskType

from coop import clock
from coop.people.models import Client, Person
from tasks import jobs
from tasks.models import Job
from tasks.scale import orders as scale_orders
from tests.tasks import orders
from tests.tasks.scale.conftest import ALL, Programs
from tests.tasks.scale.test_live_kinds import uploaded
from tests.tasks.scale.test_trying import MORE, ORDERS

pytestmark = pytest.mark.django_db
# A type of task for each kind of work, beside those that show files.
KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "choice": ("categorization", {"attachment": "x", "categories": ["yes", "no"]}),
    "freeform": ("datacollection", ORDERS["datacollection"][0]),
    "spans": ("namedentityrecognition", MORE["namedentityrecognition"]),
    **{
        name: ("chat", {"template_variables": said})
        for name, said in {
            "ranking": {"prompt": "Hello", "responses": ["Hi", "Bye"]},
            "conversation": {
                "messages": [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Hi"}]
            },
            "step_check": {"prompt": "Sum?", "steps": ["1 + 1 = 2"]},
            "steps": {"prompt": "Prove it.", "reasoning": True},
        }.items()
    },
}


@pytest.fixture
def asked(program: Programs, orbit: Client) -> dict[str, tuple[str, dict[str, Any]]]:
    """Return an order for each kind of work, of those with a picture that was handed in as well."""
    orders.deposit(orbit, "1000")
    live = program(ALL)
    live.create_project("Any", TaskType.Categorization)
    (picture,) = uploaded(live, 1)
    image = {"attachment": picture, "geometries": MORE["videoannotation"]["geometries"]}
    return KINDS | {"image": ("imageannotation", image)}


def place(of: Client, by: Person, kind: str, said: dict[str, Any]) -> Job:
    """Order one task and return its job."""
    taken = scale_orders.take(of, kind, {"project": "Any", **said}, test=False, by=by, at=clock.now())
    assert taken.task is not None
    return Job.objects.select_related("work_type").get(pk=taken.task.job_id)


def test_after_any_type_of_task_any_other_is_taken(
    asked: dict[str, tuple[str, dict[str, Any]]], orbit: Client, olga: Person
) -> None:
    for before, earlier in asked.items():
        with transaction.atomic():
            first = place(orbit, olga, *earlier)
            for after, later in asked.items():
                with transaction.atomic():
                    second = place(orbit, olga, *later)
                    rate = jobs.voted_rate(second.work_type)
                    assert (second == first) is (after == before)
                    assert rate is not None
                    assert second.opened_at is not None
                    assert second.pay >= rate.amount, (before, after)
                    transaction.set_rollback(True)
            transaction.set_rollback(True)


def test_what_names_no_pay_is_paid_as_comparable_work_and_what_names_less_is_refused(
    live: scaleapi.ScaleClient, orbit: Client, olga: Person
) -> None:
    live.create_project("Any", TaskType.Categorization)
    (form, asks), (kind, text) = KINDS["freeform"], KINDS["spans"]
    first, after = place(orbit, olga, form, {**asks, "pay": "2"}), place(orbit, olga, kind, text)
    assert (first.pay, after.pay > Decimal("0.25")) == (Decimal(2), True)
    assert place(orbit, olga, kind, text | {"text": "Bob left."}) == after, "one job of all that name no pay"
    with pytest.raises(ScaleNotEnabled, match=r"comparable work.*N5"):
        live.create_task(TaskType(kind), project="Any", pay="0.25", **text)


def test_a_batch_that_names_no_pay_is_finalized(live: scaleapi.ScaleClient, orbit: Client, olga: Person) -> None:
    live.create_project("Any", TaskType.Categorization)
    place(orbit, olga, *KINDS["freeform"])
    live.create_batch("Any", "several")
    for name in ("spans", "choice"):
        live.create_task(TaskType(KINDS[name][0]), batch="several", **KINDS[name][1])
    assert live.finalize_batch("several")
    assert live.get_batch("several").status == "in_progress"
