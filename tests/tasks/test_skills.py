"""Skills: shown in a paid test, kept for good, asked for by a job; and nobody gives them or takes them away."""

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal

import psycopg
import pytest
from django.db import connection
from django.test import Client as Browser
from django.urls import reverse

from coop import clock
from coop.people import profile
from coop.people.models import Client, Person
from coop.refusals import Refused
from payments import instruments, ledger
from payments.models import Kind, WorkType
from tasks import badges, cards, claims, jobs, onboarding, reviews, skills, testing
from tasks.models import Assignment, Ground, Job, Review, ReviewRule, Sitting, Skill
from tests.tasks import orders, writing
from tests.tasks.conftest import SAME, hand_in, make_job, payable, work
from tests.tasks.test_api import NEW, program
from tests.tasks.test_badges import opened, verifier
from tests.tasks.test_client_pages import NEW as FILLED
from tests.tasks.test_instruments import DECIDE
from tests.tasks.test_promises import CLAIM, facts
from tests.tasks.test_work_pages import said
from tests.tasks.testing_skills import AGAIN, DRAWN, NEEDED, QUESTIONS, WORDS, exam, mathematics, sit

pytestmark = pytest.mark.django_db
type Attack = Callable[..., None]
type Later = Callable[..., datetime]
type SignedIn = Callable[[Person], Browser]

SITTING = """INSERT INTO tasks_sitting
    (skill_id, person_id, terms_id, drawn, needed, answered, correct, begun_at, ended_at)
SELECT %s, %s, id, 5, 4, %s, %s, coop_now(), CASE WHEN %s THEN coop_now() END
FROM payments_instrument WHERE kind = 'qualification' AND key = 'skills'"""


VOTED = """INSERT INTO payments_instrument (kind, key, version, value, mandate_id, since)
    SELECT 'qualification', 'skills', 2, %s, id, coop_now() FROM governance_mandate WHERE proposal_id IS NULL"""


@pytest.fixture
def voted(committed: None, superuser: psycopg.Connection) -> Callable[..., None]:
    """Return a function that lets the members have voted how tests are passed; without anything, have them not."""

    def vote(**said: object) -> None:
        superuser.execute("ALTER TABLE payments_instrument DISABLE TRIGGER USER")
        if said:
            superuser.execute(VOTED, [instruments.canonical(said)])
        else:
            superuser.execute("DELETE FROM payments_instrument WHERE kind = 'qualification' AND key = 'skills'")
        superuser.commit()

    return vote


@pytest.fixture
def refuses(committed: None, owner: psycopg.Connection) -> Callable[..., None]:
    """Return a function that asserts that not even the owner of the database may do something to a go at a test."""

    def attempt(statement: str, params: Sequence[object] = ()) -> None:
        with pytest.raises(psycopg.errors.CheckViolation) as caught:
            owner.execute(statement, params)
        owner.rollback()
        assert caught.value.diag.constraint_name == "skills_are_earned_in_tests"

    return attempt


@pytest.fixture
def skill(petra: Person) -> Skill:
    """Return Mathematics, whose test is open."""
    return mathematics(petra)


@pytest.fixture
def job(orbit: Client, olga: Person, skill: Skill) -> Job:
    """Return an open job that asks for it."""
    return make_job(orbit, olga, asks=skill)


def test_each_answer_of_a_test_is_paid_right_or_wrong(skill: Skill, priya: Person) -> None:
    before, fund = payable(priya), ledger.balance("fund:training")
    pay = exam(skill).pay
    for count in range(1, DRAWN + 1):
        assert not skills.has(priya, skill)
        sitting = sit(skill, priya, right=int(count > 1), answers=1)
        assert payable(priya) == before + count * pay
        assert (sitting.answered, sitting.correct, sitting.drawn, sitting.needed) == (count, count - 1, DRAWN, NEEDED)
    assert sitting.passed
    assert skills.has(priya, skill)
    assert ledger.balance("fund:training") == fund - DRAWN * pay
    assert [step.right for step in testing.steps(sitting)] == [False, True, True, True, True]


