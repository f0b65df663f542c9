"""The demonstration cooperative: its people, its books, a few days of its life, made by the acts that pages use."""

from datetime import datetime

from coop.demo import founding


def build(at: datetime) -> None:
    """Found it, with onboarding and one client; as the owner, in an empty database."""
    founding.found(at)
    try:
        from coop.demo import life
    except ImportError as e:
        print("demo not yet whole:", e)
        import contextlib
        from decimal import Decimal
        from coop.people import clients
        from coop.people.models import Person
        orbit = clients.found(name="Orbit", slug="orbit", by=Person.objects.get(name="Olga"), at=at)
        return
    life.begin(at)


def populate(at: datetime) -> None:
    """Let it live: jobs, work on them, a vote in deliberation; as the web role, once."""
    from coop.demo import life

    life.populate(at)
