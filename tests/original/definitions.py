"""Random repos of valid definitions, as the text that a user would write: every parameter, every kind of source."""

from __future__ import annotations

import json
import random

HEAD = """\
from ai.chronon.api import ttypes
from ai.chronon.api.ttypes import EntitySource, EventSource, JoinSource, MetaData, Source, StagingQuery
from ai.chronon.group_by import (
    Accuracy, Aggregation, Aggregations, DefaultAggregation, Derivation, GroupBy, Operation, TimeUnit, Window,
)
from ai.chronon.join import (
    BootstrapPart, ContextualSource, DataType, ExternalPart, ExternalSource, Join, JoinPart, LabelPart,
)
from ai.chronon.model import InferenceSpec, Model, ModelTransform, ModelTransforms
from ai.chronon.query import Query, select
from ai.chronon.staging_query import (
    StagingQueryEntitySource, StagingQueryEventSource, get_staging_query_dependencies,
)
from ai.chronon.utils import get_join_output_table_name, get_staging_query_output_table_name
"""
TEAMS = {
    "default": {"namespace": "fallback_db", "table_properties": {"owner": "platform"}},
    "shop": {"namespace": "shop_db", "description": "é", "user": "svc"},
    "risk": {"table_properties": {"ttl": "30", "unit": "days"}},
}
COLUMNS = ("price", "amount", "city", "device")
PLAIN = (
    "MIN",
    "MAX",
    "FIRST",
    "LAST",
    "APPROX_UNIQUE_COUNT",
    "UNIQUE_COUNT",
    "COUNT",
    "SUM",
    "AVERAGE",
    "VARIANCE",
    "SKEW",
    "KURTOSIS",
    "HISTOGRAM",
)
WITH_K = (
    "APPROX_UNIQUE_COUNT_LGK",
    "BOUNDED_UNIQUE_COUNT_K",
    "HISTOGRAM_K",
    "APPROX_HISTOGRAM_K",
    "FIRST_K",
    "LAST_K",
    "TOP_K",
    "BOTTOM_K",
)
TYPES = ("BOOLEAN", "SHORT", "INT", "LONG", "FLOAT", "DOUBLE", "STRING", "BINARY")


