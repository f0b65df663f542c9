"""One process: `python -m tests.bench.statements` reads balances and the month of the first member of all.

Prints the median milliseconds of a balance and its queries; of the month with its file the seconds, queries and lines.
"""

import time

import django


def main() -> None:
    """Read and print."""
    django.setup()
    from django.db import connection  # noqa: PLC0415 - after setup
    from django.test.utils import CaptureQueriesContext  # noqa: PLC0415

    from coop import clock  # noqa: PLC0415
    from coop.people.models import Person  # noqa: PLC0415
    from payments import ledger, monthly, statement_files  # noqa: PLC0415
    from payments.models import Account  # noqa: PLC0415
    from payments.open_ledger import Month  # noqa: PLC0415

    person, accounts = Person.objects.earliest("pk"), Account.objects.filter(tracked=True)[:200]
    codes = [(account.code, account.currency) for account in accounts]
    with CaptureQueriesContext(connection) as of_balances:
        times = []
        for code, currency in codes:
            began = time.perf_counter()
            ledger.balance(code, currency)
            times.append(time.perf_counter() - began)
    with CaptureQueriesContext(connection) as of_lines:
        began = time.perf_counter()
        month = monthly.statement(person, Month.of(clock.now()))
        statement_files.as_csv(month)
        seconds = time.perf_counter() - began
    middle = sorted(times)[len(times) // 2] * 1000
    print(middle, len(of_balances) // len(codes), seconds, len(of_lines), len(month.lines))  # noqa: T201 - read by who asked


if __name__ == "__main__":
    main()
