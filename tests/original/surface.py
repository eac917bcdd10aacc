"""Print the surface of whichever ``ai.chronon`` the interpreter has: names, arguments, defaults, numbers, specs."""

import importlib
import inspect
import json
import os
import sys
import types

MODULES = [
    "api.ttypes", "api.constants", "query", "group_by", "join", "staging_query", "model", "external_api", "utils",
    "logger", "repo", "repo.compile", "repo.validator", "repo.serializer", "repo.extract_objects", "repo.teams",
    "repo.dependency_tracker", "repo.external_join_part", "repo.join_backfill", "repo.run", "repo.explore",
    "repo.test_helpers", "lineage.lineage_metadata", "lineage.lineage_parser", "scheduler.interfaces.flow",
    "scheduler.interfaces.node", "scheduler.interfaces.orchestrator", "scheduler.adapters.airflow_adapter",
    "pyspark.constants", "pyspark.executables", "pyspark.jupyter", "pyspark.databricks",
]  # fmt: skip


STOOD_IN = [
    "airflow", "airflow.operators", "airflow.operators.bash_operator", "py4j", "py4j.java_gateway", "pyspark",
    "pyspark.dbutils", "pyspark.sql", "pyspark.sql.dataframe", "pyspark.sql.types", "typing_extensions",
]  # fmt: skip
"""What modules of the published package need that is not installed beside it; of its names nothing is asked."""


class Anything(types.ModuleType):
    """A module that has every name."""

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return (lambda function: function) if name == "override" else type(name, (), {})


def stand_in():
    for name in STOOD_IN:
        try:
            importlib.import_module(name)
        except ImportError:
            sys.modules[name] = Anything(name)


def arguments(function):
    """The arguments of a function with their defaults; enumerations by their numbers."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return None
    return [
        [p.name, p.kind.name, None if p.default is inspect.Parameter.empty else plain(p.default)]
        for p in signature.parameters.values()
    ]


def plain(value):
    """A value in a form that does not tell which class it is of."""
    if value == os.getcwd():  # noqa: PTH109 - as the published package asks for it
        return "."
    if isinstance(value, bool) or value is None or isinstance(value, str | float):
        return value
    if isinstance(value, int):
        return int(value)
    return "[]" if value in ([], ()) or "factory" in repr(value) else type(value).__name__


def described(value):
    """What there is to a name."""
    if inspect.ismodule(value):
        return {"module": value.__name__.removeprefix("ai.chronon.")}
    if inspect.isclass(value):
        members = {
            name: int(member) if isinstance(member, int) and not isinstance(member, bool) else None
            for name, member in {n: m for cls in reversed(value.__mro__) for n, m in vars(cls).items()}.items()
            if not name.startswith("_") or name in ("_VALUES_TO_NAMES", "_NAMES_TO_VALUES")
        }
        return {
            "class": value.__name__,
            "home": value.__module__,
            "arguments": arguments(value.__init__),
            "members": members,
        }
    if callable(value):
        return {"arguments": arguments(value), "home": getattr(value, "__module__", None)}
    return {"value": plain(value)}


def spec(value):
    """A ``thrift_spec`` with structs by their names."""
    if isinstance(value, tuple | list):
        if value and inspect.isclass(value[0]):
            return [value[0].__name__]
        return [spec(item) for item in value]
    return value


def surface():
    """All modules."""
    stand_in()
    found = {}
    for name in MODULES:
        module = importlib.import_module(f"ai.chronon.{name}")
        found[name] = {n: described(v) for n, v in vars(module).items() if not n.startswith("_")}
    structs = vars(importlib.import_module("ai.chronon.api.ttypes"))
    specs = {n: spec(v.thrift_spec) for n, v in structs.items() if inspect.isclass(v) and hasattr(v, "thrift_spec")}
    return {"modules": found, "specs": {name: value for name, value in specs.items() if value}}


if __name__ == "__main__":
    json.dump(surface(), sys.stdout)
