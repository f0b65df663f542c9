"""What can be wrong with a file that lies elsewhere, in words."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy

from coop import door
from coop.refusals import Text
from tasks import files
from tasks.webhooks.addresses import CLOSED

OUTSIDE: Mapping[str, Text] = {
    **CLOSED,
    door.Why.PRIVATE: gettext_lazy("This leads into a private network. Files are fetched from public addresses alone."),
    door.Why.SCHEME: gettext_lazy("Files are fetched from http:// and https:// alone."),
    door.Why.LARGE: gettext_lazy("It is larger than 64 MB."),
    door.Why.STATUS: gettext_lazy("The server did not hand it out."),
    door.Why.REDIRECTS: gettext_lazy("The server led on and on."),
}
PROBLEMS: Mapping[str, Text] = {
    **files.PROBLEMS,
    **{f"door_{why}": said for why, said in OUTSIDE.items()},
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
