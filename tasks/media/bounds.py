"""What a file may be at most, and what is said of one that is not taken."""

FILE_BYTES = 64_000_000
UNPACKED_BYTES = 512_000_000
MEMBERS = 2_000
PIXELS = 50_000_000
SECONDS = 600
# Of a video: pixels of a frame (4K has 9.4 million at most), frames that are shown of it, bytes that they may take
# together (as many as a file), and the steps at which they may be cut (thousandths of a second), each a multiple of the
# one before.
VIDEO_PIXELS = 10_000_000
FRAMES = 100
FRAMES_BYTES = FILE_BYTES
STEPS = (100, 500, 1_000, 2_000, 10_000)
POINTS = 2_000_000
NAME_CHARACTERS = 200


class Unfit(Exception):  # noqa: N818 - not a fault of ours: a file that is not taken
    """A file is not taken. `problem` is a key of `tasks.unfit.PROBLEMS`, which has the words for the client."""

    def __init__(self, problem: str, **facts: object) -> None:
        """Keep what is wrong and the facts its words need."""
        super().__init__(problem)
        self.problem, self.facts = problem, facts
