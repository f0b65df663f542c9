"""Tests of skills: a job of the cooperative with known answers, each paid right or wrong, as onboarding is (E6)."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from coop.people.models import Person
from coop.refusals import Refusal, refuse_if
from tasks import onboarding, skills
from tasks.models import Answer, AssignmentState, Job, Sitting, Skill
from tasks.onboarding import Step

# More than these nobody writes at once; another test of the same skill takes further ones.
MOST = 200


def fewest() -> int:
    """Return how many questions a test needs at least, so that who did not pass meets others; 0 before the vote."""
    now = skills.terms()
    return 2 * now.drawn if now else 0


def refusal_to_open(questions: int) -> Refusal | None:
    """Say why a test of so many questions cannot open, or nothing."""
    least = fewest()
    if not least:
        words = _("The members have not voted how tests are passed.")
        return Refusal(words, skills.RULE, _("Any member can propose it."), status=409)
    if not least <= questions <= MOST:
        words = _("A test has %(least)d to %(most)d questions: who does not pass meets others the next time.")
        return Refusal(words % {"least": least, "most": MOST}, status=422)
    return None


@transaction.atomic
def open_test(
    skill: Skill, *, guide: str, questions: Iterable[tuple[str, list[str], str, str]], by: Person, at: datetime
) -> Job:
    """Open a test of a skill: questions with their labels, the right one, and why it is right.

    Each go draws some of them anew. Each answer pays the voted rate of the work type `onboarding`, from the training
    fund, also after a raise. The database asks for an officer and one right answer too, and notes it in the record.
    Raise Refused for anybody but officers who handle money, and for too few questions.
    """
    asked = list(questions)
    refuse_if(skills.refusal_to_define(by, at) or refusal_to_open(len(asked)))
    return onboarding.with_known_answers(
        skill.client, asked, title=skill.name, guide=guide, tests=skill, by=by, at=at
    )  # fmt: skip


def steps(sitting: Sitting) -> list[Step]:
    """Return the answers of a go, in their order, each with whether it was right, and why."""
    given = Answer.objects.filter(
        assignment__job__tests=sitting.skill_id, assignment__person=sitting.person_id,
        assignment__state=AssignmentState.ACCEPTED, assignment__claimed_at__gte=sitting.begun_at,
    )  # fmt: skip
    given = given.filter(at__lte=sitting.ended_at) if sitting.ended_at else given
    return onboarding.steps_of(given)
