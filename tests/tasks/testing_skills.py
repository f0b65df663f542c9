"""A skill with its test, and how somebody takes it."""

from coop import clock
from coop.people.models import Person
from tasks import claims, testing
from tasks.models import Job, Sitting, Skill
from tests.tasks.conftest import hand_in

RIGHT, WRONG = "Yes", "No"
# Of the founding meeting: five are drawn, four right ones pass, again after seven days.
DRAWN, NEEDED, AGAIN = 5, 4, 7
QUESTIONS = [(f"Is {number} a number?", [RIGHT, WRONG], RIGHT, f"{number} is.") for number in range(1, 11)]
WORDS = {
    "name": "Mathematics", "about": "You check a **proof** line by line.",
    "name_es": "Matemáticas", "about_es": "Revisas una **demostración** línea por línea.",
}  # fmt: skip


def mathematics(petra: Person, *, questions: int = 10) -> Skill:
    """Return the skill of the demonstration, which its kinds of work may ask for, with a test that is open."""
    skill = Skill.objects.get(name=WORDS["name"])
    testing.open_test(skill, guide="Take your time.", questions=QUESTIONS[:questions], by=petra, at=clock.now())
    return skill


def exam(skill: Skill) -> Job:
    """Return the test of a skill."""
    return Job.objects.select_related("work_type", "client", "tests").get(tests=skill)


def sit(skill: Skill, who: Person, *, right: int = DRAWN, answers: int = DRAWN) -> Sitting:
    """Let somebody answer so many questions of a test, so many of them rightly, and return the go."""
    for number in range(answers):
        taken = claims.claim_next(exam(skill), by=who, at=clock.now())
        hand_in(taken, {"labels": [RIGHT if number < right else WRONG]})
    return Sitting.objects.filter(skill=skill, person=who).latest("pk")
