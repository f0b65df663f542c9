"""The demonstration cooperative: its people, its books, a few days of its life, made by the acts that pages use."""

from datetime import datetime

from coop.demo import founding, life


def build(at: datetime) -> None:
    """Found it, with onboarding and one client; as the owner, in an empty database."""
    founding.found(at)
    life.begin(at)


def populate(at: datetime) -> None:
    """Let it live: jobs, work on them, a vote in deliberation; as the web role, once."""
    life.populate(at)
