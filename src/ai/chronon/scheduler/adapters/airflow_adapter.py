"""Flows as DAGs of Airflow."""
# pyright: reportUnusedImport=false

from ai.chronon.scheduler.interfaces.orchestrator import WorkflowOrchestrator
from chronon.repo.airflow import AirflowAdapter
