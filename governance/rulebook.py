"""The rules in force as they are read: each with its version, its day, the vote behind it, and what it changed."""

import difflib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from itertools import groupby
from operator import attrgetter

from django.utils.translation import gettext as _

from governance import amending
from governance.models import WHOLE, Bylaw, Mandate, Parameter, Rule

# Numbers that are parts of WHOLE.
PARTS = {"petition_share", "support_share", "cuts_in_a_year"}

type Row = Rule | Bylaw | Parameter


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a rule: what it says, from when on, by which mandate, and line by line what it changed."""

    number: int
    says: str
    published_at: datetime
    applies_from: datetime
    mandate: Mandate
    changes: list[str]


@dataclass(frozen=True, slots=True)
class Entry:
    """A rule by its id: the version in force, one that is published and applies later (or None), and those before."""

    key: str
    title: str
    current: Version
    coming: Version | None
    former: list[Version]


def rules(at: datetime) -> list[Entry]:
    """Return the constitution's rows, N1 to N15 and 3.2, in their order; one query."""
    known = Rule.objects.select_related("mandate__proposal").order_by("key", "version")
    entries = [_entry(rows, at, _rule) for rows in _by(known, "key")]
    return sorted(entries, key=lambda entry: (entry.key[0] != "N", float(entry.key.removeprefix("N"))))


def numbers(at: datetime) -> list[Entry]:
    """Return the numbers that are no single rule's own; one query."""
    known = Parameter.objects.select_related("mandate__proposal").order_by("name", "version")
    return [_entry(rows, at, _number) for rows in _by(known, "name")]


def bylaws(at: datetime) -> list[Entry]:
    """Return the rules of conduct; one query."""
    known = Bylaw.objects.select_related("mandate__proposal").order_by("key", "version")
    return [_entry(rows, at, _bylaw) for rows in _by(known, "key")]


def matching(entries: list[Entry], words: str) -> list[Entry]:
    """Return the entries that say all of the words, in their id, title or text."""
    wanted = words.casefold().split()
    return [entry for entry in entries if all(word in _all_of(entry).casefold() for word in wanted)]


def _all_of(entry: Entry) -> str:
    return f"{entry.key} {entry.title} {entry.current.says}"


def _by[R: Row](known: Iterable[R], name: str) -> list[list[R]]:
    return [list(rows) for _key, rows in groupby(known, key=attrgetter(name))]


def _entry[R: Row](rows: list[R], at: datetime, read: Callable[[R, R | None], tuple[str, str, Version]]) -> Entry:
    read_all = [read(row, former) for row, former in zip(rows, [None, *rows], strict=False)]
    key, title, _latest = read_all[-1]
    versions = [version for _key, _title, version in read_all]
    applying = [version for version in versions if version.applies_from <= at] or versions[:1]
    coming = versions[-1] if versions[-1] is not applying[-1] else None
    return Entry(key, title, applying[-1], coming, applying[-2::-1])


def _rule(rule: Rule, former: Rule | None) -> tuple[str, str, Version]:
    row = {name: getattr(rule, name) for name in amending.ROW}
    says = _("%(talk)s days to talk, %(vote)s to vote, %(wait)s to wait.") % {
        "talk": rule.deliberation_days, "vote": rule.voting_days, "wait": rule.lock_days,
    }  # fmt: skip
    shares = [f"{amending.LABELS[name]}: {amending.shown(name, row[name])}" for name in amending.SHARES if row[name]]
    changes = amending.differences(former, row) if former else []
    version = Version(
        rule.version, "\n".join([says, *shares]), rule.published_at, rule.applies_from, rule.mandate, changes
    )
    return rule.key, _(rule.decision), version


def _number(number: Parameter, former: Parameter | None) -> tuple[str, str, Version]:
    words = _("%(old)s to %(new)s")
    changes = [words % {"old": _worth(former), "new": _worth(number)}] if former else []
    version = Version(number.version, _worth(number), number.published_at, number.applies_from, number.mandate, changes)
    return number.name, _(number.name.replace("_", " ")), version


def _worth(number: Parameter) -> str:
    return amending.written(Fraction(number.value, WHOLE)) if number.name in PARTS else str(number.value)


def _bylaw(bylaw: Bylaw, former: Bylaw | None) -> tuple[str, str, Version]:
    changes = _lines_changed(former.text, bylaw.text) if former else []
    applies = bylaw.published_at + amending.PUBLIC_FIRST
    version = Version(bylaw.version, _(bylaw.text), bylaw.published_at, applies, bylaw.mandate, changes)
    return bylaw.key, _(bylaw.title), version


def _lines_changed(old: str, new: str) -> list[str]:
    """Return the lines that went, with a minus, and those that came, with a plus."""
    compared = difflib.ndiff(old.splitlines(), new.splitlines())
    return [line for line in compared if line.startswith(("- ", "+ "))]
