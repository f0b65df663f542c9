"""Check a statement against its seal: `python3 check_statement.py STATEMENT.csv PROOF.json [EVENTS.jsonl]`.

STATEMENT.csv is the file you kept, PROOF.json stands beside it on your page, EVENTS.jsonl is the public record of the
cooperative, from /record/events.jsonl. Without the last, look up the root that is printed in the record yourself. This
needs Python and nothing else, and asks nobody.
"""

import hashlib
import json
import sys
from pathlib import Path


def root_of(leaf: bytes, place: int, size: int, path: list[bytes]) -> bytes | None:
    """Return the root of the tree in which a leaf stands at a place (RFC 9162, 2.1.3.2); None for no such path."""
    node, last, hashed = place, size - 1, leaf
    for sibling in path:
        if last == 0:
            return None
        right = bool(node & 1) or node == last
        hashed = hashlib.sha256(b"\x01" + (sibling + hashed if right else hashed + sibling)).digest()
        while right and node and not node & 1:
            node, last = node >> 1, last >> 1
        node, last = node >> 1, last >> 1
    return hashed if last == 0 else None


def sealed_in(record: Path, month: str) -> str:
    """Return the root that the record sealed for a month first; nothing where it did not."""
    for line in record.read_text("utf-8").splitlines():
        event = json.loads(line)
        if (event["kind"], event["subject"]) == ("statements.sealed", f"statements:{month}"):
            return str(event["data"]["root"])
    return ""


def wrong(statement: Path, said: Path, record: Path | None) -> str:
    """Return what does not fit; nothing where all does."""
    proof = json.loads(said.read_text("utf-8"))
    digest = hashlib.sha256(statement.read_bytes()).hexdigest()
    if digest != proof["sha256"]:
        return f"{statement.name} has the hash {digest}; the proof is of {proof['sha256']}."
    facts = [proof["month"], digest, proof.get("nonce")]  # the first months were sealed without a nonce
    leaf = hashlib.sha256(b"\x00" + " ".join(filter(None, facts)).encode()).digest()
    root = root_of(leaf, proof["place"], proof["size"], [bytes.fromhex(node) for node in proof["path"]])
    if root is None or root.hex() != proof["root"]:
        return "The path of the proof does not lead to its root."
    if record and sealed_in(record, proof["month"]) != proof["root"]:
        return f"{record.name} did not seal this root for {proof['month']}."
    sys.stdout.write(f"{statement.name} is under the root of {proof['month']}:\n{proof['root']}\n")
    where = f"{record.name} seals it." if record else f"Look for it in event {proof['event']} of the record."
    sys.stdout.write(f"{where}\n")
    return ""


if __name__ == "__main__":
    if len(sys.argv) not in {3, 4}:
        sys.exit(__doc__)
    sys.exit(wrong(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]) if sys.argv[3:] else None) or 0)
