"""How far an emergency reaches: the smallest thing that is enough, and nothing beside it (part 6)."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test import Client as Browser

from coop import clock
from coop.people.models import Person
from coop.refusals import Refused
from governance import cases, lots, pauses, standing
from governance.models import Pause, PauseGround, PauseRequest, Reach
from payments.models import WorkType
from tasks.models import Job
from tests.governance.conftest import reach
from tests.governance.test_pauses import ASK, EVIDENCE, PAUSE, office_of

pytestmark = pytest.mark.django_db
type Attack = Callable[..., None]
type SignedIn = Callable[[Person], Browser]
WORD = "hazel-heron-hill"


def test_the_list_is_complete_and_the_smallest_stands_first(samuel: Person, signed_in: SignedIn) -> None:
    assert list(Reach) == ["session", "payout", "job", "project", "class", "work"]
    page = signed_in(samuel).get("/pauses/new/").text
    places = [page.index(f'value="{one}"') for one in Reach]
    assert places == sorted(places)
    for one in Reach:
        assert str(one.label) in page


def test_the_sign_ins_that_are_open_end_and_nothing_else(
    amina: Person, luis: Person, paused: Callable[..., Pause], signed_in: SignedIn
) -> None:
    taken_over, others = signed_in(amina), signed_in(luis)
    assert taken_over.get("/standing/").status_code == 200
    pause = paused(amina, scope="session", hours=72)
    pause.refresh_from_db()
    assert taken_over.get("/standing/").status_code == 302
    assert others.get("/standing/").status_code == 200
    amina.refresh_from_db()
    assert amina.signed_out_at == pause.starts_at
    at = clock.now()
    assert not [
        doing for doing in ("work", "claim:job:12", "review", "vote", "propose", "speak")
        if standing.refusal(amina, doing=doing, at=at)
    ]  # fmt: skip
    again = signed_in(amina).get("/standing/")
    assert "Your sign-ins were ended" in again.text
    assert "You can sign in anew at once" in signed_in(amina).get("/").text
    assert "New work is paused" not in again.text


def test_whoever_signs_in_anew_stays_signed_in(
    amina: Person, paused: Callable[..., Pause], signed_in: SignedIn
) -> None:
    paused(amina, scope="session")
    amina.refresh_from_db()
    anew = signed_in(amina)
    assert [anew.get("/standing/").status_code for _again in range(3)] == [200] * 3


def test_ending_sign_ins_takes_an_hour_of_the_seventy_two(
    amina: Person, asked: Callable[..., PauseRequest], samuel: Person, attack: Attack
) -> None:
    assert asked(amina, scope="session", hours=72).hours == 1
    said = [amina.pk, "account_taken_over", "session", "Two continents.", EVIDENCE, 2, office_of(samuel).pk]
    attack(ASK, said, guard="sign_ins_end_at_once")


def test_officers_end_the_sign_ins_of_five_members_in_72_hours(
    paused: Callable[..., Pause], asked: Callable[..., PauseRequest], teresa: Person, attack: Attack,
    later: Callable[..., datetime],
) -> None:  # fmt: skip
    people = list(Person.objects.filter(standings__status="member").exclude(offices__isnull=False)[:7])
    for person in people[:5]:
        paused(person, scope="session")
        later(hours=2)
    # Nobody's other pause waits for it, and none of these is one of theirs.
    paused(people[6], hours=72)
    request = asked(people[5], scope="session")
    with pytest.raises(Refused, match="The sign-ins of five members"):
        pauses.confirm(request, by=teresa, at=clock.now())
    attack(PAUSE, [office_of(teresa).pk, 1, request.pk], guard="pause_needs_two_officers")
    later(hours=62, minutes=1)
    request = asked(people[5], scope="session")
    assert pauses.confirm(request, by=teresa, at=clock.now()).pk == Pause.objects.latest("pk").pk


def again(person: Person, by: Person, number: int) -> PauseRequest:
    """Ask for the sign-ins of a person to end, on facts of its own."""
    return pauses.ask(
        person, ground=PauseGround.ACCOUNT_TAKEN_OVER, scope="session", reason="Again.",
        evidence=pauses.evidence_of(f"the log-ins of {person.pk}, {number}"), hours=1, by=by, at=clock.now(),
    )  # fmt: skip


def test_officers_end_the_sign_ins_of_one_member_twice_in_30_days(
    amina: Person, samuel: Person, teresa: Person, attack: Attack, later: Callable[..., datetime]
) -> None:
    for number in (1, 2):
        pauses.confirm(again(amina, teresa, number), by=samuel, at=clock.now())
        later(days=3)
    request = again(amina, teresa, 3)
    with pytest.raises(Refused, match="more than twice in 30 days"):
        pauses.confirm(request, by=samuel, at=clock.now())
    attack(PAUSE, [office_of(samuel).pk, 1, request.pk], guard="pause_needs_two_officers")
    later(days=24, minutes=1)
    assert pauses.confirm(again(amina, teresa, 4), by=samuel, at=clock.now()).pk


def test_nobody_else_ends_sign_ins_or_brings_them_back(
    amina: Person, luis: Person, paused: Callable[..., Pause], attack: Attack, later: Callable[..., datetime]
) -> None:
    write = "UPDATE people_person SET signed_out_at = %s WHERE id = %s"
    guard = "sign_ins_end_by_two_officers"
    attack(write, [clock.now(), luis.pk], guard=guard)
    paused(luis, hours=1)
    attack(write, [clock.now(), luis.pk], guard=guard)
    paused(amina, scope="session")
    first = Pause.objects.get(person=amina).starts_at
    attack(write, [None, amina.pk], guard=guard)
    attack(write, [first, luis.pk], guard=guard)
    attack(write, [first + timedelta(microseconds=1), amina.pk], guard=guard)
    attack(
        "INSERT INTO people_person (email, name, password, country, language, time_zone, display_currency,"
        " signed_out_at) VALUES ('x@y.example', 'X', '', '', 'en', 'UTC', 'USD', now())", guard=guard,
    )  # fmt: skip


def test_an_account_is_saved_as_ever_afterwards(amina: Person, paused: Callable[..., Pause]) -> None:
    """An older copy of the row is refused, as it would bring the sign-ins back."""
    paused(amina, scope="session")
    fresh = Person.objects.get(pk=amina.pk)
    fresh.name = "Amina W."
    fresh.save()
    assert Person.objects.get(pk=amina.pk).signed_out_at == fresh.signed_out_at


def test_one_officer_ends_nobodys_sign_ins(
    amina: Person, samuel: Person, asked: Callable[..., PauseRequest], attack: Attack, signed_in: SignedIn
) -> None:
    browser, request = signed_in(amina), asked(amina, scope="session")
    attack(PAUSE, [office_of(samuel).pk, 1, request.pk], guard="pause_needs_two_officers")
    assert browser.get("/standing/").status_code == 200


@pytest.mark.parametrize("scope", ["session:1", "payout", "everything", "vote", "roll", "record", "job:0", "class:"])
def test_no_other_thing_is_stopped(amina: Person, samuel: Person, attack: Attack, scope: str) -> None:
    said = [amina.pk, "data_leaving", scope, "Two continents.", EVIDENCE, 1, office_of(samuel).pk]
    attack(ASK, said, guard="pause_has_a_scope_of_the_list")


def test_a_panel_prolongs_what_stops_work_and_nothing_else(
    amina: Person, samuel: Person, paused: Callable[..., Pause], attack: Attack, signed_in: SignedIn
) -> None:
    pause = paused(amina, scope="session")
    with pytest.raises(Refused, match="Only a pause of work"):
        cases.open_emergency(pause, facts="It goes on.", seal=lots.seal(WORD), by=samuel, at=clock.now())
    assert f"/pauses/{pause.pk}/prolong/" not in signed_in(samuel).get("/pauses/").text
    for scope, guard in (("session", "charge_keeps_to_the_ladder"), ("work", "prolonging_keeps_the_scope")):
        attack(
            "INSERT INTO governance_case (kind, person_id, charged_by_id, office_id, pause_id, ground, facts,"
            " happened_from, happened_until, measure, scope, days, remedy, opened_at)"
            " SELECT 'emergency', person_id, %s, first_officer_id, id, '', 'x', coop_now(), coop_now(), 'prolong',"
            " %s, 9, '', now() FROM governance_pause WHERE id = %s", [samuel.pk, scope, pause.pk], guard=guard,
        )  # fmt: skip


def test_an_officer_names_a_kind_of_work_by_one_of_its_jobs(amina: Person, samuel: Person, signed_in: SignedIn) -> None:
    job = Job.objects.select_related("work_type").earliest("pk")
    kind = f"class:{WorkType.objects.get(pk=job.work_type_id).slug}"
    said = {
        "member": amina.email, "ground": "data_leaving", "reach": "class", "number": job.pk, "reason": "Copies.",
        "evidence": "what was seen", "hours": 3,
    }  # fmt: skip
    browser = signed_in(samuel)
    assert browser.post("/pauses/new/", said).status_code == 302
    assert PauseRequest.objects.get().scope == kind
    for change in ({"number": 10**9}, {"number": ""}, {"reach": "project"}, {"reach": "payout", "number": 10**9}):
        page = browser.post("/pauses/new/", said | change | {"evidence": str(change)})
        assert page.status_code == 200
        assert "There is no such payout" in page.text or "no payout of theirs" in page.text
    with connection.cursor() as cursor:
        cursor.execute("SELECT job FROM governance_jobs_in(%s) job", [kind])
        assert {number for (number,) in cursor} == set(
            Job.objects.filter(work_type=job.work_type_id).values_list("pk", flat=True)
        )


def test_where_to_look_for_a_scope() -> None:
    assert (pauses.scope_of("session", None), pauses.scope_of("work", 12)) == ("session", "work")
    assert (pauses.scope_of("payout", 12), pauses.scope_of("payout", None)) == ("payout:12", None)
    assert pauses.scope_of("job", 10**9) is None


def test_the_second_officer_reads_what_has_begun(
    amina: Person, teresa: Person, asked: Callable[..., PauseRequest], signed_in: SignedIn
) -> None:
    request = asked(amina, scope="session")
    page = signed_in(teresa).post(f"/pauses/{request.pk}/confirm/", follow=True).text
    assert "Every sign-in of the account has ended." in page
    assert "all sign-ins that were open" in page


def test_the_hour_of_a_sign_out_is_over_by_itself(
    amina: Person, paused: Callable[..., Pause], signed_in: SignedIn
) -> None:
    pause = paused(amina, scope="session")
    reach(pause.ends_at)
    assert pauses.running(amina, clock.now()) == []
    amina.refresh_from_db()
    assert "Pauses that are over" in signed_in(amina).get("/standing/").text
