"""``run.py``: run the jobs of a compiled definition, here and now: no JVM, no cluster, no script that submits.

Flags, modes and the layers of variables are the original's. Flags about jars and submitting are taken and change
nothing, except that ``--mode info`` runs the team's own script.
"""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import click

from chronon.base.clock import SystemClock
from chronon.base.errors import ChrononError, ConfigError
from chronon.base.time import Partitions
from chronon.cli.scripts import jars
from chronon.cli.scripts.environment import ADDITIONAL, APP_NAME_TEMPLATE, custom_json, parts_of, set_runtime_env
from chronon.cli.scripts.jars import (
    SCALA_VERSION_FOR_SPARK,
    SUPPORTED_SPARK,
    construct_version,
    download_only_once,
    retry_decorator,
)
from chronon.cli.scripts.jobs import Job
from chronon.cli.scripts.jobs import run as run_job
from chronon.cli.scripts.routes import (
    MODE_ARGS,
    MODES,
    MODES_USING_EMBEDDED,
    OFFLINE_ARGS,
    ONLINE_ARGS,
    ONLINE_MODES,
    ONLINE_OFFLINE_WRITE_ARGS,
    ONLINE_WRITE_ARGS,
    ROUTES,
    SPARK_MODES,
    UNIVERSAL_ROUTES,
)

__all__ = [
    "ADDITIONAL", "APP_NAME_TEMPLATE", "MODES_USING_EMBEDDED", "MODE_ARGS", "OFFLINE_ARGS", "ONLINE_ARGS",
    "ONLINE_MODES", "ONLINE_OFFLINE_WRITE_ARGS", "ONLINE_WRITE_ARGS", "RENDER_INFO_DEFAULT_SCRIPT", "ROUTES",
    "SCALA_VERSION_FOR_SPARK", "SPARK_MODES", "SUPPORTED_SPARK", "UNIVERSAL_ROUTES", "Runner", "check_call",
    "check_output", "construct_version", "custom_json", "download_jar", "download_only_once", "main",
    "retry_decorator", "set_defaults", "set_runtime_env", "split_date_range", "time",
]  # fmt: skip

RENDER_INFO_DEFAULT_SCRIPT = "scripts/render_info.py"
SCRIPTS = {
    "spark_submit_path": "scripts/spark_submit.sh",
    "spark_streaming_submit_path": "scripts/spark_streaming.sh",
    "online_jar_fetch": "scripts/fetch_online_jar.py",
    "render_info": RENDER_INFO_DEFAULT_SCRIPT,
}


def check_call(cmd: str) -> int:
    """Run a command; its words may be quoted."""
    click.echo(f"Running command: {cmd}")
    return subprocess.check_call(shlex.split(cmd))  # noqa: S603 - a script of the team's, named by a flag


def check_output(cmd: str) -> bytes:
    """Run a command, and give what it prints."""
    click.echo(f"Running command: {cmd}")
    return subprocess.check_output(shlex.split(cmd)).strip()  # noqa: S603 - a script of the team's, named by a flag


@retry_decorator(retries=3, backoff=50)
def download_jar(
    version: str | None,
    jar_type: str = "uber",
    release_tag: str | None = None,
    spark_version: str = "3.1.1",
    skip_download: bool = False,
    jar_url: str | None = None,
) -> str:
    """Download one of the original's jars, unless it is there; for jobs that still run with it.

    ``jar_url`` is its address, where it is not that of a version.
    """
    url = jars.jar_url(version, jar_type, release_tag, spark_version) if jar_url is None else jar_url
    path = f"{jars.FOLDER}/{url.rpartition('/')[2]}"
    download_only_once(url, path, skip_download)
    return path


def split_date_range(start_date: str, end_date: str, parallelism: int) -> list[tuple[str, str]]:
    """A range of days in as many pieces; the last one takes what is over.

    >>> split_date_range("2025-01-01", "2025-01-05", 2)
    [('2025-01-01', '2025-01-02'), ('2025-01-03', '2025-01-05')]
    """
    first, last = date.fromisoformat(start_date), date.fromisoformat(end_date)
    days = (last - first).days + 1
    if parallelism > days:
        raise ConfigError(
            f"Parallelism should be less than or equal to total days, {days}", mend=f"--parallelism {days}"
        )
    size = days // parallelism
    starts = [first + timedelta(days=size * number) for number in range(parallelism)]
    ends = [*(start - timedelta(days=1) for start in starts[1:]), last]
    return [(start.isoformat(), end.isoformat()) for start, end in zip(starts, ends, strict=True)]


def set_defaults(parser: argparse.ArgumentParser, repo: str | None = None) -> None:
    """Take the defaults of the flags from the variables of the process."""
    env = os.environ.get
    home = env("CHRONON_REPO_PATH") or repo or "."
    parser.set_defaults(
        mode="backfill",
        ds=Partitions().of(SystemClock().now()),
        app_name=env("APP_NAME"),
        online_jar=env("CHRONON_ONLINE_JAR"),
        repo=home,
        online_class=env("CHRONON_ONLINE_CLASS"),
        version=env("VERSION"),
        spark_version=env("SPARK_VERSION", "3.1.1"),
        conf_type="group_bys",
        online_args=env("CHRONON_ONLINE_ARGS"),
        chronon_jar=env("CHRONON_DRIVER_JAR"),
        list_apps=f"python3 {os.path.join(home, 'scripts/yarn_list.py')}",  # noqa: PTH118 - told as given
        env="dev",
        parallelism=1,
        **{name: os.path.join(home, script) for name, script in SCRIPTS.items()},  # noqa: PTH118
    )


