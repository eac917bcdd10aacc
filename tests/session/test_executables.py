"""The original's notebook classes: they run a copy of a definition under the user's name, and need no JVM."""

from __future__ import annotations

import getpass
import logging
from datetime import date

import pytest

from ai.chronon.pyspark.databricks import DatabricksGroupBy
from ai.chronon.pyspark.executables import GroupByExecutable, JoinExecutable, PlatformInterface
from ai.chronon.pyspark.jupyter import JupyterGroupBy, JupyterJoin, JupyterLogCapture, JupyterStagingQuery
from chronon.api.enums import Accuracy
from chronon.api.structs import MetaData, StagingQuery
from chronon.base.errors import ConfigError
from chronon.session import Session

from .conftest import spending, training


def test_a_join_runs_under_the_users_name(session: Session) -> None:
    join = training()
    result = JupyterJoin(join, None, name_prefix="ada").run("20240105", "20240105")
    assert result.table == "shop.ada_shop_training"
    assert result.arrow()["shop_spending_price_sum_1d"].to_pylist() == [25.0, None, None]
    assert join.metaData.name == "shop.training"


def test_a_prefix_stands_once_and_may_be_left_out(session: Session) -> None:
    named = JupyterGroupBy(spending(), None, name_prefix="ada", output_namespace="lab")
    again = JupyterGroupBy(named.obj, None, name_prefix="ada").obj.metaData
    assert (again.name, again.outputNamespace) == ("ada_shop.spending", "lab")
    assert JupyterGroupBy(spending(), use_username_prefix=False).obj.metaData.name == "shop.spending"
    user = "".join(c if c.isalnum() else "_" for c in getpass.getuser().lower())
    assert DatabricksGroupBy(spending()).obj.metaData.name == f"{user}_shop.spending"


@pytest.mark.parametrize("end", ["20240105", "2024-01-05", date(2024, 1, 5), None])
def test_days_are_taken_in_any_form_and_end_yesterday(session: Session, end: str | date | None) -> None:
    result = JupyterGroupBy(spending(Accuracy.SNAPSHOT), name_prefix="ada").run("2024-01-04", end)
    assert result.filled == ["2024-01-04", "2024-01-05"]


def test_what_is_no_day_is_refused(session: Session) -> None:
    with pytest.raises(ConfigError, match="'yesterday' is not a day"):
        JupyterJoin(training()).run("yesterday")


def test_a_staging_query_runs(session: Session) -> None:
    text = "SELECT user_id, ds FROM data.purchases WHERE ds BETWEEN '{{ start_date }}' AND '{{ end_date }}'"
    query = StagingQuery(MetaData("shop.buyers", outputNamespace="shop"), text, "2024-01-04")
    result = JupyterStagingQuery(query, name_prefix="ada").run("20240105")
    assert (result.table, result.rows, result.arrow().num_rows) == ("shop.ada_shop_buyers", 5, 5)


def test_a_definition_is_analyzed(session: Session, capsys: pytest.CaptureFixture[str]) -> None:
    JupyterJoin(training(), name_prefix="ada").analyze("20240105", "20240105")
    printed = capsys.readouterr().out
    assert "Executing Join ada_shop.training" in printed
    assert "shop_spending_price_sum_7d" in printed


def test_the_log_of_a_job_is_kept(capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, logger="ai.chronon")  # scripts that ran before may have set another
    capture = JupyterLogCapture("a job").start()
    logging.getLogger("ai.chronon.anything").warning("look here")
    assert capture.stop() == "look here\n"
    logging.getLogger("ai.chronon.anything").warning("not here")
    assert capture.stop() == "look here\n"


class Quiet(PlatformInterface):
    """A platform of a team's own."""

    def get_executable_join_cls(self) -> type[JoinExecutable]:
        return JupyterJoin

    def start_log_capture(self, job_name: str) -> None:
        del job_name

    def end_log_capture(self, capture_token: None) -> None:
        del capture_token

    def log_operation(self, message: str) -> None:
        del message


class Own(GroupByExecutable):
    def get_platform(self) -> PlatformInterface:
        return Quiet(self.spark)


def test_a_team_may_have_a_platform_of_its_own(session: Session, capsys: pytest.CaptureFixture[str]) -> None:
    result = Own(spending(Accuracy.SNAPSHOT)).run("2024-01-05", "2024-01-05")
    assert result.rows == 1
    assert capsys.readouterr().out == ""


def test_what_needs_a_jvm_says_that_there_is_none(session: Session) -> None:
    run = Own(spending())
    for ask in (lambda: run.group_by_to_java(run.obj), run.platform.get_table_utils):
        with pytest.raises(ConfigError, match="there is no JVM"):
            ask()
