"""Taking a movement back in tests: by the words of two officers, as at the desk."""

from coop import clock
from governance.models import Office
from payments import corrections
from payments.models import Transfer


def take_back(transfer: Transfer) -> Transfer:
    """Let the treasurer and the secretary call a movement wrong; return its mirror."""
    for post in ("treasurer", "secretary"):
        by = Office.objects.filter(post=post).latest("pk")
        corrections.say(transfer, words="Typed twice", by=by, at=clock.now())
    return Transfer.objects.get(reverses=transfer)
