"""A job's guide: the client's Markdown made into HTML that can load nothing and run nothing."""

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

TAGS = frozenset(
    [
        "a",
        "abbr",
        "blockquote",
        "br",
        "code",
        "del",
        "em",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "li",
        "ol",
        "p",
        "pre",
        "strong",
        "sub",
        "sup",
        "table",
        "tbody",
        "td",
        "th",
        "thead",
        "tr",
        "ul",
    ]
)
SCHEMES = frozenset({"http", "https", "mailto"})
# Raw HTML comes out as text; pictures would tell the client's server who reads when.
_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"]).disable("image")


def html(markdown: str) -> SafeString:
    """Return the guide as clean HTML: headings one step down, links that name no referrer, no images, no scripts."""
    tokens = _MARKDOWN.parse(markdown)
    for token in tokens:
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(int(token.tag[1]) + 1, 6)}"
    drawn = _MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {})
    clean = nh3.clean(
        drawn,
        tags=set(TAGS),
        attributes={"a": {"href"}, "ol": {"start"}},
        attribute_filter=_only_whole_addresses,
        url_schemes=set(SCHEMES),
        link_rel="nofollow noopener noreferrer",
    )
    return mark_safe(clean)  # noqa: S308 - cleaned the line before


def _only_whole_addresses(_tag: str, attribute: str, value: str) -> str | None:
    """Keep an address only when it says where it goes: `//host` and relative ones do not."""
    whole = attribute != "href" or value.lower().startswith(("https://", "http://", "mailto:"))
    return value if whole else None
