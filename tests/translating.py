"""Finding what pages and acts say: Babel reads Python, Django tells what a template says."""

import re
from ast import literal_eval
from collections.abc import Iterable
from pathlib import Path

from babel.messages.extract import extract_from_file
from django.utils.translation.template import templatize

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


def _of_module(path: Path) -> Iterable[str]:
    for _line, said, _comments, _context in extract_from_file("python", path, KEYWORDS):
        yield said if isinstance(said, str) else said[0]


def _of_template(path: Path) -> Iterable[str]:
    for call in CALL.finditer(templatize(path.read_text())):
        yield literal_eval(call[1])
