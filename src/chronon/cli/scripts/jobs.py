"""The modes of ``run.py`` as jobs of this project: each reads a compiled definition and calls one function.

The flags behind those of ``run.py`` itself are the ones that the original's engine takes.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Any

import click

from chronon.api import structs, wire
from chronon.api.naming import name_of, slashed
from chronon.base.errors import ConfigError, MissingDataError, Place, RequestError
from chronon.cli.output import progress, show, tell_backfill, tell_comparison, tell_upload
from chronon.repo.definition import KINDS, AnyDefinition
from chronon.session import Session

IGNORED = (
    "--use-delta-catalog", "--disable-kryo-serializer", "--use-cached-left",
    "--online-jar", "--online-class", "--table-permission-check", "--export-schema", "--output-table-properties-json",
    "--local-warehouse-location", "--enable-auto-expand", "--mock-writes",
)  # fmt: skip
"""Flags of the original's engine that have nothing to say to this one; each is named when it is given."""


@dataclass
class Job:
    """One run: a mode, a compiled definition, a range of days, and the flags of the engine.

    Parameters
    ----------
    mode:
        What is to be done.
    repo, conf:
        The folder of the repo, and the compiled file, relative to it or absolute.
    start, end:
        The first and last partition; without a start what is missing.
    flags:
        The flags that ``run.py`` does not know itself.
    """

    mode: str
    repo: Path
    conf: str | None
    start: str | None
    end: str
    flags: list[str]

    @cached_property
    def session(self) -> Session:
        """The settings, the engine and the store of the repo."""
        return Session(self.repo)

    @cached_property
    def options(self) -> argparse.Namespace:
        """The flags of the engine, parsed."""
        parser = engine_parser()
        known, unknown = parser.parse_known_args(self.flags)
        for flag in [flag for flag in unknown if flag.partition("=")[0] in IGNORED]:
            click.echo(f"note: {flag} has no meaning here")
        wrong = [flag for flag in unknown if flag.startswith("-") and flag.partition("=")[0] not in IGNORED]
        if wrong:
            usage = parser.format_usage().replace("[", " ").replace("]", " ")
            names = [word for word in usage.split() if word.startswith("-")]
            close = get_close_matches(wrong[0].partition("=")[0], names, n=1)
            raise ConfigError(
                f"{wrong[0]} is not a flag of --mode {self.mode}",
                mend=f"did you mean {close[0]}?" if close else f"the flags are {', '.join(names)}",
            )
        return known

    @cached_property
    def definition(self) -> AnyDefinition:
        """The compiled definition."""
        conf = self.conf or self.options.conf_path
        if not conf:
            raise ConfigError(f"--mode {self.mode} needs a definition", mend="--conf=production/joins/<team>/<name>")
        return self.compiled(conf)

    def compiled(self, conf: str) -> AnyDefinition:
        """The definition of a compiled file."""
        file = self.repo / conf
        kind = next((part for part in Path(conf).parts if part in KINDS), None)
        if kind is None or not file.is_file():
            raise MissingDataError(f"there is no compiled definition {file}", mend="compile.py --conf=... makes it")
        text = file.read_text(encoding="utf-8")
        return self.session.own(wire.from_json(KINDS[kind], text, place=Place(file=str(file))))

    @property
    def day(self) -> str:
        """The day of the run, in the partition format."""
        return self.options.end_date or self.end


def backfill(job: Job) -> None:
    """Compute the missing partitions of a table."""
    from chronon.offline import backfill_group_by, backfill_join, backfill_staging_query

    if job.options.selected_join_parts:
        click.echo("a part of a join is no table here; backfill-final computes all parts and the join in one pass")
        return
    start = job.start or job.options.start_partition_override
    value = job.definition
    with progress() as bar:
        how: dict[str, Any] = {"start": start, "end": job.day, "progress": bar}
        how |= {"step_days": job.options.step_days, "run_first_hole": job.options.run_first_hole}
        how["keep_outdated"] = job.options.unset_semantic_hash
        if isinstance(value, structs.Join):
            result = backfill_join(value, job.session.engine, **how)
        elif isinstance(value, structs.GroupBy):
            result = backfill_group_by(value, job.session.engine, **how)
        else:
            result = backfill_staging_query(value, job.session.engine, **how)
    tell_backfill(result)


