"""Whom the site turns away from work is kept beside what stood in the way; where nothing did, it is found (A9)."""

from collections.abc import Callable
from datetime import datetime, timedelta

import psycopg
import pytest
from django.db import connection
from django.test import Client as Browser

from coop import clock
from coop.audit import access
from coop.people.models import Person
from coop.refusals import Refusal
from governance import pauses, turned_away
from governance.models import Case, Equivalent, Measure, Pause, PauseGround, TurnedAway, TurnedFrom
from tasks import claims, halts, jobs, offers, shut_out, watch
from tasks.models import Job
from tasks.terms import Offer
from tests.governance import charging
from tests.tasks.conftest import SAME, work
from tests.tasks.test_races import at_once

pytestmark = pytest.mark.django_db
type Attack = Callable[..., None]
type Later = Callable[..., datetime]
type NewJob = Callable[..., Job]
type SignedIn = Callable[[Person], Browser]
INTO = "INSERT INTO governance_turnedaway (person_id, act, job, rule, ground, row, at)"
CASE = """INSERT INTO governance_case (kind, person_id, ground, facts, happened_from, happened_until, measure, scope,
    days, remedy, opened_at) VALUES ('equivalent', %s, %s, 'It happened.', coop_now(), coop_now(), 'nothing', '', 0, '',
    coop_now())"""


def kept(person: Person) -> list[tuple[str, int | None, str]]:
    """Return what a person was turned away from, oldest first, with the ground."""
    rows = TurnedAway.objects.filter(person=person).order_by("pk")
    return [(one.act, one.job, f"{one.ground}:{one.row}" if one.ground else "") for one in rows]


def audited() -> list[str]:
    """Return what the walk over refusals finds that is certain."""
    return [str(finding) for finding in access.walk(lambda _rows: None) if finding.certain]


@pytest.fixture
def denied(monkeypatch: pytest.MonkeyPatch, amina: Person) -> None:
    """Change the policy in the running program: Amina may do nothing any more, as if no task were left (A9)."""
    answers = claims._refusal  # noqa: SLF001 - whoever owns the program owns this too

    def deny(job: Job, terms: Offer, by: Person, at: datetime) -> Refusal | None:
        return Refusal("No task is left.", status=409) if by.pk == amina.pk else answers(job, terms, by, at)

    monkeypatch.setattr(claims, "_refusal", deny)


def pause(person: Person, asks: Person, confirms: Person) -> Pause:
    request = pauses.ask(
        person, ground=PauseGround.ACCOUNT_TAKEN_OVER, scope="work", reason="Two continents at once.",
        evidence=pauses.evidence_of("log-ins"), hours=24, by=asks, at=clock.now(),
    )  # fmt: skip
    return pauses.confirm(request, by=confirms, at=clock.now())


@pytest.mark.usefixtures("denied")
def test_a_program_that_denies_one_member_is_found_by_the_audit_and_opens_a_case_after_14_days(
    job: Job, amina: Person, luis: Person, later: Later, signed_in: SignedIn
) -> None:
    browser = signed_in(amina)
    assert "No task is left." in browser.get(f"/jobs/{job.pk}/").text
    assert browser.post(f"/jobs/{job.pk}/claim/").status_code == 409
    assert kept(amina) == [("claim", job.pk, "")]
    assert audited() == []  # once may be others who were faster
    later(hours=2)
    assert browser.post(f"/jobs/{job.pk}/claim/").status_code == 409
    assert len(audited()) == len(kept(amina)) == 2
    assert f"turned person {amina.pk} away (claim job {job.pk}), and no row stood in the way" in audited()[0]
    assert "Nothing stood in the way." in browser.get("/standing/").text
    work(job, luis, SAME)
    assert watch.look(at=later(days=13)) == 0
    work(job, luis, SAME)
    assert watch.look(at=later(days=1)) == 1
    assert Case.objects.get(person=amina).ground == Equivalent.NO_OFFERS


