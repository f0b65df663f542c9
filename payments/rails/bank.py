"""Bank transfer: to an account with an IBAN, or to any other by its number and the bank's BIC."""

from collections.abc import Mapping

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from stdnum import bic, iban

from coop.refusals import Refusal
from payments.rails.interface import Facts, Field, Rail, last_of

# An account as ISO 20022 can carry it.
LONGEST_NUMBER = 34


class Bank(Rail):
    """Transfers from the cooperative's bank, many in one file."""

    name = "bank"
    label = gettext_lazy("Bank transfer")
    about = gettext_lazy("From our bank to yours, checked and released by two officers.")
    days = 3
    in_runs = True
    has_file = True
    fields = (
        Field("holder", gettext_lazy("Name of the account's owner"), longest=70),
        Field("account", gettext_lazy("IBAN or account number"), longest=50),
        Field(
            "bic",
            gettext_lazy("BIC (SWIFT code) of the bank"),
            gettext_lazy("8 or 11 characters. Not needed with an IBAN."),
            longest=14,
            optional=True,
        ),
    )

    @property
    def simulated(self) -> bool:  # type: ignore[override]  # it depends on a setting here
        """Tell whether no account of a real bank is set: then its files go nowhere."""
        return not settings.BANK_ACCOUNT

    def clean(self, facts: Mapping[str, str]) -> Facts:
        """Return the facts with account and BIC in capitals and without spaces or dashes."""
        said = super().clean(facts)
        return said | {name: said[name].replace(" ", "").replace("-", "").upper() for name in ("account", "bic")}

    def refusal(self, facts: Mapping[str, str]) -> Refusal | None:
        """Say what is no account: a wrong IBAN is found by its check digits, another account needs the bank's BIC."""
        account, bank = facts["account"], facts["bic"]
        if bank and not bic.is_valid(bank):
            return Refusal(_("This is no BIC: look at it again, or leave it out with an IBAN."), status=400)
        if iban.is_valid(account):
            return None
        if account[:2].isalpha() and account[2:4].isdigit():
            return Refusal(_("This IBAN has a wrong letter or digit: its check digits do not fit."), status=400)
        if not bank:
            return Refusal(_("Without an IBAN, please give the BIC of the bank too."), status=400)
        if not (account.isascii() and account.isalnum()) or len(account) > LONGEST_NUMBER:
            return Refusal(_("An account number has letters and digits alone, 34 at most."), status=400)
        return None

    def hint(self, facts: Mapping[str, str]) -> str:
        """Return the country of an IBAN and the end of the account."""
        account = facts["account"]
        return f"IBAN {account[:2]} {last_of(account)}" if iban.is_valid(account) else last_of(account)
