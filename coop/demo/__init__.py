"""The demonstration cooperative: its people, its books, a few days of its life, made by the acts that pages use."""

from collections.abc import Iterable
from datetime import datetime

from coop.demo import founding, life


def build(at: datetime, *, asks: Iterable[str] = ("check-steps",)) -> None:
    """Found it, with onboarding, one client and a skill that some work may ask for; as the owner, where nothing is."""
    founding.found(at, asks=asks)
    life.begin(at)


def populate(at: datetime) -> None:
    """Let it live: jobs, work on them, a vote in deliberation; as the web role, once."""
    life.populate(at)
