"""A query whose SQL is written once answers as the query itself does."""

from typing import Any

import pytest
from django.db.models import Model, QuerySet
from pytest_django import DjangoAssertNumQueries

from coop import clock
from coop.database.kept import Given, Kept
from coop.people.models import Person
from tasks import claims
from tasks.models import Assignment, Draft, Job

pytestmark = pytest.mark.django_db

LOADED = ("task", "job__work_type", "job__client", "card", "draft")


def theirs(person: Any, number: Any) -> QuerySet[Assignment]:
    return Assignment.objects.filter(person=person, pk=number).select_related(*LOADED)


KEPT = Kept(lambda: theirs(Given("person"), Given("number")).annotate(moment=clock.NOW))


@pytest.fixture
def held(job: Job, amina: Person) -> Assignment:
    """Return Amina's open task."""
    return claims.claim_next(job, by=amina, at=clock.now())


def facts(found: Model) -> dict[str, Any]:
    return {name: value for name, value in vars(found).items() if name not in {"_state", "moment"}}


def test_its_rows_are_those_of_the_query(
    held: Assignment, amina: Person, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    kept: Any = KEPT.first(person=amina.pk, number=held.pk)
    plain: Any = theirs(amina, held.pk).get()
    with django_assert_num_queries(0):
        for part in ("task", "job", "job.work_type", "job.client", "card"):
            one, other = kept, plain
            for step in part.split("."):
                one, other = getattr(one, step), getattr(other, step)
            assert facts(one) == facts(other)
            assert vars(one._state) == vars(other._state)  # noqa: SLF001 - what Django knows of a row
        assert not hasattr(kept, "draft")
    assert facts(kept) == facts(plain)
    assert kept.pay == held.pay
    assert kept.moment >= held.claimed_at


def test_it_is_filled_anew_each_time(held: Assignment, amina: Person, luis: Person) -> None:
    assert KEPT.first(person=luis.pk, number=held.pk) is None
    Draft.objects.create(assignment=held, value={"labels": []}, saved_at=clock.now(), written_by=amina)
    found: Any = KEPT.first(person=amina.pk, number=held.pk)
    assert found.draft.value == {"labels": []}
    with pytest.raises(KeyError):
        KEPT.first(person=amina.pk)


def test_it_is_written_once(held: Assignment, amina: Person) -> None:
    written: list[QuerySet[Assignment]] = []

    def query() -> QuerySet[Assignment]:
        written.append(theirs(Given("person"), Given("number")))
        return written[-1]

    kept = Kept(query)
    assert [kept.first(person=amina.pk, number=number) for number in (held.pk, 0, held.pk)] == [held, None, held]
    assert len(written) == 1
