"""The parts every page is built of that need a little arithmetic or wrap other markup. The styleguide shows them all.

Loaded everywhere (settings: template builtins). Parts without arithmetic are plain includes in templates/parts/.
"""

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django import template
from django.core.paginator import Page
from django.http import QueryDict
from django.template.base import Parser, Token, VariableNode
from django.template.context import Context
from django.template.defaulttags import CsrfTokenNode
from django.template.loader import render_to_string
from django.template.loader_tags import BlockNode
from django.utils import formats, timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

register = template.Library()

MINUTE, HOUR, DAY = 60, 3600, 86400

type Number = int | float | Decimal


@dataclass(frozen=True, slots=True)
class Slice:
    """One part of a drawn bar: where it starts and how wide it is, both in per cent of the whole."""

    label: str
    shown: str
    kind: str
    start: str
    width: str


def _per_cent(value: Number, whole: Number) -> float:
    """Return value as per cent of whole, between 0 and 100; 0 when the whole is nothing."""
    return max(0.0, min(100.0, 100 * float(value) / float(whole))) if whole else 0.0


@register.simple_tag
def words(text: str) -> SafeString:
    """Show what somebody wrote: clean HTML as it is, a plain text with its lines as they stand."""
    return format_html('<div class="{}">{}</div>', "written" if isinstance(text, SafeString) else "prose", text)


@register.simple_block_tag
def note(content: str, kind: str = "info", title: str = "", role: str = "") -> SafeString:
    """Frame a message: {% note "warn" title=_("…") %}…{% endnote %}; kind is info, money, vote, warn or stop."""
    return render_to_string("parts/note.html", {"text": content, "kind": kind, "title": title, "role": role})


@register.simple_block_tag
def fold(content: str, title: str, open: bool = False) -> SafeString:  # noqa: A002, FBT001, FBT002 - reads as the attribute it sets
    """Fold less needed text away, without JavaScript: {% fold _("Why we ask") %}…{% endfold %}."""
    return render_to_string("parts/fold.html", {"text": content, "title": title, "open": open})


@register.simple_block_tag
def card(content: str, title: str, kind: str = "", tag: str = "", tag_kind: str = "") -> SafeString:
    """Frame a card with a heading: {% card _("Rate card") kind="rate" tag=… %}…{% endcard %}; "rate" is the ticket."""
    shown = {"text": content, "title": title, "kind": kind, "tag": tag, "tag_kind": tag_kind}
    return render_to_string("parts/card.html", shown)


@register.simple_block_tag
def sheet(content: str, caption: str) -> SafeString:
    """Rule a table that scrolls sideways by itself: {% sheet _("caption") %}<thead>…<tbody>…<tfoot>…{% endsheet %}."""
    return render_to_string("parts/sheet.html", {"text": content, "caption": caption})


OF_A_PAGE = (VariableNode, BlockNode, CsrfTokenNode)
OF_NONE = "what is the same on each page shows nothing of one: no variable, no block, no csrf_token"


type Key = int | str | template.Node


class Pageless(Context):
    """What a part knows that knows nothing of its page; `asked` is what it asked for and had not named itself.

    That is kept, as conditions pass over whatever is raised in them.
    """

    def __init__(self) -> None:
        """Begin with nothing."""
        super().__init__()
        self.asked = set[str]()

    def __getitem__(self, key: Key) -> object:
        """Return what the part named itself."""
        self._note(key)
        return super().__getitem__(key)

    def get(self, key: Key, otherwise: object = None) -> object:
        """Return what the part named itself."""
        self._note(key)
        return super().get(key, otherwise)

    def __contains__(self, key: Key) -> bool:
        """Tell whether the part named it itself."""
        self._note(key)
        return super().__contains__(key)

    def _note(self, key: Key) -> None:
        if not super().__contains__(key):
            self.asked.add(str(key))


class Same(template.Node):
    """A part of a page that is the same on each: written once a process in each language, of nothing but its words."""

    child_nodelists = ("inside",)

    def __init__(self, inside: template.NodeList) -> None:
        """Keep what stands inside."""
        self.inside, self.written = inside, dict[str | None, SafeString]()

    def render(self, context: Context) -> SafeString:
        """Return it in the page's language; nothing that a page knows can be in it."""
        language = get_language()
        if language not in self.written:
            plain = Pageless()
            plain.template = context.template
            shown = self.inside.render(plain)
            if plain.asked:
                message = f"{OF_NONE}: {', '.join(sorted(plain.asked))}"
                raise template.TemplateSyntaxError(message)
            self.written[language] = shown
        return self.written[language]


@register.tag
def same(parser: Parser, _token: Token) -> Same:
    """Say that a part knows nothing of its page: {% same %}…{% endsame %}, with words, addresses and files.

    Raise TemplateSyntaxError for a variable, a block or a form's token in it, and once it is written for anything else
    that asks for something of the page: nothing would be shown of it.
    """
    inside = parser.parse(("endsame",))
    parser.delete_first_token()
    if any(inside.get_nodes_by_type(kind) for kind in OF_A_PAGE):
        raise template.TemplateSyntaxError(OF_NONE)
    return Same(inside)


@register.inclusion_tag("parts/bar.html")
def bar(slices: Iterable[tuple[str, Number, str, str]], label: str) -> dict[str, object]:
    """Draw parts of a whole: slices are (label, value, text shown, kind); the words stand under the bar."""
    given = list(slices)
    whole = sum(float(value) for _label, value, _shown, _kind in given)
    drawn, start = [], 0.0
    for name, value, shown, kind in given:
        width = _per_cent(value, whole)
        drawn.append(Slice(name, shown, kind, f"{start:.2f}%", f"{width:.2f}%"))
        start += width
    return {"slices": drawn, "label": label}


