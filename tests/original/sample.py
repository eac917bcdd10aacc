"""A repo in which the published package's own tests find the files, names and columns that they speak of.

Only what those tests ask for is here: two teams, one source of each kind, and a definition for each thing they try.
"""

import json

TEAMS = {
    "default": {
        "table_properties": {"made": "here"},
        "common_env": {"VERSION": "latest"},
        "production": {"backfill": {"EXECUTOR_MEMORY": "8G", "DRIVER_MEMORY": "15G"}},
    },
    "sample_team": {
        "namespace": "chronon_db",
        "production": {"backfill": {"EXECUTOR_CORES": "4"}},
        "dev": {"backfill": {"EXECUTOR_CORES": "2", "DRIVER_MEMORY": "30G"}},
    },
    "unit_test": {"namespace": "unit_db"},
}

SOURCES = """
from ai.chronon.api.ttypes import EntitySource, EventSource, Source
from ai.chronon.query import Query, select
from ai.chronon.utils import get_staging_query_output_table_name
from staging_queries.sample_team import sample_staging_query

def events(table, topic=None, time="ts"):
    query = Query(select("event", "group_by_subject"), start_partition="2021-01-01", time_column=time)
    return Source(events=EventSource(table=table, topic=topic, query=query))

def entities(**where):
    query = Query(select("entity", "group_by_subject"), start_partition="2021-01-01", time_column="ts")
    return Source(entities=EntitySource(snapshotTable="sample.snapshot", query=query, **where))

event_source = events("sample_namespace.sample_table")
streamed = events("sample_namespace.sample_table", "sample_topic")
old, new = events("sample_namespace.sample_table_group_by"), events("sample_namespace.later", time="other_ts")
entity_source = entities(mutationTable="sample.changes/hr=00:00", mutationTopic="sample_topic")
batch_entity_source = entities()
staged = Source(entities=EntitySource(
    snapshotTable=f"sample_namespace.{get_staging_query_output_table_name(sample_staging_query.v1)}",
    query=Query(select("impressed_unique_count_1d", "viewed_unique_count_1d", "s2CellId", "place_id"))))
"""
GROUP_BY = "from sources.shared import *\nfrom ai.chronon.group_by import *\n"
SUM = 'Aggregation("event", Operation.SUM)'
SUM_7D = 'Aggregation("event", Operation.SUM, [Window(7, TimeUnit.DAYS)])'
SUBJECT = '["group_by_subject"]'
PLACE = (
    'staged, ["s2CellId", "place_id"], [Aggregation("impressed_unique_count_1d", Operation.SUM),'
    ' Aggregation("viewed_unique_count_1d", Operation.SUM)], production=False, output_namespace="sample_namespace"'
)
TWO_PLACES = f"v1 = GroupBy({PLACE})\nrequire_backfill = GroupBy({PLACE}, backfill_start_date='2023-01-01')"
PERCENTILE = 'Aggregation("event", Operation.APPROX_PERCENTILE([0.5]))'

