"""What holds for every test: in CI nothing may be skipped because a service is missing."""

import os

import pytest

# Recorded answers of other services are not ours to publish: tests that read them may be skipped anywhere.
MAY_BE_ABSENT = "../shared"


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail the run when CI skipped a test: a browser or database that failed to install must not go unseen."""
    if session.exitstatus == pytest.ExitCode.OK and _wrongly_skipped(session.config):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say which tests those were."""
    for report in _wrongly_skipped(terminalreporter.config):
        terminalreporter.write_line(f"skipped where nothing may be: {report.nodeid}", red=True)


def _wrongly_skipped(config: pytest.Config) -> list[pytest.TestReport | pytest.CollectReport]:
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if not reporter or os.environ.get("MOVIEFINDER_REQUIRE_SERVICES") != "1":
        return []
    return [
        report for report in reporter.stats.get("skipped", []) if MAY_BE_ABSENT not in str(report.longrepr)
    ]
