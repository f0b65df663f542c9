"""Accounts at Stripe for those who are paid there: opened by this site, filled in by their owner at Stripe."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from payments.rails.stripe_calls import ask

if TYPE_CHECKING:
    from stripe.params import AccountCreateParams


@dataclass(frozen=True, slots=True)
class State:
    """Where an account stands at Stripe: `ready` to be paid out from, or Stripe still `asks` its owner something."""

    ready: bool
    asks: bool


def open_for(country: str, *, key: str) -> str:
    """Open an account for somebody in a country and return its number; the same key opens one alone.

    Its payouts are ours to begin, so that each is one of a member's; whatever Stripe takes for it the cooperative pays.
    Elsewhere than where the cooperative has its own account it can be paid and nothing else (`recipient`).
    """
    ours = ask(lambda stripe: stripe.v1.accounts.retrieve_current())
    facts: AccountCreateParams = {
        "country": country,
        "controller": {
            "stripe_dashboard": {"type": "express"},
            "fees": {"payer": "application"},
            "losses": {"payments": "application"},
        },
        "capabilities": {"transfers": {"requested": True}},
        "settings": {"payouts": {"schedule": {"interval": "manual"}}},
        "tos_acceptance": {"service_agreement": "full" if ours.country == country else "recipient"},
    }
    return ask(lambda stripe: stripe.v1.accounts.create(facts, {"idempotency_key": key})).id


def page(account: str, *, back: str) -> str:
    """Return the address at Stripe where its owner says who they are; it holds for some minutes, once."""
    link = ask(
        lambda stripe: stripe.v1.account_links.create(
            {"account": account, "type": "account_onboarding", "return_url": back, "refresh_url": back}
        )
    )
    return link.url


def state(account: str) -> State:
    """Ask Stripe where an account stands."""
    found = ask(lambda stripe: stripe.v1.accounts.retrieve(account))
    asks = bool(found.requirements and found.requirements.currently_due)
    return State(bool(found.payouts_enabled), asks or not found.details_submitted)
