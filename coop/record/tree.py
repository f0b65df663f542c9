"""The arithmetic of RFC 6962: leaf hashes, tree heads, proofs that a leaf is in a tree and that a tree only grew.

Pure functions over bytes; sizes and indexes count leaves from zero. Anybody can check our log with these alone.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of an entry as a leaf: SHA-256 of a zero byte and the entry."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of two subtrees: SHA-256 of a one byte and both hashes."""
    return hashlib.sha256(b"\x01" + left + right).digest()


@dataclass(slots=True)
class Frontier:
    """A growing tree in logarithmic space: the roots of its complete subtrees, largest first, each with its size."""

    size: int = 0
    peaks: list[tuple[int, bytes]] = field(default_factory=list)

    def add(self, leaf: bytes) -> None:
        """Append a leaf hash, joining subtrees of equal size."""
        size, node = 1, leaf
        while self.peaks and self.peaks[-1][0] == size:
            size, node = size * 2, node_hash(self.peaks.pop()[1], node)
        self.peaks.append((size, node))
        self.size += 1

    def root(self) -> bytes:
        """Return the tree head; SHA-256 of nothing for the empty tree."""
        if not self.peaks:
            return hashlib.sha256(b"").digest()
        root = self.peaks[-1][1]
        for _size, peak in reversed(self.peaks[:-1]):
            root = node_hash(peak, root)
        return root


def root_of(leaves: Iterable[bytes]) -> bytes:
    """Return the tree head over leaf hashes."""
    frontier = Frontier()
    for leaf in leaves:
        frontier.add(leaf)
    return frontier.root()


def merkle_root(entries: Iterable[bytes]) -> bytes:
    """Return the tree head over entries, each hashed as a leaf (MTH of RFC 6962, 2.1)."""
    return root_of(leaf_hash(entry) for entry in entries)


def inclusion(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """Return the audit path of a leaf (PATH of RFC 6962, 2.1.1), from the leaf upwards. Raises IndexError."""
    if not 0 <= index < len(leaves):
        raise IndexError(index)
    if len(leaves) == 1:
        return []
    split = _split(len(leaves))
    if index < split:
        return [*inclusion(leaves[:split], index), root_of(leaves[split:])]
    return [*inclusion(leaves[split:], index - split), root_of(leaves[:split])]


def consistency(leaves: Sequence[bytes], old: int) -> list[bytes]:
    """Return the proof that the tree over the first `old` leaves only grew (PROOF of RFC 6962, 2.1.2)."""
    if not 0 < old <= len(leaves):
        raise IndexError(old)
    return _subproof(leaves, old, whole=True)


def _subproof(leaves: Sequence[bytes], old: int, *, whole: bool) -> list[bytes]:
    if old == len(leaves):
        return [] if whole else [root_of(leaves)]
    split = _split(len(leaves))
    if old <= split:
        return [*_subproof(leaves[:split], old, whole=whole), root_of(leaves[split:])]
    return [*_subproof(leaves[split:], old - split, whole=False), root_of(leaves[:split])]


def _split(size: int) -> int:
    """Return the largest power of two below size."""
    return 1 << (size - 1).bit_length() - 1


def is_included(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Check an audit path (RFC 9162, 2.1.3.2): whether the leaf stands at this index in the tree with this head."""
    if not 0 <= index < size:
        return False
    node, last, hashed = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return False
        if node & 1 or node == last:
            hashed = node_hash(sibling, hashed)
            while node and not node & 1:
                node, last = node >> 1, last >> 1
        else:
            hashed = node_hash(hashed, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and hashed == root


def only_grew(old: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]) -> bool:
    """Check a consistency proof (RFC 9162, 2.1.4.2): whether the old tree is the beginning of the new one."""
    if old == size:
        return not proof and old_root == root
    if not 0 < old < size or not proof:
        return False
    # A complete old tree is its own first node and is left out of the proof.
    nodes = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    node, last = old - 1, size - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    before = after = nodes[0]
    for sibling in nodes[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            before, after = node_hash(sibling, before), node_hash(sibling, after)
            while node and not node & 1:
                node, last = node >> 1, last >> 1
        else:
            after = node_hash(after, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and before == old_root and after == root
