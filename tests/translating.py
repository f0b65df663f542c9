"""Finding what pages and acts say: Babel reads Python, Django tells what a template says."""

import re
from ast import literal_eval
from collections.abc import Iterable
from pathlib import Path

from babel.messages import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po
from django.conf import settings
from django.utils.translation.template import templatize

LANGUAGES = [code for code, _name in settings.LANGUAGES if code != settings.LANGUAGE_CODE]
FOLDER = Path(settings.BASE_DIR) / "coop" / "locale"
KEYWORDS = dict.fromkeys(("_", "gettext", "gettext_lazy", "gettext_noop")) | dict.fromkeys(
    ("ngettext", "ngettext_lazy"), (1, 2)
)
# What is left of a template: every text as a call of gettext.
CALL = re.compile(r"""(?:\b_|gettext)\(u?('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")""")


def texts(paths: Iterable[Path]) -> set[str]:
    """Return every text that these files give to be translated; of singular and plural, the singular."""
    found: set[str] = set()
    for path in sorted(paths):
        found |= set(_of_template(path) if path.suffix in {".html", ".txt"} else _of_module(path))
    return found


def catalog(language: str) -> Catalog:
    """Return what is written for a language."""
    with (FOLDER / language / "LC_MESSAGES" / "django.po").open("rb") as file:
        return read_po(file, locale=language)


def translated(language: str) -> dict[str, str]:
    """Return each text of ours and what it is in a language; of singular and plural, the singular."""
    return {_first(message.id): _first(message.string) for message in catalog(language)}


def _first(said: object) -> str:
    return said if isinstance(said, str) else str(said[0] if isinstance(said, tuple | list) else "")


def _of_module(path: Path) -> Iterable[str]:
    for _line, said, _comments, _context in extract_from_file("python", path, KEYWORDS):
        yield said if isinstance(said, str) else said[0]


def _of_template(path: Path) -> Iterable[str]:
    for call in CALL.finditer(templatize(path.read_text())):
        yield literal_eval(call[1])
