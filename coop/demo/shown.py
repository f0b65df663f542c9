"""The skill of the demonstration: worded by an officer, voted, with a paid test, and shown by a mathematician."""
# ruff: noqa: RUF001 - formulas

import uuid
from datetime import datetime

from coop import clock
from coop.people.models import Client, Person
from tasks import answers, claims, skills, testing
from tasks.models import Skill

WORDS = {
    "name": "Mathematics",
    "about": "You follow a **solution step by step**, at the level of the last school years, and see where it fails.",
    "name_es": "Matemáticas",
    "about_es": "Sigues una **solución paso a paso**, al nivel de los últimos años de escuela, y ves dónde falla.",
}
GUIDE = """\
Take a pen and paper. Each question has one right answer; after each you read at once whether yours was, and why. It is
paid either way.
"""
# Words, the answers that are offered, the right one, and why.
QUESTIONS = [
    ("2(x + 3) = 10. What is x?", ["2", "3.5", "7"], "2", "x + 3 = 5, so x = 2."),
    (
        "“All squares are rectangles. This is a rectangle. So it is a square.” Does the last sentence follow?",
        ["Yes", "No"], "No", "A rectangle need not be a square: the first sentence says nothing of it.",
    ),
    ("A price rises by 20 %, then falls by 20 %. What is it now?", ["As before", "4 % less", "4 % more"], "4 % less",
     "1.2 × 0.8 = 0.96."),
    ("Which is larger?", ["3/7", "4/9", "They are equal"], "4/9", "27/63 is less than 28/63."),
    ("√(9 + 16) is", ["7", "5", "12.5"], "5", "The root is of the sum, 25."),
    (
        "“a² = b², so a = b.” Is the step right?", ["Always", "Not always"], "Not always",
        "a = 1 and b = −1 have the same square.",
    ),
    ("How many different pairs can be made of 6 people?", ["12", "15", "30"], "15", "6 × 5 / 2 = 15."),
    ("A fair coin shows heads five times. How likely is tails next?", ["1/2", "More", "Less"], "1/2",
     "The throws do not depend on each other."),
    ("The sum of the first 20 whole numbers from 1 on is", ["200", "210", "400"], "210", "20 × 21 / 2 = 210."),
    ("x² − 5x + 6 = 0. The solutions are", ["2 and 3", "−2 and −3", "1 and 6"], "2 and 3", "(x − 2)(x − 3) = 0."),
    (
        "To show that a claim about all numbers is wrong, one needs", ["one example against it", "a proof for each"],
        "one example against it", "A single number for which it fails is enough.",
    ),
    ("If 3 workers need 8 hours, 4 who work as fast need", ["6 hours", "7 hours", "10 h 40 min"], "6 hours",
     "3 × 8 = 24 hours of work; 24 / 4 = 6."),
]  # fmt: skip


def word(officer: Person, *, at: datetime) -> Skill:
    """Let an officer word the skill."""
    return skills.define(Client.objects.get(is_cooperative=True), **WORDS, by=officer, at=at)


def mathematics(officer: Person, *, by: Person, at: datetime) -> Skill:
    """Return the skill, its test opened by an officer and passed by somebody."""
    skill = Skill.objects.get(name=WORDS["name"])
    test = testing.open_test(skill, guide=GUIDE, questions=QUESTIONS, by=officer, at=at)
    now = skills.terms()
    for _question in range(now.drawn if now else 0):
        taken = claims.claim_next(test, by=by, at=clock.now())
        known = (taken.task.gold or {})["value"]
        answers.submit(taken, value=known, key=uuid.uuid4(), seconds=95, by=by, at=clock.now())
    return skill