def test_who_does_not_pass_is_told_when_they_may_take_it_again_and_meets_other_questions(
    skill: Skill, amina: Person, later: Later
) -> None:
    first = sit(skill, amina, right=NEEDED - 1)
    assert not first.passed
    assert not skills.has(amina, skill)
    asked = {step.task.pk for step in testing.steps(first)}
    with pytest.raises(Refused, match="again from"):
        claims.claim_next(exam(skill), by=amina, at=clock.now())
    later(days=AGAIN, minutes=-1)
    assert skills.standing(amina, skill, at=clock.now()).test is None
    later(minutes=1)
    again = sit(skill, amina)
    assert again.passed
    assert not asked & {step.task.pk for step in testing.steps(again)}


def test_after_all_questions_a_further_test_takes_over(
    skill: Skill, amina: Person, petra: Person, later: Later
) -> None:
    for _go in range(2):
        sit(skill, amina, right=0)
        later(days=AGAIN)
    with pytest.raises(Refused, match="too few questions"):
        claims.claim_next(exam(skill), by=amina, at=clock.now())
    testing.open_test(skill, guide="More.", questions=QUESTIONS, by=petra, at=clock.now())
    test = skills.standing(amina, skill, at=clock.now()).test
    assert test is not None
    for _question in range(DRAWN):
        hand_in(claims.claim_next(test, by=amina, at=clock.now()), {"labels": ["Yes"]})
    assert skills.has(amina, skill)


def test_everybody_draws_others(skill: Skill, amina: Person, priya: Person, luis: Person) -> None:
    drawn = [[step.task.pk for step in testing.steps(sit(skill, who))] for who in (amina, priya, luis)]
    assert len({tuple(each) for each in drawn}) == 3
    assert all(len(set(each)) == DRAWN for each in drawn)


def test_who_has_it_is_not_tested_again_and_keeps_it_when_the_vote_asks_more(
    voted: Callable[..., None], skill: Skill, job: Job, priya: Person
) -> None:
    sit(skill, priya, right=NEEDED)
    with pytest.raises(Refused, match="yours for good"):
        claims.claim_next(exam(skill), by=priya, at=clock.now())
    voted(drawn=5, right=5, again_days=30)
    assert work(job, priya, SAME).pay == job.pay


def test_a_go_ends_on_the_terms_that_it_began_on(
    voted: Callable[..., None], skill: Skill, priya: Person, amina: Person
) -> None:
    sit(skill, priya, right=NEEDED, answers=1)
    voted(drawn=5, right=5, again_days=7)
    assert sit(skill, priya, right=NEEDED - 1, answers=DRAWN - 1).passed
    assert not sit(skill, amina, right=NEEDED).passed


def test_a_job_is_claimed_by_who_has_shown_its_skill_and_by_nobody_else(
    skill: Skill, job: Job, amina: Person, priya: Person, attack: Attack
) -> None:
    with pytest.raises(Refused, match="asks for the skill “Mathematics”") as refused:
        claims.claim_next(job, by=amina, at=clock.now())
    assert "paid whether you pass or not" in str(refused.value.refusal.appeal)
    sit(skill, priya)
    hers = claims.claim_next(job, by=priya, at=clock.now())
    attack(CLAIM, facts(hers, amina), guard="work_is_for_people_in_good_standing")


def test_an_applicant_joins_first(skill: Skill, newcomer: Person) -> None:
    with pytest.raises(Refused, match="after the onboarding"):
        claims.claim_next(exam(skill), by=newcomer, at=clock.now())


def test_its_test_is_no_onboarding(skill: Skill, newcomer: Person, priya: Person) -> None:
    assert exam(skill) not in onboarding.jobs()
    sit(skill, priya)
    assert not [badge for badge in badges.of(priya) if badge.total == len(QUESTIONS)]


def test_a_question_is_asked_once(skill: Skill, priya: Person) -> None:
    taken = claims.claim_next(exam(skill), by=priya, at=clock.now())
    with pytest.raises(Refused, match="asked once"):
        claims.skip(taken, by=priya, at=clock.now())


@pytest.mark.parametrize("passing", [True, False])
def test_the_site_gives_no_skill_and_takes_none_away(
    skill: Skill, priya: Person, amina: Person, attack: Attack, *, passing: bool
) -> None:
    attack(SITTING, [skill.pk, amina.pk, 5, 5 if passing else 0, passing], guard="permission denied")
    sit(skill, priya)
    attack("UPDATE tasks_sitting SET correct = 0", guard="permission denied")
    attack("DELETE FROM tasks_sitting", guard="permission denied")


