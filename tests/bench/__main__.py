"""Measure the platform against named references in the same run and print a table; `uv run manage.py bench`.

Every figure is a ratio to something measured minutes before on the same machine: seconds differ between machines.
"""

from tests.bench import (
    bulk,
    claiming,
    datasets,
    grown,
    guarantee,
    hooks,
    learning,
    ledger,
    life,
    models,
    orders,
    peers,
    place,
    programs,
    reading,
    releases,
    replay,
    rival,
    silence,
    votes,
    weighing,
)


def main() -> None:
    """Run all measurements on a platform of their own."""
    with place.platform() as here:
        for measure in (
            life.measure,
            claiming.measure,
            datasets.measure,
            releases.measure,
            weighing.measure,
            learning.measure,
            guarantee.measure,
            silence.measure,
            ledger.measure,
            rival.measure,
            reading.measure,
            replay.measure,
            votes.measure,
            orders.measure,
            peers.measure,
            models.measure,
            bulk.measure,
            programs.measure,
            hooks.measure,
            grown.measure,
        ):
            for name, figure in measure(here):
                print(f"{name:<56}  {figure}", flush=True)  # noqa: T201 - the table is what the command is for


if __name__ == "__main__":
    main()
