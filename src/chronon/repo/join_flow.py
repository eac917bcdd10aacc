"""The backfill of a join as jobs: its left side, then each part by itself, then all of them together."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

from chronon.api import structs, wire
from chronon.api.helpers import dict_to_bash_commands, dict_to_exports, get_config_path
from chronon.api.naming import name_of, sanitize
from chronon.api.parts import ExternalJoinPart
from chronon.api.tables import get_join_output_table_name, join_part_name
from chronon.base.errors import MissingDataError, Place
from chronon.repo.definition import parents
from chronon.repo.scheduling import Flow, Node, WorkflowOrchestrator

TASK_PREFIX = "compute_join"
DEFAULT_SPARK_SETTINGS: dict[str, dict[str, Any]] = {
    "default": {"spark_version": "3.1.1", "executor_memory": "4G", "driver_memory": "4G", "executor_cores": 2}
}


class JoinBackfill:
    """The jobs that backfill a join.

    Parameters
    ----------
    start_date, end_date:
        The first and last partition; without a start all that are missing.
    config_path:
        The compiled join.
    extra_args:
        Flags that every job gets.
    settings:
        Variables of the jobs: ``default`` for all, overlaid by ``left_table``, ``final_join`` or the name of a part.
    """

    def __init__(
        self,
        start_date: str | None,
        end_date: str,
        config_path: str,
        extra_args: dict[str, Any] | None = None,
        settings: dict[str, dict[str, Any]] | None = None,
    ) -> None:
        file = Path(config_path)
        if not file.is_file():
            raise MissingDataError(f"there is no compiled join {config_path}", mend="compile it first")
        self.join = wire.from_json(structs.Join, file.read_text(encoding="utf-8"), place=Place(file=config_path))
        self.start_date = start_date
        self.end_date = end_date
        self.config_path = config_path
        self.extra_args = extra_args or {}
        self.settings: Mapping[str, dict[str, Any]] = {**DEFAULT_SPARK_SETTINGS, **deepcopy(settings or {})}

    def build_flow(self) -> Flow:
        """The jobs, and what each waits for."""
        flow = Flow(name_of(self.join))
        self.add_join_to_flow(flow, self.join)
        return flow

    def run(self, orchestrator: WorkflowOrchestrator) -> Any:
        """Hand the jobs to a scheduler and let it run them."""
        orchestrator.setup()
        orchestrator.build_dag_from_flow(self.build_flow())
        return orchestrator.trigger_run()

    def add_join_to_flow(self, flow: Flow, join: structs.Join) -> Node:
        """Add the jobs of a join, and those of the joins whose output its parts read; the last one is returned."""
        name = name_of(join)
        prefix = f"{TASK_PREFIX}__{sanitize(name)}"
        left = self._node(f"{prefix}__left_table", self.run_left_table, name, "left_table")
        final_name = f"{TASK_PREFIX}__{sanitize(get_join_output_table_name(join, full_name=True))}"
        final = self._node(final_name, self.run_final_join, name, "final_join")
        flow.add_node(left)
        flow.add_node(final)
        final.add_dependency(left)
        for parent in parents(join):
            left.add_dependency(self.add_join_to_flow(flow, parent))
        for part in get_regular_and_external_join_parts(join):
            part_name = join_part_name(part)
            settings = self._settings(part_name)
            node = Node(f"{prefix}__{part_name}", self.run_join_part(name, part_name, settings), settings)
            flow.add_node(node)
            node.add_dependency(left)
            final.add_dependency(node)
            for parent in parents(part.groupBy) if part.groupBy is not None else []:
                left.add_dependency(self.add_join_to_flow(flow, parent))
        return final

    def run_left_table(self, join_name: str, settings: dict[str, Any]) -> str:
        """The command that computes the left side."""
        return self._command(join_name, {"mode": "backfill-left"}, settings)

    def run_join_part(self, join_name: str, join_part: str, settings: dict[str, Any]) -> str:
        """The command that computes one part."""
        flags = {"mode": "backfill", "selected_join_parts": join_part, "use_cached_left": None}
        return self._command(join_name, flags, settings)

    def run_final_join(self, join_name: str, settings: dict[str, Any]) -> str:
        """The command that joins the parts to the left side."""
        return self._command(join_name, {"mode": "backfill-final"}, settings)

    def export_template(self, settings: dict[str, Any]) -> str:
        """What sets the variables of a job."""
        return dict_to_exports(settings)

    def command_template(self, config_path: str, extra_args: dict[str, Any]) -> str:
        """What runs a job."""
        flags = {"conf": config_path, "ds": self.end_date, **extra_args, **self.extra_args}
        if self.start_date:
            flags["start_ds"] = self.start_date
        return f"run.py {dict_to_bash_commands(flags)}"

    def _command(self, join_name: str, flags: dict[str, Any], settings: dict[str, Any]) -> str:
        command = self.command_template(get_config_path(join_name), flags)
        exports = self.export_template(settings)
        return f"{exports} && {command}" if exports else command

    def _settings(self, key: str) -> dict[str, Any]:
        return {**self.settings.get("default", {}), **self.settings.get(key, {})}

    def _node(self, name: str, command: Any, join_name: str, key: str) -> Node:
        settings = self._settings(key)
        return Node(name, command(join_name, settings), settings)


def get_regular_and_external_join_parts(join: structs.Join) -> list[structs.JoinPart]:
    """The parts of a join, and the external ones that have an offline group-by."""
    external = [p for p in join.onlineExternalParts or [] if p.source is not None and p.source.offlineGroupBy]
    return [*(join.joinParts or []), *(ExternalJoinPart.from_external_part(part) for part in external)]