def test_not_even_the_owner_gives_a_skill(refuses: Callable[..., None], skill: Skill, amina: Person) -> None:
    for answered, correct, ended in ((5, 5, True), (1, 1, False), (0, 0, False)):
        refuses(SITTING, [skill.pk, amina.pk, answered, correct, ended])
    sit(skill, amina, right=0, answers=2)
    refuses("UPDATE tasks_sitting SET correct = answered")
    refuses("UPDATE tasks_sitting SET answered = 5, correct = 5, ended_at = coop_now()")


def test_nor_takes_it_away(refuses: Callable[..., None], skill: Skill, priya: Person) -> None:
    sit(skill, priya)
    for change in (
        "correct = 0", "ended_at = ended_at + interval '1 hour'", "needed = 5", "answered = 4, ended_at = NULL",
        "person_id = (SELECT min(id) FROM people_person)", "begun_at = begun_at - interval '1 day'",
    ):  # fmt: skip
        refuses(f"UPDATE tasks_sitting SET {change}")


def test_what_was_taken_beside_a_go_that_ended_begins_none(skill: Skill, amina: Person, petra: Person) -> None:
    testing.open_test(skill, guide="Beside it.", questions=QUESTIONS, by=petra, at=clock.now())
    first, beside = Job.objects.filter(tests=skill).order_by("pk")
    also = claims.claim_next(beside, by=amina, at=clock.now())
    for _question in range(DRAWN):
        hand_in(claims.claim_next(first, by=amina, at=clock.now()), {"labels": ["No"]})
    hand_in(also, {"labels": ["Yes"]})
    also.refresh_from_db()
    assert also.state == "accepted"
    assert Sitting.objects.filter(person=amina).count() == 1


def test_two_tests_at_once_are_one_go(skill: Skill, amina: Person, petra: Person) -> None:
    testing.open_test(skill, guide="Beside it.", questions=QUESTIONS, by=petra, at=clock.now())
    for job in Job.objects.filter(tests=skill):
        hand_in(claims.claim_next(job, by=amina, at=clock.now()), {"labels": ["Yes"]})
    assert Sitting.objects.get(person=amina).answered == 2


def test_known_answers_come_with_the_test_and_none_after_it(skill: Skill, petra: Person, attack: Attack) -> None:
    known = """INSERT INTO tasks_task (job_id, position, external_id, data, gold, open_slots)
        SELECT id, 99, 'mine', '{"text": "?", "labels": ["Yes", "No"]}', '{"value": {"labels": ["Yes"]}}', overlap
        FROM tasks_job WHERE id = %s"""
    attack(known, [exam(skill).pk], guard="tasks_arrive_whole")
    attack("UPDATE tasks_task SET gold = NULL WHERE job_id = %s", [exam(skill).pk], guard="permission denied")


@pytest.mark.parametrize("questions", [DRAWN, 2 * DRAWN - 1, testing.MOST + 1])
def test_a_test_has_questions_for_a_second_go(petra: Person, questions: int) -> None:
    house = Client.objects.get(is_cooperative=True)
    made = skills.define(house, **WORDS, by=petra, at=clock.now())
    with pytest.raises(Refused, match="10 to 200 questions"):
        testing.open_test(made, guide="…", questions=QUESTIONS * 21 if questions > 10 else QUESTIONS[:questions],
                          by=petra, at=clock.now())  # fmt: skip


def test_the_database_opens_no_smaller_test_and_none_of_unknown_questions(
    skill: Skill, petra: Person, attack: Attack
) -> None:
    house = Client.objects.get(is_cooperative=True)
    with pytest.raises(Exception, match="known questions"):
        onboarding.with_known_answers(
            house, QUESTIONS[: 2 * DRAWN - 1], title="Small", guide="…", tests=skill, by=petra, at=clock.now()
        )


def test_only_officers_put_up_skills(amina: Person, orbit: Client, attack: Attack) -> None:
    house = Client.objects.get(is_cooperative=True)
    with pytest.raises(Refused, match="post"):
        skills.define(house, **WORDS, by=amina, at=clock.now())
    skill = """INSERT INTO tasks_skill (client_id, name, about, name_es, about_es, created_by_id)
        VALUES (%s, 'Loyal', 'To us.', %s, 'A nosotros.', %s)"""
    attack(skill, [orbit.pk, "Leal", amina.pk], guard="skills_are_worded_in_both_languages")
    attack(skill, [house.pk, " ", amina.pk], guard="skills_are_worded_in_both_languages")


