"""What of a platform for labelling is measured, theirs and ours alike."""

from dataclasses import dataclass
from functools import partial

from tests.bench import asked, crowd, processor
from tests.bench.looking import Look
from tests.bench.place import Place

MANY = 32
# Of each person at eight at once, at thirty-two, and while statements are counted.
type Counts = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds, and the kilobytes that the largest of its processes held at most."""

    seconds: float
    peak: int


@dataclass(frozen=True, slots=True)
class Work:
    """Taking and handing in: at eight at once with the processor of each, at thirty-two, and statements of each."""

    eight: crowd.Result
    many: crowd.Result
    statements: float


@dataclass(frozen=True, slots=True)
class Figures:
    """All of one platform. `given` is what each way to take the answers home costs."""

    taken: Cost
    work: Work
    page: Look
    given: dict[str, Cost]


@dataclass(frozen=True, slots=True)
class Served:
    """A platform that runs: its programs but the database's server, and its database."""

    programs: list[int]
    database: str


def worked(here: Place, served: Served, module: str, subject: str, extra: tuple[str, ...], counts: Counts) -> Work:
    """Let people work at it by a module of ours, some at once, many at once, and a few whose statements are counted."""
    spent = partial(processor.spent, processor.database(here), *served.programs)
    let = partial(crowd.work, here, module, subject, extra=extra)
    some, each, few = counts
    eight, many = let(count=some, meter=spent), let(count=each, people=MANY)
    with asked.counted(here, served.database) as count:
        statements = let(count=few, meter=count).spent
    return Work(eight, many, statements)
