"""The fee on top of wages, by a vote: a higher one by N3 (it is asked of all work), else the budget's N11."""

from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coop.refusals import Refusal
from governance.models import Mandate
from governance.policy import Payload, expect
from payments import rates
from payments.models import Fee
from payments.policies.forms import NewFee
from payments.policies.impacts import Replayed
from payments.templatetags.money import per_cent

MOST = 1500
PARTS = ("on_wage", "training", "care", "replaces")


class FeeChange(Replayed):
    """A new fee. Payload: {"on_wage": 1000, "training": 3000, "care": 500, "replaces": version}, in basis points."""

    name = "fee_change"
    label = gettext_lazy("A new fee on top of wages")
    form_class = NewFee

    def problems(self, payload: Payload) -> list[Refusal]:
        """Return what makes a payload unfit to be proposed."""
        if set(payload) != set(PARTS) or not all(_whole(payload[part]) for part in PARTS):
            return [Refusal(_("A fee says its share of the wage, where it goes, and which version it replaces."))]
        return _against(rates.fee_now(), *(int(str(payload[part])) for part in PARTS))

    def subject(self, payload: Payload) -> str:
        """Return whose work is affected: everybody's."""
        return "everybody"

    def describe(self, payload: Payload) -> str:
        """Return the change in numbers."""
        old = Fee.objects.get(version=int(str(payload["replaces"])))
        words = _(
            "The fee on top of wages: %(old)s to %(new)s of the wage; of it %(training)s to the training fund and"
            " %(care)s to the care fund."
        )
        return words % {
            "old": per_cent(old.on_wage), "new": per_cent(int(str(payload["on_wage"]))),
            "training": per_cent(int(str(payload["training"]))), "care": per_cent(int(str(payload["care"]))),
        }  # fmt: skip

    def enact(self, mandate: Mandate, payload: Payload, at: datetime) -> None:
        """Write the new fee by the mandate; raise Stale if another came before it."""
        now = rates.fee_now()
        expect(payload, latest=now.version)
        parts = {part: payload[part] for part in ("on_wage", "training", "care")}
        Fee.objects.create(version=now.version + 1, mandate=mandate, since=at, **parts)


def _against(now: Fee, on_wage: int, training: int, care: int, replaces: int) -> list[Refusal]:
    """Return what is wrong with a well-formed payload beside the fee in force."""
    found = []
    if on_wage > MOST:
        found.append(Refusal(_("The fee is 15 % of the wage at most."), "part 8"))
    if training + care > 10_000:  # noqa: PLR2004 - all of it
        found.append(Refusal(_("More than the whole fee cannot be given away.")))
    if replaces != now.version:
        found.append(Refusal(_("The fee has changed since: look at the rate card again."), "P3"))
    if (on_wage, training, care) == (now.on_wage, now.training, now.care):
        found.append(Refusal(_("This is the fee in force.")))
    return found


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 1_000_000  # noqa: PLR2004 - versions