def test_a_skill_stays_as_it_was_worded(skill: Skill, superuser: psycopg.Connection, attack: Attack) -> None:
    attack("UPDATE tasks_skill SET name = 'Other'", guard="permission denied")


def test_a_job_asks_for_nothing_that_nobody_can_show(
    skill: Skill, orbit: Client, olga: Person, petra: Person, attack: Attack
) -> None:
    house = Client.objects.get(is_cooperative=True)
    bare = skills.define(house, **WORDS, by=petra, at=clock.now())
    waiting = orders.ready(orbit, olga)
    Job.objects.filter(pk=waiting.pk).update(asks=bare)
    with pytest.raises(Refused, match="nobody could show it"):
        jobs.open(waiting, by=olga, at=clock.now())
    attack("UPDATE tasks_job SET opened_at = coop_now() WHERE id = %s", [waiting.pk], guard="skills_asked_are_tested")


def test_a_test_stays_open_as_long_as_a_job_asks_for_its_skill(
    skill: Skill, job: Job, petra: Person, attack: Attack
) -> None:
    close = "UPDATE tasks_job SET closed_at = coop_now() WHERE id = %s"
    attack(close, [exam(skill).pk], guard="skills_asked_are_tested")
    first = exam(skill).pk
    testing.open_test(skill, guide="Another.", questions=QUESTIONS, by=petra, at=clock.now())
    with connection.cursor() as cursor:
        cursor.execute(close, [first])
        cursor.execute(close, [job.pk])
        cursor.execute("UPDATE tasks_job SET closed_at = coop_now() WHERE tests_id = %s AND closed_at IS NULL",
                       [skill.pk])  # fmt: skip
    assert skill not in skills.to_ask()


def test_what_an_open_job_asks_for_does_not_change(job: Job, attack: Attack) -> None:
    attack("UPDATE tasks_job SET asks_id = NULL WHERE id = %s", [job.pk], guard="job_terms_are_frozen")
    attack("UPDATE tasks_job SET tests_id = NULL WHERE id = %s", [job.pk], guard="permission denied")


def test_a_clients_job_is_no_test(skill: Skill, orbit: Client, olga: Person, attack: Attack) -> None:
    with pytest.raises(Exception, match="known questions"):
        make_job(orbit, olga, tests=skill)


def test_a_house_without_the_vote_has_no_tests(voted: Callable[..., None], petra: Person) -> None:
    house = Client.objects.get(is_cooperative=True)
    made = skills.define(house, **WORDS, by=petra, at=clock.now())
    voted()
    with pytest.raises(Refused, match="not voted how tests"):
        testing.open_test(made, guide="…", questions=QUESTIONS, by=petra, at=clock.now())


def test_no_offer_is_counted_for_who_has_not_shown_it(job: Job, skill: Skill, amina: Person, priya: Person) -> None:
    sit(skill, priya)
    with connection.cursor() as cursor:
        cursor.execute("SELECT tasks_is_offered(%s, %s), tasks_is_offered(%s, %s)",
                       [amina.pk, job.pk, priya.pk, job.pk])  # fmt: skip
        assert cursor.fetchone() == (False, True)


def test_that_a_skill_was_shown_stands_in_the_record_and_that_it_was_not_does_not(
    skill: Skill, priya: Person, amina: Person
) -> None:
    sit(skill, amina, right=0)
    sit(skill, priya)
    with connection.cursor() as cursor:
        cursor.execute("SELECT actor_id FROM record_event WHERE kind = 'skills.shown' AND subject = %s",
                       [f"skill:{skill.pk}"])  # fmt: skip
        assert cursor.fetchall() == [(priya.pk,)]


def test_an_answer_that_nobody_accepted_shows_nothing(skill: Skill, amina: Person, attack: Attack) -> None:
    taken = claims.claim_next(exam(skill), by=amina, at=clock.now())
    review = (
        "INSERT INTO tasks_review (assignment_id, decision, ground, reason, place, at)"
        " VALUES (%s, 'accept', 'gold', '', '', coop_now())"
    )
    attack(review, [taken.pk], guard="reviews_are_made_by_others")
    assert not Review.objects.filter(assignment=taken).exists()
    assert not Sitting.objects.exists()


