"""Names and words in the letters that every bank can carry (EPC217-08: the Latin set of SEPA)."""

import re

from text_unidecode import unidecode

OTHER = re.compile(r"[^A-Za-z0-9/\-?:().,'+ ]")


def plain(words: str, longest: int) -> str:
    """Return words in the Latin letters of SEPA, at most so many; what has no such letter becomes a full stop.

    A bank refuses a slash at an end and two in a row.
    """
    latin = OTHER.sub(".", unidecode(words).strip())
    return re.sub(r"/{2,}", "/", latin).strip("/ ")[:longest].strip("/ ") or "."