def backfill_left(_job: Job) -> None:
    """Nothing: the left side of a join is read where the join is computed."""
    click.echo("the left side of a join needs no table of its own here; backfill-final computes the join in one pass")


def upload(job: Job) -> None:
    """Publish what serving needs of a group-by."""
    from chronon.offline import upload_group_by

    value = job.definition
    assert isinstance(value, structs.GroupBy)  # noqa: S101 - the modes of each kind are a table
    tell_upload(upload_group_by(value, job.session.engine, job.session.store, ds=job.day))


def metadata_upload(job: Job) -> None:
    """Make joins known to the store by name, so that they can be fetched; of a group-by its upload does that."""
    if job.conf and (job.repo / job.conf).is_dir():
        files = sorted(file for file in (job.repo / job.conf).rglob("*") if file.is_file() and file.name[0] != ".")
        texts = {file: file.read_text(encoding="utf-8") for file in files if "joins" in file.parts}
        joins = [wire.from_json(structs.Join, text, place=Place(file=str(file))) for file, text in texts.items()]
    else:
        joins = [one for one in [job.definition] if isinstance(one, structs.Join)]
    if joins:
        job.session.store.put_meta({f"joins/{slashed(name_of(join))}": wire.to_json(join).encode() for join in joins})
    click.echo(f"{len(joins)} joins can be fetched by name; a group-by can be, once it is uploaded")


def fetch(job: Job) -> None:
    """Fetch features, as JSON, one line for each key."""
    from chronon.online import Fetcher, Request

    name = job.options.name or (name_of(job.definition) if job.conf or job.options.conf_path else None)
    if not name:
        raise RequestError("fetch needs a name", mend="--name=shop/training_set.v1")
    keys = _keys(job)
    with Fetcher(job.session.store) as fetcher:
        for answer in fetcher.fetch(name, [Request(one, at=job.options.at_millis) for one in keys]):
            if answer.error is not None:
                raise answer.error
            click.echo(json.dumps(answer.values, default=str))


def labels(job: Job) -> None:
    """Join labels to the rows of a join."""
    from chronon.offline import backfill_labels

    value = job.definition
    assert isinstance(value, structs.Join)  # noqa: S101 - the modes of each kind are a table
    with progress() as bar:
        tell_backfill(backfill_labels(value, job.session.engine, label_ds=job.day, progress=bar))


def models(job: Job) -> None:
    """Run the models of a join over the partitions of its features."""
    from chronon.offline import backfill_models

    value = job.definition
    assert isinstance(value, structs.Join)  # noqa: S101 - the modes of each kind are a table
    start = job.start or job.options.start_partition_override
    only = [job.options.model_transform_override] if job.options.model_transform_override else None
    how: dict[str, Any] = {"start": start, "end": job.day, "run_first_hole": job.options.run_first_hole, "only": only}
    with progress() as bar:
        tell_backfill(backfill_models(value, job.session.engine, job.repo, **how, progress=bar))


def compare(job: Job) -> None:
    """Compare a join's table with the query that says what it should be; the job fails where they differ."""
    from chronon.offline.compare import compare_join

    query = job.options.query_conf
    if not query:
        raise ConfigError("compare needs a query", mend="--query-conf=production/staging_queries/<team>/<name>")
    expected, value = job.compiled(query), job.definition
    if not isinstance(expected, structs.StagingQuery) or not isinstance(value, structs.Join):
        raise ConfigError(f"{query} is not compared with {job.conf}", expected="a join and a staging query")
    start = job.start or job.options.start_date or job.day
    found = compare_join(value, expected, job.session.engine, start=start, end=job.day)
    tell_comparison(found)
    if not found.equal:
        raise SystemExit(1)


