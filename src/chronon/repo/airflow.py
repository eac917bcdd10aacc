"""A flow of jobs as a DAG of Airflow, of any version: 1, 2 or 3."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from importlib import import_module
from typing import Any

from chronon.base.errors import ConfigError
from chronon.repo.scheduling import Flow, Node, WorkflowOrchestrator

BASH_OPERATORS = (
    "airflow.providers.standard.operators.bash",
    "airflow.operators.bash",
    "airflow.operators.bash_operator",
)
"""Where the operator that runs a command is, the newest first."""


class AirflowAdapter(WorkflowOrchestrator):
    """A DAG whose tasks are the jobs of a flow.

    Parameters
    ----------
    dag_id, start_date:
        As of Airflow's ``DAG``.
    schedule_interval:
        When it runs.
    airflow_cluster:
        Kept for those that derive from this class.

    Raises
    ------
    ConfigError
        If Airflow is not installed.
    """

    def __init__(
        self, dag_id: str, start_date: datetime, schedule_interval: str = "@once", airflow_cluster: Any = None
    ) -> None:
        self.dag_id = dag_id
        self.start_date = start_date
        self.schedule_interval = schedule_interval
        self.airflow_cluster = airflow_cluster
        self._operator = _bash_operator()
        self.dag = _dag(dag_id, start_date, schedule_interval)

    def setup(self) -> None:
        """Nothing: Airflow finds a DAG in its file."""

    def schedule_task(self, task: Node) -> Any:
        """The task that runs the command of a job."""
        return self._operator(task_id=task.name, bash_command=task.command, dag=self.dag)

    def set_dependencies(self, task: Any, dependencies: Iterable[Any]) -> None:
        """Let a task wait for others."""
        for before in dependencies:
            before.set_downstream(task)

    def build_dag_from_flow(self, flow: Flow) -> Any:
        """The DAG with a task for each job, in the order of their names, and what each waits for."""
        nodes = sorted(flow.nodes, key=lambda node: node.name)
        tasks = {node.name: self.schedule_task(node) for node in nodes}
        for node in nodes:
            before = sorted(one.name for one in node.dependencies)
            self.set_dependencies(tasks[node.name], [tasks[name] for name in before])
        return self.dag

    def trigger_run(self) -> None:
        """Nothing: Airflow runs a DAG when its schedule says so."""


def _bash_operator() -> Any:
    for name in BASH_OPERATORS:
        try:
            return import_module(name).BashOperator
        except ModuleNotFoundError:
            continue
    raise ConfigError("Airflow is not installed", mend="pip install apache-airflow")


def _dag(dag_id: str, start_date: datetime, schedule: str) -> Any:
    """A DAG; the argument of its schedule has another name since Airflow 2.4."""
    make = import_module("airflow").DAG
    try:
        return make(dag_id, start_date=start_date, schedule=schedule)
    except TypeError:
        return make(dag_id, start_date=start_date, schedule_interval=schedule)
