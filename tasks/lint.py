"""What is unclear, short or unfair in a job before it is funded: seven causes of answers sent back unfairly, and more.

The seven: no examples of good answers, none of wrong ones, nothing on edge cases, nothing for doubt, a guide too short
to go by, labels that it does not explain, and too little time. Nothing here is decided by: what stops a job are the
rules, asked where it is made; what is said here is said to the client alone.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from payments.models import Rate
from payments.templatetags.money import money
from tasks.rows import Row

MANY_LABELS = 12
SHORT_GUIDE = 40
FEW_EXAMPLES = 2
ENOUGH_TIME = 3
LONG_TASK = 4_000
# Who may be reached by it: an address, a telephone number of nine digits or more, a card or account number.
CONTACT = re.compile(
    r"[\w.+-]+@[\w-]+\.[\w.-]+|(?<![\w.,/-])\+?\d[\d ()/-]{7,}\d(?![\w.,-])|\b[A-Z]{2}\d{2}[A-Z0-9]{11,30}\b"
)
DIGITS_OF_A_NUMBER = 9
# Silence that no client can ask for: pay and conditions may always be spoken of (7.9).
SILENCE = re.compile(
    r"(not|never|don't|no)\b[^.\n]{0,60}\b(pay|rates?|wages?|conditions|pago|tarifas?|salarios?|condiciones)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to look at in one of the steps; `stops` where no job can be made before it is mended."""

    step: str
    words: str
    stops: bool = False


def lines(words: object) -> list[str]:
    """Return the lines of a text that say something."""
    return [line for line in str(words or "").splitlines() if line.strip()]


def listed(part: str, words: str) -> str:
    """Return a part of a guide as Markdown: examples as a list, where they are not one yet."""
    if part not in {"good", "bad"} or words.lstrip()[:1] in "-*1#>":
        return words
    return "\n".join(f"- {line.strip()}" for line in lines(words))


def findings(
    said: Mapping[str, Any], *, form: Mapping[str, Any], rate: Rate | None, sample: Sequence[Row]
) -> list[Finding]:
    """Return what to look at: `said` by field as the steps ask, the answer's `form`, the first rows of the data."""
    return [*_of_data(sample), *_of_form(said, form), *_of_guide(said), *_of_time_and_pay(said, rate), *_of_rules(said)]


def _of_data(sample: Sequence[Row]) -> Iterator[Finding]:
    for row, field in _first(contacts(sample)):
        words = _("Line %(line)d shows what looks like somebody's contact data, in “%(field)s”. Take such data out.")
        yield Finding("data", words % {"line": row, "field": field})
    if sample and (size := sum(len(str(row.data)) for row in sample) // len(sample)) > LONG_TASK:
        words = _("A task has about %(size)s characters. Shorter ones are read with more care, and load faster.")
        yield Finding("data", words % {"size": f"{size:,}"})


def contacts(sample: Iterable[Row]) -> Iterator[tuple[int, str]]:
    """Yield the line and the field of everything in the rows by which somebody could be reached."""
    for row in sample:
        for name, value in row.data.items():
            if any(map(_reaches, CONTACT.findall(str(value)))):
                yield row.line, name


def _reaches(found: str) -> bool:
    """Tell whether what looks like a number has the digits of one; a year and a price have fewer."""
    return "@" in found or found[:1].isalpha() or sum(map(str.isdigit, found)) >= DIGITS_OF_A_NUMBER


def _first(found: Iterator[tuple[int, str]], most: int = 3) -> Iterator[tuple[int, str]]:
    for _number, one in zip(range(most), found, strict=False):
        yield one


def _of_form(said: Mapping[str, Any], form: Mapping[str, Any]) -> Iterator[Finding]:
    labels = [str(label) for label in form.get("labels") or () if isinstance(label, str)]
    if len(labels) > MANY_LABELS:
        words = _("%(count)d labels are many to keep in mind. Ask in two jobs, or in stages: first the group.")
        yield Finding("questions", words % {"count": len(labels)})
    guide = " ".join(str(said.get(part, "")) for part in ("guide", "good", "bad", "edges", "doubt")).lower()
    unsaid = [label for label in labels if label.lower() not in guide]
    if unsaid and guide.strip():
        words = _("The guide does not say what these labels mean: %(labels)s.")
        yield Finding("guide", words % {"labels": ", ".join(unsaid[:5])})


def _of_guide(said: Mapping[str, Any]) -> Iterator[Finding]:
    if len(str(said.get("guide", "")).split()) < SHORT_GUIDE:
        yield Finding("guide", _("The guide is short: say what you need so that somebody new to it could begin."))
    if len(lines(said.get("good"))) < FEW_EXAMPLES:
        yield Finding("guide", _("The guide has no two examples of good answers. Five are best."))
    if len(lines(said.get("bad"))) < FEW_EXAMPLES:
        yield Finding("guide", _("The guide has no two examples of wrong answers, with what is wrong about them."))
    if not lines(said.get("edges")):
        yield Finding("guide", _("The guide says nothing about edge cases: that is where answers will differ."))
    if not lines(said.get("doubt")):
        yield Finding("guide", _("The guide does not say what to answer when in doubt."))


def _of_time_and_pay(said: Mapping[str, Any], rate: Rate | None) -> Iterator[Finding]:
    if rate is None:
        return
    minutes, pay = _number(said.get("minutes")), _number(said.get("pay"))
    if not minutes:
        yield Finding("quality", _("Say how much time a task has."))
    elif minutes * 60 < ENOUGH_TIME * rate.estimated_seconds:
        words = _("The time limit is less than three times what a task is said to take: it could not open (N4).")
        yield Finding("quality", words, stops=True)
    if pay and pay == rate.amount:
        words = _("%(pay)s is the least the members voted. More brings answers sooner.")
        yield Finding("price", words % {"pay": money(pay, rate.currency)})
    if said.get("overlap") in {1, "1"} and said.get("review_rule") == "majority":
        yield Finding(
            "quality", _("One answer alone agrees with none: ask for two or more, or let a member check each.")
        )


def _of_rules(said: Mapping[str, Any]) -> Iterator[Finding]:
    for part, words in (
        ("use", _("Say what the answers are for: members may decline what they do not want to help with.")),
        ("seen_by", _("Say who sees the tasks and the answers.")),
        ("delete_on", _("Say when the tasks are deleted.")),
    ):
        if not lines(said.get(part)):
            yield Finding("rules", words)
    if SILENCE.search(str(said.get("secret", ""))):
        words = _(
            "Nobody can be asked to be silent about pay or conditions (rule 7). Say only what of the tasks is secret."
        )
        yield Finding("rules", words)


def _number(words: object) -> Decimal | None:
    try:
        found = Decimal(str(words))
    except ArithmeticError:
        return None
    return found if found.is_finite() else None


def no_data() -> str:
    """Say that tasks can still come later."""
    return _("There is no data yet. You can also send it once the job is made, here or by the API.")
