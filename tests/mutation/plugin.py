"""Runs mutants in place of the tests; loaded by `__main__`."""

import json

import pytest


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool:
    """Try the mutants, and tell of each as soon as it is known."""
    from tests.mutation.run import Run  # noqa: PLC0415 - Django is set up after the plugins are loaded

    run = Run(session)
    print(json.dumps({"known": len(run.known)}), flush=True)  # noqa: T201 - read by the process that asked
    for result in run.results():
        print(json.dumps(result, ensure_ascii=False), flush=True)  # noqa: T201 - likewise
    return True
