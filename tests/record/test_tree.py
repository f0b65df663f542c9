import hashlib
from binascii import unhexlify

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coop.record import tree

# The entries and heads of Certificate Transparency's own test data.
ENTRIES = [
    b"",
    b"\x00",
    b"\x10",
    b"\x20\x21",
    b"\x30\x31",
    b"\x40\x41\x42\x43",
    bytes(range(0x50, 0x58)),
    bytes(range(0x60, 0x70)),
]
HEADS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
LEAVES = [tree.leaf_hash(entry) for entry in ENTRIES]
trees = st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=70)


@pytest.mark.parametrize("size", range(1, 9))
def test_heads_are_those_of_certificate_transparency(size: int) -> None:
    assert tree.merkle_root(ENTRIES[:size]).hex() == HEADS[size - 1]


def test_the_empty_tree_is_the_hash_of_nothing() -> None:
    assert tree.merkle_root([]) == hashlib.sha256(b"").digest()


@pytest.mark.parametrize(
    ("index", "size", "path"),
    [
        (0, 1, []),
        (
            0,
            8,
            [
                "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
            ],
        ),
        (
            5,
            8,
            [
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            ],
        ),
        (2, 3, ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]),
    ],
)
def test_audit_paths_are_those_of_certificate_transparency(index: int, size: int, path: list[str]) -> None:
    assert tree.inclusion(LEAVES[:size], index) == [unhexlify(node) for node in path]


@pytest.mark.parametrize(
    ("old", "size", "proof"),
    [
        (1, 1, []),
        (
            1,
            8,
            [
                "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
            ],
        ),
        (
            6,
            8,
            [
                "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            ],
        ),
        (
            2,
            5,
            [
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            ],
        ),
    ],
)
def test_consistency_proofs_are_those_of_certificate_transparency(old: int, size: int, proof: list[str]) -> None:
    assert tree.consistency(LEAVES[:size], old) == [unhexlify(node) for node in proof]


@settings(deadline=None)  # the machine may be busy
@given(trees, st.data())
def test_every_leaf_can_be_proved_and_no_other(leaves: list[bytes], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(leaves) - 1))
    path, root = tree.inclusion(leaves, index), tree.root_of(leaves)
    assert tree.is_included(leaves[index], index, len(leaves), path, root)
    assert not tree.is_included(tree.leaf_hash(b"another"), index, len(leaves), path, root)
    if len(leaves) > 1:
        other = (index + 1) % len(leaves)
        assert leaves[other] == leaves[index] or not tree.is_included(leaves[other], index, len(leaves), path, root)


@settings(deadline=None)  # the machine may be busy
@given(trees, st.data())
def test_every_tree_can_be_shown_to_have_only_grown(leaves: list[bytes], data: st.DataObject) -> None:
    old = data.draw(st.integers(1, len(leaves)))
    proof, root = tree.consistency(leaves, old), tree.root_of(leaves)
    assert tree.only_grew(old, tree.root_of(leaves[:old]), len(leaves), root, proof)
    rewritten = [tree.leaf_hash(b"rewritten"), *leaves[1:old]]
    assert not tree.only_grew(old, tree.root_of(rewritten), len(leaves), root, proof)
