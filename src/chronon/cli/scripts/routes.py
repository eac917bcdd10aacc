"""The modes of ``run.py``: which kind of definition has which, and what the original's engine takes for each."""

from __future__ import annotations

ONLINE_ARGS = "--online-jar={online_jar} --online-class={online_class} "
OFFLINE_ARGS = "--conf-path={conf_path} --end-date={ds} "
ONLINE_WRITE_ARGS = "--conf-path={conf_path} " + ONLINE_ARGS
ONLINE_OFFLINE_WRITE_ARGS = OFFLINE_ARGS + ONLINE_ARGS

ROUTES: dict[str, dict[str, str]] = {
    "group_bys": {
        "backfill": "group-by-backfill", "upload": "group-by-upload", "streaming": "group-by-streaming",
        "metadata-upload": "metadata-upload", "local-streaming": "group-by-streaming", "fetch": "fetch",
        "analyze": "analyze", "metadata-export": "metadata-export",
    },
    "joins": {
        "backfill": "join", "backfill-left": "join-left", "backfill-final": "join-final",
        "metadata-upload": "metadata-upload", "fetch": "fetch",
        "consistency-metrics-compute": "consistency-metrics-compute", "compare": "compare-join-query",
        "stats-summary": "stats-summary", "log-summary": "log-summary", "analyze": "analyze",
        "log-flattener": "log-flattener", "metadata-export": "metadata-export", "label-join": "label-join",
        "model-transform-batch": "model-transform-batch",
    },
    "staging_queries": {"backfill": "staging-query-backfill", "metadata-export": "metadata-export"},
}  # fmt: skip
"""The modes that each kind of definition has, with the names of the original engine's commands."""

UNIVERSAL_ROUTES = ["info"]
ONLINE_MODES = ["streaming", "metadata-upload", "fetch", "local-streaming", "model-transform-batch"]
MODES_USING_EMBEDDED = ["metadata-upload", "fetch", "local-streaming"]

MODES = [*dict.fromkeys(mode for several in ROUTES.values() for mode in several), *UNIVERSAL_ROUTES]
SPARK_MODES = [mode for mode in MODES if mode not in (*MODES_USING_EMBEDDED, *UNIVERSAL_ROUTES)]

MODE_ARGS = dict.fromkeys(SPARK_MODES, OFFLINE_ARGS) | {
    "streaming": ONLINE_WRITE_ARGS,
    "metadata-upload": ONLINE_WRITE_ARGS,
    "fetch": ONLINE_ARGS,
    "local-streaming": f"{ONLINE_WRITE_ARGS} -d",
    "model-transform-batch": ONLINE_OFFLINE_WRITE_ARGS,
    "info": "",
}
"""The flags that the original's engine is given for a mode."""
