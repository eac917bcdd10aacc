"""What pytest leaves alone, and what it may not skip in CI."""

from __future__ import annotations

import os

import pytest

collect_ignore_glob = ["src/chronon/cli/quickstart/*", "src/chronon/cli/flights/*"]
"""The repos of the quickstarts, whose files import each other as a user's do."""


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI a test that is skipped has not shown anything: that is a failure."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CHRONON_CI") and reporter is not None and reporter.stats.get("skipped"):
        reporter.write_line(f"{len(reporter.stats['skipped'])} skipped, which CI does not allow", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
