"""An account of one's own at Stripe: opened from the page of the way, sealed as where one's money goes.

Its number comes from Stripe and never from a browser, so that nobody's money can be led to an account of somebody else.
"""

from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from coop.people.models import Person
from coop.refusals import Refusal, Refused, refuse_if
from payments import details
from payments.models import PayoutDetails
from payments.rails import stripe_accounts
from payments.rails.api import Unanswered
from payments.rails.stripe_accounts import State
from payments.rails.stripe_calls import Declined

RAIL = "stripe"


def standing(person: Person) -> PayoutDetails | None:
    """Return where a person's money goes by Stripe, in force or about to be; one query."""
    given = PayoutDetails.objects.filter(person=person, rail=RAIL, cancelled_at=None, erased_at=None)
    return given.order_by("-version").first()


def state(person: Person) -> State | None:
    """Ask Stripe where a person's account stands; None if they have none, or Stripe does not answer."""
    given = standing(person)
    try:
        return stripe_accounts.state(details.opened(given)["account"]) if given else None
    except (Unanswered, Declined):
        return None


def refusal(person: Person, *, by: Person) -> Refusal | None:
    """Say why a person cannot open an account there, or nothing."""
    if closed := details.refusal_of_way(person, RAIL, by=by):
        return closed
    if not person.country:
        return Refusal(_("Stripe opens an account in a country: say in your profile first where you live."), status=409)
    return None


def begin(person: Person, *, by: Person, at: datetime) -> str:
    """Open an account for a person, or go on with theirs; return the address at Stripe where they fill it in.

    A new one is told and takes 72 hours as any details do. Raises Refused where the way is closed or Stripe does not
    answer, and once Stripe asks them nothing more: from then on their bank is theirs to change at Stripe alone.
    """
    refuse_if(refusal(person, by=by))
    try:
        account = _account_of(person, by, at)
        if not stripe_accounts.state(account).asks:
            words = _("Stripe asks you nothing more. You change your bank at Stripe itself, with its own log-in.")
            raise Refused(Refusal(words, status=409))
        return stripe_accounts.page(account, back=settings.ORIGIN + reverse("payments:stripe_account"))
    except (Unanswered, Declined) as error:
        words = _("Stripe does not open an account for you now.")
        raise Refused(Refusal(words, appeal=_("Try again later, or choose another way."), status=503)) from error


def _account_of(person: Person, by: Person, at: datetime) -> str:
    if given := standing(person):
        return details.opened(given)["account"]
    before = PayoutDetails.objects.filter(person=person, rail=RAIL).count()
    key = f"WORKHALL-MEMBER-{person.pk}-{person.country}-{before}"
    account = stripe_accounts.open_for(person.country, key=key)
    details.give(person, rail=RAIL, facts={"account": account}, by=by, at=at)
    return account
