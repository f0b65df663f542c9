"""The fee on top of wages, by a vote: a higher one by N3 (it is asked of all work), else the budget's N11."""

from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coop.people.models import Person
from coop.refusals import Refusal
from governance.models import Mandate
from governance.policy import Payload, expect
from payments import rates
from payments.models import Fee
from payments.policies import for_you
from payments.policies.forms import NewFee
from payments.policies.impacts import Replayed
from payments.templatetags.money import per_cent

MOST = 1500
PARTS = ("on_wage", *rates.SHARES)


class FeeChange(Replayed):
    """A new fee and its shares, in basis points.

    Payload: {"on_wage": 1000, "training": 2500, "care": 500, "floor": 500, "replaces": version}.
    A vote from before the floor fund had a share says nothing of it: none.
    """

    name = "fee_change"
    label = gettext_lazy("A new fee on top of wages")
    form_class = NewFee
    worse = gettext_lazy("Clients pay more on top of every wage. What is earned stays the same.")

    def problems(self, payload: Payload) -> list[Refusal]:
        """Return what makes a payload unfit to be proposed."""
        if set(payload) != {*PARTS, "replaces"} or not all(_whole(said) for said in payload.values()):
            return [Refusal(_("A fee says its share of the wage, where it goes, and which version it replaces."))]
        return _against(rates.fee_now(), {part: int(str(said)) for part, said in payload.items()})

    def subject(self, payload: Payload) -> str:
        """Return whose work is affected: everybody's."""
        return "everybody"

    def describe(self, payload: Payload) -> str:
        """Return the change in numbers."""
        old = Fee.objects.get(version=int(str(payload["replaces"])))
        words = _(
            "The fee on top of wages: %(old)s to %(on_wage)s of the wage; of it %(training)s to the training fund,"
            " %(care)s to the care fund and %(floor)s to the fund for the hourly floor."
        )
        said = {part: per_cent(int(str(payload.get(part, 0)))) for part in PARTS}
        return words % {"old": per_cent(old.on_wage), **said}

    def changes_for(self, person: Person, payload: Payload, at: datetime) -> str:
        """Tell whoever worked lately that a wage is not what a fee is taken from."""
        done, _seconds = for_you.units(person)
        return _("Your pay stays what it is: clients pay the fee on top of it, and not out of it.") if done else ""

    def enact(self, mandate: Mandate, payload: Payload, at: datetime) -> None:
        """Write the new fee by the mandate; raise Stale if another came before it."""
        now = rates.fee_now()
        expect(payload, latest=now.version)
        parts = {part: payload.get(part, 0) for part in PARTS}
        Fee.objects.create(version=now.version + 1, mandate=mandate, since=at, **parts)


def words(fee: Fee) -> str:
    """Return a fee as people say it."""
    said = _(
        "%(on_wage)s of the wage; of it %(training)s to the training fund, %(care)s to the care fund and %(floor)s to"
        " the fund for the hourly floor"
    )
    return said % {part: per_cent(getattr(fee, part)) for part in PARTS}


def _against(now: Fee, said: dict[str, int]) -> list[Refusal]:
    """Return what is wrong with a well-formed payload beside the fee in force."""
    found = []
    if said["on_wage"] > MOST:
        found.append(Refusal(_("The fee is 15 % of the wage at most."), "part 8"))
    if sum(said[share] for share in rates.SHARES) > 10_000:  # noqa: PLR2004 - all of it
        found.append(Refusal(_("More than the whole fee cannot be given away.")))
    if said["replaces"] != now.version:
        found.append(Refusal(_("The fee has changed since: look at the rate card again."), "P3"))
    if all(said[part] == getattr(now, part) for part in PARTS):
        found.append(Refusal(_("This is the fee in force.")))
    return found


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 1_000_000  # noqa: PLR2004 - versions
