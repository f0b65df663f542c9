"""What silence has accepted is paid when a member looks at their pay, though no background job has run."""

import uuid
from collections.abc import Callable
from datetime import datetime

import pytest
from django.test import Client as Browser

from coop import clock
from coop.people.models import Person
from payments import ledger
from tasks import answers, claims
from tasks.models import Assignment, AssignmentState, Job

pytestmark = pytest.mark.django_db


def test_silence_pays_without_a_background_job(
    new_job: Callable[..., Job], amina: Person, later: Callable[..., datetime], signed_in: Callable[[Person], Browser]
) -> None:
    job = new_job()
    assignment = claims.claim_next(job, by=amina, at=clock.now())
    value = {"labels": [job.form["labels"][0]]}
    answers.submit(assignment, value=value, key=uuid.uuid4(), seconds=20, by=amina, at=clock.now())
    later(days=job.review_days, minutes=1)
    before = ledger.balance(f"member:{amina.pk}:payable")
    assert signed_in(amina).get("/pay/").status_code == 200
    assert Assignment.objects.get(pk=assignment.pk).state == AssignmentState.ACCEPTED
    assert ledger.balance(f"member:{amina.pk}:payable") == before + assignment.pay
