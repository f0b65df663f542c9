"""What a file may be at most, and what is said of one that is not taken."""

FILE_BYTES = 64_000_000
UNPACKED_BYTES = 512_000_000
MEMBERS = 2_000
PIXELS = 50_000_000
SECONDS = 600
POINTS = 2_000_000
NAME_CHARACTERS = 200


class Unfit(Exception):  # noqa: N818 - not a fault of ours: a file that is not taken
    """A file is not taken. `problem` is a key of `tasks.files.PROBLEMS`, which has the words for the client."""

    def __init__(self, problem: str, **facts: object) -> None:
        """Keep what is wrong and the facts its words need."""
        super().__init__(problem)
        self.problem, self.facts = problem, facts
