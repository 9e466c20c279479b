"""What holds for every test: in CI nothing may be skipped because a service is missing."""

import os

import pytest

# Recorded answers of other services are not ours to publish: tests that read them may be skipped anywhere.
MAY_BE_ABSENT = "../shared"

MEASURED = "measured"
"""`record_property(MEASURED, {"what": ..., "seconds": ...})` in a test prints a line at the end of the run."""


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail the run when CI skipped a test: a browser or database that failed to install must not go unseen."""
    if session.exitstatus == pytest.ExitCode.OK and _wrongly_skipped(session.config):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was measured (a figure here is no promise, it depends on the machine), and which tests were skipped."""
    for report in terminalreporter.stats.get("passed", []):
        for name, row in report.user_properties:
            if name == MEASURED:
                terminalreporter.write_line(" ".join(f"{what}={value}" for what, value in row.items()))
    for report in _wrongly_skipped(terminalreporter.config):
        terminalreporter.write_line(f"skipped where nothing may be: {report.nodeid}", red=True)


def _wrongly_skipped(config: pytest.Config) -> list[pytest.TestReport | pytest.CollectReport]:
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if not reporter or os.environ.get("MOVIEFINDER_REQUIRE_SERVICES") != "1":
        return []
    return [
        report for report in reporter.stats.get("skipped", []) if MAY_BE_ABSENT not in str(report.longrepr)
    ]
