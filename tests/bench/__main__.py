"""Measure the platform against named references in the same run and print a table; `uv run manage.py bench`.

Every figure is a ratio to something measured minutes before on the same machine: seconds differ between machines.
"""

from tests.bench import claiming, datasets, life, place


def main() -> None:
    """Run all measurements on a platform of their own."""
    with place.platform() as here:
        rows = [*life.measure(here), *claiming.measure(here), *datasets.measure(here)]
    width = max(len(name) for name, _ in rows)
    for name, figure in rows:
        print(f"{name:<{width}}  {figure}")  # noqa: T201 - the table is what the command is for


if __name__ == "__main__":
    main()
