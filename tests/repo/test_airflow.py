"""A flow as a DAG of Airflow, which is stood in for by a few lines: it takes a hundred packages."""

from __future__ import annotations

import sys
from datetime import datetime
from types import ModuleType

import pytest

from ai.chronon.scheduler.adapters.airflow_adapter import AirflowAdapter
from ai.chronon.scheduler.interfaces.flow import Flow
from ai.chronon.scheduler.interfaces.node import Node
from chronon.base.errors import ConfigError

START = datetime(2025, 1, 1)  # noqa: DTZ001 - as files of DAGs write it


class BashOperator:
    def __init__(self, *, task_id, bash_command, dag):
        self.task_id, self.bash_command = task_id, bash_command
        self.downstream = []
        dag.tasks.append(self)

    def set_downstream(self, task):
        self.downstream.append(task.task_id)


class NewDag:
    def __init__(self, dag_id, *, start_date, schedule):
        self.said = (dag_id, start_date, schedule)
        self.tasks = []


class OldDag:
    def __init__(self, dag_id, *, start_date, schedule_interval):
        self.said = (dag_id, start_date, schedule_interval)
        self.tasks = []


@pytest.fixture(params=[("airflow.providers.standard.operators.bash", NewDag), ("airflow.operators.bash", NewDag),
                        ("airflow.operators.bash_operator", OldDag)])  # fmt: skip
def airflow(request, monkeypatch):
    where, dag = request.param
    parts = where.split(".")
    for end in range(1, len(parts) + 1):
        monkeypatch.setitem(sys.modules, ".".join(parts[:end]), ModuleType(".".join(parts[:end])))
    sys.modules["airflow"].DAG = dag
    sys.modules["airflow"].__path__ = []
    sys.modules[where].BashOperator = BashOperator


@pytest.fixture
def flow():
    flow = Flow("a join")
    left, part, final = (Node(name, f"run.py --mode={name}", {}) for name in ("left", "part", "final"))
    part.add_dependency(left)
    final.add_dependency(part)
    final.add_dependency(left)
    for node in (final, part, left):
        flow.add_node(node)
    return flow


@pytest.mark.usefixtures("airflow")
def test_jobs_become_tasks_that_wait_for_each_other(flow):
    dag = AirflowAdapter("backfill", START).build_dag_from_flow(flow)
    assert dag.said == ("backfill", START, "@once")
    assert {task.task_id: (task.bash_command, task.downstream) for task in dag.tasks} == {
        "final": ("run.py --mode=final", []),
        "left": ("run.py --mode=left", ["final", "part"]),
        "part": ("run.py --mode=part", ["final"]),
    }


def test_without_airflow_it_says_what_to_install():
    with pytest.raises(ConfigError, match=r"Airflow is not installed\n.*pip install apache-airflow"):
        AirflowAdapter("backfill", START)
