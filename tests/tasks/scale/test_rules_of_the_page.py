"""The table of the page about moving from Scale says where members' rules stand in the way: each row is tried."""

import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import scaleapi
from scaleapi.exceptions import ScaleException
from scaleapi.tasks import TaskType

from coop import clock
from coop.people import clients
from coop.people.models import Client, Person
from tasks import claims
from tasks.models import Dispute, Order
from tests.tasks.scale.conftest import ALL, Programs
from tests.tasks.scale.test_live import PAIR, do, job_of
from tests.tasks.scale.test_moving import PAGE

pytestmark = pytest.mark.django_db
ROW = re.compile(r"^\| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
CODE = re.compile(r"\b[2-5]\d\d\b")


@dataclass
class Hall:
    """A program with money, one without, and a member who works."""

    live: scaleapi.ScaleClient
    poor: scaleapi.ScaleClient
    amina: Person

    def order(self, **more: Any) -> Any:
        """Order one task."""
        return self.live.create_task(TaskType.Categorization, **{"project": "Pairs"} | PAIR | more)

    def answered(self) -> Any:
        """Return a task that Amina answered."""
        task = self.order()
        do(job_of(task), self.amina, {"labels": ["Same"]})
        return task


@pytest.fixture
def hall(live: scaleapi.ScaleClient, program: Programs, amina: Person, luis: Person) -> Hall:
    rival = clients.found("Rival", slug="rival", by=luis, at=clock.now())
    return Hall(live, program(ALL, of=rival, by=luis), amina)


def short_of_money(hall: Hall) -> None:
    hall.poor.create_project("Pairs", TaskType.Categorization, params={"work_type": "product-match"})
    hall.poor.create_task(TaskType.Categorization, project="Pairs", **PAIR)


def pay_that_falls(hall: Hall) -> None:
    hall.live.update_project("Pairs", pay="0.20", patch=True)
    hall.live.update_project("Pairs", pay="0.10", patch=True)


def cancelling_what_is_begun(hall: Hall) -> None:
    task = hall.order()
    claims.claim_next(job_of(task), by=hall.amina, at=clock.now())
    task.cancel()


def pausing(hall: Hall) -> None:
    hall.live.create_batch("Pairs", "b")
    hall.order(project=None, batch="b")
    hall.live.finalize_batch("b")
    named = {"batch_name": "b"}
    assert hall.live.v2.pause_batch(batch_operation_request=named).batch.status.value == "paused"
    hall.live.v2.resume_batch(batch_operation_request=named)
    with pytest.raises(Exception, match="402"):
        hall.live.v2.pause_batch(batch_operation_request=named)


def rejecting_what_waits(hall: Hall) -> None:
    hall.answered().audit(accepted=False, comments="One is made of steel, the other is not.")
    assert Dispute.objects.count() == 1


def rejecting_what_is_accepted(hall: Hall) -> None:
    task = hall.answered()
    task.audit(accepted=True)
    task.audit(accepted=False, comments="One is made of steel, the other is not.")


def evaluation(hall: Hall) -> None:
    made = hall.live.create_evaluation_task(
        TaskType.Categorization, project="Pairs", **PAIR, expected_response={"category": "Same"}
    )
    order = Order.objects.select_related("task__job").get(key=uuid.UUID(made.id))
    assert order.task is not None
    assert order.task.job == job_of(hall.order()), "work, and paid, as any other"


TRIED: dict[str, Callable[[Hall], object]] = {
    "pay under the voted rate, or under what comparable work of yours paid in 12 months":
        lambda hall: hall.order(pay="0.01"),
    "the balance is short": short_of_money,
    "`setParams` that lowers pay, a task under its project's pay": pay_that_falls,
    "cancelling a task that somebody has begun": cancelling_what_is_begun,
    "pausing a batch in work": pausing,
    "`audit(False)` on an answer that waits to be checked": rejecting_what_waits,
    "`audit(False)` on an answer that is accepted": rejecting_what_is_accepted,
    "assigning labelers, labeler roles": lambda hall: hall.live.add_studio_assignments(["x@nowhere.example"], ["p"]),
    "evaluation and training tasks": evaluation,
}  # fmt: skip


def rows() -> dict[str, str]:
    """Return what the page says, by what is done."""
    part = PAGE.read_text().partition("## Where rules of the members stand in the way")[2].partition("```")[0]
    return {what: answer for what, answer in ROW.findall(part) if what not in {"what", "---"}}


def test_every_row_of_the_table_is_tried() -> None:
    assert rows().keys() == TRIED.keys()


@pytest.mark.parametrize("what", TRIED)
def test_the_answer_is_what_the_page_says(hall: Hall, orbit: Client, what: str) -> None:
    said = CODE.search(rows()[what])
    code = 200
    try:
        TRIED[what](hall)
    except ScaleException as refused:
        code = refused.code
    assert code == (int(said[0]) if said else 200)
