"""Check a pay certificate by yourself: `python check_certificate.py certificate.json items.jsonl [events.jsonl]`.

Standard library only. Shows what was paid for the items, and says whether the items are those it was signed for, and
whether the key and the certificate are the ones in the public record (events.jsonl, from the cooperative's /record/).
"""

import hashlib
import json
import sys
from collections.abc import Iterable
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import Any

# Ed25519, RFC 8032 section 5.1: the field, the group's order, the curve's constant, the base point.
P, ORDER = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
BASE_Y = 4 * pow(5, -1, P) % P
AT_ONCE = 5_000
SIGNATURE_BYTES = 64

type Point = tuple[int, int, int, int]
type Json = dict[str, Any]


def x_of(y: int, sign: int) -> int | None:
    """Return the x of a point by its y and the sign of x; None where there is no such point."""
    square = (y * y - 1) * pow(D * y * y + 1, -1, P)
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    return x if x % 2 == sign else P - x


def point(data: bytes) -> Point | None:
    """Return the point that 32 bytes stand for; None where there is none."""
    number = int.from_bytes(data, "little")
    y = number & (1 << 255) - 1
    x = x_of(y, number >> 255) if y < P else None
    return None if x is None else (x, y, 1, x * y % P)


def add(a: Point, b: Point) -> Point:
    """Return the sum of two points in extended coordinates."""
    one, two = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    three, four = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = two - one, four - three, four + three, two + one
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def times(number: int, a: Point) -> Point:
    """Return a point added to itself so many times."""
    total = (0, 1, 1, 0)
    while number:
        if number & 1:
            total = add(total, a)
        a, number = add(a, a), number >> 1
    return total


def is_signed(message: bytes, signature: bytes, key: bytes) -> bool:
    """Tell whether an Ed25519 signature of a message is by the owner of a public key."""
    a, r = point(key), point(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if a is None or r is None or len(signature) != SIGNATURE_BYTES or s >= ORDER:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % ORDER
    base = point(BASE_Y.to_bytes(32, "little"))
    assert base is not None  # noqa: S101 - the curve has it
    left, right = times(s, base), add(r, times(k, a))
    return not ((left[0] * right[2] - right[0] * left[2]) % P or (left[1] * right[2] - right[1] * left[2]) % P)


def parts_of(path: Path) -> list[str]:
    """Return the digests of the parts of a file of items: each holds the items of 5,000 places in the job."""
    with path.open("rb") as file:
        parts = groupby(file, lambda line: (json.loads(line)["position"] - 1) // AT_ONCE)
        return [_digest(lines) for _part, lines in parts]


def _digest(lines: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for line in lines:
        digest.update(line)
    return digest.hexdigest()


def recorded(path: Path, told: Json) -> Json | None:
    """Return what the record says of this version; None where it says nothing."""
    with path.open() as file:
        events = (json.loads(line) for line in file)
        made = [e["data"] for e in events if e["kind"] == "releases.made" and e["subject"] == f"job:{told['job']}"]
    return next((data for data in made if data["number"] == told["release"]), None)


def main(certificate: str, items: str, events: str = "") -> bool:
    """Print the certificate and what does not add up; return whether all does."""
    signed = json.loads(Path(certificate).read_text("utf-8"))
    text, told, wrong = signed["certificate"], json.loads(signed["certificate"]), []
    digest = hashlib.sha256("".join(f"{part}\n" for part in parts_of(Path(items))).encode()).hexdigest()
    if digest != told["digest"]:
        wrong.append("The items are not those that the certificate is for.")
    if not is_signed(text.encode(), bytes.fromhex(signed["signature"]), bytes.fromhex(signed["key"])):
        wrong.append("The certificate is not signed by that key.")
    found = recorded(Path(events), told) if events else None
    if events and (not found or found["certificate"] != hashlib.sha256(text.encode()).hexdigest()):
        wrong.append("The public record does not know this certificate.")
    if found and found["key"] != signed["key"]:
        wrong.append("The public record names another key.")
    parts = told["paid"].get("of_wages")
    if parts and sum(map(Decimal, parts.values())) != Decimal(told["paid"]["wages"]):
        wrong.append("The wages are not the sum of what they were for.")
    if "guides" in told and sum(one["answers"] for one in told["guides"]) != told["answers"]:
        wrong.append("The answers are not the sum of those given under each guide.")
    print(json.dumps(told, indent=2))  # noqa: T201 - what it is for
    good = "All of it adds up." if events else "All of it adds up; it was not compared with the public record."
    print("\n".join(wrong) or good)  # noqa: T201 - likewise
    return not wrong


if __name__ == "__main__":
    sys.exit(0 if main(*sys.argv[1:]) else 1)
