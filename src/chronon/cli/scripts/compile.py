"""``compile.py``: turn the definitions of one file or folder into the files of ``production/``."""

from __future__ import annotations

import json
import os
import pprint
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from chronon.api import structs
from chronon.api.modes import get_modes_tables
from chronon.api.naming import name_of
from chronon.base.errors import ConfigError
from chronon.repo.compile import existing_files, publish
from chronon.repo.definition import KINDS, Definition
from chronon.repo.output_columns import get_group_by_output_columns, get_join_output_columns
from chronon.repo.preserve import Kept, sample_percent
from chronon.repo.selected import Selected, Step, definitions_of, deprecations, select

FOLDER_NAME_TO_CLASS = KINDS
BLUE, GREEN, YELLOW, RED, NORMAL = "\033[34m", "\033[32m", "\033[33m", "\033[31m", "\033[0m"


@click.command()
@click.option("--chronon_root", envvar="CHRONON_ROOT", help="The root of the repo.  [default: here]", default=None)
@click.option("--input_path", "--conf", "input_path", required=True, help="A file or folder, relative to the root.")
@click.option("--output_root", default="production", help="The folder under the root that is written.")
@click.option("--debug", is_flag=True, help="Print what was found, and what builds on it.")
@click.option("--force-overwrite", is_flag=True, help="Write also what is served, and compile again what builds on it.")
@click.option("--feature-display", is_flag=True, help="Print the columns of what is written.")
@click.option("--table-display", is_flag=True, help="Print the tables of what is written.")
@click.option("--yes", "-y", "yes", is_flag=True, help="Ask nothing: update variables, drop samplePercent.")
@click.option("--strict", is_flag=True, help="Exit with 1 where anything was refused or could not be loaded.")
def extract_and_convert(
    chronon_root: str | None,
    input_path: str,
    output_root: str,
    debug: bool,
    force_overwrite: bool,
    feature_display: bool,
    table_display: bool,
    yes: bool,
    strict: bool,
) -> None:
    """Compile the definitions of a file or folder to JSON, with the group-bys that its joins need."""
    shown_root = os.path.expanduser(chronon_root or os.getcwd())  # noqa: PTH109, PTH111 - told as it was given
    root = Path(shown_root).resolve()
    kind, path = _place(root, input_path)
    _say("Using chronon root path", shown_root)
    _say(f"Input {kind} from", str(Path(shown_root, input_path)))
    out = Path(shown_root, output_root)
    existing = existing_files(out)
    kept = Kept() if yes else _asked(root, path, existing)
    made = select(root, path, existing, out, force=force_overwrite, kept=kept)
    if debug:
        _debug(made, kind)
    for failure in made.failures:
        _coloured(RED, f"Failed to extract: {failure}")
    publish(out, made.files)
    for step in made.steps:
        _tell(step, out)
        if step.written and feature_display:
            _features(step.definition)
        if step.written and table_display:
            _tables(step.definition)
    for warning in made.warnings:
        _coloured(YELLOW, f"warning: {warning}")
    for warning in deprecations(made):
        _coloured(YELLOW, f"Deprecation Warning: {warning}")
    if made.extra_group_bys:
        _tell_all(made.extra_group_bys, "GroupBy", out)
    if made.extra_joins:
        _tell_all(made.extra_joins, "Join", out)
    _written(made.steps, KINDS[kind].__name__, out)
    _summary(made, strict=strict)


def _place(root: Path, input_path: str) -> tuple[str, Path]:
    kind = Path(input_path).parts[0] if input_path else ""
    if kind not in KINDS:
        raise ConfigError(
            f"{input_path} is not a place of definitions",
            expected=f"a path from the root on that begins with {', '.join(f'{one}/' for one in KINDS)}",
        )
    path = root / input_path
    if not path.exists():
        raise ConfigError(f"Input Path: {path} doesn't exist", mend="--chronon_root, or run it at the root of the repo")
    if path.is_file() and path.suffix != ".py":
        raise ConfigError(f"Input Path: {path} isn't a python file", expected="a file ending in .py, or a folder")
    return kind, path.resolve()


def _asked(root: Path, path: Path, existing: dict[str, str]) -> Kept:
    """Ask what to keep of the files that are there; where nobody can answer, only what is safe is changed."""
    environment = not _confirm("Do you want to update existing env variables in these files?", default=True)
    _, own = definitions_of(root, path)
    dropped = [
        (d.name, sample_percent(json.loads(existing[d.path])))
        for d in own
        if isinstance(d.value, structs.Join) and d.path in existing and _drops(d, existing[d.path])
    ]
    if not dropped:
        return Kept(environment=environment)
    for name, percent in dropped:
        _coloured(YELLOW, f"{name}: samplePercent {percent} is removed")
    question = "Do you want to disable logging for these joins?"
    return Kept(environment=environment, sample_percent=not _confirm(question, default=False))


def _drops(definition: Definition, old: str) -> bool:
    return bool(sample_percent(json.loads(old))) and not (definition.value.metaData or structs.MetaData()).samplePercent


def _confirm(question: str, *, default: bool) -> bool:
    try:
        return click.confirm(question, default=default)
    except click.Abort:
        click.echo("")
        _coloured(YELLOW, f"nobody to ask, taken as {'yes' if default else 'no'}: {question}")
        return default


def _tell(step: Step, out: Path) -> None:
    word = type(step.definition.value).__name__
    team, _, rest = step.definition.name.partition(".")
    _say(f"{word} Team", team)
    _say(f"{word} Name", rest)
    if step.skipped:
        click.echo(
            f"Skipping {word} {rest}: it is neither online nor in a join, and has no backfill_start_date"
            + (". Its old file stays" if (out / step.definition.path).exists() else "")
        )
    for problem in step.problems:
        _coloured(RED, str(problem))
    if step.problems:
        _coloured(RED, f"Cannot write {word} {rest} with validation errors")
    if step.refused is not None:
        _coloured(YELLOW, f"Cannot overwrite {word} {rest} with existing online conf\n  mend: {step.refused.mend}")
    if step.notice is not None:
        _coloured(YELLOW, str(step.notice))
    if step.written:
        _say(f"Writing {word} to", str(out / step.definition.path))


def _tell_all(steps: Sequence[Step], word: str, out: Path) -> None:
    for step in steps:
        _tell(step, out)
    click.echo(f"Successfully wrote {sum(step.written for step in steps)} {word} objects to {out}")


def _written(steps: Sequence[Step], word: str, out: Path) -> None:
    number = sum(step.written for step in steps)
    if number:
        click.echo(f"Successfully wrote {number} {word} objects to {out}")


def _summary(made: Selected, *, strict: bool) -> None:
    """What was not written, once more at the end; only ``--strict`` makes it a failure, as older pipelines expect."""
    every = [*made.steps, *made.extra_group_bys, *made.extra_joins]
    wrong = [step.definition.name for step in every if step.problems or step.refused is not None]
    if wrong:
        _coloured(RED, f"Not written: {', '.join(wrong)}")
    if made.failures:
        _coloured(RED, f"{len(made.failures)} problems of files that could not be loaded")
    unwritable = [step.definition.name for step in every if step.unwritable]
    if unwritable:
        raise ConfigError(f"{', '.join(unwritable)} hold what cannot be written; the others are")
    if strict and (wrong or made.failures):
        raise ConfigError(f"{len(wrong)} definitions were not written, {len(made.failures)} could not be loaded")


def _features(definition: Definition) -> None:
    value = definition.value
    if isinstance(value, structs.Join):
        for key, names in get_join_output_columns(value).items():
            _green(key.value.replace("_", " ").title(), f"\n{pprint.pformat(names)}")
    elif isinstance(value, structs.GroupBy):
        _green("Output GroupBy Features", f"\n{pprint.pformat(get_group_by_output_columns(value))}")


def _tables(definition: Definition) -> None:
    text = textwrap.indent(json.dumps(get_modes_tables(definition.value), indent=2), " " * 27)
    click.echo(f"{f'Output {type(definition.value).__name__} Tables':>25} - ")
    click.echo(f"{'json.start':>25} {GREEN}\n{text}{NORMAL} \n{'json.end':>25}\n", color=True)


def _debug(made: Selected, kind: str) -> None:
    _list(f"Extracted Entities Of Type {KINDS[kind].__name__}", [step.definition.name for step in made.steps])
    parts = [*made.extra_group_bys]
    _list("Online Groupbys", [s.definition.name for s in parts if _online(s)])
    _list("Backfill Groupbys", [s.definition.name for s in parts if not _online(s)])
    for path, several in made.dependents.items():
        _list(f"Downstreams For {path}", [name_of(one) for one in several])


def _online(step: Step) -> bool:
    return bool((step.definition.value.metaData or structs.MetaData()).online)


def _list(header: str, names: Sequence[str]) -> None:
    if names:
        click.echo(f"{header}\n\t{BLUE}{list(names)}{NORMAL}", color=True)


def _say(left: str, right: str) -> None:
    click.echo(f"{left:>25} - {BLUE}{right}{NORMAL}", color=True)


def _green(left: str, right: str) -> None:
    click.echo(f"{left:>25} - {GREEN}{right}{NORMAL}", color=True)


def _coloured(colour: str, text: str) -> None:
    click.echo(f"{colour}{text}{NORMAL}", color=True)


def main(arguments: Sequence[str] | None = None) -> Any:
    """Run the script; problems are told without a traceback."""
    from chronon.base.errors import ChrononError

    try:
        return extract_and_convert.main(arguments, standalone_mode=True)
    except ChrononError as error:
        _coloured(RED, f"{type(error).__name__}: {error}")
        sys.exit(1)
