"""Runs mutants in place of the tests; loaded by `__main__`."""

import json
import os

import hypothesis
import pytest

# A failing example need not be made small, nor kept for the next mutant; the same are tried with and without one.
hypothesis.settings.register_profile(
    "mutation", database=None, derandomize=True, phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate]
)
hypothesis.settings.load_profile("mutation")
ASKED = json.loads(os.environ["MUTATION"])


def pytest_configure(config: pytest.Config) -> None:
    """Be one more process of the run of tests that asks for this, if one does: in its cluster, by a name of its own."""
    if ASKED["beside"]:
        config.workerinput = {"workerid": f"{ASKED['beside']}_off"}  # type: ignore[attr-defined]


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool:
    """Try the mutants, and tell of each as soon as it is known."""
    from tests.mutation.off import Off  # noqa: PLC0415 - Django is set up after the plugins are loaded
    from tests.mutation.run import Run  # noqa: PLC0415 - likewise

    run = Off(session, ASKED["named"], ASKED["app"]) if ASKED["named"] else Run(session, ASKED)
    print(json.dumps({"known": len(run.known)}), flush=True)  # noqa: T201 - read by the process that asked
    for result in run.results():
        print(json.dumps(result, ensure_ascii=False), flush=True)  # noqa: T201 - likewise
    return True
