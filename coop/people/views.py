"""Pages of accounts and organisations: about me, my organisation's seats and keys."""
