"""Making text harmless: a spreadsheet takes some cells for formulas and may send what it finds to a stranger."""

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001 - full-width ones count too


def harmless(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula: a suspicious one gets an apostrophe in front."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell
