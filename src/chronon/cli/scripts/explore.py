"""``explore.py``: look for a word in the group-bys of a repo."""

from __future__ import annotations

import argparse
import csv
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import click

from chronon.base.errors import ChrononError, ConfigError
from chronon.repo.definition import GROUP_BY_FOLDER_NAME, JOIN_FOLDER_NAME
from chronon.repo.explore import (
    DEFAULTS_SPEC,
    FILTER_COLUMNS,
    GB_INDEX_SPEC,
    GB_REL_PATH,
    JOIN_INDEX_SPEC,
    JOIN_REL_PATH,
    PATH_FIELDS,
    Entry,
    build_entry,
    build_index,
    conf_file,
    enrich_with_joins,
    extract_json,
    find_in_index,
    find_string,
    load_team_data,
    walk_files,
)
from chronon.repo.teams import FILE

__all__ = [
    "DEFAULTS_SPEC", "FILTER_COLUMNS", "GB_INDEX_SPEC", "GB_REL_PATH", "JOIN_INDEX_SPEC", "JOIN_REL_PATH",
    "PATH_FIELDS", "build_entry", "build_index", "conf_file", "display_entries", "enrich_with_joins",
    "events_without_topics", "extract_json", "find_in_index", "find_string", "git_info", "highlight",
    "load_team_data", "main", "walk_files",
]  # fmt: skip

BOLD, ITALIC, NORMAL = "\033[1m", "\033[3m", "\033[0m"
RED, GREEN, BLUE, GREY, ORANGE = (f"\033[38;5;{number}m" for number in (160, 28, 27, 246, 130))
HIGHLIGHT = f"{BOLD}{ITALIC}{RED}"
SHOWN = 10
"""So many values of a column are printed."""
HANDLER = "_events_without_topics"


def highlight(text: str, word: str) -> str:
    """A text with every place of a word marked."""
    return text.replace(word, f"{HIGHLIGHT}{word}{NORMAL}") if word else text


def display_entries(entries: Sequence[Entry], target: str, root: str | Path = ".", trim_paths: bool = False) -> None:
    """Print group-bys, one block each, with the last changes of their files."""
    changes = git_info(tuple(str(entry["file"]) for entry in entries), root=str(root))
    for entry in entries:
        click.echo("", color=True)
        for column, values in entry.items():
            if column in PATH_FIELDS:
                path = str(values).removeprefix(str(root)) if trim_paths else str(values)
                shown = f"{BOLD}{path} {NORMAL}{changes.get(str(values), '')}" if column == "file" else path
                _line(column, shown if column == "file" else highlight(path, target))
            elif not (column.startswith("_") and column == "_group_bys"):
                _line(column, highlight(_some(values), target))


def _some(values: Sequence[Any]) -> str:
    if len(values) <= SHOWN:
        return str(list(values))
    return f"{list(values[:SHOWN])} ... {len(values) - SHOWN} more"


def _line(column: str, text: str) -> None:
    click.echo(f"{BOLD}{ORANGE}{column:>15}{NORMAL} - {text}", color=True)


@cache
def git_info(file_paths: tuple[str, ...], exclude: str | None = None, root: str = ".") -> Mapping[str, str]:
    """Who changed files last and when: two changes for each; nothing outside of git."""
    found: dict[str, str] = {}
    for path in dict.fromkeys(file_paths):
        found[path] = ", ".join(f"{when} {name} <{mail}>" for when, name, mail in _log(path, root, exclude))
    return found


def _log(path: str, root: str, exclude: str | None) -> list[list[str]]:
    leave_out = ["--invert-grep", f"--grep={exclude}"] if exclude else []
    command = [
        "git",
        "-C",
        root,
        "log",
        "-n",
        "2",
        "--pretty=%as\t%an\t%ae",
        *leave_out,
        "--",
        str(Path(path).absolute()),
    ]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - git, with a path
    except FileNotFoundError:
        return []
    return [line.split("\t") for line in done.stdout.splitlines()] if done.returncode == 0 else []


def events_without_topics(
    root: str, gb_index: Mapping[str, Entry], output_file: str | None = None, exclude_commit_message: str | None = None
) -> None:
    """Write a table of the group-bys whose events have no topic, with who changes their files."""
    rows = [["group_by", "producers", "online", "table", "joins", "consumers"]]
    for name, entry in gb_index.items():
        if entry["_event_tables"] and not entry["_event_topics"]:
            people = git_info((str(entry["file"]),), exclude_commit_message, root)
            joins = [conf_file(JOIN_FOLDER_NAME, join, root) for join in entry.get("joins", [])]
            consumers = git_info(tuple(joins), exclude_commit_message, root)
            told = (people, entry["online"], entry["_event_tables"], entry.get("joins", []), consumers)
            rows.append([name, *(", ".join(map(str, v.values() if isinstance(v, Mapping) else v)) for v in told)])
    with Path(output_file or "events_without_topics.tsv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter="\t").writerows(rows)
    click.echo(f"{len(rows) - 1} group-bys without topics in {output_file or 'events_without_topics.tsv'}")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the script."""
    parser = argparse.ArgumentParser(prog="explore.py", description="Look for a word in the group-bys of a repo.")
    parser.add_argument("keyword", help=f"the word; {HANDLER} lists the events that no topic brings")
    parser.add_argument("--conf-root", default=str(Path.cwd()), help="the root of the repo; default here")
    parser.add_argument("--handler-args", nargs="*", default=[], help=f"param=value, for {HANDLER}")
    args = parser.parse_args(arguments)
    try:
        _explore(args.keyword, args.conf_root, dict(pair.split("=", 1) for pair in args.handler_args))
    except ChrononError as error:
        click.echo(f"{type(error).__name__}: {error}", err=True)
        sys.exit(1)


def _explore(keyword: str, root: str, handler_args: dict[str, str]) -> None:
    if not Path(root, FILE).is_file():
        raise ConfigError(f"there is no {FILE} in {root}", mend="--conf-root names the root of the repo")
    teams = load_team_data(Path(root, FILE))
    gb_index = build_index(GROUP_BY_FOLDER_NAME, GB_INDEX_SPEC, root=root, teams=teams)
    join_index = build_index(JOIN_FOLDER_NAME, JOIN_INDEX_SPEC, root=root, teams=teams)
    enrich_with_joins(gb_index, join_index, root=root, teams=teams)
    if keyword == HANDLER:
        events_without_topics(root, gb_index, **handler_args)
        return
    display_entries(find_in_index(gb_index, keyword), keyword, root=root, trim_paths=True)
