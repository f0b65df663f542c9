"""Write a bank's file of 10,000 payments and check it: `python -m tests.bench.orders` prints the seconds."""

import time
from datetime import UTC, date, datetime
from decimal import Decimal

import django

from tests.bench.place import Place

COUNT = 10_000
US = ("Workhall", "DE89370400440532013000", "COBADEFFXXX")
TO = (("Amína Wanjikũ", "GB33BUKB20201555555555"), ("Luis Ñandú", "01100123456789", "EQBLKENA"))


def measure(here: Place) -> list[tuple[str, str]]:
    """Return the seconds that the file took, in a process of its own."""
    seconds = float(here.run("-m", "tests.bench.orders"))
    return [(f"pain.001 of {COUNT:,} payments, checked (aim: 6 s)", f"{seconds:.1f} s")]


def main() -> None:
    """Write the file and print the seconds."""
    django.setup()
    from payments.rails.iso20022 import pain001  # noqa: PLC0415 - after setup
    from payments.rails.iso20022.pain001 import Account, Order  # noqa: PLC0415

    orders = [
        Order(f"WORKHALL-PAYOUT-{number}", Account(*TO[number % 2]), Decimal("12.34"), f"Workhall payout {number}")
        for number in range(COUNT)
    ]
    began = time.monotonic()
    pain001.write(
        orders, name="WORKHALL-RUN-1", debtor=Account(*US), currency="USD", day=date(2026, 11, 27), at=datetime.now(UTC)
    )
    print(round(time.monotonic() - began, 2))  # noqa: T201 - read by the process that asked


if __name__ == "__main__":
    main()
