"""Labels in formats whose columns are parted by white space."""


def one_word(label: str) -> str:
    """Return a label without white space, as programs that read columns need it."""
    return "_".join(label.split())
