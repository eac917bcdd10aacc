"""The structs: plain open objects, in the order of their ids."""

import copy
import inspect
import pickle
import subprocess
import sys

import pytest

from chronon import EntitySource, EventSource, Query, Source
from chronon.api import structs
from chronon.api.enums import Accuracy, DataKind, Operation, TimeUnit
from chronon.api.wire import fields_of


def test_equal_by_type_and_attributes_also_undeclared_ones():
    one, other = structs.Window(7, 1), structs.Window(7, 1)
    assert one == other
    other.note = "x"
    assert one != other
    assert structs.Query() != structs.MetaData()


def test_structs_have_no_hash():
    with pytest.raises(TypeError):
        hash(structs.Window(7, 1))


def test_repr_names_every_field():
    assert repr(structs.Window(length=3, timeUnit=0)) == "Window(length=3, timeUnit=0)"


def test_where_something_was_written_does_not_count_for_equality():
    assert Query(wheres=["a"]) == structs.Query(wheres=["a"])


def test_fields_may_be_written_in_snake_case():
    assert EntitySource(snapshot_table="a.b") == EntitySource(snapshotTable="a.b")
    assert EventSource(table="a.b", is_cumulative=True).isCumulative is True
    with pytest.raises(TypeError, match="twice"):
        EntitySource(snapshot_table="a.b", snapshotTable="a.b")
    with pytest.raises(TypeError, match="unexpected"):
        EntitySource(table="a.b")


def test_signatures_are_those_of_the_original():
    assert list(inspect.signature(structs.EntitySource).parameters) == [
        "snapshotTable",
        "mutationTable",
        "mutationTopic",
        "query",
    ]


def test_setups_are_a_fresh_list():
    assert structs.Query().setups == []
    assert structs.Query().setups is not structs.Query().setups


def test_ids_follow_the_order_of_fields_but_for_one_gap():
    assert [f.id for f in fields_of(structs.MetaData)] == list(range(1, 17))
    assert [(f.id, f.name) for f in fields_of(structs.JoinPart)] == [(1, "groupBy"), (2, "keyMapping"), (4, "prefix")]


def test_structs_copy_and_pickle():
    source = Source(events=EventSource(table="a.b", query=Query(selects={"x": "y"})))
    assert copy.deepcopy(source) == source
    assert pickle.loads(pickle.dumps(source)) == source  # noqa: S301 - our own bytes


def test_enumerations_are_numbers():
    assert Operation.SUM == 7
    assert [len(enum) for enum in (Operation, TimeUnit, Accuracy, DataKind)] == [20, 2, 2, 14]


def test_importing_loads_nothing_heavy():
    code = "import sys, chronon; from chronon import Join, StagingQuery, Model; print(sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert not [
        name for name in ("pyarrow", "duckdb", "numpy", "sqlglot", "lmdb", "starlette") if f"'{name}'" in loaded
    ]


def test_the_import_names_of_the_original_lead_to_the_same_things():
    import chronon
    from ai.chronon import group_by, join, model, query, staging_query, utils
    from ai.chronon.api import ttypes

    assert ttypes.EventSource is chronon.EventSource
    assert (group_by.GroupBy, join.Join, query.select) == (chronon.GroupBy, chronon.Join, chronon.select)
    assert model.Model is chronon.Model
    assert callable(staging_query.get_staging_query_dependencies)
    assert utils.sanitize("a.b") == "a_b"


def test_every_public_name_can_be_imported():
    import chronon

    assert all(getattr(chronon, name) is not None for name in chronon.__all__)
    with pytest.raises(AttributeError, match="nothing"):
        _ = chronon.nothing
