"""Runs mutants in place of the tests; loaded by `__main__`."""

import json

import hypothesis
import pytest

# A failing example need not be made small, nor kept for the next mutant; the same are tried with and without one.
hypothesis.settings.register_profile(
    "mutation", database=None, derandomize=True, phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate]
)
hypothesis.settings.load_profile("mutation")


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool:
    """Try the mutants, and tell of each as soon as it is known."""
    from tests.mutation.run import Run  # noqa: PLC0415 - Django is set up after the plugins are loaded

    run = Run(session)
    print(json.dumps({"known": len(run.known)}), flush=True)  # noqa: T201 - read by the process that asked
    for result in run.results():
        print(json.dumps(result, ensure_ascii=False), flush=True)  # noqa: T201 - likewise
    return True
