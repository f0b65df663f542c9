"""Pages of the money."""
