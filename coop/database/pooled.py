"""Connections that wait in the pool between requests."""

from typing import Any

import psycopg

# In whose name a connection serves (coop.database.compartment): a client's number, or empty.
SETTING = "workhall.client"
LEAVE = f"SELECT set_config('{SETTING}', '', false)"


def checked(held: "psycopg.Connection[Any]") -> None:
    """Check that a connection is alive before it is handed out; one that came back narrowed sees everything again."""
    held.execute(LEAVE if getattr(held, "is_narrow", False) else "")
    held.is_narrow = False  # type: ignore[attr-defined]  # ours
