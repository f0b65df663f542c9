"""By hand: an officer sends the money by whatever reaches the member, another confirms that it arrived."""

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from payments.rails.interface import Field, Rail, last_of


class Hand(Rail):
    """The way that is always open: whoever has no account at a bank or a service is paid like this (E3)."""

    name = "by_hand"
    label = _("By hand")
    about = _("An officer sends it as you say here, another confirms that it arrived.")
    days = 3
    fields = (
        Field("way", _("How"), _("As M-Pesa, Airtel Money, or a bank of your country."), longest=40),
        Field("account", _("Number or account")),
        Field("holder", _("Name it is under"), _("As the bank or the service knows it.")),
    )

    def hint(self, facts: Mapping[str, str]) -> str:
        """Return the way and the end of the number."""
        return f"{facts['way']} {last_of(facts['account'])}"
