"""Jobs and what they wait for, as data that a scheduler can be given."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any


class Node:
    """A job: a name, a command for a shell, the settings it runs with, and the jobs it waits for.

    Two nodes of one name are the same job.

    >>> left, final = Node("left", "run.py --mode=backfill-left", {}), Node("final", "run.py --mode=backfill-final", {})
    >>> final.add_dependency(left)
    >>> final.dependencies == {left}
    True
    """

    def __init__(self, name: str, command: str, settings: dict[str, Any], *args: Any, **kwargs: Any) -> None:
        self.name = name
        self.command = command
        self.settings = settings
        self.args = args
        self.kwargs = kwargs
        self.dependencies: set[Node] = set()

    def add_dependency(self, node: Node) -> None:
        """Let this job wait for another."""
        self.dependencies.add(node)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Node) and self.name == other.name

    def __hash__(self) -> int:
        return hash(self.name)

    def __repr__(self) -> str:
        return f"Node({self.name!r})"


class Flow:
    """Jobs that belong together."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.nodes: set[Node] = set()

    def add_node(self, node: Node) -> None:
        """Add a job."""
        self.nodes.add(node)

    def find_node(self, name: str) -> Node | None:
        """The job of a name."""
        return next((node for node in self.nodes if node.name == name), None)

    def visualize(self, node: Node | None = None, level: int = 0) -> None:
        """Print the jobs, each above those it waits for."""
        waited = {one for each in self.nodes for one in each.dependencies}
        for one in [node] if node is not None else sorted(self.nodes - waited, key=lambda n: n.name):
            print(f"{'    ' * level}{one.name}")  # noqa: T201 - what it is for
            for before in sorted(one.dependencies, key=lambda n: n.name):
                self.visualize(before, level + 1)


class WorkflowOrchestrator(ABC):
    """A scheduler that runs a flow."""

    @abstractmethod
    def setup(self) -> None:
        """Prepare the scheduler."""

    @abstractmethod
    def schedule_task(self, task: Node) -> Any:
        """Make a job known."""

    @abstractmethod
    def set_dependencies(self, task: Any, dependencies: Any) -> None:
        """Let a job wait for others."""

    @abstractmethod
    def build_dag_from_flow(self, flow: Flow) -> Any:
        """Make all jobs of a flow known, and what they wait for."""

    @abstractmethod
    def trigger_run(self) -> Any:
        """Run it."""
