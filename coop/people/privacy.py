"""Who may see each field of each model. Declared in the model's body, complete by a test."""

import sys
from enum import StrEnum


class Audience(StrEnum):
    """Who may see a field, from everybody to nobody."""

    PUBLIC = "public"  # anyone, signed in or not
    MEMBERS = "members"  # people with an account
    CLIENT = "client"  # the seats of the client organisation concerned
    PARTIES = "parties"  # the member and the client of one assignment, each by pseudonym
    SELF = "self"  # the person it is about
    OFFICERS = "officers"  # officers whose post needs it, each look recorded
    NOBODY = "nobody"  # the machine only: secrets and digests


def declare(**audiences: Audience) -> None:
    """Declare, inside a model's body, who may see each of its fields."""
    sys._getframe(1).f_locals["privacy_audiences"] = audiences  # noqa: SLF001 - a declaration in a class body