def analyze(job: Job) -> None:
    """Show what a definition means on its tables; the job fails where a check does."""
    from chronon.offline.analyze import analyze as analyzed

    value, options = job.definition, job.options
    assert not isinstance(value, structs.StagingQuery)  # noqa: S101 - the modes of each kind are a table
    start = job.start or options.start_date or job.session.settings.partitions.shift(job.day, -3)
    found = analyzed(
        value,
        job.session.engine,
        start=start,
        end=job.day,
        hitters=options.count if options.enable_hitter else 0,
        sample=options.sample,
        check_timestamps=not options.skip_timestamp_check,
        check_tables=not options.skip_table_permission_check,
    )
    show(found)
    if found.failed:
        raise SystemExit(1)


def metadata_export(job: Job) -> None:
    """Write compiled definitions with what is to be known of their features."""
    from chronon.cli.export import export

    options = job.options
    if not options.input_root_path:
        raise ConfigError("metadata-export needs the folder of definitions", mend="--input-root-path=production")
    to = job.repo / options.output_root_path if options.output_root_path else None
    source, table = job.repo / options.input_root_path, options.output_table_name
    export(job.session, source, to, table, job.day, embedded=options.process_embedded_group_bys)


def _keys(job: Job) -> list[Mapping[str, Any]]:
    """The keys of a request: an object or a list of them, as a flag or as a file."""
    text = job.options.key_json
    if job.options.key_json_file:
        text = Path(job.options.key_json_file).read_text(encoding="utf-8")
    try:
        given = json.loads(text or "")
    except ValueError as error:
        raise RequestError(f"the keys are not JSON: {error}", mend="""-k '{"user_id": 5}'""") from None
    return given if isinstance(given, list) else [given]


def engine_parser(prog: str = "run.py") -> argparse.ArgumentParser:
    """The flags of the engine."""
    parser = argparse.ArgumentParser(prog=prog, add_help=False, allow_abbrev=False)
    parser.add_argument("--conf-path")
    parser.add_argument("--end-date")
    parser.add_argument("--start-partition-override")
    parser.add_argument("--step-days", type=int, default=30)
    parser.add_argument("--run-first-hole", action="store_true")
    parser.add_argument("--unset-semantic-hash", action="store_true")
    parser.add_argument("--selected-join-parts", nargs="*")
    parser.add_argument("--query-conf")
    parser.add_argument("--start-date")
    parser.add_argument("--model-transform-override")
    parser.add_argument("--count", type=int, default=128)
    parser.add_argument("--sample", type=float, default=1.0)
    parser.add_argument("--enable-hitter", action="store_true")
    parser.add_argument("--skip-timestamp-check", action="store_true")
    parser.add_argument("--skip-table-permission-check", action="store_true")
    parser.add_argument("--input-root-path")
    parser.add_argument("--output-root-path")
    parser.add_argument("--output-table-name")
    parser.add_argument("--process-embedded-group-bys", action="store_true")
    parser.add_argument("--name", "-n")
    parser.add_argument("--type", "-t")
    parser.add_argument("--key-json", "-k")
    parser.add_argument("--key-json-file", "-f")
    parser.add_argument("--at-millis", type=int)
    return parser


MODES: dict[str, Callable[[Job], None]] = {
    "backfill": backfill,
    "backfill-left": backfill_left,
    "backfill-final": backfill,
    "upload": upload,
    "metadata-upload": metadata_upload,
    "fetch": fetch,
    "label-join": labels,
    "compare": compare,
    "model-transform-batch": models,
    "analyze": analyze,
    "metadata-export": metadata_export,
}
"""What each mode runs."""

MISSING = {
    "streaming": "reading topics (chronon.stream); rows can be written by chronon.stream.Ingest",
    "local-streaming": "reading topics (chronon.stream); rows can be written by chronon.stream.Ingest",
    "stats-summary": "summaries of feature tables (chronon.monitor)",
    "log-summary": "summaries of logs (chronon.monitor)",
    "consistency-metrics-compute": "comparing served with recomputed values (chronon.monitor)",
    "log-flattener": "flattening the log of fetches (chronon.monitor)",
}
"""Modes whose part of the engine is not there yet: what is missing, and what helps until then."""


def run(job: Job) -> None:
    """Run a job."""
    work = MODES.get(job.mode)
    if work is None:
        raise ConfigError(
            f"--mode {job.mode} does not run here yet: what is missing is {MISSING.get(job.mode, 'its engine part')}"
        )
    work(job)
