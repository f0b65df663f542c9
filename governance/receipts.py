"""What a voter keeps: six plain words. Their SHA-256 lies in the box, so anybody can check that a ballot is there."""

import hashlib
import secrets
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from django.db import connection

from governance.models import Ballot, Proposal

LENGTH = 6
# Two hundred and fifty-six short words that are hard to confuse: six of them are 48 bits.
WORDS = """
acorn almond anchor apple april apron arrow autumn bacon badge bagel bakery bamboo banana barley basket beach beacon
beaver bell bench berry bicycle birch biscuit blanket blossom boat bonfire book bottle bowl branch bread breeze brick
bridge bronze brook brush bucket butter button cabin cactus camel camera candle canoe canvas carpet carrot castle cedar
cellar cello chalk cherry chimney cinema circle citrus clay cliff clock cloud clover coast cobalt cocoa coconut coffee
comet compass copper coral corner cotton crane crater cricket crystal curtain daisy dancer dawn desert diamond dolphin
donkey door dragon drum duck eagle earth echo elbow ember emerald engine evening falcon feather fern ferry fiddle field
finch flame flint flower flute forest fossil fountain fox frost garden garlic gate ginger glacier glove goat granite
grape guitar hammer harbor harvest hazel heron hill honey horizon horse icicle igloo indigo iris island ivory ivy jacket
jaguar jasmine jelly jewel jungle kettle kitchen kite kiwi ladder lagoon lake lamp lantern lark laurel lemon leopard
library lily lime linen lizard lobster lotus magnet mango maple marble market meadow melon mint mirror monsoon moon
morning mosaic mountain mustard napkin nectar needle nest night noodle notebook nutmeg oak oasis ocean olive onion opal
orange orchard orchid otter owl oyster paddle palm panda papaya paper parrot pasta peach pear pebble pencil pepper
piano pigeon pine planet plum pocket pond poppy potato prairie pumpkin puzzle quartz quilt rabbit radio rain raven reef
ribbon rice river road robin rocket rose ruby saddle sail salmon sand saturn scarf seed shell silver snow spoon spruce
""".split()  # noqa: SIM905 - a list of 256 strings would be 256 lines


class Found(StrEnum):
    """What a check finds."""

    COUNTED = "counted"
    REPLACED = "replaced"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Check:
    """The answer to a check: whether the ballot lies in the box and counts, and in which vote. Never what it says."""

    found: Found
    proposal: Proposal | None = None


def new() -> str:
    """Return the words of a new receipt, as "river-seven-mango-lamp-olive-drum"."""
    return "-".join(secrets.choice(WORDS) for _word in range(LENGTH))


def digest(words: str) -> str:
    """Return the SHA-256 of receipt words in hexadecimal, however they were typed: case, spaces and dashes aside."""
    plain = unicodedata.normalize("NFKC", words).casefold()
    joined = "-".join("".join(letter if letter.isalpha() else " " for letter in plain).split())
    return hashlib.sha256(joined.encode()).hexdigest()


def check(words: str) -> Check:
    """Look up receipt words in every box. Anybody may ask; the answer never says how somebody voted."""
    name = digest(words)
    ballot = Ballot.objects.filter(receipt=name).values_list("proposal_id", flat=True).first()
    if ballot is None:
        return Check(Found.UNKNOWN)
    with connection.cursor() as cursor:
        cursor.execute("SELECT public.governance_receipt_is_counted(%s)", [name])
        (counted,) = cursor.fetchone()
    return Check(Found.COUNTED if counted else Found.REPLACED, Proposal.objects.get(pk=ballot))


def counted_in(proposal: Proposal) -> list[str]:
    """Return the digests of all receipts counted in a closed vote, in their own order; nothing before the close."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT public.governance_receipts(%s)", [proposal.pk])
        return [name for (name,) in cursor.fetchall()]
