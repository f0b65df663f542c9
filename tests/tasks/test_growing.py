"""Tasks that join an open job: with their money and that of what follows, or none of them."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client as Browser
from django.urls import reverse

from coop import clock
from coop.people.models import Client, Person
from coop.record.models import Event
from coop.refusals import Refused
from payments import escrow, invariants
from payments.models import Kind
from tasks import additions, datasets, funds, growing, jobs
from tasks.models import Job, Takes, Task, Upload
from tests.tasks import orders
from tests.tasks.conftest import SAME, work
from tests.tasks.test_api import ALL, program
from tests.tasks.test_instruments import decided
from tests.tasks.test_stages import Make, chain

__all__ = ["chain", "decided"]
MORE = "id,left,right\nq1,Pot,Steel pot\nq2,Pan,Steel pan\n"


@pytest.fixture
def job(orbit: Client, olga: Person) -> Job:
    """Return an open job of four tasks."""
    return orders.opened(orbit, olga)


def poor(client: Client, job: Job, left: str) -> None:
    """Leave a client so much money."""
    rest = escrow.available(client) - Decimal(left)
    escrow.fund(job.pk, rest, client, 999, by=None, at=clock.now())


def test_an_open_job_grows_by_a_file_with_its_money(job: Job, orbit: Client, amina: Person) -> None:
    work(job, amina, SAME)
    before, held = escrow.available(orbit), escrow.set_aside(job.pk)
    upload = orders.send(job, MORE)
    assert (upload.rows, upload.problem_count) == (2, 0)
    assert list(job.tasks.order_by("-position").values_list("external_id", "open_slots")[:2]) == [("q2", 3), ("q1", 3)]
    paid = before - escrow.available(orbit)
    assert paid == growing.price(job, 2) == jobs.quote(job.work_type_id, 2, 3, job.pay).total
    assert jobs.missing(job) == 0
    assert held < escrow.set_aside(job.pk) <= held + paid
    assert Event.objects.filter(kind="jobs.grew").latest("pk").data == {}, "how much is nobody else's business (E10)"
    assert not any(invariants.broken().values())


def test_without_the_money_nothing_is_kept(
    job: Job, orbit: Client, olga: Person, settings: Any, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = tmp_path
    other = orders.draft(orbit, olga, title="Elsewhere")
    poor(orbit, other, str(growing.price(job, 2) - Decimal("0.000001")))
    before = escrow.available(orbit)
    with pytest.raises(Refused, match="short") as refused:
        orders.send(job, MORE)
    assert refused.value.refusal.rule == "E1"
    assert (job.tasks.count(), job.uploads.count(), escrow.available(orbit)) == (4, 1, before)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
    orders.deposit(orbit, "0.01")
    assert orders.send(job, MORE).rows == 2


def test_a_bad_file_costs_nothing_and_the_same_file_is_added_once(job: Job, orbit: Client) -> None:
    before = escrow.available(orbit)
    assert orders.send(job, "id,left,right\np1,Pot,Steel pot\n").problem_count == 1
    assert escrow.available(orbit) == before
    first = orders.send(job, "left,right\nPot,Steel pot\n")
    spent = before - escrow.available(orbit)
    assert orders.send(job, "left,right\nPot,Steel pot\n") == first
    assert (before - escrow.available(orbit), job.tasks.count()) == (spent, 5)


def test_an_open_job_takes_small_files_alone(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets, "AT_ONCE_MAX_BYTES", 10)
    with pytest.raises(Refused) as refused:
        orders.send(job, MORE)
    assert refused.value.refusal.status == 413
    assert job.uploads.count() == 1


@pytest.mark.parametrize("takes", list(Takes))
@pytest.mark.parametrize("how", ["file", "one by one"])
def test_what_can_come_to_the_stages_is_set_aside_as_well(
    chain: Make, orbit: Client, olga: Person, takes: Takes, how: str
) -> None:
    first, second = chain(takes, rows=2, overlap=2)
    before, held = escrow.available(orbit), escrow.set_aside(second.pk)
    price = growing.price(first, 2)
    if how == "file":
        assert not orders.send(first, MORE).problems
    else:
        given = [(name, {"left": "Pot", "right": "Pan"}) for name in ("q1", "q2")]
        additions.add(first, given, by=olga, at=clock.now())
    assert funds.tasks_to_come(second) == (8 if takes == Takes.EACH else 4)
    assert escrow.set_aside(second.pk) == 2 * held
    assert before - escrow.available(orbit) == price
    assert [jobs.missing(one) for one in (first, second)] == [0, 0]
    assert not any(invariants.broken().values())


def test_a_stage_that_ended_asks_for_nothing(chain: Make, orbit: Client, olga: Person) -> None:
    first, second = chain(Takes.WHOLE, rows=2, overlap=2)
    jobs.close(second, by=olga, at=clock.now())
    assert growing.asked(first, 2) == [(first, 2)]
    assert orders.send(first, MORE).rows == 2


# One by one, in one statement.


def join(job: Job, by: Person, *names: str) -> list[Task]:
    """Let tasks join a job one by one."""
    return additions.add(job, [(name, {"left": "Pot", "right": name}) for name in names], by=by, at=clock.now())


def test_tasks_join_one_by_one_with_their_money(job: Job, orbit: Client, olga: Person) -> None:
    before, events = escrow.available(orbit), Event.objects.count()
    new = join(job, olga, "a", "b")
    written = list(job.tasks.order_by("position"))[-2:]
    facts = [(one.pk, one.position, one.external_id, one.data, one.open_slots, one.prediction) for one in written]
    assert [(one.pk, one.position, one.external_id, one.data, one.open_slots, one.prediction) for one in new] == facts
    assert [fact[1:4] for fact in facts] == [
        (5, "a", {"left": "Pot", "right": "a"}), (6, "b", {"left": "Pot", "right": "b"}),
    ]  # fmt: skip
    assert before - escrow.available(orbit) == growing.price(job, 2)
    told = [(one.kind, one.subject, one.actor, one.data) for one in Event.objects.order_by("pk")[events:]]
    about = (f"job:{job.pk}", olga)
    assert told == [("escrow.funded", *about, {"revision": 2}), ("jobs.grew", *about, {})]
    assert not any(invariants.broken().values())


def test_without_the_money_none_joins(job: Job, orbit: Client, olga: Person) -> None:
    poor(orbit, orders.draft(orbit, olga, title="Elsewhere"), str(growing.price(job, 2) - Decimal("0.000001")))
    before = escrow.available(orbit)
    with pytest.raises(Refused, match="short") as refused, transaction.atomic():
        join(job, olga, "a", "b")
    assert refused.value.refusal.rule == "E1"
    assert (job.tasks.count(), escrow.available(orbit)) == (4, before)
    assert len(join(job, olga, "a")) == 1


def test_what_joins_brings_its_deposit(decided: Callable[..., None], orbit: Client, olga: Person) -> None:
    decided(Kind.DEPOSIT, "", {"share": 1_000})
    job = orders.opened(orbit, olga)
    held = escrow.deposited(job.pk)
    join(job, olga, "a", "b")
    assert escrow.deposited(job.pk) == held * 6 / 4 > 0
    assert jobs.missing(job) == 0


def test_none_joins_a_job_that_was_closed(job: Job, olga: Person) -> None:
    before = Job.objects.get(pk=job.pk)
    jobs.close(job, by=olga, at=clock.now())
    with pytest.raises(Refused, match="closed"):
        join(before, olga, "a")


def test_tasks_join_a_draft_without_money(orbit: Client, olga: Person) -> None:
    draft = orders.draft(orbit, olga)
    assert [one.position for one in join(draft, olga, "a", "b")] == [1, 2]
    assert escrow.set_aside(draft.pk) == 0


# On the page and by programs.


def test_the_page_says_the_price_before_and_adds(
    job: Job, orbit: Client, olga: Person, signed_in: Callable[[Person], Browser]
) -> None:
    browser, place = signed_in(olga), reverse("tasks:client_data", args=["orbit", job.pk])
    assert place in browser.get(reverse("tasks:client_job", args=["orbit", job.pk])).text
    assert "A task more costs at most" in browser.get(place).text
    sent = browser.post(place, {"file": SimpleUploadedFile("more.csv", MORE.encode())}, follow=True)
    assert "2 tasks added." in sent.text
    other = orders.draft(orbit, olga, title="Elsewhere")
    poor(orbit, other, "0.01")
    refused = browser.post(place, {"file": SimpleUploadedFile("x.csv", b"left,right\na,b\n")}, follow=True)
    assert (refused.status_code, "short of" in refused.text) == (409, True)
    assert Upload.objects.filter(job=job).count() == 2


def test_a_program_needs_the_scope_fund_to_add_to_an_open_job(job: Job, orbit: Client, olga: Person) -> None:
    post, _key = program(orbit, olga, [scope for scope in ALL if scope != "fund"])
    send: dict[str, Any] = {"content_type": "text/csv"}
    refused = post("POST", f"jobs/{job.pk}/tasks", MORE, **send)
    assert (refused.status_code, "scope fund" in refused.text) == (403, True)
    call, _key = program(orbit, olga, ALL)
    assert call("POST", f"jobs/{job.pk}/tasks", MORE, **send).json()["rows"] == 2