def test_a_member_without_the_skill_checks_no_answer_of_such_a_job(
    skill: Skill, orbit: Client, olga: Person, amina: Person, priya: Person, luis: Person, attack: Attack
) -> None:
    job = make_job(orbit, olga, asks=skill, review_rule=ReviewRule.PEER)
    sit(skill, priya)
    sit(skill, luis)
    hers = work(job, priya, SAME)
    assert hers not in reviews.waiting_for(amina, at=clock.now())
    assert hers in reviews.waiting_for(luis, at=clock.now())
    with pytest.raises(Refused, match="asks for the skill"):
        reviews.accept(hers, by=amina, at=clock.now())
    take = "INSERT INTO tasks_check (assignment_id, person_id, state) VALUES (%s, %s, 'open')"
    attack(take, [hers.pk, amina.pk], guard="checks_are_taken_by_others")
    assert reviews.accept(hers, by=luis, at=clock.now()).state == "accepted"


def test_the_card_that_is_kept_names_the_skill(skill: Skill, job: Job, priya: Person) -> None:
    sit(skill, priya)
    taken = claims.claim_next(job, by=priya, at=clock.now())
    assert cards.read(taken.card)["asks"] == {"skill": skill.pk, "name": "Mathematics"}


def test_a_program_asks_for_a_skill_by_its_number(skill: Skill, orbit: Client, olga: Person, petra: Person) -> None:
    call, _key = program(orbit, olga, ["read", "post"])
    (told,) = call("GET", "skills").json()
    assert (told["id"], told["name"], told["name_es"]) == (skill.pk, "Mathematics", "Matemáticas")
    made = call("POST", "jobs", {**NEW, "asks": told["id"]})
    assert (made.status_code, made.json()["asks"]) == (201, skill.pk)
    assert call("POST", "jobs", NEW).json()["asks"] is None
    bare = skills.define(Client.objects.get(is_cooperative=True), **WORDS, by=petra, at=clock.now())
    assert call("POST", "jobs", {**NEW, "asks": bare.pk}).status_code == 400


def test_a_badge_of_it_is_taken_along(skill: Skill, priya: Person, amina: Person, signed_in: SignedIn) -> None:
    sit(skill, priya, right=NEEDED)
    sit(skill, amina, right=1)
    badge = badges.of(priya)[-1]
    token = badges.token(priya, badge)
    found = verifier().verify(token)
    assert found.achievement.name == "Mathematics"
    assert "4 of 5 answers right" in str(opened(token)["credentialSubject"]["achievement"]["criteria"])
    address = f"/me/badges/skill-{skill.pk}.jwt"
    browser = signed_in(priya)
    assert browser.get(address).content.decode() == token
    assert "Mathematics" in said(browser.get("/me/badges/"))
    assert token in json.loads(browser.get("/me/data.json").content)["Open Badges 3.0"]
    assert signed_in(amina).get(address).status_code == 404


# Pages


def test_olga_asks_for_a_skill_where_she_says_how_answers_are_checked(
    skill: Skill, olga: Person, signed_in: SignedIn
) -> None:
    browser = signed_in(olga)
    draft = writing.begin(browser)
    assert "Mathematics" in said(browser.get(f"{draft}quality/"))
    assert writing.fill(browser, draft, FILLED | {"asks": str(skill.pk)}).status_code == 200
    browser.post(f"{draft}job/")
    assert Job.objects.latest("pk").asks == skill
    without = writing.begin(browser)
    assert writing.fill(browser, without, FILLED | {"asks": "999999"}).status_code == 400
    assert writing.fill(browser, without, FILLED | {"asks": ""}).status_code == 200
    browser.post(f"{without}job/")
    assert Job.objects.latest("pk").asks is None


