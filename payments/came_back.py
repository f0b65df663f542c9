"""The letter about a payout that came back, whatever way it went: why, where the money is, when it is tried again."""

from datetime import timedelta

from django.conf import settings
from django.utils.translation import gettext as _

from coop import clock
from governance import notices
from payments import instruments, rails, to_officers
from payments.models import Payout
from payments.runs import LONGEST_WAIT
from payments.templatetags.money import money

HOUR = timedelta(hours=1)


def tell(payout: Payout, *, why: str) -> None:
    """Mail a member that their payout came back, with what the rail said of it, in their language."""
    notices.send(payout.person, lambda: _words(payout, why))


def _words(payout: Payout, why: str) -> tuple[str, str]:
    facts = {
        "number": payout.pk, "sum": money(payout.amount, payout.currency), "where": payout.method,
        "way": rails.of(payout.rail).label, "why": why,
    }  # fmt: skip
    text = _("Payout %(number)s, %(sum)s to %(where)s, came back. Its way was: %(way)s.") % facts
    said = _("What was said of it: %(why)s") % facts if why else ""
    back = _("The money is in your balance again, among what is ready. Nothing of it is lost and it does not expire.")
    address = f"{settings.ORIGIN}/pay/payouts/{payout.pk}/"
    return _("A payout came back"), "\n\n".join(
        part for part in (text, said, back, again(payout), address) if part
    ) + "\n"


def again(payout: Payout) -> str:
    """Return in words when a payout that came back is tried again: once its member asks, never by itself."""
    terms, way = instruments.payout_terms(payout.rail), rails.of(payout.rail)
    ask = _("It is not tried again before you ask: look first whether the place is right.")
    if not terms.is_open or not way.available:
        return f"{ask} {_('This way is closed now; choose another one.')}"
    if way.in_runs and not to_officers.is_to_one(payout, clock.now()):
        when = _("It goes with the next pay run then: prepared on Fridays, or %(hours)s hours after you ask.")
        return f"{ask} {when % {'hours': (terms.delay + LONGEST_WAIT) // HOUR}}"
    when = _("An officer sends it then, no sooner than %(hours)s hours after you ask.")
    return f"{ask} {when % {'hours': terms.delay // HOUR}}"
