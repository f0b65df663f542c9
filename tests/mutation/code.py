"""Mutants of an app's acts, policies and counting, as cosmic-ray makes them, put in place in this process."""

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from pathlib import Path
from types import CodeType, FunctionType, ModuleType

from cosmic_ray import plugins
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code

from tests.mutation import constants
from tests.mutation.mutants import Incompetent, Mutant
from tests.mutation.source import Source

# Comparisons moved by one step or turned round, conditions negated or joined otherwise, numbers one more or less.
OPERATORS = (
    "AddNot", "NumberReplacer", "ReplaceAndWithOr", "ReplaceOrWithAnd", "ReplaceTrueWithFalse", "ReplaceFalseWithTrue",
    "ReplaceUnaryOperator_Delete_Not", "ReplaceComparisonOperator_Gt_GtE", "ReplaceComparisonOperator_GtE_Gt",
    "ReplaceComparisonOperator_Lt_LtE", "ReplaceComparisonOperator_LtE_Lt", "ReplaceComparisonOperator_Eq_NotEq",
    "ReplaceComparisonOperator_NotEq_Eq", "ReplaceComparisonOperator_Is_IsNot", "ReplaceComparisonOperator_IsNot_Is",
    "ReplaceBinaryOperator_Add_Sub", "ReplaceBinaryOperator_Sub_Add",
)  # fmt: skip
# Addresses, forms and words decide nothing; the foundings' rows are weakened where they stand; the recount is a program
# that runs outside, of which the files are changed instead (`test_recounting`).
NO_ACTS = {
    "apps", "urls", "forms", "forms_cases", "explaining", "notices", "rulebook", "background", "posting", "founding",
    "founding_uses", "recount",
}  # fmt: skip


def mutants(app: str) -> list[Mutant]:
    """Return all mutants of an app's functions and thresholds, in a fixed order."""
    acts = [path for path in sorted(Path(app).glob("*.py")) if path.stem not in NO_ACTS and path.stem[0] != "_"]
    pages = [path for path in sorted(Path(app, "views").glob("*.py")) if path.stem[0] != "_"]
    of_code = [mutant for path in [*acts, *pages] for mutant in of_module(path)]
    return [*of_code, *constants.mutants([*acts, *sorted(Path(app, "models").glob("*.py"))], app)]


def of_module(path: Path) -> Iterator[Mutant]:
    """Yield the mutants of a file's functions; of a page's, only those of what it refuses to show."""
    source = Source(path)
    for operator in OPERATORS:
        it = plugins.get_operator(f"core/{operator}")()
        places = [begin for node in ast_nodes(get_ast(source.text)) for begin, _end in it.mutation_positions(node)]
        for number, place in enumerate(places):
            said_twice = operator == "AddNot" and source.is_negated(place)
            if source.function_at(place) and source.decides(place) and not said_twice:
                made = partial(mutate_code, source.text, it, number)
                yield _mutant(source, f"{operator} at {place[1]}", place, number, made)
    for number, (place, left_out) in enumerate(source.refusals()):
        if source.function_at(place):
            yield _mutant(source, "left out", place, number, left_out)


def _mutant(source: Source, change: str, place: tuple[int, int], number: int, made: Callable[[], str | None]) -> Mutant:
    where = f"{source.name}.{source.function_at(place)}"
    line = source.text.splitlines()[place[0] - 1].strip()
    return Mutant(
        f"{where}: {change} of “{line}” ({number})", where, frozenset({f"{where.removeprefix('views.')}("}),
        frozenset({f"{source.path.stem}."}), source.statement_at(place), partial(_at_work, source, made),
    )  # fmt: skip


@contextmanager
def _at_work(source: Source, made: Callable[[], str | None]) -> Iterator[None]:
    """Give the module's functions the mutant's code for the length of a block, wherever they were imported to."""
    module = import_module(source.module)
    try:
        codes = dict(_codes(compile(made() or "", str(module.__file__), "exec", dont_inherit=True)))
    except SyntaxError as error:
        raise Incompetent(str(error)) from error
    live = dict(_functions(module))
    before = dict(_codes(compile(source.text, str(module.__file__), "exec", dont_inherit=True)))
    changed = [key for key in live if key in codes and codes[key] != before.get(key)]
    if not changed:
        raise Incompetent(source.module)
    was = {key: live[key].__code__ for key in changed}
    try:
        for key in changed:
            live[key].__code__ = codes[key]
        yield
    finally:
        for key, code in was.items():
            live[key].__code__ = code


def _codes(code: CodeType) -> Iterator[tuple[str, CodeType]]:
    for const in code.co_consts:
        if isinstance(const, CodeType):
            yield const.co_qualname, const
            yield from _codes(const)


def _functions(module: ModuleType) -> Iterator[tuple[str, FunctionType]]:
    """Yield the functions and methods that a module defines, by their qualified names."""
    owners = [
        module,
        *(kept for kept in vars(module).values() if inspect.isclass(kept) and kept.__module__ == module.__name__),
    ]
    for owner in owners:
        for kept in vars(owner).values():
            function = inspect.unwrap(getattr(kept, "fget", None) or getattr(kept, "__func__", kept))
            if isinstance(function, FunctionType) and function.__module__ == module.__name__:
                yield function.__qualname__, function
