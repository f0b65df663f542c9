"""The lot that makes a panel: sealed words of three people, one seed, one order that anybody can compute again.

Nothing here touches the database, which computes the same by itself (`governance_drawn`). To check a draw by hand:
the seed is the SHA-256 of the three parts with line breaks between; the candidates stand in the order of the SHA-256
of "seed:number"; the witness is left out.
"""

import hashlib
from collections.abc import Collection, Iterable


def seal(words: str) -> str:
    """Return the commitment to some words: their SHA-256 in hexadecimal."""
    return hashlib.sha256(words.encode()).hexdigest()


def seed(*, charge: str, member: str, witness: str) -> str:
    """Return the seed made of the three opened parts; a member's part that was never opened is empty."""
    return seal(f"{charge}\n{member}\n{witness}")


def order(seed: str, candidates: Iterable[int], *, without: Collection[int] = ()) -> list[int]:
    """Return the candidates' numbers in the order of the lot, those `without` left out."""
    drawn = (number for number in candidates if number not in without)
    return sorted(drawn, key=lambda number: (hashlib.sha256(f"{seed}:{number}".encode()).digest(), number))


def roll_digest(candidates: Iterable[int]) -> str:
    """Return the digest of a frozen list: the SHA-256 of its numbers, ascending, with commas between."""
    return seal(",".join(str(number) for number in sorted(candidates)))
