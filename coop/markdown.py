"""What people write as Markdown, made into HTML that can load nothing and run nothing: guides, posts, answers.

Below every app, as anybody's words may be shown by any of them.
"""

import re

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin

from coop import maths

# fmt: off
TAGS = frozenset({
    "a", "abbr", "blockquote", "br", "code", "del", "em", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre",
    "strong", "sub", "sup", "table", "tbody", "td", "th", "thead", "tr", "ul",
})
# fmt: on
SCHEMES = frozenset({"http", "https", "mailto"})
# They turn the order of letters round or stand between them unseen, so that a text reads as it is not written. The
# joiners that Persian, Hindi and emoji are written with (U+200C, U+200D) stay, and so do line breaks and tabs.
UNSEEN = "\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
_UNSEEN = re.compile(f"[{UNSEEN}]")
# Raw HTML comes out as text; pictures would tell somebody else's server who reads when.
_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"]).disable("image")
# Formulas as $…$ without blanks at its ends, so that sums in dollars mostly stay what they are; or as $$…$$.
_WITH_FORMULAS = (
    MarkdownIt("commonmark", {"html": False})
    .enable(["table", "strikethrough"])
    .disable("image")
    .use(
        dollarmath_plugin, allow_labels=False, allow_space=False, allow_digits=False, double_inline=True,
        renderer=lambda latex, kind: maths.formula(latex.strip(), block=kind["display_mode"]),
    )
)  # fmt: skip
# Longer texts are drawn without their formulas: each takes its time.
LONGEST_WITH_FORMULAS = 50_000


def plain(text: str) -> str:
    """Return a text without the characters that nobody sees and that change what is read; lines end in a line feed."""
    return _UNSEEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def html(markdown: str, *, formulas: bool = False) -> SafeString:
    """Return Markdown as clean HTML: headings one step down, links that name no referrer, no images, no scripts.

    `formulas` in LaTeX become MathML; those that cannot be drawn stand as they were written.
    """
    parser = _WITH_FORMULAS if formulas and len(markdown) <= LONGEST_WITH_FORMULAS else _MARKDOWN
    tokens = parser.parse(plain(markdown))
    for token in tokens:
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(int(token.tag[1]) + 1, 6)}"
    drawn = parser.renderer.render(tokens, parser.options, {})
    clean = nh3.clean(
        drawn,
        tags=set(TAGS | maths.TAGS),
        attributes={"a": {"href"}, "ol": {"start"}, **maths.ATTRIBUTES},
        attribute_filter=_only_whole_addresses,
        url_schemes=set(SCHEMES),
        link_rel="nofollow noopener noreferrer",
    )
    # Once more: `&#8238;` has become such a character only now.
    return mark_safe(plain(clean))  # noqa: S308 - cleaned the line before


def _only_whole_addresses(_tag: str, attribute: str, value: str) -> str | None:
    """Keep an address only when it says where it goes: `//host` and relative ones do not."""
    whole = attribute != "href" or value.lower().startswith(("https://", "http://", "mailto:"))
    return value if whole else None
