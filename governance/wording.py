"""An author's words beside what the platform works out: what differs is said to the author, and to every reader.

Words are never refused for what they say (E8, P8); they are contradicted where the ballot is read (decision 0068).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from django.utils.translation import gettext as _

from governance.models import Proposal
from governance.policy import Payload, Text

# The languages of the site; a text in another one is contradicted by its figures alone.
RAISES = re.compile(
    r"\b(rais(?:e|es|ed|ing)|increas\w+|rise|rises|higher|better pay|subid?[aeo]s?|suban|subir|subiría|aument\w+"
    r"|increment\w+|más alt[ao]s?)\b",
    re.IGNORECASE,
)
DECIDES = re.compile(
    r"\b(threshold|quorum|majority|electorate|two thirds|umbral|quórum|mayoría|dos tercios)\b", re.IGNORECASE
)
NUMBER = r"\d+(?:[.,\u00a0 ]\d{3})*(?:[.,]\d+)?"
SUM = re.compile(rf"(?:US\$|\$|€|USD)\s?({NUMBER})|({NUMBER})\s?(?:US\$|\$|€|USD|%|per cent|percent|por ciento)")
ANY = re.compile(NUMBER)
LONG_WORD = re.compile(r"[^\W\d_]{4,}")
STEM = 4


@dataclass(frozen=True, slots=True)
class Advice:
    """Something to look at again: what, by which rule, what to do; `refuses` when publication says no to it."""

    reason: Text
    rule: str = ""
    appeal: Text = ""
    refuses: bool = False


def doubts(proposal: Proposal, impact: Payload, known: Iterable[str]) -> list[Advice]:
    """Return where the words and the figures of a proposal differ.

    `impact` is what was worked out ("cut": true where somebody is paid less), `known` the platform's own words.
    """
    words = f"{proposal.title}\n{proposal.text}"
    found = [*_direction(words, impact), *_numbers(words, " ".join(known))]
    if DECIDES.search(words) and proposal.rule.key != "N15":
        reason = _("The words speak of who decides, or of what share. Nothing of that is in the change.")
        found.append(Advice(reason, "3.1", _("Who decides is a proposal of its own, never together with another.")))
    return found


def style(proposal: Proposal, what: str) -> list[Advice]:
    """Return what would make the question easier to answer; it concerns its author alone."""
    title, found = proposal.title, []
    if not title.strip():
        found.append(Advice(_("The question is missing."), "3.5", refuses=True))
    elif title.count("?") > 1:
        found.append(Advice(_("These are several questions."), "3.1", _("Ask one that yes or no answers.")))
    elif not title.rstrip().endswith("?"):
        found.append(Advice(_("The question does not end as a question."), "", _("Ask what yes or no answers.")))
    if title.strip() and not _shares(title, what):
        found.append(
            Advice(_("The question does not say what changes."), "P9", _("Name the thing, or its new number."))
        )
    if not proposal.text.strip():
        found.append(Advice(_("The reason is missing."), "3.5", refuses=True))
    return found


def _direction(words: str, impact: Payload) -> list[Advice]:
    said = RAISES.search(words)
    if not said or impact.get("cut") is not True:
        return []
    reason = _("The words say “%(word)s”. Worked out by the platform, it is a cut.") % {"word": said[0]}
    return [Advice(reason, "P9", _("Go by the figures: they are worked out by the platform."))]


def _numbers(words: str, known: str) -> list[Advice]:
    there = [number for found in ANY.finditer(known) for number in _readings(found[0])]
    sums = [found[1] or found[2] for found in SUM.finditer(words)]
    strange = list(dict.fromkeys(said for said in sums if not _is_among(said, there)))
    if not strange:
        return []
    reason = _("The words name %(numbers)s, which the change does not have.") % {"numbers": "; ".join(strange)}
    return [Advice(reason, "P9", _("Go by the figures: only they are carried out."))]


def _is_among(said: str, there: list[Decimal]) -> bool:
    """Tell whether a number, as somebody wrote or rounded it, is one of these."""
    return any(
        number == reading or round(number, _places(reading)) == reading
        for reading in _readings(said)
        for number in there
    )


def _places(number: Decimal) -> int:
    exponent = number.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _readings(written: str) -> list[Decimal]:
    """Return what a number can mean: 1,000 is a thousand to some and one to others."""
    plain = re.sub(r"[\u00a0 ]", "", written)
    ways = {plain.replace(",", ""), plain.replace(".", "").replace(",", "."), plain.replace(",", ".")}
    return [number for way in ways if (number := _decimal(way)) is not None]


def _decimal(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def _shares(title: str, what: str) -> bool:
    """Tell whether a title and a description have a number or the beginning of a longer word in common."""
    stems = {word[:STEM] for word in LONG_WORD.findall(what.casefold())}
    there = [number for found in ANY.finditer(what) for number in _readings(found[0])]
    return any(word[:STEM] in stems for word in LONG_WORD.findall(title.casefold())) or any(
        _is_among(found[0], there) for found in ANY.finditer(title)
    )
