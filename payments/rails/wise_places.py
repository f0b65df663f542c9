"""Accounts that Wise pays to: what each currency needs to know of them, and how Wise is told."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from stdnum import iban

from coop.refusals import Refusal
from payments.rails.interface import Field, last_of

HOLDER = Field(
    "holder", gettext_lazy("Name of the account's owner"), gettext_lazy("Whole, with first and family name."), 70
)


@dataclass(frozen=True, slots=True)
class Place:
    """Accounts in a currency: `kind` is what Wise calls them, `names` each fact there, `right` how each looks."""

    currency: str
    label: Promise
    kind: str
    fields: tuple[Field, ...]
    names: Mapping[str, str]
    right: Mapping[str, re.Pattern[str]]

    def refusal(self, facts: Mapping[str, str]) -> Refusal | None:
        """Say what is no account in this currency, or no whole name."""
        if len(facts["holder"].split()) < 2:  # noqa: PLR2004 - a first and a family name
            return Refusal(_("Wise needs the owner's whole name, first and family name."), status=400)
        for field in self.fields[1:]:
            if not self.right[field.name].fullmatch(facts[field.name]):
                return Refusal(_("Please look again at: %(field)s.") % {"field": field.label}, status=400)
        if "iban" in facts and not iban.is_valid(facts["iban"]):
            return Refusal(_("This IBAN has a wrong letter or digit: its check digits do not fit."), status=400)
        return None

    def hint(self, facts: Mapping[str, str]) -> str:
        """Return the currency and the end of the account."""
        return f"Wise {self.currency} {last_of(facts[self.fields[-1].name])}"

    def recipient(self, facts: Mapping[str, str]) -> dict[str, object]:
        """Return an account as Wise is told of it."""
        known = {theirs: facts[ours] for ours, theirs in self.names.items()}
        return {
            "currency": self.currency, "type": self.kind, "accountHolderName": facts["holder"],
            "details": {"legalType": "PRIVATE", **known},
        }  # fmt: skip


ALL = (
    Place(
        "EUR", gettext_lazy("Wise, in euros"), "iban",
        (HOLDER, Field("iban", gettext_lazy("IBAN"), longest=42)), {"iban": "IBAN"},
        {"iban": re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}", re.ASCII)},
    ),
    Place(
        "GBP", gettext_lazy("Wise, in pounds"), "sort_code",
        (HOLDER, Field("sort_code", gettext_lazy("Sort code"), gettext_lazy("As 23-14-70."), 8),
         Field("account", gettext_lazy("Account number"), longest=12)),
        {"sort_code": "sortCode", "account": "accountNumber"},
        {"sort_code": re.compile(r"\d{6}", re.ASCII), "account": re.compile(r"\d{8}", re.ASCII)},
    ),
    Place(
        "INR", gettext_lazy("Wise, in rupees"), "indian",
        (HOLDER, Field("ifsc", gettext_lazy("IFSC code"), gettext_lazy("Of the branch, as YESB0236041."), 15),
         Field("account", gettext_lazy("Account number"), longest=24)),
        {"ifsc": "ifscCode", "account": "accountNumber"},
        {"ifsc": re.compile(r"[A-Z]{4}0[A-Z0-9]{6}", re.ASCII), "account": re.compile(r"\d{9,18}", re.ASCII)},
    ),
)  # fmt: skip
