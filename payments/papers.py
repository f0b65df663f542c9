"""Papers as PDF: what an accountant files and a screen reader reads, set from facts that are text already."""

import json
from datetime import datetime
from pathlib import Path
from typing import Literal, TypedDict

import typst

LAYOUT = Path(__file__).parent / "templates" / "payments" / "paper.typ"


class Table(TypedDict):
    """A table of a paper: its title, the heads of its columns, rows of as many cells."""

    title: str
    heads: list[str]
    rows: list[list[str]]


class Paper(TypedDict):
    """What a paper prints, in its reader's `language`: title, lines below it, figures with labels, tables, foot."""

    language: str
    title: str
    who: list[str]
    sums: list[list[str]]
    tables: list[Table]
    foot: list[str]


def as_pdf(paper: Paper, at: datetime) -> bytes:
    """Return a paper of a moment as a PDF that screen readers read well (PDF/UA-1).

    A name in letters that no font here has (Libertinus has Latin, Greek and Cyrillic) makes it plain PDF.
    """
    facts = {"facts": json.dumps(paper, ensure_ascii=False)}
    try:
        return _set(facts, "ua-1", at)
    except typst.TypstError:
        return _set(facts, "1.7", at)


def _set(facts: dict[str, str], standard: Literal["ua-1", "1.7"], at: datetime) -> bytes:
    """Set the layout; it reads `facts` as text, nothing in them is run."""
    return typst.compile(
        LAYOUT, format="pdf", sys_inputs=facts, pdf_standards=standard, timestamp=at.replace(microsecond=0)
    )
