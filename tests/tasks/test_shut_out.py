"""Ways of keeping somebody from their work without a word: each is refused, or stands in the record."""

from collections.abc import Callable
from datetime import datetime

import pytest

from coop.people import clients
from coop.people.models import Person
from coop.record.models import Event
from coop.refusals import Refused
from tasks import claims
from tasks.models import Job

type Attack = Callable[..., None]
SEAT = """INSERT INTO people_clientseat (client_id, person_id, offered_to, created_at, accepted_at)
VALUES (%s, %s, '', coop_now(), coop_now())"""


def test_no_seat_in_their_name_keeps_somebody_from_the_work_they_do(
    job: Job, amina: Person, olga: Person, at: datetime, attack: Attack, later: Callable[..., datetime]
) -> None:
    claims.leave(claims.claim_next(job, by=amina, at=at), by=amina, at=at)
    attack(SEAT, [job.client_id, amina.pk], guard="seats_shut_nobody_out_of_work")
    clients.offer(job.client, amina.email, by=olga, at=at)
    offered = job.client.seats.get(person=amina)
    accept = "UPDATE people_clientseat SET accepted_at = coop_now() WHERE id = %s"
    attack(accept, [offered.pk], guard="seats_shut_nobody_out_of_work")
    with pytest.raises(Refused, match="takes no seat there"):
        clients.accept(offered, by=amina, at=at)
    assert claims.claim_next(job, by=amina, at=at).person == amina
    clients.accept(offered, by=amina, at=later(days=91))
    assert clients.has_seat(job.client, amina)


def test_whoever_never_worked_there_reads_which_seat_stands_in_their_way(
    job: Job, luis: Person, olga: Person, at: datetime
) -> None:
    clients.offer(job.client, luis.email, by=olga, at=at)
    seat = clients.accept(job.client.seats.get(person=luis), by=luis, at=at)
    with pytest.raises(Refused, match="this job's client") as refused:
        claims.claim_next(job, by=luis, at=at)
    assert "Give the seat back" in str(refused.value.refusal.appeal)
    clients.end_seat(seat, by=luis, at=at)
    assert claims.claim_next(job, by=luis, at=at).person == luis


def test_nobody_is_moved_to_another_country_unseen(amina: Person) -> None:
    def moved() -> int:
        return Event.objects.filter(kind="people.moved", subject=f"person:{amina.pk}").count()

    Person.objects.filter(pk=amina.pk).update(country="US")
    assert moved() == 1
    Person.objects.filter(pk=amina.pk).update(country="US", name="Amina")
    assert moved() == 1


def test_nobody_is_locked_out_by_another_password_unseen(amina: Person) -> None:
    def set_anew() -> int:
        return Event.objects.filter(kind="people.password_set", subject=f"person:{amina.pk}").count()

    Person.objects.filter(pk=amina.pk).update(password="!")
    assert set_anew() == 1
    Person.objects.filter(pk=amina.pk).update(password="!", name="Amina")
    assert set_anew() == 1
    event = Event.objects.filter(kind="people.password_set").latest("pk")
    assert (event.data, event.actor) == ({}, None)


@pytest.mark.parametrize("kind", ["people.moved", "people.password_set"])
def test_the_site_says_of_nobody_that_they_moved_or_have_another_password(
    amina: Person, attack: Attack, kind: str
) -> None:
    """By such a word somebody's vote would go, whose country closed (D6)."""
    said = "INSERT INTO record_event (at, kind, subject, data) VALUES (coop_now(), %s, %s, '{}')"
    attack(said, [kind, f"person:{amina.pk}"], guard="what_the_database_saw_it_says_itself")
    assert not Event.objects.filter(kind=kind).exists()