@register.inclusion_tag("parts/meter.html")
def meter(
    value: Number, of: Number, label: str, shown: str = "", need: Number | None = None, kind: str = ""
) -> dict[str, object]:
    """Draw how far something is: value out of `of`, with a mark at `need`; `shown` is the figure in words."""
    width = _per_cent(value, of)
    mark = None if need is None else f"{_per_cent(need, of):.2f}%"
    shown = shown or _("%(value)s of %(of)s") % {"value": value, "of": of}
    return {"width": f"{width:.2f}%", "mark": mark, "label": label, "shown": shown, "kind": kind}


@register.inclusion_tag("parts/pages.html", takes_context=True)
def pages(context: Context, page: Page[Any]) -> dict[str, object]:
    """Link the page before and after of a paginated list, keeping the filters of the address."""
    query: QueryDict = context["request"].GET.copy()
    query.pop("page", None)
    return {"page": page, "query": query.urlencode()}


@register.inclusion_tag("parts/problems.html")
def problems(form: object) -> dict[str, object]:
    """Say above a form what went wrong, each line linked to its field."""
    return {"form": form}


@register.simple_tag(takes_context=True)
def here(context: Context, address: str) -> SafeString:
    """Return aria-current="page" when the page asked for is at or below the address, else nothing."""
    request = context.get("request")
    path = request.path if request else ""
    inside = path == address or (address != "/" and path.startswith(address))
    return SafeString(' aria-current="page"' if address and inside else "")


@register.simple_tag(takes_context=True)
def when(context: Context, moment: datetime | None) -> SafeString:
    """Return a time as people read it: day and hour in the reader's zone, its city, and how far away it is."""
    if moment is None:
        return SafeString("")
    local = timezone.localtime(moment)
    now = context.get("coop_time") or timezone.now()
    return format_html(
        '<time datetime="{}">{}, {}</time> ({})', moment.isoformat(), _written(local, now), _city(), _far(moment, now)
    )


def _written(local: datetime, now: datetime) -> str:
    """Return weekday, day, month and hour; the year only when it is not this one."""
    # Weekday, day, month and hour, then the year in the weekday's place, in the letters of Django's filter `date`.
    pattern = _("l j F H:i") if local.year == timezone.localtime(now).year else _("j F Y H:i")
    return formats.date_format(local, pattern)


def _city() -> str:
    """Return the city of the reader's time zone."""
    return timezone.get_current_timezone_name().rsplit("/", 1)[-1].replace("_", " ")


def _far(moment: datetime, now: datetime) -> str:
    """Return how far a moment is from now in the largest unit that fits, without false precision."""
    seconds = (moment - now).total_seconds()
    if abs(seconds) < MINUTE:
        return _("now")
    amount = _amount(abs(seconds))
    return _("in %(time)s") % {"time": amount} if seconds > 0 else _("%(time)s ago") % {"time": amount}


def _amount(seconds: float) -> str:
    """Return a length of time in whole minutes, hours or days; what is a little short of a whole one counts as one."""
    minutes, hours, days = round(seconds / MINUTE), int((seconds + MINUTE) // HOUR), int((seconds + HOUR) // DAY)
    if days >= 2:  # noqa: PLR2004 - up to two days people count in hours
        return ngettext("%(count)d day", "%(count)d days", days) % {"count": days}
    if hours >= 1:
        return ngettext("%(count)d hour", "%(count)d hours", hours) % {"count": hours}
    return ngettext("%(count)d minute", "%(count)d minutes", minutes) % {"count": minutes}


@register.filter
def lasting(time: timedelta) -> str:
    """Return how long something lasted, as "5 hours"."""
    return _amount(time.total_seconds())


@register.filter
def translated(stored: str) -> str:
    """Return a text of a row in the reader's language where it is one the cooperative began with, else as it stands."""
    return _(stored)


@register.filter
def minutes(seconds: Number | None) -> str:
    """Return a length of work as "4 min 10 s"; an empty text for nothing."""
    if seconds is None:
        return ""
    whole, rest = divmod(round(seconds), 60)
    if not whole:
        return _("%(seconds)d s") % {"seconds": rest}
    if not rest:
        return _("%(minutes)d min") % {"minutes": whole}
    return _("%(minutes)d min %(seconds)d s") % {"minutes": whole, "seconds": rest}


@register.simple_tag
def diff(old: str, new: str) -> SafeString:
    """Mark, word by word, what a text loses and what it gains."""
    before, after = re.findall(r"\s+|\S+", old), re.findall(r"\s+|\S+", new)
    shown: list[tuple[str, str, str]] = []
    for change, a, b, c, d in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        lost, gained = "".join(before[a:b]), "".join(after[c:d])
        shown.append((lost if change == "equal" else "", lost, gained))
    return format_html('<p class="diff">{}</p>', format_html_join("", "{}", ((_marked(*part),) for part in shown)))


def _marked(same: str, lost: str, gained: str) -> SafeString:
    """Return one stretch of a diff: unchanged text, or what went and what came."""
    if same:
        return format_html("{}", same)
    gone = format_html("<del>{}</del>", lost) if lost else SafeString("")
    come = format_html("<ins>{}</ins>", gained) if gained else SafeString("")
    return format_html("{}{}", gone, come)