@pytest.mark.usefixtures("denied")
def test_who_worked_before_and_is_denied_since_has_a_case_though_tasks_are_left(
    job: Job, amina: Person, luis: Person, later: Later, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before:
        before.setattr(claims, "_refusal", lambda *_asked: None)
        work(job, amina, SAME)
    later(days=2)
    signed_in(amina).get(f"/jobs/{job.pk}/")
    later(days=13)
    work(job, luis, SAME)
    assert watch.look(at=clock.now()) == 1
    assert Case.objects.get(person=amina).ground == Equivalent.NO_OFFERS


def test_an_emptied_list_of_jobs_is_kept_and_opens_a_case(
    job: Job, amina: Person, luis: Person, later: Later, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = offers.on_the_board

    def emptied(*, calm: bool = False, by: Person | None = None) -> list[offers.Offered]:
        return [] if by and by.pk == amina.pk else shown(calm=calm, by=by)

    monkeypatch.setattr(offers, "on_the_board", emptied)
    assert job.title not in signed_in(amina).get("/jobs/").text
    assert job.title in signed_in(luis).get("/jobs/").text
    assert (kept(amina), kept(luis)) == ([("board", None, "")], [])
    later(days=14, minutes=1)
    work(job, luis, SAME)
    assert watch.look(at=clock.now()) == 1
    assert Case.objects.get(person=amina).ground == Equivalent.NO_OFFERS


def test_who_was_turned_away_once_and_took_a_task_since_has_no_case(
    job: Job, amina: Person, luis: Person, later: Later, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(offers, "on_the_board", lambda **_asked: [])
        signed_in(amina).get("/jobs/")
    assert kept(amina) == [("board", None, "")]
    later(hours=1)
    work(job, amina, SAME)
    later(days=15)
    work(job, luis, SAME)
    assert watch.look(at=clock.now()) == 0


def test_an_honest_refusal_names_the_row_that_stands_in_the_way(
    job: Job, amina: Person, samuel: Person, teresa: Person, signed_in: SignedIn, later: Later
) -> None:
    running = pause(amina, samuel, teresa)
    signed_in(amina).get(f"/jobs/{job.pk}/")
    signed_in(amina).get("/jobs/")
    assert kept(amina) == [("claim", job.pk, f"pause:{running.pk}")]
    assert "an emergency pause (pause:" in signed_in(amina).get("/standing/").text
    later(hours=25)
    decision = charging.climb(amina, samuel, teresa, to=Measure.LIMIT)
    clock.advance(decision.restriction.starts_at - clock.now())
    signed_in(amina).get(f"/jobs/{job.pk}/")
    assert audited() == []


def test_what_the_job_itself_explains_is_not_kept(
    job: Job, new_job: NewJob, amina: Person, luis: Person, olga: Person, signed_in: SignedIn, attack: Attack
) -> None:
    gone, halted = new_job(title="Gone", tasks=1, overlap=1), new_job(title="Halted")
    work(gone, luis, SAME)
    halts.begin(halted, reason="The photographs are mixed up.", by=olga, at=clock.now())
    jobs.close(job, by=olga, at=clock.now())
    for one in (gone, halted, job):
        assert signed_in(amina).post(f"/jobs/{one.pk}/claim/").status_code == 409
        attack(
            f"{INTO} VALUES (%s, 'claim', %s, '', '', NULL, now())", [amina.pk, one.pk],
            guard="turned_away_is_what_the_rows_say",
        )  # fmt: skip
    signed_in(amina).get("/jobs/")
    assert kept(amina) == []


NOTE = f"{INTO} VALUES (%s, 'claim', %s, '', '', NULL, now())"


def test_nobody_floods_the_record_with_one_refusal(
    job: Job, new_job: NewJob, amina: Person, luis: Person, attack: Attack, later: Later
) -> None:
    """Twice within 14 days is certain to an auditor, so that twice in a moment must be no accident and no forgery."""
    with connection.cursor() as cursor:
        cursor.execute(NOTE, [amina.pk, job.pk])
    attack(NOTE, [amina.pk, job.pk], guard="turned_away_is_what_the_rows_say")
    later(minutes=59)
    attack(NOTE, [amina.pk, job.pk], guard="turned_away_is_what_the_rows_say")
    with connection.cursor() as cursor:
        for person, one in ((amina, new_job(title="Another")), (luis, job)):
            cursor.execute(NOTE, [person.pk, one.pk])
    later(minutes=2)
    with connection.cursor() as cursor:
        cursor.execute(NOTE, [amina.pk, job.pk])
    assert len(kept(amina)) == 3


@pytest.mark.usefixtures("denied")
def test_a_lawful_refusal_hides_none_that_follows_it_within_the_hour(
    job: Job, amina: Person, samuel: Person, teresa: Person, signed_in: SignedIn, later: Later
) -> None:
    request = pauses.ask(
        amina, ground=PauseGround.ACCOUNT_TAKEN_OVER, scope="work", reason="Two continents at once.",
        evidence=pauses.evidence_of("log-ins"), hours=1, by=samuel, at=clock.now(),
    )  # fmt: skip
    running = pauses.confirm(request, by=teresa, at=clock.now())
    later(minutes=50)
    for _click in range(2):
        signed_in(amina).get(f"/jobs/{job.pk}/")
    later(minutes=12)
    signed_in(amina).get(f"/jobs/{job.pk}/")
    assert kept(amina) == [("claim", job.pk, f"pause:{running.pk}"), ("claim", job.pk, "")]


def test_two_clicks_of_a_moment_are_one_refusal(committed: None, job: Job, amina: Person) -> None:
    noted = at_once(*[lambda: turned_away.note(amina, TurnedFrom.CLAIM, job=job.pk, at=clock.now())] * 2)
    assert sorted(map(bool, noted)) == [False, True]
    assert len(kept(amina)) == 1


def test_whoever_sends_another_card_is_not_turned_away(job: Job, amina: Person, signed_in: SignedIn) -> None:
    refused = signed_in(amina).post(f"/jobs/{job.pk}/claim/", {"card": "x"})
    assert refused.status_code == 409
    assert "The terms of this job changed" in refused.text
    assert kept(amina) == []


def test_a_list_that_was_cut_before_jobs_were_taken_out_of_it_is_no_emptied_one(
    job: Job, new_job: NewJob, amina: Person, luis: Person, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    new_job(title="Shown", tasks=1)
    work(new_job(title="Gone", tasks=1, overlap=1), luis, SAME)
    monkeypatch.setattr(offers, "LISTED", 2)
    monkeypatch.setattr(shut_out, "NEWEST", 1)
    page = signed_in(amina).get("/jobs/").text
    assert "Shown" in page
    assert job.title not in page
    assert kept(amina) == []
    monkeypatch.setattr(offers, "on_the_board", lambda **_asked: [])
    new_job(title="Hidden")
    signed_in(amina).get("/jobs/")
    assert kept(amina) == [("board", None, "")]


@pytest.mark.parametrize(("apart", "found"), [({"days": 13, "hours": 23}, 2), ({"days": 14, "hours": 1}, 0)])
def test_two_accidents_are_no_finding_and_the_same_refusal_again_is(
    job: Job, new_job: NewJob, amina: Person, later: Later, apart: dict[str, int], found: int
) -> None:
    other = new_job(title="Other")
    for number in (job.pk, other.pk):
        assert turned_away.note(amina, TurnedFrom.CLAIM, job=number, at=clock.now())
    assert audited() == []
    assert turned_away.note(amina, TurnedFrom.CLAIM, job=job.pk, at=later(**apart))
    assert len(audited()) == found


def test_a_closed_region_is_the_vote_that_closed_it(
    committed: None, job: Job, amina: Person, signed_in: SignedIn, owner: psycopg.Connection
) -> None:
    row = owner.execute(
        "INSERT INTO payments_instrument (kind, key, version, value, mandate_id, since)"
        " SELECT 'region', 'country:KE', 1, '{\"open\":false}', id, coop_now() FROM governance_mandate"
        " WHERE proposal_id IS NULL RETURNING id"
    ).fetchone()
    owner.commit()
    assert signed_in(amina).post(f"/jobs/{job.pk}/claim/").status_code == 403
    assert row
    assert kept(amina) == [("claim", job.pk, f"instrument:{row[0]}")]
    assert audited() == []


def test_the_web_role_invents_no_ground_and_takes_none_away(
    job: Job, amina: Person, samuel: Person, teresa: Person, attack: Attack
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"{INTO} VALUES (%s, 'claim', %s, '', 'pause', 5, now() - interval '9 days')", [amina.pk, job.pk]
        )
    assert kept(amina) == [("claim", job.pk, "")]
    assert TurnedAway.objects.get().at > clock.now() - timedelta(minutes=1)
    attack("UPDATE governance_turnedaway SET ground = 'pause'", guard="permission denied")
    attack("DELETE FROM governance_turnedaway", guard="permission denied")
    for act, number, guard in (
        ("board", job.pk, "turned_away_from_what_is_known"),
        ("claim", None, "turned_away_is_what_the_rows_say"),
        ("vote", None, "turned_away_is_what_the_rows_say"),
    ):
        attack(f"{INTO} VALUES (%s, %s, %s, '', '', NULL, now())", [amina.pk, act, number], guard=guard)
    running = pause(amina, samuel, teresa)
    with connection.cursor() as cursor:
        cursor.execute(f"{INTO} VALUES (%s, 'claim', %s, '', '', NULL, now())", [amina.pk, job.pk])
    assert kept(amina)[1:] == [("claim", job.pk, f"pause:{running.pk}")]


@pytest.mark.parametrize("ground", Equivalent.values)
def test_nobody_opens_a_case_like_a_ban_of_which_the_rows_show_nothing(
    job: Job, amina: Person, luis: Person, attack: Attack, ground: str
) -> None:
    work(job, amina, SAME)
    work(job, luis, SAME)
    attack(CASE, [amina.pk, ground], guard="equivalents_stand_on_facts")


@pytest.mark.usefixtures("committed")
def test_an_older_view_keeps_no_refusal(attack_from_the_past: Attack, job: Job, amina: Person) -> None:
    attack_from_the_past(
        f"{INTO} VALUES (%s, 'claim', %s, '', '', NULL, now())", [amina.pk, job.pk],
        guard="turned_away_is_what_the_rows_say",
    )  # fmt: skip
