"""Formulas in LaTeX as MathML, made on our side: the browser draws them without a script."""

import html
from functools import lru_cache
from xml.etree.ElementTree import Element

from django.utils.html import escape
from latex2mathml.converter import convert_to_element

LONGEST, DEEPEST = 1000, 30
# fmt: off
TAGS = frozenset({
    "math", "mrow", "mi", "mn", "mo", "mtext", "mspace", "mfrac", "msqrt", "mroot", "msub", "msup", "msubsup", "munder",
    "mover", "munderover", "mtable", "mtr", "mtd", "mstyle", "mpadded", "mphantom", "menclose",
})
# fmt: on
ATTRIBUTES = {
    "math": {"display"},
    "mo": {"stretchy", "fence", "form", "separator", "minsize", "maxsize"},
    "mspace": {"width"},
    "mfrac": {"linethickness"},
    "mstyle": {"displaystyle", "scriptlevel"},
    "mtable": {"columnalign"},
    "mi": {"mathvariant"},
    "mover": {"accent"},
    "munder": {"accentunder"},
}


def formula(latex: str, *, block: bool = False) -> str:
    """Return a formula as MathML of the elements above and no others; as its source where it cannot be drawn."""
    if len(latex) > LONGEST or _depth(latex) > DEEPEST:
        return _source(latex)
    return _drawn(latex, block)


@lru_cache(maxsize=1000)
def _drawn(latex: str, block: bool) -> str:  # noqa: FBT001 - the key of a cache
    try:
        return _written(convert_to_element(latex, display="block" if block else "inline"))
    except Exception:  # noqa: BLE001 - what a client wrote is drawn or shown as it stands, whatever the library says
        return _source(latex)


def _source(latex: str) -> str:
    return f"<code>{escape(latex)}</code>"


def _depth(latex: str) -> int:
    """Return how deep braces stand in braces."""
    deepest = depth = 0
    for letter in latex:
        depth += {"{": 1, "}": -1}.get(letter, 0)
        deepest = max(deepest, depth)
    return deepest


def _written(element: Element) -> str:
    """Return an element with what it holds; of one that we do not know, only what it holds."""
    inner = escape(html.unescape(element.text or "")) + "".join(map(_written, element))
    if element.tag not in TAGS:
        return inner
    known = ATTRIBUTES.get(element.tag, set())
    said = "".join(f' {name}="{escape(value)}"' for name, value in element.attrib.items() if name in known)
    return f"<{element.tag}{said}>{inner}</{element.tag}>"