def parser_of() -> argparse.ArgumentParser:
    """The flags."""
    parser = argparse.ArgumentParser(prog="run.py", description="Run the jobs of a compiled definition.")
    parser.add_argument("--conf", help="the compiled definition: production/<kind>/<team>/<name>")
    parser.add_argument("--env", help="the environment in teams.json; default dev")
    parser.add_argument("--mode", choices=MODES, help="what to run; default backfill")
    parser.add_argument("--ds", help="the last partition; default today")
    parser.add_argument("--start-ds", help="the first partition, instead of those that are missing")
    parser.add_argument("--end-ds", help="the last partition of a range; the same as --ds")
    parser.add_argument("--parallelism", type=int, help="in how many pieces the range is computed")
    parser.add_argument("--repo", help="the folder of the repo")
    parser.add_argument("--app-name", help=f"the name of the run; default {APP_NAME_TEMPLATE}")
    parser.add_argument("--sub-help", action="store_true", help="print the flags of the engine for a mode")
    parser.add_argument("--conf-type", help="the kind that --sub-help is about")
    for name in ("online-jar", "online-class", "version", "spark-version", "spark-submit-path",
                 "spark-streaming-submit-path", "online-jar-fetch", "online-args", "chronon-jar", "release-tag",
                 "list-apps"):  # fmt: skip
        parser.add_argument(f"--{name}", help="taken, and not needed here")
    parser.add_argument("--render-info", help="the script of --mode info")
    return parser


class Runner:
    """A run.

    Parameters
    ----------
    args:
        The flags; ``args.args`` are those that are left for the engine.
    jar_path:
        Taken, and not needed here.
    """

    def __init__(self, args: Any, jar_path: str | None = None) -> None:
        self.args = args
        self.jar_path = jar_path
        self.conf: str | None = args.conf
        self.mode: str = args.mode or "backfill"
        self.repo: str = args.repo or "."
        self.conf_type: str | None = parts_of(self.conf)[1] if self.conf else getattr(args, "conf_type", None)
        allowed = [*ROUTES.get(self.conf_type or "", {}), *UNIVERSAL_ROUTES]
        if self.conf and self.mode not in allowed:
            raise ConfigError(
                f"Invalid mode:{self.mode} for conf:{self.conf} of type:{self.conf_type}",
                expected=f"one of {', '.join(allowed)}",
            )

    def run(self) -> None:
        """Do it."""
        if self.mode in UNIVERSAL_ROUTES:
            self._info()
            return
        for start, end in self._ranges():
            run_job(Job(self.mode, Path(self.repo), self.conf, start, end, self._flags()))

    def _ranges(self) -> list[tuple[str | None, str]]:
        start = getattr(self.args, "start_ds", None)
        end = getattr(self.args, "end_ds", None) or self.args.ds
        pieces = getattr(self.args, "parallelism", None) or 1
        if pieces == 1:
            return [(start, end)]
        if not (start and end):
            raise ConfigError("--parallelism needs a range", mend="--start-ds and --end-ds")
        return [*split_date_range(start, end, pieces)]

    def _flags(self) -> list[str]:
        """What is left of the command line, and then what the definition adds, which wins."""
        left = self.args.args
        given = shlex.split(left) if isinstance(left, str) else list(left or [])
        return [*given, *shlex.split(os.environ.get(ADDITIONAL, ""))]

    def _info(self) -> None:
        script = self.args.render_info
        if not os.path.exists(script):  # noqa: PTH110 - a path as it was given
            raise ConfigError(f"there is no {script}", mend="--render-info names the script of --mode info")
        check_call(f"python3 {script} --conf {self.conf} --ds {self.args.ds} --repo {self.repo}")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the script; problems are told without a traceback, with exit code 1."""
    parser = parser_of()
    set_defaults(parser)
    first, _ = parser.parse_known_args(arguments)
    try:
        set_runtime_env(first)
        set_defaults(parser, first.repo)
        args, left = parser.parse_known_args(arguments)
        args.args = left
        if args.sub_help:
            _sub_help(args)
            return
        Runner(args, args.chronon_jar).run()
    except ChrononError as error:
        click.echo(f"{type(error).__name__}: {error}", err=True)
        sys.exit(1)
    except KeyboardInterrupt:
        click.echo("interrupted; what was published stays, the next run goes on from there", err=True)
        sys.exit(130)


def _sub_help(args: Any) -> None:
    from chronon.cli.scripts.jobs import IGNORED, engine_parser

    engine_parser(f"run.py --mode {args.mode}").print_help()
    click.echo(f"\nTaken without a meaning here: {', '.join(IGNORED)}")
