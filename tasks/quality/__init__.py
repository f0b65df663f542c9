"""What answers come to, how far they agree, and how one's own compare: for the client's use and the member's own eyes.

No offer, no right and no measure reads it (7.5); `pyproject.toml` keeps those modules from importing this one.
"""
