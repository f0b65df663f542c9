"""Of how many in 100 answers members check: said before a job opens, and drawn by the database (`tasks_is_drawn`)."""

from django.utils.translation import gettext as _

from coop.refusals import Refusal
from tasks.models import Job, ReviewRule

LEAST = 10


def refusal(review_rule: str, share: int) -> Refusal | None:
    """Say why members cannot check this share of the answers, or nothing. The database asks the same."""
    if not LEAST <= share <= Job.EACH:
        words = _("Let members check %(least)d to 100 of 100 answers.")
        return Refusal(words % {"least": LEAST}, status=400)
    if share < Job.EACH and review_rule != ReviewRule.PEER:
        words = _("Where agreement decides, every answer that differs is checked: a share goes with checking each.")
        return Refusal(words, status=400)
    return None
