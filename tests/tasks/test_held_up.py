"""What falls due for many at once is done for all but those that fail, wherever these stand."""

from collections.abc import Callable
from datetime import datetime

import pytest

from coop import clock, due
from coop.people.models import Person
from payments.models import WorkType
from tasks import claims
from tasks.models import Assignment, AssignmentState, Job

pytestmark = pytest.mark.django_db
type Poison = Callable[[str, str], None]
type Later = Callable[..., datetime]


def test_pages_come_to_an_end_and_miss_nothing_whatever_is_done_meanwhile() -> None:
    kinds = list(WorkType.objects.order_by("pk"))
    assert len(kinds) > 4
    assert [kind for page in due.pages(WorkType.objects.all(), at_once=2) for kind in page] == kinds
    assert [len(page) for page in due.pages(WorkType.objects.filter(pk__lte=kinds[2].pk), at_once=2)] == [2, 1]


def test_a_task_that_cannot_be_taken_back_holds_up_no_other(
    poison: Poison,
    new_job: Callable[..., Job],
    amina: Person,
    luis: Person,
    priya: Person,
    later: Later,
    caplog: pytest.LogCaptureFixture,
) -> None:
    job = new_job(tasks=3, overlap=1)
    held = [claims.claim_next(job, by=person, at=clock.now()) for person in (amina, luis, priya)]
    poison("tasks_assignment", f"NEW.id = {held[1].pk} AND NEW.state = 'expired'")
    assert claims.expire_due(at=later(minutes=31)) == 2
    assert [record.getMessage() for record in caplog.records] == [f"task {held[1].pk} could not be taken back"]
    ended = Assignment.objects.filter(pk__in=[one.pk for one in held]).order_by("pk")
    assert [one.state for one in ended] == [AssignmentState.EXPIRED, AssignmentState.CLAIMED, AssignmentState.EXPIRED]
    # Whoever finds no task left takes back what ran out of one job: that does not fail either.
    assert claims.expire_due(job, at=clock.now()) == 0