def test_amina_reads_what_there_is_takes_the_test_and_works(
    skill: Skill, job: Job, amina: Person, signed_in: SignedIn
) -> None:
    browser = signed_in(amina)
    page = said(browser.get(reverse("tasks:skills")))
    assert "Mathematics" in page
    assert "5 questions for you; 4 right answers pass" in page
    assert "again after 7 days" in page
    assert "US$1.50 in all, pass or fail" in page.replace("$ ", "$")
    assert job.title in page
    shut = said(browser.get(reverse("tasks:job", args=[job.pk])))
    assert "asks for the skill “Mathematics”" in shut
    assert "See the test" in shut
    assert "Asks for a skill" in said(browser.get(reverse("tasks:jobs")))
    test = reverse("tasks:skill", args=[skill.pk])
    assert "Accept this rate and start" in said(browser.get(test))
    browser.post(reverse("tasks:claim", args=[exam(skill).pk]))
    for number in range(1, DRAWN + 1):
        mine = Assignment.objects.get(person=amina, job=exam(skill), state="claimed")
        assert "Skip (no penalty)" not in said(browser.get(reverse("tasks:task", args=[mine.pk])))
        sent = browser.post(
            reverse("tasks:task", args=[mine.pk]), {"label": "Yes", "key": f"{number:032x}"}, follow=True
        )
    assert sent.redirect_chain == [(test, 302)]
    assert "It is yours for good" in said(sent)
    assert "You have it" in said(browser.get(reverse("tasks:skills")))
    assert "Accept this rate and start" in said(browser.get(reverse("tasks:job", args=[job.pk])))


def test_work_that_opens_with_work_says_how_far_one_is(
    committed: None, owner: psycopg.Connection, orbit: Client, olga: Person, amina: Person, signed_in: SignedIn
) -> None:
    matching, comparing = (WorkType.objects.get(slug=slug) for slug in ("product-match", "compare-answers"))
    needs = instruments.canonical({"of": matching.pk, "units": 2})
    owner.execute(DECIDE, [Kind.QUALIFICATION, f"work_type:{comparing.pk}", needs])
    owner.commit()
    page, browser = reverse("tasks:skills"), signed_in(amina)
    assert "after 2 accepted answers of “Compare products”: you have 0" in said(browser.get(page))
    job = make_job(orbit, olga, overlap=1)
    for number in (1, 2):
        hers = work(job, amina, SAME)
        reviews.accept(hers, by=olga, at=clock.now(), ground=Ground.CLIENT)
        assert f"you have {number}" in said(browser.get(page))
    assert "open to you" in said(browser.get(page))


def test_who_did_not_pass_reads_why_and_when(skill: Skill, amina: Person, signed_in: SignedIn) -> None:
    sit(skill, amina, right=1)
    page = said(signed_in(amina).get(reverse("tasks:skill", args=[skill.pk])))
    assert "1 of 5 right; 4 were needed" in page
    assert "not right" in page
    assert "again from" in page


def test_luis_reads_it_in_spanish(skill: Skill, luis: Person, signed_in: SignedIn) -> None:
    profile.change(luis, by=luis, at=clock.now(), language="es")
    page = said(signed_in(luis).get(reverse("tasks:skills")))
    assert "Matemáticas" in page
    assert "solución" in page


def test_petra_puts_a_skill_up_and_a_further_test(petra: Person, amina: Person, signed_in: SignedIn) -> None:
    browser, desk = signed_in(petra), reverse("tasks:skills_desk")
    asked = "\n\n".join(f"{words}\n* {right}\n- No\n= {why}" for words, _labels, right, why in QUESTIONS)
    form = {**WORDS, "guide": "Read first.", "asked": asked}
    assert "10 to 200 questions" in said(browser.post(desk, {**form, "asked": asked.split("\n\n", maxsplit=1)[0]}))
    before = Skill.objects.count()
    assert "Matemáticas" in said(browser.post(desk, form, follow=True))
    made = Skill.objects.latest("pk")
    assert Skill.objects.count() == before + 1
    further = reverse("tasks:skill_further", args=[made.pk])
    assert browser.get(further).status_code == 200
    assert browser.post(further, {"guide": "More.", "asked": asked}).status_code == 302
    assert Job.objects.filter(tests=made, opened_at__isnull=False).count() == 2
    assert signed_in(amina).get(desk).status_code == 403
    assert signed_in(amina).get(further).status_code == 403


def test_a_visitor_signs_in_first(skill: Skill, client: Browser) -> None:
    for address in (reverse("tasks:skills"), reverse("tasks:skill", args=[skill.pk])):
        assert client.get(address).status_code == 302


def test_the_pay_of_a_test_is_the_voted_one(skill: Skill) -> None:
    assert exam(skill).pay == Decimal("0.3")
