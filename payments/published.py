"""The open ledger as files: the figures of a month as one table, in JSON, CSV and Parquet."""

import csv
import io
import json
from collections.abc import Callable, Iterator
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from payments import budgets, post_pay, surplus
from payments.models import Close
from payments.open_ledger import Figures
from payments.owing import FEWEST
from payments.surplus import Quarter

COLUMNS = ("month", "part", "item", "people", "amount", "currency", "value")
SCHEMA = pa.schema([
    ("month", pa.string()), ("part", pa.string()), ("item", pa.string()), ("people", pa.int64()),
    ("amount", pa.decimal128(20, 6)), ("currency", pa.string()), ("value", pa.string()),
])  # fmt: skip


def rows(figures: Figures) -> list[dict[str, Any]]:
    """Return one row for each figure: month, part of the page, item, people, amount and currency, or another value.

    `part` is "money" (item: a flow), "hour" (item: kind of work and which quarter), "budget" (item: the month's
    quarter, a purpose or post, and voted or spent), "surplus" (item: a quarter that ended as the month began, and what
    of it; members' cash and capital from five people on), "post" (item: one that was paid for the month), "late" (item:
    how many payouts, or the longest wait in hours), "owed" (item: what pays late what fell due; amount rounded up) or
    "root" (the month's Merkle root). What is not told is None.
    """
    paid = [(*row, "USD", None) for row in _rows(figures)]
    return [dict(zip(COLUMNS, (str(figures.month), *row), strict=True)) for row in [*paid, *_values(figures)]]


def _rows(figures: Figures) -> Iterator[tuple[Any, ...]]:
    yield "money", "to members", figures.people, figures.to_members
    yield from (("money", flow.name, flow.people, flow.amount) for flow in figures.flows)
    for one in figures.hours:
        for quarter in ("slower", "middle", "faster"):
            yield "hour", f"{one.slug or 'other'}: {quarter}", one.people, getattr(one, quarter)
    yield from _budget(Quarter.of(figures.month.first))
    for close in surplus.told().filter(ends_at=figures.month.first):
        yield from _surplus(close)
    for paid in post_pay.paid(str(figures.month)):
        yield "post", paid.post, paid.holders, paid.amount
    yield from (("owed", one.fund, one.people, one.amount) for one in figures.owed)


def _values(figures: Figures) -> Iterator[tuple[Any, ...]]:
    """Yield what is no money."""
    yield "late", "payouts", None, None, None, str(figures.late)
    yield "late", "longest wait in hours", None, None, None, str(figures.longest_hours) if figures.late else None
    yield "root", "merkle root", None, None, None, figures.root


def _budget(quarter: Quarter) -> Iterator[tuple[Any, ...]]:
    """Yield what the members voted for the quarter, and what was spent, so far."""
    budget = budgets.in_force(quarter)
    if budget is None:
        return
    for one in budgets.spending(quarter):
        yield "budget", f"{quarter} {one.purpose.value}: voted", None, one.voted
        yield "budget", f"{quarter} {one.purpose.value}: spent", None, one.spent
    for post, pay in budget.pay_of().items():
        yield "budget", f"{quarter} {post}: a month for each seat", None, pay


def _surplus(close: Close) -> Iterator[tuple[Any, ...]]:
    """Yield what a closed quarter left over and how it was divided."""
    for name in ("income", "expenses", "surplus"):
        yield "surplus", f"{close.period}: {name}", None, getattr(close, name)
    yield "surplus", f"{close.period}: carried over", None, close.carried
    divided = getattr(close, "allocation", None)
    if divided is None:
        return
    for name in ("interest", "reserve", "education", "members"):
        yield "surplus", f"{close.period}: to {name}", None, getattr(divided, name)
    people, cash, capital = (getattr(close, name) for name in ("people", "cash", "capital"))
    if people >= FEWEST:
        yield "surplus", f"{close.period}: members' cash", people, cash
        yield "surplus", f"{close.period}: members' capital", people, capital


def as_json(figures: Figures) -> bytes:
    """Return the rows with the month's root and its late payouts as a JSON object; amounts are strings."""
    facts = {
        "month": str(figures.month),
        "over": figures.over,
        "merkle_root": figures.root,
        "late_payouts": figures.late,
        "longest_wait_hours": figures.longest_hours if figures.late else None,
        "rows": rows(figures),
    }
    return json.dumps(facts, default=lambda amount: f"{amount:f}", indent=1).encode()


def as_csv(figures: Figures) -> bytes:
    """Return the rows as CSV with a heading."""
    written = io.StringIO()
    writer = csv.DictWriter(written, COLUMNS)
    writer.writeheader()
    writer.writerows(rows(figures))
    return written.getvalue().encode()


def as_parquet(figures: Figures) -> bytes:
    """Return the rows as a Parquet file; amounts are decimals with six places."""
    written = io.BytesIO()
    parquet.write_table(pa.Table.from_pylist(rows(figures), schema=SCHEMA), written)
    return written.getvalue()


TYPES: dict[str, tuple[str, Callable[[Figures], bytes]]] = {
    "json": ("application/json", as_json),
    "csv": ("text/csv; charset=utf-8", as_csv),
    "parquet": ("application/vnd.apache.parquet", as_parquet),
}
