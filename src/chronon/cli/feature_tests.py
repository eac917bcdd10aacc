"""``chronon test``: feature tests, rows in and features out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from chronon.cli.context import Context, repo_option
from chronon.cli.output import as_json, json_option, show

if TYPE_CHECKING:
    from chronon.testing.feature_files import FeatureFile
    from chronon.testing.feature_runs import CaseResult


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--record", is_flag=True, help="Write what comes out into the files, for review.")
@json_option
@repo_option
def test(paths: tuple[Path, ...], record: bool, json: bool, folder: Path | None) -> None:
    """Run feature tests: small YAML files that say which rows go in, and which features come out.

    PATHS are files or folders; `feature_tests/` of the repo without any. A case that fails shows expected and actual
    values side by side, and the rows behind the first difference. The exit code is 1 if one fails.
    """
    from chronon.testing.feature_files import find_files, read_file
    from chronon.testing.feature_runs import run_file

    context = Context.of(folder)
    results: list[CaseResult] = []
    for path in find_files(list(paths), context.root):
        file = read_file(path)
        found = list(run_file(file, context, record=record))
        results += found
        if record:
            _record(file, found)
        elif not json:
            _tell(path, found)
    failed = [result for result in results if (result.problem is not None if record else not result.passed)]
    if json:
        as_json([{"file": str(r.file), "line": r.case.line, "case": r.case.name, "passed": r.passed} for r in results])
    elif not record:
        click.echo(f"{len(results) - len(failed)} passed, {len(failed)} failed")
    if failed:
        raise SystemExit(1)


def _tell(path: Path, results: list[CaseResult]) -> None:
    for result in results:
        if result.passed:
            click.echo(f"passed  {path.name}:{result.case.line} {result.case.name}")
        else:
            show(result)


def _record(file: FeatureFile, results: list[CaseResult]) -> None:
    from chronon.testing.feature_records import recorded

    for result in results:
        if result.problem is not None:
            show(result)
    text = recorded(file, [_chosen(result.case.features, result.actual) for result in results])
    if text == file.text:
        click.echo(f"unchanged  {file.path}")
        return
    file.path.write_text(text)
    click.echo(f"recorded   {file.path}: look at it before you commit it")


def _chosen(expected: dict[str, object], actual: dict[str, object]) -> dict[str, object]:
    """The actual values of what a case expects; all, where it expects nothing yet."""
    return {name: actual[name] for name in (expected or actual) if name in actual}
