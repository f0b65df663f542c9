"""What can be wrong with a file that lies elsewhere, in words."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy

from coop import door
from coop.refusals import Text
from tasks import unfit

PROBLEMS: Mapping[str, Text] = {
    **unfit.PROBLEMS,
    "archive": gettext_lazy("It is a zip. Name each file by an address of its own."),
}

# One of them by its name, with the facts its words need.
type Problem = dict[str, Any]


def of_door(why: door.Why) -> Problem:
    """Return what kept a file outside."""
    return {"problem": f"door_{why}"}


def words(problem: Problem) -> str:
    """Return what is wrong with a file."""
    return str(PROBLEMS[problem["problem"]]) % problem