class Writer:
    """Writes random definitions; the same seed gives the same texts."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def maybe(self, name, *texts, chance=0.35):
        """A keyword with one of several values, or nothing."""
        return [f"{name}={self.random.choice(texts)}"] if self.random.random() < chance else []

    def call(self, function, *arguments):
        """A call with arguments, each a text or a list of texts."""
        flat = [a for argument in arguments for a in (argument if isinstance(argument, list) else [argument])]
        return f"{function}({', '.join(flat)})"

    def query(self, time, *, keys=("user",)):
        r = self.random
        columns = [*keys, *COLUMNS]
        expressions = {"price": "price * qty", "city": "coalesce(city, 'ø')"}
        selects = [
            f"{c}={json.dumps(expressions[c], ensure_ascii=False)}"
            if c in expressions and r.random() < 0.5
            else json.dumps(c)
            for c in columns
        ]
        positional = [text for text in selects if text.startswith('"')]
        named = [text for text in selects if not text.startswith('"')]
        return self.call(
            "Query",
            f"selects={self.call('select', *positional, *named)}",
            self.maybe("wheres", "['price > 0']", "['a = 1', \"b = 'x'\"]"),
            self.maybe("start_partition", "'2025-01-01'"),
            self.maybe("end_partition", "'2025-06-30'"),
            [f"time_column={time!r}"] if time else [],
            self.maybe("setups", "['ADD JAR u.jar']"),
            self.maybe("partition_column", "'dt'", "'ds'", chance=0.2),
        )

    def events(self, topic=None, time="seen_ms", **how):
        table = self.random.choice(("raw.views", "raw.views/region=eu", "views", "raw.views/a=1/b=2"))
        return self.call(
            "EventSource",
            f"table={table!r}",
            [f"topic={topic!r}"] if topic else [],
            f"query={self.query(time, **how)}",
            self.maybe("isCumulative", "False", chance=0.1),
        )

    def entities(self, time=None, mutations=False):
        mutated = ["mutationTable='raw.users_changes/hr=0'", "mutationTopic='changes'"] if mutations else []
        return self.call("EntitySource", "snapshotTable='raw.users'", mutated, f"query={self.query(time)}")

    def windows(self, hours):
        r = self.random
        units = ("DAYS", "HOURS") if hours else ("DAYS",)
        lengths = r.sample(range(1, 40), r.randint(1, 3))
        return f"[{', '.join(f'Window({length}, TimeUnit.{r.choice(units)})' for length in lengths)}]"

    def operation(self):
        r = self.random
        kind = r.random()
        if kind < 0.5:
            return f"Operation.{r.choice(PLAIN)}"
        if kind < 0.85:
            return f"Operation.{r.choice(WITH_K)}({r.randint(2, 99)})"
        return r.choice(("Operation.APPROX_PERCENTILE([0.5, 0.99])", "Operation.APPROX_PERCENTILE([0.1], k=200)"))

    def aggregation(self, number, windowed, hours):
        r = self.random
        column = COLUMNS[number % len(COLUMNS)]
        buckets = "['device']" if r.random() < 0.5 else "['device', 'city']"
        return self.call(
            "Aggregation",
            f"input_column={column!r}",
            [f"operation={self.operation()}"] if r.random() < 0.9 else [],
            [f"windows={self.windows(hours)}"] if windowed and r.random() < 0.6 else [],
            [f"buckets={buckets}"] if r.random() < 0.3 else [],
            self.maybe("tags", "{'pii': 'no'}"),
            self.maybe("element_wise", "True", "False", chance=0.15),
        )

    def metadata(self):
        """What group-bys and joins have in common."""
        return [
            *self.maybe("production", "True", "False"),
            *self.maybe("env", "{'backfill': {'EXECUTOR_MEMORY': '4G'}, 'upload': {}}"),
            *self.maybe("table_properties", "{'ttl': '9'}"),
            *self.maybe("output_namespace", "'own_db'", chance=0.25),
            *self.maybe("lag", "0", "2"),
            *self.maybe("tags", "{'area': 'retail'}", "{}"),
            *self.maybe("deprecation_date", "'2027-01-01'", chance=0.1),
            *self.maybe("description", "'naïve “text”'"),
            *self.maybe("my_flag", "[1, 'two', None]", "{'a': 1.5}", "'kept'"),
            *self.maybe("team_override", "'risk'", chance=0.1),
        ]

    def group_by(self, online):
        r = self.random
        kind = r.choice(("events", "batch", "snapshot", "plain", "mutations"))
        accuracy = ""
        if kind == "events":
            sources, accuracy = (
                self.events(topic=r.choice(("views", "views/host=k1/port=9092"))),
                r.choice(("", "TEMPORAL")),
            )
        elif kind == "batch":
            sources, accuracy = self.events(time=r.choice(("seen_ms", None))), "SNAPSHOT"
        elif kind == "mutations":
            sources, accuracy = self.entities(time="changed_ms", mutations=True), r.choice(("", "TEMPORAL"))
        else:
            sources = self.entities(time="changed_ms" if kind == "snapshot" else None)
        wrapped = {"EventSource": "events", "EntitySource": "entities"}[sources.partition("(")[0]]
        form = r.random()
        if form < 0.4:
            sources = f"Source({wrapped}={sources})"
        elif form < 0.8:
            sources = f"[{sources}]"
        daily = accuracy == "SNAPSHOT"
        backfill = r.random() < 0.4
        hours = not daily and not backfill
        windowed = kind != "plain"
        aggregations = f"[{', '.join(self.aggregation(n, windowed, hours) for n in range(r.randint(1, 4)))}]"
        if kind == "plain" and r.random() < 0.7:
            aggregations = "None"
        batch = kind in ("batch", "plain", "snapshot")
        return self.call(
            "GroupBy",
            f"sources={sources}",
            "keys=['user']" if r.random() < 0.8 else "keys=['user', 'shop']",
            f"aggregations={aggregations}",
            [f"online={r.choice(('True', 'False'))}"] if online is None and r.random() < 0.6 else [],
            ["online=True"] if online else [],
            [f"accuracy=Accuracy.{accuracy}"] if accuracy else [],
            ["backfill_start_date='2025-02-01'"] if backfill else [],
            self.maybe("historical_backfill", "False", "True") if backfill else [],
            self.maybe(
                "dependencies", "['raw.views/ds={{ ds }}']", "['a/ds={{ ds }}', 'b/ds={{ ds }}/x=1']", chance=0.2
            ),
            self.maybe("offline_schedule", "'@weekly'", "'0 3 * * *'"),
            self.maybe("upload_schedule", "'@weekly'", "'@daily'", chance=0.3) if batch else [],
            ["is_incremental=True"] if kind == "batch" and r.random() < 0.3 else [],
            self.derivations("user"),
            self.metadata(),
        )

    def derivations(self, column):
        several = (
            "[Derivation('*', '*')]",
            f"[Derivation('*', '*'), Derivation('x', \"{column} + 1\", 'a description')]",
            f"[Derivation('renamed', '{column}'), Derivation('y', 'length({column})')]",
        )
        return self.maybe("derivations", *several, chance=0.3)

    def external(self):
        r = self.random
        named = [
            "('user', DataType.STRING)",
            f"('tags', DataType.LIST(DataType.{r.choice(TYPES)}))",
            "('why', DataType.MAP(DataType.STRING, DataType.LONG))",
            "('where', DataType.STRUCT('point', ('x', DataType.DOUBLE), ('y', DataType.LIST(DataType.INT))))",
        ]
        context = f"ExternalPart(ContextualSource([('request', DataType.{r.choice(TYPES)})]))"
        service = self.call(
            "ExternalPart",
            self.call(
                "ExternalSource",
                repr(r.choice(("risk.api", "geo"))),
                "'risk'",
                "[('user', DataType.STRING)]",
                f"[{', '.join(r.sample(named, r.randint(1, 4)))}]",
                self.maybe("custom_json", "'{\"a\": 1}'"),
                self.maybe("factory_name", "'http'"),
                self.maybe("factory_params", "{'path': '/x'}"),
            ),
            self.maybe("key_mapping", "{'user': 'user'}"),
            self.maybe("prefix", "'rt'"),
        )
        return self.maybe("online_external_parts", f"[{context}]", f"[{service}, {context}]", f"[{service}]")

    def labels(self):
        start, days = self.random.randint(5, 30), self.random.randint(1, 5)
        plain = f"LabelPart([JoinPart(label)], {start}, {start - days})"
        weekly = f"LabelPart([JoinPart(label, {{'user': 'user'}})], {start}, {start}, label_offline_schedule='@weekly')"
        return self.maybe("label_part", plain, weekly, chance=0.25)

    def models(self):
        model = self.call(
            "Model",
            "'churn'",
            "InferenceSpec('sage', {'endpoint': 'e1'})",
            "[('x', DataType.DOUBLE)]",
            "[('p', DataType.LIST(DataType.FLOAT))]",
        )
        transform = self.call(
            "ModelTransform", model, self.maybe("input_mappings", "{'x': 'user'}"), self.maybe("prefix", "'m'")
        )
        return self.maybe(
            "model_transforms",
            f"ModelTransforms([{transform}])",
            f"ModelTransforms([{transform}], ['user'])",
            chance=0.2,
        )

    def part(self, name):
        mapping = self.maybe("key_mapping", "{'user': 'user'}", chance=0.25)
        return self.call(
            "JoinPart", name, mapping, self.maybe("prefix", "'home'"), self.maybe("tags", "{'tier': 'gold'}")
        )

    def join(self, parts, online):
        r = self.random
        left = self.events(topic="orders", keys=("user", "shop")) if r.random() < 0.8 else self.entities()
        wrapped = "events" if left.startswith("Event") else "entities"
        bootstrap = (
            "BootstrapPart('seed_db.seed', ['order_id'], Query(selects=select('order_id'), end_partition='2025-02-01'))"
        )
        sampled = r.random() < 0.5
        return self.call(
            "Join",
            f"left=Source({wrapped}={left})",
            f"right_parts=[{', '.join(self.part(name) for name in parts)}]",
            ["online=True"] if online else self.maybe("online", "False"),
            self.maybe("check_consistency", "True", "False"),
            self.maybe("additional_args", "['--step-days 14']", "{'custom_arg': 'value'}"),
            self.maybe("additional_env", "{'custom_env': 'value'}", "[]", chance=0.2),
            self.maybe("dependencies", "['raw.orders/ds={{ ds }}']", chance=0.2),
            self.maybe("skew_keys", "{'user': ['0', \"'bot'\"]}", "{}"),
            [f"sample_percent={r.choice(('100.0', '0.5', '0.0'))}"] if sampled else [],
            self.maybe("consistency_sample_percent", "1.5", "None", chance=0.2),
            self.external(),
            self.maybe("offline_schedule", "'@weekly'", "'@never'"),
            self.maybe("historical_backfill", "True", "False"),
            self.maybe("row_ids", "['order_id']"),
            self.maybe("bootstrap_parts", f"[{bootstrap}]", "[BootstrapPart('seed_db.other/x=1')]", "[]"),
            ["bootstrap_from_log=True"] if online and sampled and r.random() < 0.3 else [],
            self.labels(),
            self.derivations("price"),
            self.models(),
            self.metadata(),
        )

    def staging_query(self):
        own = self.call(
            "MetaData",
            self.maybe("dependencies", "['raw.b/ds={{ ds }}']"),
            self.maybe("outputNamespace", "'own_db'"),
            self.maybe("tableProperties", "{'ttl': '9'}"),
            self.maybe("modeToEnvMap", "{'backfill': {'A': 'b'}}"),
            self.maybe("customJson", "'{\"x\": 1}'"),
        )
        return self.call(
            "StagingQuery",
            "query=\"SELECT * FROM raw.b WHERE ds BETWEEN '{{ start_date }}' AND '{{ end_date }}'\"",
            f"metaData={own}",
            self.maybe("startPartition", "'2025-01-01'"),
            self.maybe("setups", "['ADD JAR u.jar']", "[]"),
            self.maybe("createView", "False"),
        )

    def repo(self):
        """Files of a repo, and the runs that compile them."""
        r = self.random
        team = r.choice(("shop", "risk"))
        nested = r.choice(("", "deep/"))
        group_bys = f"group_bys/{team}/{nested}features"
        online = r.random() < 0.4
        several = [f"v{n} = {self.group_by(True if online else None)}" for n in range(r.randint(1, 3))]
        names = [f"v{n}" for n in range(len(several))]
        module = group_bys.replace("/", ".")
        chained = f"from {module} import v0\nparent = {self.join(['v0'], online)}\n"
        reader = (
            f"from joins.{team}.parents import parent\n"
            "chained = GroupBy(JoinSource(join=parent, query=Query(selects=select('user', p='price'), time_column='ts')),"
            " ['user'], [Aggregation('p', Operation.SUM)], online=True)\n"
        )
        label = "label = GroupBy(EntitySource(snapshotTable='raw.labels', query=Query(selects=select('user', 'y'))), ['user'], None, name='shop.label')\n"
        files = {
            "teams.json": json.dumps(TEAMS),
            f"{group_bys}.py": HEAD + "\n".join(several) + "\n",
            f"joins/{team}/{nested}training.py": HEAD
            + f"from {module} import {', '.join(names)}\n{label}"
            + f"main = {self.join(names, online)}\n",
            f"joins/{team}/parents.py": HEAD + chained,
            f"staging_queries/{team}/base.py": HEAD + f"daily = {self.staging_query()}\n",
        }
        runs = [[f"--conf={path}", "-y", "--force-overwrite"] for path in files if path.endswith(".py")]
        if online and "EntitySource" not in chained.partition("parent = ")[2].partition("right_parts")[0]:
            files[f"group_bys/{team}/chained.py"] = HEAD + reader
            runs.append([f"--conf=group_bys/{team}/chained.py", "-y", "--force-overwrite"])
        return {"files": files, "runs": runs * 2}
