"""Letters about new work: only whom asked, only what they asked for, in their hours, and few."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.mail import EmailMessage
from django.test import Client as Browser

from coop import clock
from coop.people.models import Client, Person
from coop.refusals import Refused
from payments.models import WorkType
from tasks import alerts, jobs, offers
from tasks.models import Alert, AlertWish, Job
from tests.tasks.conftest import SAME, make_job, work

pytestmark = pytest.mark.django_db
type Attack = Callable[..., None]
type Later = Callable[..., datetime]

ALERT = "INSERT INTO tasks_alert (person_id, job_id) VALUES (%s, %s)"
TERMS: dict[str, Any] = {
    "wanted": True, "kinds": (), "least_hourly": None, "from_hour": 0, "until_hour": 24, "most_a_day": 2,
}  # fmt: skip


def wish(person: Person, **terms: Any) -> AlertWish:
    """Let a person wish for letters, at any hour unless said otherwise."""
    return alerts.choose(person, **(TERMS | terms), by=person, at=clock.now())


def tell() -> list[tuple[str, str]]:
    """Tell what is due, and return whom of which job."""
    before = set(Alert.objects.values_list("pk", flat=True))
    alerts.tell_due(at=clock.now())
    new = Alert.objects.exclude(pk__in=before).order_by("pk")
    return list(new.values_list("person__name", "job__title"))


def test_nobody_is_written_to_who_did_not_ask(attack: Attack, job: Job, amina: Person) -> None:
    assert tell() == []
    attack(ALERT, [amina.pk, job.pk], guard="alerts_are_wished_for")
    wish(amina, wanted=False)
    assert tell() == []
    attack(ALERT, [amina.pk, job.pk], guard="alerts_are_wished_for")


def test_who_asked_hears_once_of_a_job(attack: Attack, job: Job, amina: Person) -> None:
    wish(amina)
    assert tell() == [("Amina", job.title)]
    assert tell() == []
    attack(ALERT, [amina.pk, job.pk], guard="one_alert_of_a_job_each")


def test_one_who_cannot_be_told_keeps_nobody_else_from_hearing(
    job: Job, amina: Person, luis: Person, priya: Person, poison: Callable[[str, str], None]
) -> None:
    first, *others = sorted((amina, luis, priya), key=lambda person: person.pk)
    for person in (first, *others):
        wish(person)
    poison("tasks_alert", f"NEW.person_id = {first.pk}")
    assert tell() == [(person.name, job.title) for person in others]


def test_the_best_paid_comes_first_and_no_more_than_asked_for(
    attack: Attack, new_job: Callable[..., Job], amina: Person, later: Later
) -> None:
    titles = ["Plain", "Better", "Best"]
    made = [new_job(title=title, pay=Decimal(pay)) for title, pay in zip(titles, ("0.09", "0.1", "0.2"), strict=True)]
    wish(amina, most_a_day=2)
    assert [tell(), tell(), tell()] == [[("Amina", "Best")], [("Amina", "Better")], []]
    attack(ALERT, [amina.pk, made[0].pk], guard="alerts_are_wished_for")


@pytest.mark.parametrize(
    ("terms", "comes"),
    [
        ({"kinds": ["product-match"]}, True), ({"kinds": ["compare-answers"]}, False),
        ({"more": Decimal(0)}, True), ({"more": Decimal("0.01")}, False),
    ],
    ids=str,
)  # fmt: skip
def test_only_what_fits_the_terms_comes(
    attack: Attack, job: Job, amina: Person, terms: dict[str, Any], *, comes: bool
) -> None:
    if "kinds" in terms:
        terms = {"kinds": WorkType.objects.filter(slug__in=terms["kinds"]).values_list("pk", flat=True)}
    if "more" in terms:
        (line,) = offers.on_the_board()
        terms = {"least_hourly": line.hourly + terms["more"]}
    wish(amina, **terms)
    assert bool(tell()) == comes
    if not comes:
        attack(ALERT, [amina.pk, job.pk], guard="alerts_are_wished_for")


def test_letters_come_in_the_hours_of_who_gets_them(attack: Attack, job: Job, amina: Person, later: Later) -> None:
    hour = clock.now().astimezone(ZoneInfo(amina.time_zone)).hour
    first = (hour + 2) % 22
    wish(amina, from_hour=first, until_hour=first + 1)
    assert tell() == []
    attack(ALERT, [amina.pk, job.pk], guard="alerts_are_wished_for")
    later(hours=(first - hour) % 24)
    assert tell() == [("Amina", job.title)]


def test_nobody_hears_of_what_they_could_not_take(
    orbit: Client, olga: Person, amina: Person, luis: Person, newcomer: Person, later: Later
) -> None:
    for one in (amina, olga, luis, newcomer):
        wish(one)
    hard = make_job(orbit, olga, title="Hard", content={"hate": "some"}, pay=Decimal("0.108"))
    calm = make_job(orbit, olga, title="Calm", tasks=1, overlap=2)
    work(calm, luis, SAME)
    assert tell() == [("Amina", "Calm")]
    jobs.close(hard, by=None, at=clock.now())
    later(hours=24)
    make_job(orbit, olga, title="Later")
    later(hours=24)
    assert tell() == []


def test_nobody_wishes_for_others_or_without_bounds(attack: Attack, amina: Person, luis: Person) -> None:
    with pytest.raises(Refused, match="Only you"):
        alerts.choose(amina, **TERMS, by=luis, at=clock.now())
    wish(amina)
    attack("UPDATE tasks_alertwish SET most_a_day = 11", guard="alerts_are_few")
    attack("UPDATE tasks_alertwish SET from_hour = 24", guard="alerts_come_in_hours_of_a_day")


def test_an_older_view_writes_none(committed: None, attack_from_the_past: Attack, job: Job, amina: Person) -> None:
    wish(amina)
    attack_from_the_past(ALERT, [amina.pk, job.pk], guard="alerts_are_wished_for")


def test_the_letter_names_the_job_and_the_way_out(job: Job, amina: Person, mailoutbox: list[EmailMessage]) -> None:
    wish(amina)
    tell()
    alerts.deliver(Alert.objects.get())
    (mail,) = mailoutbox
    assert mail.to == [amina.email]
    assert job.title in mail.subject
    assert f"/jobs/{job.pk}/" in mail.body
    assert "/me/alerts/" in mail.body


def test_one_chooses_on_a_page(amina: Person, signed_in: Callable[[Person], Browser]) -> None:
    browser = signed_in(amina)
    assert browser.get("/me/alerts/").status_code == 200
    kind = WorkType.objects.get(slug="product-match").pk
    sent = {
        "wanted": "on",
        "kinds": [kind],
        "least_hourly": "4.50",
        "from_hour": "9",
        "until_hour": "17",
        "most_a_day": "3",
    }
    assert browser.post("/me/alerts/", sent | {"until_hour": "9"}).status_code == 422
    assert browser.post("/me/alerts/", sent | {"most_a_day": "11"}).status_code == 422
    assert browser.post("/me/alerts/", sent).status_code == 302
    kept = alerts.of(amina)
    assert (kept.wanted, kept.kinds, kept.least_hourly) == (True, [kind], Decimal("4.5"))
    assert (kept.from_hour, kept.until_hour, kept.most_a_day) == (9, 17, 3)