JOIN = """
from sources.shared import *
from ai.chronon.join import *
from group_bys.sample_team import (
    entity_sample_group_by_from_module, event_sample_group_by, group_by_with_kwargs, sample_group_by,
)
def parts(*modules):
    return [JoinPart(module.v1, {"subject": "group_by_subject"}) for module in modules]
two = parts(event_sample_group_by, entity_sample_group_by_from_module)
three = [*two, *parts(group_by_with_kwargs)]
"""
STAGED = 'staged, [JoinPart(sample_group_by.v1)], output_namespace="sample_namespace"'
FEATURES = """
E, N = "sample_team_event_sample_group_by_v1_", "sample_team_entity_sample_group_by_from_module_v1_"
derived = [Derivation("derived_field", f"{E}event_sum_7d / {N}entity_last")]
derived += [Derivation(c, E + c) for c in ("event_sum_7d", "event_sum", "event_approx_percentile")]
derived += [Derivation(c, N + c) for c in ("entity_last", "entity_last_7d")]
"""
EXTERNAL = """
VALUES = [("value_str", DataType.STRING), ("value_long", DataType.LONG), ("value_bool", DataType.BOOLEAN)]
CONTEXT = [("context_str", DataType.STRING), ("context_long", DataType.LONG)]
def external(**more):
    source = ExternalSource("test_external_source", "t", [("group_by_subject", DataType.STRING)], VALUES, **more)
    return [ExternalPart(source), ExternalPart(ContextualSource(CONTEXT))]
named = [Derivation(c, f"ext_test_external_source_{c}") for c, _ in VALUES]
named += [Derivation(c, f"ext_contextual_{c}") for c, _ in CONTEXT]
"""
LABEL = """
from ai.chronon.group_by import *
labels = GroupBy({}, name="sample_label_group_by", online=False)
v1 = Join(event_source, parts(event_sample_group_by, group_by_with_kwargs), output_namespace="sample_namespace",
    label_part=LabelPart([JoinPart(labels)], {}, label_offline_schedule="@weekly"), sample_percent=100.0)
"""
CHAINED = """
from ai.chronon.api.ttypes import JoinSource
from ai.chronon.group_by import *
{} = GroupBy(Source(joinSource=JoinSource({}, Query(select("event"), time_column="ts"))), ["user_id"],
    [Aggregation("event", Operation.LAST)], online=True, production=True{})
"""
TEAM = {
    "group_bys": {
        "event_sample_group_by": f"v1 = GroupBy(event_source, {SUBJECT}, [{SUM_7D}, {SUM}, {PERCENTILE}], online=True,"
        ' output_namespace="sample_namespace")',
        "entity_sample_group_by_from_module": f'v1 = GroupBy(entity_source, {SUBJECT}, [Aggregation("entity"),'
        ' Aggregation("entity", windows=[Window(7, TimeUnit.DAYS)])], online=True)',
        "group_by_with_kwargs": f"v1 = GroupBy([old, new], {SUBJECT}, [{SUM}, {SUM_7D}], online=True, more='kept')",
        "sample_deprecation_group_by": f"""
one = dict(sources=[old, new], keys={SUBJECT}, aggregations=[{SUM}], online=True)
v1 = GroupBy(**one, deprecation_date="2023-01-01")
v1_incorrect_deprecation_format = GroupBy(**one, deprecation_date="2023-1-1")""",
        "sample_group_by": TWO_PLACES,
        "sample_group_by_for_dependency_test": f"v1 = GroupBy(event_source, {SUBJECT}, [{SUM}], online=True)",
        "sample_group_by_from_module": f"v1 = GroupBy([old, new], {SUBJECT}, [{SUM}])",
        "sample_group_by_missing_input_column": f"v1 = GroupBy(event_source, {SUBJECT}, [Aggregation()], online=True)",
        "sample_group_by_with_derivations": f"v1 = GroupBy({PLACE}, derivations=["
        "*(Derivation(c, c) for c in ('ds', 's2CellId', 'place_id')), Derivation('n', 'viewed_unique_count_1d_sum')])",
        "sample_group_by_with_incorrect_derivations": f"v1 = GroupBy({PLACE}, derivations=[Derivation('n', 'wrong')])",
    },
    "joins": {
        "sample_join": f"""
v1 = Join({STAGED}, env={{"backfill": {{"EXECUTOR_MEMORY": "9G"}}}}, sample_percent=100.0)
never = Join({STAGED}, offline_schedule="@never", sample_percent=100.0)
consistency_check = Join({STAGED}, check_consistency=True, sample_percent=100.0)
no_log_flattener = Join({STAGED}, sample_percent=0.0)""",
        "sample_chaining_join": "parent_join = Join(streamed, two, online=True)\n"
        + CHAINED.format(
            "chained",
            "parent_join",
            ", name='sample_team.sample_chaining_group_by', output_namespace='sample_namespace'",
        )
        + "v1 = Join(event_source, [JoinPart(chained, {'subject': 'user_id'})], online=True)",
        "sample_deprecation_join": "from group_bys.sample_team import sample_deprecation_group_by\n"
        "v1 = Join(event_source, parts(sample_deprecation_group_by))",
        "sample_join_bootstrap": """
from ai.chronon.utils import get_join_output_table_name
logged = dict(online=True, sample_percent=100.0, row_ids=["request_id"], bootstrap_from_log=True)
v1 = Join(event_source, two, bootstrap_parts=[BootstrapPart("chronon_db.seed", ["request_id"])], **logged)
v2 = Join(event_source, three, bootstrap_parts=[BootstrapPart(get_join_output_table_name(v1, True))], **logged)""",
        "sample_join_derivation": f"{FEATURES}v1 = Join(event_source, two, derivations=derived)",
        "sample_join_derivation_key_mapping": f"""{FEATURES}
query = Query(select("event", "subject"), time_column="ts")
v1 = Join(Source(events=EventSource("sample.left", query=query)), two, derivations=derived)""",
        "sample_join_external_parts": f"""{EXTERNAL}
replaced = [Derivation("place_id", "ext_contextual_context_str"), Derivation("*", "*")]
v2 = Join({STAGED}, online_external_parts=external(), derivations=replaced)""",
        "sample_join_with_derivations_on_external_parts": f"""{EXTERNAL}
parts_of_it = external(offline_group_by=event_sample_group_by.v1)
v1 = Join(event_source, two, online_external_parts=parts_of_it, derivations=[*named, Derivation("*", "*")],
    sample_percent=100.0)""",
        "sample_join_for_dependency_test": """
from group_bys.sample_team.sample_group_by_for_dependency_test import v1 as one
v1 = Join(event_source, [JoinPart(one)])""",
        "sample_join_with_only_external_join_parts": f"""{EXTERNAL}
parts_of_it = external(offline_group_by=event_sample_group_by.v1)
v1 = Join(event_source, [], online_external_parts=parts_of_it)""",
        "sample_join_without_join_parts": "v1 = Join(event_source, [])",
        "sample_label_join": LABEL.format(f"batch_entity_source, {SUBJECT}, None", "30, 10"),
        "sample_label_join_with_agg": LABEL.format(
            f'entity_source, {SUBJECT}, [Aggregation("entity", Operation.SUM, [Window(7, TimeUnit.DAYS)])]', "7, 7"
        ),
        "sample_online_join": "v1 = Join(event_source, three, additional_args=['--step-days 14'], online=True)",
    },
}
PLAIN = f"v1 = GroupBy(event_source, {SUBJECT}, [{SUM}], online=True)"
UNIT = {
    "group_bys/unit_test/event_sample_group_by": f"{GROUP_BY}{PLAIN}",
    "group_bys/unit_test/sample_group_by": f"{GROUP_BY}{PLAIN}",
    "group_bys/unit_test/entity_sample_group_by": f"{GROUP_BY}{TWO_PLACES}",
    "group_bys/unit_test/sample_chaining_group_by": f"{GROUP_BY}from joins.unit_test.sample_parent_join import *\n"
    + CHAINED.format("chaining_group_by_v1", "parent_join", ""),
    "group_bys/unit_test/user/sample_nested_group_by": f"{GROUP_BY}{PLAIN}",
    "joins/unit_test/sample_join": """
from sources.shared import *
from ai.chronon.join import *
from group_bys.unit_test import entity_sample_group_by, event_sample_group_by
v1 = Join(event_source, [JoinPart(event_sample_group_by.v1), JoinPart(entity_sample_group_by.require_backfill)])""",
    "joins/unit_test/sample_online_join": """
from sources.shared import *
from ai.chronon.join import *
from group_bys.unit_test import event_sample_group_by
v1 = Join(event_source, [JoinPart(event_sample_group_by.v1)], online=True)""",
    "joins/unit_test/sample_online_join_with_gb_not_online": """
from sources.shared import *
from ai.chronon.join import *
from group_bys.unit_test import entity_sample_group_by
entity_sample_group_by.v1.metaData.production = None
v1 = Join(event_source, [JoinPart(entity_sample_group_by.v1)], online=True)""",
    "joins/unit_test/sample_parent_join": """
from sources.shared import *
from ai.chronon.join import *
from group_bys.unit_test import sample_group_by
parent_join = Join(streamed, [JoinPart(sample_group_by.v1)], online=True)""",
    "joins/unit_test/user/sample_join_inline_group_by": f"""
{GROUP_BY}
from ai.chronon.join import *
inline = GroupBy(event_source, {SUBJECT}, [{SUM}], online=True, name="unit_test.user_inline_group_by")
v1 = Join(event_source, [JoinPart(inline)])""",
    "joins/unit_test/user/sample_transactions": """
from sources.shared import *
from ai.chronon.join import *
from group_bys.unit_test.user.sample_nested_group_by import v1 as nested
v1 = Join(event_source, [JoinPart(nested)], online=True)""",
    "staging_queries/sample_team/sample_staging_query": """
from ai.chronon.api.ttypes import MetaData, StagingQuery
v1 = StagingQuery(query="SELECT * FROM sample.raw WHERE ds BETWEEN '{{ start_date }}' AND '{{ end_date }}'",
    startPartition="2020-03-01", metaData=MetaData(outputNamespace="sample_namespace"))""",
    "sources/shared": SOURCES,
}
HEADS = {"group_bys": GROUP_BY, "joins": JOIN}

FILES = {
    "teams.json": json.dumps(TEAMS),
    **{f"{path}.py": f"{text}\n" for path, text in UNIT.items()},
    **{
        f"{kind}/sample_team/{name}.py": f"{HEADS[kind]}{text}\n"
        for kind, files in TEAM.items()
        for name, text in files.items()
    },
}
"""Every file of the repo, by its path."""


def write(root):
    """Write the repo under a folder."""
    for path, text in FILES.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
