"""Found a client with money and print a key of every scope: `python -m tests.bench.key SLUG [SCOPE …]`."""

import sys
from decimal import Decimal

import django

ALL = ["read", "post", "fund", "download"]


def made(slug: str, scopes: list[str]) -> str:
    """Return the secret of the key of a client that is founded for it."""
    django.setup()
    from coop import clock  # noqa: PLC0415 - after setup
    from coop.demo.life import person  # noqa: PLC0415
    from coop.people import clients, keys  # noqa: PLC0415
    from governance import offices  # noqa: PLC0415
    from tests.money_in import arrive  # noqa: PLC0415

    at, olga = clock.now(), person("Olga")
    client = clients.found(slug, slug=slug, by=olga, at=at)
    treasurer = offices.held_by(person("Teresa"), at)[0]
    arrive(client, amount=Decimal(1_000_000), reference=f"BENCH-{slug}", by=treasurer, at=at)
    return keys.issue(client, name="bench", scopes=scopes or ALL, by=olga, at=at)[1]


if __name__ == "__main__":
    print(made(sys.argv[1], sys.argv[2:]))  # noqa: T201 - read by the process that asked
