"""Checks at start: every policy that GOVERNANCE_POLICIES lists can be imported and does what a policy must."""

from collections.abc import Sequence

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from governance import policies
from governance.policy import Policy


@register()
def policies_can_be_found(
    app_configs: Sequence[AppConfig] | None,  # noqa: ARG001 - the form of a check
    **_kwargs: object,
) -> list[CheckMessage]:
    """Report each listed policy that cannot be imported, or that lacks a part of `governance.policy.Policy`."""
    return [error for path in settings.GOVERNANCE_POLICIES if (error := _problem(path))]


def _problem(path: str) -> Error | None:
    try:
        policy: object = policies.load(path)
    except (ImportError, AttributeError) as reason:
        return Error(f"The policy {path} cannot be loaded: {reason}", id="governance.E001")
    if not isinstance(policy, Policy):
        return Error(f"{path} is not a policy", hint="See governance.policy.Policy.", id="governance.E002")
    return None
