"""Skills: what a job may ask of whoever takes it, shown in a paid test with known answers, and kept (N9).

The database counts what a test shows (`answers_to_tests_are_counted`) and asks for it when work is taken; this finds
the words. What passes a test, and when it may be taken again, is an instrument of qualification.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from django.db import connection, transaction
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL
from django.utils.translation import gettext as _

from coop.people.models import Client, Person
from coop.refusals import Refusal, refuse_if
from governance import offices
from governance.models import Right
from payments import instruments, ledger
from payments.models import Kind, WorkType
from tasks.models import SHOWN, Job, Sitting, Skill

RULE = "N9"
LONGEST_NAME, LONGEST = 60, 4_000
# The open tests that somebody may take or go on with, of each skill the oldest that has enough that is new to them.
MAY_SIT = """
SELECT DISTINCT ON (j.tests_id) j.tests_id, j.id FROM tasks_job j
WHERE j.tests_id IS NOT NULL AND j.opened_at IS NOT NULL AND j.closed_at IS NULL
    AND tasks_may_sit(%s, j.id, j.tests_id) ORDER BY j.tests_id, j.id
"""


@dataclass(frozen=True, slots=True)
class Terms:
    """How tests are passed that are begun now: `needed` right of `drawn` questions; again after `again`."""

    drawn: int
    needed: int
    again: timedelta


@dataclass(frozen=True, slots=True)
class Standing:
    """How somebody stands with a skill: their goes at its test, the newest first, and the test that they may take now.

    `opens` are the open jobs that ask for it.
    """

    skill: Skill
    sittings: list[Sitting]
    test: Job | None
    opens: list[Job]
    again_at: datetime | None

    @property
    def shown(self) -> Sitting | None:
        """Return the go that showed it, if one did."""
        return next((one for one in self.sittings if one.passed), None)

    @property
    def going(self) -> Sitting | None:
        """Return the go that has begun and is not over."""
        return next((one for one in self.sittings if one.ended_at is None), None)


def terms() -> Terms | None:
    """Return how tests are passed now; None where the members voted nothing on it."""
    said = instruments.latest(Kind.QUALIFICATION, instruments.SKILLS)
    if said is None:
        return None
    value = json.loads(said.value)
    return Terms(value["drawn"], value["right"], timedelta(days=value["again_days"]))


def standings(person: Person, *, at: datetime) -> list[Standing]:
    """Return how somebody stands with each skill there is; the same few queries, however many there are."""
    now = terms()
    mine, tests, opens = _sittings(person), _tests(person), _asked()
    return [
        Standing(skill, sat := mine.get(skill.pk, []), tests.get(skill.pk), opens.get(skill.pk, []),
                 _again(sat, now, at))
        for skill in Skill.objects.order_by("pk")
    ]  # fmt: skip


def standing(person: Person, skill: Skill, *, at: datetime) -> Standing:
    """Return how somebody stands with one skill."""
    return next(one for one in standings(person, at=at) if one.skill == skill)


def _sittings(person: Person) -> dict[int, list[Sitting]]:
    found: dict[int, list[Sitting]] = {}
    for one in Sitting.objects.filter(person=person).order_by("-pk"):
        found.setdefault(one.skill_id, []).append(one)
    return found


def _tests(person: Person) -> dict[int, Job]:
    with connection.cursor() as cursor:
        cursor.execute(MAY_SIT, [person.pk])
        named: Mapping[int, int] = dict(cursor.fetchall())
    jobs = Job.objects.select_related("work_type", "client").in_bulk(named.values()) if named else {}
    return {skill: jobs[number] for skill, number in named.items()}


def _asked() -> dict[int, list[Job]]:
    found: dict[int, list[Job]] = {}
    jobs = Job.objects.filter(asks__isnull=False, opened_at__isnull=False, closed_at=None)
    for job in jobs.only("title", "asks_id").order_by("-opened_at"):
        found.setdefault(cast("int", job.asks_id), []).append(job)
    return found


def _again(sittings: list[Sitting], now: Terms | None, at: datetime) -> datetime | None:
    """Return from when on somebody may take a test again who did not pass it; None if at once, or never needed."""
    ended = max((one.ended_at for one in sittings if one.ended_at), default=None)
    if ended is None or now is None or any(one.passed for one in sittings):
        return None
    again = ended + now.again
    return again if again > at else None


def has(person: Person, skill: Skill | int) -> bool:
    """Tell whether somebody has shown a skill."""
    return Sitting.objects.filter(SHOWN, person=person, skill=skill).exists()


def refusal(job: Job, *, by: Person, at: datetime) -> Refusal | None:
    """Say that a job asks for a skill that somebody has not shown, or why they cannot take its test now."""
    if job.asks_id and not has(by, job.asks_id):
        words = _("This job asks for the skill “%(skill)s”.") % {"skill": job.asks}
        return Refusal(words, RULE, _("Its test is paid whether you pass or not; it stands among the skills."))
    return _refusal_to_sit(job, by=by, at=at) if job.tests_id else None


def _refusal_to_sit(job: Job, *, by: Person, at: datetime) -> Refusal | None:
    sittings, now = _sittings(by).get(cast("int", job.tests_id), []), terms()
    if any(one.passed for one in sittings):
        return Refusal(_("You have shown this skill. It is yours for good."), RULE, status=409)
    if now is None:
        words = _("The members have not voted how tests are passed.")
        return Refusal(words, RULE, _("Any member can propose it."), status=409)
    if again := _again(sittings, now, at):
        words = _("You can take this test again from %(when)s UTC.")
        way = _("The questions will be others. What you were paid stays yours.")
        return Refusal(words % {"when": f"{again:%Y-%m-%d %H:%M}"}, RULE, way, status=409)
    asks = 1 if any(one.ended_at is None for one in sittings) else now.drawn
    if ledger.balance("fund:training") < asks * job.pay:
        words = _("The training fund cannot pay this test at this moment, and nobody takes one unpaid.")
        return Refusal(words, "E1", _("It fills with the fee on wages. What you were paid stays yours."), status=409)
    words = _("There are too few questions left that are new to you.")
    return Refusal(words, RULE, _("Ask in the assembly for another test of this skill."), status=409)


def to_ask(kind: WorkType | None = None) -> QuerySet[Skill]:
    """Return the skills of which somebody who comes new can take a test now; with a kind, that its jobs may ask for.

    Each with how many `holders` have shown it.
    """
    tested = Skill.objects.filter(pk__in=RawSQL("SELECT tasks_tested_skills()", []))
    voted = tested.filter(pk__in=RawSQL("SELECT tasks_may_ask(%s)", [kind.pk])) if kind else tested
    return voted.annotate(holders=RawSQL("tasks_holders(tasks_skill.id)", [])).order_by("pk")


def refusal_to_ask(skill: Skill | None, kind: WorkType) -> Refusal | None:
    """Say why a job of a kind cannot ask for a skill now; nothing where it asks for none, or as was voted."""
    if skill is None or to_ask(kind).filter(pk=skill.pk).exists():
        return None
    if to_ask().filter(pk=skill.pk).exists():
        words = _("Those who do this kind of work have not voted that its jobs may ask for the skill “%(skill)s”.")
        return Refusal(words % {"skill": skill}, RULE, _("Any member can propose it. Ask for none."), status=409)
    words = _("No test of the skill “%(skill)s” can be taken now, so nobody could show it.")
    return Refusal(words % {"skill": skill}, RULE, _("Ask for another, or for none."), status=409)


def refusal_to_define(person: Person, at: datetime) -> Refusal | None:
    """Say why somebody cannot put skills and their tests up; None for officers who handle what tests spend."""
    return offices.right_refusal(person, Right.MONEY, at)


@transaction.atomic
def define(house: Client, *, name: str, about: str, name_es: str, about_es: str, by: Person, at: datetime) -> Skill:
    """Word a skill in both languages, the descriptions in Markdown; it is never changed, as people will hold it.

    It counts for nothing before a test of it is open. The database asks for an officer too, and notes it in the record.
    Raise Refused for anybody but officers who handle money.
    """
    refuse_if(refusal_to_define(by, at))
    said = {"name": name.strip(), "about": about, "name_es": name_es.strip(), "about_es": about_es}
    return Skill.objects.create(client=house, **said, created_by=by)
