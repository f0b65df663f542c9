"""Views of the interface: v1 by what they are about, v2 by itself."""
