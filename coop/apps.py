"""The house as a Django app."""

from django.apps import AppConfig


class CoopConfig(AppConfig):
    """The house: settings, addresses, the frame of every page, the commands."""

    name = "coop"
    verbose_name = "The cooperative"
