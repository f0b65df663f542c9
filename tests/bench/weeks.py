"""One process: `python -m tests.bench.weeks` counts every week that is due; prints seconds and members of the last."""

import time

import django


def main() -> None:
    """Count them, oldest first."""
    django.setup()
    from coop import clock  # noqa: PLC0415 - after setup
    from payments import guarantee  # noqa: PLC0415

    for week in guarantee.due():
        began = time.perf_counter()
        found = guarantee.reckon(week, at=clock.now())
        print(time.perf_counter() - began, found.people if found else 0)  # noqa: T201 - read by the process that asked


if __name__ == "__main__":
    main()
