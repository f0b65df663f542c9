"""The API: what the client's pages do, for programs with a key."""
