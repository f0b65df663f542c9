"""Weakened texts of SQL: one comparison, condition, number or time changed in each; strings and comments are left."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

# What is not looked into: comments, the words of a refusal, any other string but a span of time, and which row is
# locked before anything is read: that is seen only by two who come at once (`test_races`).
CLOSED = re.compile(
    r"--[^\n]*|RAISE EXCEPTION.*?;|'(?:[^']|'')*'|SET search_path[^\n]*|LIMIT \d+|PERFORM FROM [^;]*FOR [A-Z ]*;",
    re.DOTALL,
)
SPAN = re.compile(r"interval '[^0'][^']*'|'[0-9 a-z]*[1-9][0-9:. a-z]*'::interval")
# Each change is one of PostgreSQL's own words or signs for a weaker or opposite one.
CHANGES = (
    (re.compile(r"(?<![<>:=!])>=(?!=)"), (">",)),
    (re.compile(r"(?<![<>:=!])<=(?!=)"), ("<",)),
    (re.compile(r"(?<![<>:=!-])>(?![>=])"), (">=",)),
    (re.compile(r"(?<![<>:=!])<(?![<>=])"), ("<=",)),
    (re.compile(r"<>"), ("=",)),
    (re.compile(r"(?<![<>:=!])=(?![=>])"), ("<>",)),
    (re.compile(r"\bAND\b(?! \S+ (?:PRECEDING|FOLLOWING))"), ("OR",)),
    (re.compile(r"\bOR\b(?! REPLACE)"), ("AND",)),
    (re.compile(r"\bIS NOT NULL\b"), ("IS NULL",)),
    (re.compile(r"\bIS NULL\b"), ("IS NOT NULL",)),
    (re.compile(r"(?<!IS )\bNOT (?=EXISTS|\()"), ("",)),
    (re.compile(r"(?<!NOT )\bEXISTS(?= ?\()"), ("NOT EXISTS",)),
    (re.compile(r"\bIS DISTINCT FROM\b"), ("IS NOT DISTINCT FROM",)),
    (re.compile(r"(?<![\w.$%{])\d+(?![\w.])"), ("more", "less")),
    (SPAN, ("longer", "shorter")),
    (re.compile(r"RAISE EXCEPTION[^;]*;"), ("NULL;",)),
)
STEPS: dict[str, Callable[[str], str]] = {
    "more": lambda was: str(int(was) + 1),
    "less": lambda was: str(int(was) - 1),
    "longer": lambda was: f"({was} + '01:00:00'::interval)",
    "shorter": lambda was: f"({was} - '01:00:00'::interval)",
}
# A moment taken from the running clock meets a stored one to the microsecond only by chance: whether a comparison of it
# includes that moment is not to be seen. What takes a moment from elsewhere is held to it.
NOW = re.compile(r"(\S+) := public\.coop_now\(\)")
STRICT = {">=", "<=", ">", "<"}
OPERAND = re.compile(r"\b(?:AND|OR|IF|WHEN|THEN|ELSE|WHERE|FILTER|SELECT|IS NOT TRUE)\b|;")
BETWEEN = re.compile(r"BETWEEN [^()]{1,60}$")
NEAR = 24


@dataclass(frozen=True, slots=True)
class Weakened:
    """A text with one change, and where it was made, in its own words."""

    where: str
    text: str


def weakened(text: str, start: int = 0) -> Iterator[Weakened]:
    """Yield every weakening of a text from `start` on, in the order of the changes and of their places."""
    closed = [found.span() for found in CLOSED.finditer(text)]
    for pattern, instead in CHANGES:
        for found in pattern.finditer(text, start):
            if _is_open(found, closed) and not _says_nothing(text, found):
                yield from (_changed(text, found, change) for change in instead)


def _is_open(found: re.Match[str], closed: list[tuple[int, int]]) -> bool:
    if found[0].startswith(("RAISE", "interval", "'")):
        return True
    return not any(begin <= found.start() < end for begin, end in closed)


def _says_nothing(text: str, found: re.Match[str]) -> bool:
    """Tell whether a change is none: the AND of a BETWEEN, or the very microsecond of the running clock."""
    before, after = text[: found.start()], text[found.end() :]
    if found[0] not in STRICT:
        return found[0] == "AND" and BETWEEN.search(before) is not None
    clocks = {"coop_now()", *NOW.findall(text)}
    sides = f"{OPERAND.split(before)[-1]} {OPERAND.split(after, maxsplit=1)[0]}"
    return any(re.search(rf"(?<![\w.]){re.escape(clock)}(?!\w)", sides.replace("public.", "")) for clock in clocks)


def _changed(text: str, found: re.Match[str], change: str) -> Weakened:
    new = STEPS[change](found[0]) if change in STEPS else change
    before, after = text[max(0, found.start() - NEAR) : found.start()], text[found.end() : found.end() + NEAR]
    where = " ".join(f"…{before}[{found[0][:40]} → {new[:60]}]{after}…".split())
    return Weakened(where, text[: found.start()] + new + text[found.end() :])
