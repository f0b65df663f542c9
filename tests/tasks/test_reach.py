"""An emergency closes a job, the jobs of a project or those of a kind of work, and the rest stays open (part 6)."""

from collections.abc import Callable, Mapping
from decimal import Decimal

import pytest

from coop import clock
from coop.audit import access
from coop.people.models import Client, Person
from coop.refusals import Refused
from governance import cases, lots, pauses, standing
from governance.models import Measure, Pause, PauseGround, Restriction, TurnedAway
from payments.models import WorkType
from tasks import claims, reviews, shut_out
from tasks import reach as scopes
from tasks.models import Job, Lot, Project, ReviewRule
from tests.conftest import person
from tests.governance import charging
from tests.governance.conftest import reach
from tests.tasks.conftest import SAME, make_job, work
from tests.tasks.test_promises import CLAIM, facts

pytestmark = pytest.mark.django_db
type Attack = Callable[..., None]
type Jobs = Mapping[str, Job]
TAKE = "INSERT INTO tasks_check (assignment_id, person_id, state) VALUES (%s, %s, 'open')"
# What each scope closes.
REACHED = {
    "job": {"mine"}, "project": {"mine", "sister"}, "class": {"mine", "sister", "alike"},
    "work": {"mine", "sister", "alike", "other"},
}  # fmt: skip


@pytest.fixture
def jobs(orbit: Client, olga: Person) -> Jobs:
    """Return two jobs of one project, one like them outside it, and one of another kind of work."""
    alike = {
        name: make_job(orbit, olga, review_rule=ReviewRule.PEER, overlap=2) for name in ("mine", "sister", "alike")
    }
    project = Project.objects.create(
        client=orbit, test=False, name="Pairs", kind="categorization", created_at=clock.now()
    )
    for name in ("mine", "sister"):
        Lot.objects.create(job=alike[name], project=project, digest=name)
    kind = WorkType.objects.get(slug="compare-answers")
    form = {"question": "Which answer is better?", "min_reason": 10}
    return alike | {"other": make_job(orbit, olga, work_type=kind, form=form, pay=Decimal(1))}


def paused(who: Person, jobs: Jobs, far: str) -> Pause:
    scope = pauses.scope_of(far, jobs["mine"].pk)
    assert scope
    asked = pauses.ask(
        who, ground=PauseGround.DATA_LEAVING, scope=scope, reason="Copies leave.", hours=72, by=person("samuel"),
        evidence=pauses.evidence_of(f"{who.pk} {far}"), at=clock.now(),
    )  # fmt: skip
    return pauses.confirm(asked, by=person("teresa"), at=clock.now())


def closed(who: Person, jobs: Jobs) -> set[str]:
    return {name for name, job in jobs.items() if claims.refusal(job, by=who, at=clock.now())}


@pytest.mark.parametrize("far", REACHED)
def test_each_scope_closes_what_it_says_and_ends_by_itself(jobs: Jobs, amina: Person, far: str) -> None:
    pause = paused(amina, jobs, far)
    assert closed(amina, jobs) == REACHED[far]
    no = claims.refusal(jobs["mine"], by=amina, at=clock.now())
    assert no
    assert "New work is paused for you" in str(no)
    reach(pause.ends_at)
    assert closed(amina, jobs) == set()


@pytest.mark.parametrize("far", REACHED)
def test_the_database_refuses_a_claim_whoever_writes_it(
    jobs: Jobs, amina: Person, luis: Person, far: str, attack: Attack
) -> None:
    like = {name: claims.claim_next(job, by=luis, at=clock.now()) for name, job in jobs.items()}
    paused(amina, jobs, far)
    for name in sorted(REACHED[far]):
        attack(CLAIM, facts(like[name], amina), guard="work_is_for_people_in_good_standing")


@pytest.mark.parametrize("far", REACHED)
def test_nobody_checks_what_is_closed_to_them(
    jobs: Jobs, amina: Person, luis: Person, far: str, attack: Attack
) -> None:
    mine = work(jobs["mine"], luis, SAME)
    paused(amina, jobs, far)
    with pytest.raises(Refused, match="New work is paused"):
        reviews.accept(mine, by=amina, at=clock.now())
    assert not reviews.waiting_for(amina, at=clock.now()).exists() or far == "work"
    attack(TAKE, [mine.pk, amina.pk], guard="checks_are_taken_by_others")


@pytest.mark.parametrize("far", REACHED)
def test_a_refusal_is_kept_with_the_pause_that_stood_in_the_way(jobs: Jobs, amina: Person, far: str) -> None:
    pause, at = paused(amina, jobs, far), clock.now()
    shut_out.kept(claims.refusal(jobs["mine"], by=amina, at=at), job=jobs["mine"], by=amina, at=at)
    kept = TurnedAway.objects.get(person=amina)
    assert (kept.ground, kept.row, kept.job) == ("pause", pause.pk, jobs["mine"].pk)
    assert not [str(one) for one in access.walk(lambda _steps: None) if one.row.startswith("governance_turnedaway")]


@pytest.mark.parametrize("far", ["project", "class"])
def test_a_panel_of_three_prolongs_it_as_far_as_it_reached(
    jobs: Jobs, amina: Person, petra: Person, far: str, attack: Attack, luis: Person
) -> None:
    like = claims.claim_next(jobs["sister"], by=luis, at=clock.now())
    pause = paused(amina, jobs, far)
    case = cases.open_emergency(
        pause, facts="It goes on.", seal=lots.seal("hazel-heron-hill"), by=person("samuel"), at=clock.now()
    )
    panel = case.panels.get()
    charging.seat(panel, amina, petra)
    charging.agree(panel, charging.finding(case, measure=Measure.PROLONG, scope=pause.scope, days=14))
    reach(pause.ends_at)
    assert Restriction.objects.get().scope == pause.scope
    assert closed(amina, jobs) == REACHED[far]
    attack(CLAIM, facts(like, amina), guard="work_is_for_people_in_good_standing")


def test_a_job_says_by_what_it_can_be_reached(jobs: Jobs, orbit: Client) -> None:
    mine, alone = jobs["mine"], jobs["alike"]
    told = f"job:{mine.pk}:client:{orbit.pk}:tier:general:class:product-match"
    assert scopes.all_scopes(mine) == f"{told}:project:{mine.lot.project_id}"
    assert "project" not in scopes.all_scopes(alone)
    assert pauses.scope_of("project", alone.pk) is None
    assert standing.refusal(person("amina"), doing=f"claim:{scopes.all_scopes(mine)}", at=clock.now()) is None
