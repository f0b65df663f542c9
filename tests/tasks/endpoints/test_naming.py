"""Who names a job's model, when, and what is refused."""

import pytest

from coop import clock
from coop.people.models import Client, Person
from coop.record.models import Event
from coop.refusals import Refused
from payments import envelopes
from tasks import jobs
from tasks.endpoints import naming
from tasks.models import Endpoint, Job
from tests.tasks import handing_in, orders
from tests.tasks.endpoints.conftest import of_texts

pytestmark = pytest.mark.django_db

URL = "https://model.example/ml"


@pytest.mark.parametrize(
    ("url", "user", "password", "words"),
    [
        ("http://model.example/", "", "", "begin with https://"),
        ("https://x:y@model.example/", "", "", "no address of a web server"),
        ("https://model.example:25/", "", "", "This port is kept"),
        ("https://model.example/?key=1", "", "", "no address of a web server"),
        ("https://model.example/#part", "", "", "no address of a web server"),
        ("model.example", "", "", "no address of a web server"),
        (URL, "workhall", "", "stand together"),
        (URL, "", "secret", "stand together"),
        (URL, "work:hall", "secret", "without a colon"),
    ],
)
def test_what_cannot_be_a_models_server_is_refused(
    draft: Job, olga: Person, url: str, user: str, password: str, words: str
) -> None:
    with pytest.raises(Refused, match=words):
        naming.name(draft, url=url, user=user, password=password, by=olga, at=clock.now())
    assert not Endpoint.objects.exists()


def test_only_people_of_the_client_have_a_say(draft: Job, olga: Person, amina: Person) -> None:
    with pytest.raises(Refused, match="no seat"):
        naming.name(draft, url=URL, by=amina, at=clock.now())
    endpoint = naming.name(draft, url=URL, by=olga, at=clock.now())
    for act in (naming.ask_again, naming.end):
        with pytest.raises(Refused, match="no seat"):
            act(endpoint, by=amina, at=clock.now())
    assert list(Event.objects.filter(kind__startswith="endpoints.").values_list("kind", "subject")) == [
        ("endpoints.named", f"job:{draft.pk}")
    ]


def test_a_job_with_files_is_refused_with_why(orbit: Client, olga: Person) -> None:
    job = orders.draft(orbit, olga)
    handing_in.taken_in(job, "kettle.png", handing_in.image())
    with pytest.raises(Refused, match="sent the words of tasks and no files"):
        naming.name(job, url=URL, by=olga, at=clock.now())


def test_it_is_named_in_a_draft_and_may_move_while_the_job_is_open(draft: Job, orbit: Client, olga: Person) -> None:
    naming.name(draft, url=URL, user="workhall", password="old", by=olga, at=clock.now())
    other = of_texts(orbit, olga, "apple")
    orders.deposit(orbit, "1000")
    for job in (draft, other):
        jobs.fund(job, by=olga, at=clock.now())
        jobs.open(job, by=olga, at=clock.now())
    with pytest.raises(Refused, match="said before a job opens"):
        naming.name(other, url=URL, by=olga, at=clock.now())
    moved = naming.name(draft, url="https://other.example/", by=olga, at=clock.now())
    assert (moved.url, moved.sealed, naming.secret(moved)) == ("https://other.example/", "", {})
    jobs.close(draft, by=olga, at=clock.now())
    with pytest.raises(Refused, match="closed"):
        naming.name(draft, url=URL, by=olga, at=clock.now())
    with pytest.raises(Refused, match="closed"):
        naming.ask_again(moved, by=olga, at=clock.now())


def test_what_ended_is_named_anew(draft: Job, olga: Person) -> None:
    endpoint = naming.name(draft, url=URL, by=olga, at=clock.now())
    naming.end(endpoint, by=olga, at=clock.now())
    for act in (naming.ask_again, naming.end):
        with pytest.raises(Refused, match="asked no more"):
            act(endpoint, by=olga, at=clock.now())
    assert naming.name(draft, url=URL, by=olga, at=clock.now()).state == "live"


def test_the_same_secret_is_sealed_anew_for_each_job(draft: Job, orbit: Client, olga: Person) -> None:
    one = naming.name(draft, url=URL, user="workhall", password="secret", by=olga, at=clock.now())
    other = naming.name(
        of_texts(orbit, olga, "apple"), url=URL, user="workhall", password="secret", by=olga, at=clock.now()
    )
    assert one.fingerprint != other.fingerprint
    one.sealed, one.fingerprint = other.sealed, other.fingerprint
    with pytest.raises(envelopes.Unopened):
        naming.secret(one)
