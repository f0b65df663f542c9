"""Governance as Django knows it; its checks run at every start."""

from django.apps import AppConfig


class GovernanceConfig(AppConfig):
    """The ground of the cooperative: votes, standing, offices, pauses."""

    name = "governance"
    verbose_name = "Governance"

    def ready(self) -> None:
        """Register the check that every policy named in the settings can be found."""
        from governance import checks  # noqa: F401, PLC0415 - policies are importable only once all apps are loaded
